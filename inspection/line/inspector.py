"""One model under one recipe: a picture becomes a verdict and what it came from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera.frame import FULL_SCALE_BY_FORMAT, CameraConfigError, Frame
from camera.health import LightReference, measure_health
from inspection.errors import RecipeError
from inspection.judge import Limits, ReasonKind, Verdict, judge, not_inspected
from inspection.recipe import (
    Recipe,
    Region,
    Template,
    Templates,
    View,
    load_templates,
    resolve_limits,
)
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement, LedgerEntry, ViewRecord
from models.card import Card
from models.errors import InferenceError
from models.findings import Finding, part_score
from models.session import ModelSession


@dataclass(frozen=True, slots=True)
class _View:
    """What the pictures of one view are judged and measured by."""

    camera: View
    limits: Limits
    reference: LightReference | None
    template: Template | None

    def full_scale(self, frame: Frame) -> int:
        return self.camera.full_scale or FULL_SCALE_BY_FORMAT[frame.pixel_format]


class Inspector:
    """Judges pictures of the recipe's cameras.

    templates: as `load_templates` gives them; read from the recipe's files when None.
    Raises RecipeError when recipe and card do not fit, or a template or light reference cannot be
    used.

    judgement: what goes on record of every part that it judges.
    """

    def __init__(
        self, session: ModelSession, recipe: Recipe, templates: Templates | None = None
    ) -> None:
        self.session = session
        self.judgement = Judgement(
            bundle_digest=session.bundle.digest,
            bundle_label=session.bundle.label,
            provider=session.provider,
            threads=session.threads,
        )
        templates = load_templates(recipe) if templates is None else templates
        self._views = {
            name: _view(recipe, camera, session.bundle.card, templates.get(name))
            for camera in recipe.cameras
            for name in camera.view_names
        }

    def inspect(self, view: str, frame: Frame, age_ns: int) -> tuple[Verdict, ViewRecord]:
        """The verdict on a picture: REJECT with NO_ANSWER where the model gave none."""
        by = self._views[view]
        template = None if by.template is None else by.template.pixels
        try:
            findings = find_defects(
                self.session, frame.pixels, by.camera.region, by.full_scale(frame), template
            )
            verdict = judge(findings, by.limits)
        except InferenceError as error:
            findings = ()
            verdict = not_inspected(ReasonKind.NO_ANSWER, str(error))
        return verdict, self.view_record(view, frame, age_ns, LedgerEntry.JUDGED, findings)

    def view_record(
        self,
        view: str,
        frame: Frame,
        age_ns: int,
        ledger: LedgerEntry,
        findings: tuple[Finding, ...] = (),
    ) -> ViewRecord:
        """What goes on record of a picture; without findings when it was not judged."""
        by = self._views[view]
        full_scale = by.full_scale(frame)
        return ViewRecord(
            view=view,
            camera_id=frame.camera_id,
            trigger_id=frame.trigger_id,
            frame_id=frame.frame_id,
            captured_utc_ns=frame.captured_utc_ns,
            ledger=ledger,
            age_ns=age_ns,
            image_sha256=picture_sha256(frame.pixels, frame.pixel_format),
            pixel_format=frame.pixel_format,
            full_scale=full_scale,
            health=measure_health(frame.pixels, full_scale, by.reference),
            limits=by.limits,
            findings=findings,
            score=part_score(findings),
        )


def _view(recipe: Recipe, camera: View, card: Card, template: Template | None) -> _View:
    if template is not None and _channels(template) != card.input.channels:
        raise RecipeError(
            f"camera {camera.id}: template {template.path} has {_channels(template)} "
            f"channel(s), {card.name} {card.version} sees {card.input.channels}"
        )
    limits = resolve_limits(recipe, card, camera)
    if template is not None:
        limits = replace(limits, template=template.sha256)
    return _View(camera, limits, _light_reference(camera), template)


def _channels(template: Template) -> int:
    return 1 if template.pixels.ndim == 2 else template.pixels.shape[2]


def _light_reference(view: View) -> LightReference | None:
    if view.light_reference is None:
        return None
    try:
        return LightReference.load(Path(view.light_reference))
    except CameraConfigError as error:
        raise RecipeError(f"camera {view.id}: {error}") from error


def find_defects(
    session: ModelSession,
    pixels: NDArray[Any],
    region: Region | None,
    full_scale: int | None,
    template: NDArray[Any] | None = None,
) -> tuple[Finding, ...]:
    """Findings inside `region` (all of the picture when None), in pixels of the whole picture.

    template: the golden template of the whole picture, where the model compares the two.
    Raises InferenceError when the region does not lie in the picture, the template cannot be laid
    over it, or the model has no answer.
    """
    if region is None:
        return session.predict(pixels, full_scale, template=template).findings
    bottom, right = region.top + region.height, region.left + region.width
    if bottom > pixels.shape[0] or right > pixels.shape[1]:
        raise InferenceError(
            f"the region ends at ({right}, {bottom}), the picture at "
            f"({pixels.shape[1]}, {pixels.shape[0]})"
        )
    inside = np.s_[region.top : bottom, region.left : right]
    golden = None if template is None else template[inside]
    origin_px = (region.left, region.top)
    return session.predict(pixels[inside], full_scale, origin_px, golden).findings
