"""Judging a folder of pictures with a bundle at the limits on its card; needs no torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inspection.judge import Limits, ReasonKind, Verdict, judge, not_inspected
from models.bundle import Bundle
from models.errors import InferenceError
from models.findings import Finding, part_score
from models.session import ModelSession
from training.data.layouts.masks import is_mask
from training.data.pictures import is_picture, read_picture
from training.errors import TrainingError
from training.measuring.evaluate import in_force


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict on one picture, with what it came from."""

    picture: str
    verdict: Verdict
    findings: tuple[Finding, ...]

    def cells(self) -> list[str]:
        """Picture, verdict, score, findings and reason, as text."""
        findings = " ".join(
            f"{each.class_name}:{each.score:.3f}@{','.join(f'{s:.0f}' for s in each.box_xyxy_px)}"
            for each in self.findings
        )
        why = "; ".join(f"{reason.kind}: {reason.detail}" for reason in self.verdict.reasons)
        score = f"{part_score(self.findings):.3f}"
        return [self.picture, self.verdict.outcome, score, findings, why]


def survey(bundle: Bundle, folder: Path) -> Iterator[Line]:
    """Judge every picture in `folder` and below, masks left out, in the order of their names.

    A picture that cannot be read or judged is a reject with its reason. Raises TrainingError for
    a folder that is not there or holds no pictures.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")
    pictures = sorted(p for p in folder.rglob("*") if is_picture(p) and not is_mask(p))
    if not pictures:
        raise TrainingError(f"{folder}: no pictures in it")
    session, limits = ModelSession(bundle), in_force(bundle.card.limits)
    for path in pictures:
        findings, verdict = _judged(session, limits, path)
        yield Line(path.relative_to(folder).as_posix(), verdict, findings)


def _judged(
    session: ModelSession, limits: Limits, path: Path
) -> tuple[tuple[Finding, ...], Verdict]:
    try:
        findings = session.predict(read_picture(path)).findings
    except TrainingError as error:
        return (), not_inspected(ReasonKind.INCOMPLETE, str(error))
    except InferenceError as error:
        return (), not_inspected(ReasonKind.NO_ANSWER, str(error))
    return findings, judge(findings, limits)
