"""Samples straight from a station: what people said of its verdicts, and what came back.

A part is used when a person vouched for it: a confirmed pass and an overruled reject are good
parts; a confirmed reject is defective where somebody outlined it, or else where the model that
judged it saw the defect; a part that came back is defective where somebody outlined it. What nobody
looked at is not used. Each view that was vouched for is a picture of its own; the part groups them.

A part that escaped is locked from then on: it tests every later model, and teaches none.

Such parts are no fair sample of the stream: a champion caught every confirmed reject, and got
every overruled one and every escape wrong. They teach; rates of the stream come from elsewhere.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inspection.judge import Outcome
from inspection.recipe import Recipe, Region, parse_recipe
from inspection.records.answers import AnswerDesk, Outlined
from inspection.records.desk import Desk
from inspection.records.entries import Label as Outline
from inspection.records.entries import Return, Review
from inspection.records.escapes import escaped_serials
from inspection.records.query import RecordReader, StoredPart
from inspection.records.record import ViewRecord
from inspection.records.seen_parts import part_to_see
from inspection.records.shadow_reader import ShadowReader
from inspection.records.templates import template_file
from models.errors import RegistryError
from models.findings import Finding
from models.registry import Registry
from models.session import ModelSession
from training.data.authors import Author, Authority
from training.data.dataset import Dataset, Sample
from training.data.labels import DrawnMask, Label, Mask, Polygon
from training.data.pictures import read_picture
from training.data.sides import Side


@dataclass(frozen=True, slots=True)
class Collected:
    """Samples from the records.

    left_out: how many parts were vouched for and cannot be used, by reason.
    """

    dataset: Dataset
    left_out: dict[str, int]


class _Unusable(Exception):
    """Why a part that somebody vouched for cannot be used."""


@dataclass(frozen=True, slots=True)
class _Vouched:
    """What people said of a part; a return outweighs a review: the customer saw it for longer."""

    word: Return | Review
    outlined: Outlined | None


def collect(data: Path, registry: Registry) -> Collected:
    """Everything that people vouched for at the station whose data folder this is.

    registry: where the bundles are that judged. Raises RecordsError when the records cannot be
    read, or when a picture is not the one on its record.
    """
    reader, desk, answers = RecordReader(data), Desk(data), AnswerDesk(data)
    shadows = ShadowReader(data)
    try:
        return _Collector(data, reader, shadows, desk, answers, registry).collect()
    finally:
        shadows.close()
        answers.close()
        desk.close()
        reader.close()


class _Collector:
    """One pass over the desk's entries."""

    def __init__(
        self,
        data: Path,
        reader: RecordReader,
        shadows: ShadowReader,
        desk: Desk,
        answers: AnswerDesk,
        registry: Registry,
    ) -> None:
        self._data = data
        self._reader = reader
        self._shadows = shadows
        self._desk = desk
        self._answers = answers
        self._registry = registry
        self._sessions: dict[str, ModelSession] = {}
        self._recipes: dict[int, Recipe] = {}

    def collect(self) -> Collected:
        samples: list[Sample] = []
        left_out: Counter[str] = Counter()
        escaped = escaped_serials(self._data)
        for vouched in self._vouched():
            try:
                samples.extend(self._samples(vouched, escaped))
            except _Unusable as reason:
                left_out[str(reason)] += 1
        return Collected(Dataset(tuple(samples), f"records of {self._data}"), dict(left_out))

    def _vouched(self) -> Iterator[_Vouched]:
        """What was said of each part that anything was said of."""
        words: dict[int, Return | Review] = {**self._desk.reviews()}
        words |= {entry.part_number: entry for entry in self._desk.returns()}
        outlines = self._answers.outlines()
        for number, word in words.items():
            yield _Vouched(word, outlines.get(number))

    def _samples(self, vouched: _Vouched, escaped: frozenset[str]) -> list[Sample]:
        part = part_to_see(vouched.word.part_number, self._reader, self._shadows)
        if part is None or not part.pictures:
            raise _Unusable("no picture was kept")
        author, labelled = self._labelled(part, vouched)
        return [
            Sample(
                self._data / part.pictures[view.view],
                part.record.serial,
                labels,
                self._region(part, view),
                view.full_scale,
                template=self._template(view),
                lot=part.record.lot,
                author=author,
                side=Side.LOCKED if part.record.serial in escaped else None,
            )
            for view, labels in labelled
        ]

    def _labelled(
        self, part: StoredPart, vouched: _Vouched
    ) -> tuple[Author, list[tuple[ViewRecord, tuple[Label, ...]]]]:
        """Whose word it is, and the views of which it is known what is on them; none: good."""
        views = [view for view in part.record.worst_views_first if view.view in part.pictures]
        for view in views:
            self._reader.picture(part, view.view)  # proves that it is the picture on the record
        word = vouched.word
        if isinstance(word, Return):
            drawn = word if word.labels else vouched.outlined
            if drawn is None:
                raise _Unusable("came back, and nobody outlined the defect")
            return Author(Authority.RETURN, drawn.who), _outlined(views, drawn.labels)
        rejected = part.record.verdict.outcome is Outcome.REJECT
        if rejected != word.agrees:
            return Author(Authority.OPERATOR, word.who), [(view, ()) for view in views]
        if (outlined := vouched.outlined) is not None:
            return Author(Authority.OPERATOR, outlined.who), _outlined(views, outlined.labels)
        if not rejected:
            raise _Unusable("passed wrongly, and nobody outlined the defect")
        seen = [(view, self._seen(part, view)) for view in views if _rejecting(view)]
        if not seen:
            raise _Unusable("rejected without a finding")
        return Author(Authority.MODEL, word.who), seen

    def _seen(self, part: StoredPart, view: ViewRecord) -> tuple[Label, ...]:
        """Where the bundle that judged the part saw what this view was rejected for."""
        judgement = part.record.judgement
        if judgement is None:
            raise _Unusable("rejected without a finding")
        rejecting = _rejecting(view)
        picture, region = self._data / part.pictures[view.view], self._region(part, view)
        template = self._template(view)
        sample = Sample(picture, part.record.serial, region=region, template=template)
        pixels, golden = sample.pixels(), sample.template_pixels()
        session = self._session(judgement.bundle_digest)
        maps = session.predict(pixels, view.full_scale, template=golden).output[0]
        card = session.bundle.card
        height, width = read_picture(picture).shape
        labels: list[Label] = []
        for name in sorted({finding.class_name for finding in rejecting}):
            cells = maps[card.classes.index(name)] >= np.float32(card.floor)
            seen = np.zeros((height, width), np.bool_)
            left, top = (region.left, region.top) if region else (0, 0)
            seen[top : top + pixels.shape[0], left : left + pixels.shape[1]] = _grown(
                cells, pixels.shape[0], pixels.shape[1]
            )
            boxes = _boxes([each for each in rejecting if each.class_name == name], seen)
            labels.append(DrawnMask(name, boxes & seen))
        return tuple(labels)

    def _region(self, part: StoredPart, view: ViewRecord) -> Region | None:
        """The region of a view that was inspected in its run of the line."""
        run_id = part.record.run_id
        if run_id not in self._recipes:
            run = self._reader.run(run_id)
            if run is None:
                raise _Unusable("its run is not on record")
            self._recipes[run_id] = parse_recipe(run.start.recipe_toml, f"run {run_id}")
        return self._recipes[run_id].view(view.camera_id).region

    def _template(self, view: ViewRecord) -> Path | None:
        """The golden template that the view was compared with, as it was kept."""
        sha256 = None if view.limits is None else view.limits.template
        return None if sha256 is None else template_file(self._data, sha256)

    def _session(self, digest: str) -> ModelSession:
        if digest not in self._sessions:
            try:
                bundle = self._registry.by_digest(digest)
            except RegistryError as error:
                raise _Unusable("the bundle that judged it is not in the registry") from error
            if bundle.card.output.kind != "heatmap":
                raise _Unusable("judged by a detector, whose boxes outline nothing")
            self._sessions[digest] = ModelSession(bundle)
        return self._sessions[digest]


