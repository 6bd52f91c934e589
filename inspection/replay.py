"""Replay: a recorded part is judged again from its picture, and must come out the same (law 4)."""

from dataclasses import dataclass
from pathlib import Path

from inspection.errors import PasslineError
from inspection.judge import ReasonKind, Verdict, judge, not_inspected
from inspection.line.inspector import find_defects
from inspection.recipe import parse_recipe
from inspection.records.query import RecordReader
from inspection.records.record import PartRecord
from models.errors import InferenceError
from models.findings import Finding
from models.registry import station_registry
from models.session import ModelSession


class ReplayError(PasslineError):
    """A part that cannot be judged again: its picture was not kept, or never came."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is on record of a part beside what judging its picture again gave."""

    record: PartRecord
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def same(self) -> bool:
        """True when findings and verdict are the recorded ones, to the last bit."""
        judgement = self.record.judgement
        return (
            judgement is not None
            and self.findings == judgement.findings
            and self.verdict == self.record.verdict
        )

    def summary(self) -> str:
        """For the person who asked: the verdict, the findings, and whether they are the same."""
        lines = [f"{self.record.serial}: {self.verdict.outcome}"]
        lines += [f"  {reason.kind}: {reason.detail}" for reason in self.verdict.reasons]
        lines += [
            f"  {finding.class_name} score {finding.score!r} area {finding.area_px:.0f} px "
            f"at {tuple(round(edge) for edge in finding.box_xyxy_px)}"
            for finding in self.findings
        ]
        if self.same:
            return "\n".join([*lines, "same findings and same verdict as on record"])
        return "\n".join([*lines, f"NOT as on record: {self.record.verdict}"])


def replay_part(folder: Path, serial: str) -> Replay:
    """Judge the part again with the bundle, limits and provider on its record.

    Raises ReplayError when there is no picture to judge, RecordsError when the picture kept is
    not the one recorded, RegistryError or BundleError when the bundle is gone or altered.
    """
    reader = RecordReader(folder)
    part = reader.part(serial)
    if part is None:
        raise ReplayError(f"{folder}: no part {serial!r} on record")
    record, judgement = part.record, part.record.judgement
    if judgement is None:
        raise ReplayError(f"{serial}: no picture came ({record.verdict.reasons[0].detail})")
    if part.picture is None:
        raise ReplayError(f"{serial}: its picture was not kept (a pass outside the sample)")
    if any(reason.kind is ReasonKind.LATE for reason in record.verdict.reasons):
        raise ReplayError(f"{serial}: rejected for time, not for its picture")
    run = reader.run(record.run_id)
    if run is None:
        raise ReplayError(f"{serial}: run {record.run_id} is not on record")
    recipe = parse_recipe(run.start.recipe_toml, f"recipe of run {record.run_id}")
    bundle = station_registry(folder).by_digest(judgement.bundle_digest)
    session = ModelSession(bundle, judgement.provider, judgement.threads)
    try:
        findings = find_defects(
            session, reader.picture(part), recipe.camera.region, judgement.full_scale
        )
        verdict = judge(findings, judgement.limits)
    except InferenceError as error:
        findings, verdict = (), not_inspected(ReasonKind.NO_ANSWER, str(error))
    return Replay(record, findings, verdict)
