"""Replay: a recorded part is judged again from its picture, and must come out the same (law 4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inspection.errors import PasslineError
from inspection.judge import Limits, ReasonKind, Seen, Verdict, judge, judge_views, not_inspected
from inspection.line.inspector import find_defects
from inspection.recipe import Recipe, parse_recipe
from inspection.records.query import RecordReader, StoredPart
from inspection.records.record import LedgerEntry, PartRecord, ViewRecord
from inspection.records.templates import kept_template
from inspection.records.words import fusion_in_words
from models.bundle import file_sha256
from models.errors import InferenceError
from models.findings import Finding
from models.registry import station_registry
from models.session import ModelSession


class ReplayError(PasslineError):
    """A part that cannot be judged again: its picture was not kept, or never came."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is on record of a part beside what judging its pictures again gave.

    findings: those found now, by the name of their view.
    notes: what is not as it was, and does not change the judgement.
    """

    record: PartRecord
    findings: Mapping[str, tuple[Finding, ...]]
    verdict: Verdict
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """True when findings and verdict are the recorded ones, to the last bit."""
        recorded = {view.view: view.findings for view in self.record.views}
        return self.findings == recorded and self.verdict == self.record.verdict

    @property
    def _fused(self) -> str:
        fused = fusion_in_words(self.record)
        return f" by a score of {self.record.score:.3f}, the {fused}" if fused else ""

    def summary(self) -> str:
        """For the person who asked: the verdict, the findings, and whether they are the same."""
        lines = [f"{self.record.serial}: {self.verdict.outcome}{self._fused}"]
        lines += [
            f"  {reason.kind}: {reason.detail}{_of(reason.view)}" for reason in self.verdict.reasons
        ]
        lines += [
            f"  {finding.class_name} score {finding.score!r} area {finding.area_px:.0f} px "
            f"at {tuple(round(edge) for edge in finding.box_xyxy_px)}"
            f"{_of(view) if len(self.findings) > 1 else ''}"
            for view, findings in self.findings.items()
            for finding in findings
        ]
        lines += self.notes
        if self.same:
            return "\n".join([*lines, "same findings and same verdict as on record"])
        return "\n".join([*lines, f"NOT as on record: {self.record.verdict}"])


def replay_part(folder: Path, serial: str) -> Replay:
    """Judge every view of the part again with the bundle, limits and provider on its record.

    Raises ReplayError when a view has no picture to judge, RecordsError when a picture kept is
    not the one recorded or a template is gone, RegistryError or BundleError when the bundle is
    gone or altered.
    """
    reader = RecordReader(folder)
    try:
        part = reader.part(serial)
        if part is None:
            raise ReplayError(f"{folder}: no part {serial!r} on record")
        return _replay(folder, reader, part)
    finally:
        reader.close()


def _replay(folder: Path, reader: RecordReader, part: StoredPart) -> Replay:
    record = part.record
    judgement = record.judgement
    if judgement is None:
        raise ReplayError(f"{record.serial}: no picture came ({record.verdict.reasons[0].detail})")
    for view in record.views:
        _check_can_be_judged(part, view)
    run = reader.run(record.run_id)
    if run is None:
        raise ReplayError(f"{record.serial}: run {record.run_id} is not on record")
    recipe = parse_recipe(run.start.recipe_toml, f"recipe of run {record.run_id}")
    bundle = station_registry(folder).by_digest(judgement.bundle_digest)
    session = ModelSession(bundle, judgement.provider, judgement.threads)
    verdicts: dict[str, Verdict] = {}
    seen: dict[str, Seen] = {}
    for view in record.views:
        pixels, limits = reader.picture(part, view.view), _limits(view)
        template = None
        if limits.template is not None:
            template = kept_template(folder, limits.template).pixels
        verdicts[view.view], findings = _judge_again(
            session, recipe, view, pixels, limits, template
        )
        seen[view.view] = Seen(findings, limits)
    verdict = judge_views(verdicts, list(seen.values()))
    findings = {view: each.findings for view, each in seen.items()}
    return Replay(record, findings, verdict, tuple(_changed_templates(recipe, record)))


def _changed_templates(recipe: Recipe, record: PartRecord) -> Iterator[str]:
    """The templates that are other ones now in the recipe's files; the kept ones have judged."""
    for view in record.views:
        path = recipe.view(view.camera_id).templates.get(view.view)
        if path is None or view.limits is None or not Path(path).exists():
            continue
        if file_sha256(Path(path)) != view.limits.template:
            yield f"{path} was changed since: judged by the template kept with the records"


def _check_can_be_judged(part: StoredPart, view: ViewRecord) -> None:
    serial, of_view = part.record.serial, _of(view.view) if len(part.record.views) > 1 else ""
    if view.image_sha256 is None:
        raise ReplayError(f"{serial}: no picture came{of_view} (it was {view.ledger})")
    if view.view not in part.pictures:
        raise ReplayError(
            f"{serial}: its picture{of_view} was not kept (a pass outside the sample)"
        )
    if view.ledger is not LedgerEntry.JUDGED:
        raise ReplayError(f"{serial}: rejected as {view.ledger}{of_view}, not for its picture")


def _limits(view: ViewRecord) -> Limits:
    if view.limits is None:
        raise ReplayError(f"view {view.view}: judged without limits on record")
    return view.limits


def _judge_again(
    session: ModelSession,
    recipe: Recipe,
    view: ViewRecord,
    pixels: NDArray[Any],
    limits: Limits,
    template: NDArray[Any] | None,
) -> tuple[Verdict, tuple[Finding, ...]]:
    region = recipe.view(view.camera_id).region
    try:
        findings = find_defects(session, pixels, region, view.full_scale, template)
    except InferenceError as error:
        return not_inspected(ReasonKind.NO_ANSWER, str(error)), ()
    return judge(findings, limits), findings


def _of(view: str) -> str:
    return f" of {view}" if view else ""
