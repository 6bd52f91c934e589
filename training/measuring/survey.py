"""Judging a folder of pictures with a bundle at the limits on its card; needs no torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inspection.judge import Limits, ReasonKind, Verdict, judge, not_inspected
from models.bundle import Bundle
from models.decode import peak
from models.errors import InferenceError
from models.findings import Finding
from models.session import ModelSession
from training.data.faults import Faults
from training.data.layouts.deeppcb import template_of
from training.data.layouts.mask_files import masks_among
from training.data.layouts.reading import walk
from training.data.pictures import is_picture, read_picture
from training.errors import TrainingError
from training.measuring.evaluate import in_force
from training.measuring.trial import NOT_JUDGED_SCORE


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict on one picture, with what it came from.

    score: the highest probability anywhere on it; 1 for a picture that could not be judged.
    """

    picture: str
    verdict: Verdict
    score: float
    findings: tuple[Finding, ...] = ()

    def cells(self) -> list[str]:
        """Picture, verdict, score, findings and reason, as text."""
        findings = " ".join(
            f"{each.class_name}:{each.score:.3f}@{','.join(f'{s:.0f}' for s in each.box_xyxy_px)}"
            for each in self.findings
        )
        why = "; ".join(f"{reason.kind}: {reason.detail}" for reason in self.verdict.reasons)
        cells = [self.picture, self.verdict.outcome, f"{self.score:.6g}", findings, why]
        # A name of other bytes than UTF-8 is printed with them spelt out.
        return [cell.encode("utf-8", "backslashreplace").decode() for cell in cells]


def survey(bundle: Bundle, folder: Path, template: Path | None = None) -> Iterator[Line]:
    """Judge every picture in `folder` and below, in the order of their names.

    Masks are left out, and templates where the bundle compares pictures with them.
    template: what to compare all pictures with; when None, X_temp.jpg beside X_test.jpg.
    A picture that cannot be read or judged is a reject with its reason. Raises TrainingError for
    a folder that is not there, that cannot be read or that holds no pictures.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")
    faults = Faults()
    files = walk(folder, faults)
    masks = masks_among(files)
    pictures = [path for path in files if is_picture(path) and path not in masks]
    faults.settle(str(folder), skip=False)
    compares = bundle.card.input.template
    templates = {path: template or template_of(path) for path in pictures} if compares else {}
    pictures = [path for path in pictures if path not in templates.values()]
    if not pictures:
        raise TrainingError(f"{folder}: no pictures in it")
    session, limits = ModelSession(bundle), in_force(bundle.card.limits)
    for path in pictures:
        yield _judged(session, limits, path, templates.get(path), str(path.relative_to(folder)))


def _judged(
    session: ModelSession, limits: Limits, path: Path, template: Path | None, name: str
) -> Line:
    try:
        golden = None if template is None else read_picture(template)
        pixels = read_picture(path, session.bundle.card.input.channels)
        prediction = session.predict(pixels, template=golden)
    except TrainingError as error:
        return Line(name, not_inspected(ReasonKind.INCOMPLETE, str(error)), NOT_JUDGED_SCORE)
    except InferenceError as error:
        return Line(name, not_inspected(ReasonKind.NO_ANSWER, str(error)), NOT_JUDGED_SCORE)
    score = peak(prediction.output, session.bundle.card)
    return Line(name, judge(prediction.findings, limits), score, prediction.findings)