def _outlined(
    views: list[ViewRecord], outlines: tuple[Outline, ...]
) -> list[tuple[ViewRecord, tuple[Label, ...]]]:
    """The views that somebody outlined a defect on; an outline without a view is of the worst."""
    labelled: list[tuple[ViewRecord, tuple[Label, ...]]] = []
    for view in views:
        names = (view.view, "") if view is views[0] else (view.view,)
        drawn = [each for each in outlines if each.view in names]
        if drawn:
            labels = tuple(Polygon(each.class_name, each.polygon_xy_px) for each in drawn)
            labelled.append((view, labels))
    if not labelled:
        raise _Unusable("no picture was kept of the view that was outlined")
    return labelled


def _rejecting(view: ViewRecord) -> list[Finding]:
    """The findings that rejected the view, at the limits that were in force."""
    limits = {} if view.limits is None else view.limits.by_class
    return [
        finding
        for finding in view.findings
        if (limit := limits.get(finding.class_name)) is None
        or (finding.score >= limit.score and finding.area_px >= limit.area_px)
    ]


def _boxes(findings: list[Finding], like: Mask) -> Mask:
    """True inside the boxes of the findings."""
    inside = np.zeros_like(like)
    for finding in findings:
        left, top, right, bottom = (round(side) for side in finding.box_xyxy_px)
        inside[max(top, 0) : bottom, max(left, 0) : right] = True
    return inside


def _grown(cells: Mask, height: int, width: int) -> Mask:
    """Cells of a map as a mask of pixels."""
    size_wh = (width, height)
    return cv2.resize(cells.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST) > 0
