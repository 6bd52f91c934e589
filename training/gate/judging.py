"""Parts before two judges: what each model says of every picture, and of every part."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspection.judge import Outcome, ReasonKind, Seen, Verdict, judge, judge_views, not_inspected
from models.errors import InferenceError
from models.findings import Finding
from training.data.dataset import Sample
from training.gate.on_the_line import Judge
from training.gate.report import Paired
from training.gate.rules import mcnemar
from training.measuring.evaluate import measure, rate

Rejected = Mapping[str, bool]
"""Part by part, whether a model rejects it."""


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """What a model says of one picture. seen: None where it gave no answer."""

    sample: Sample
    seen: Seen | None
    verdict: Verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        return () if self.seen is None else self.seen.findings

    @property
    def rejected(self) -> bool:
        return self.verdict.outcome is Outcome.REJECT


@dataclass(frozen=True, slots=True)
class Part:
    """The truth of a part: the defects that any of its pictures shows."""

    name: str
    classes: frozenset[str]

    @property
    def is_good(self) -> bool:
        return not self.classes


def judge_pictures(by: Judge, samples: Iterable[Sample]) -> list[JudgedPicture]:
    """What the model says of each picture; without an answer it is rejected, as on the line.

    Raises TrainingError for a picture that cannot be read.
    """
    judged: list[JudgedPicture] = []
    for sample in samples:
        try:
            (measured,) = measure(by.session, [sample])
            seen = Seen(measured.findings, by.limits)
            judged.append(JudgedPicture(sample, seen, judge(seen.findings, seen.limits)))
        except InferenceError as error:
            verdict = not_inspected(ReasonKind.NO_ANSWER, str(error))
            judged.append(JudgedPicture(sample, None, verdict))
    return judged


def rejected_parts(judged: Iterable[JudgedPicture]) -> dict[str, bool]:
    """Whether each part is rejected, all its pictures together, as the line fuses views."""
    return {part: _rejected(pictures) for part, pictures in by_part(judged).items()}


def by_part(judged: Iterable[JudgedPicture]) -> dict[str, list[JudgedPicture]]:
    """The pictures of each part, in order."""
    pictures: dict[str, list[JudgedPicture]] = {}
    for one in judged:
        pictures.setdefault(one.sample.part, []).append(one)
    return pictures


def _rejected(pictures: Sequence[JudgedPicture]) -> bool:
    by_view = {str(at): one.verdict for at, one in enumerate(pictures)}
    seen = [one.seen for one in pictures if one.seen is not None]
    return judge_views(by_view, seen).outcome is Outcome.REJECT


def parts_of(samples: Iterable[Sample]) -> tuple[Part, ...]:
    """The parts that the pictures show, in the order of their first picture."""
    classes: dict[str, frozenset[str]] = {}
    for sample in samples:
        classes[sample.part] = classes.get(sample.part, frozenset()) | sample.classes
    return tuple(Part(name, found) for name, found in classes.items())


def pair(
    what: str,
    parts: Collection[Part],
    champion: Rejected | None,
    challenger: Rejected,
) -> Paired:
    """The errors of two models on these parts: good ones rejected, defective ones passed.

    champion: None where there is none.
    """
    by_challenger = [challenger[part.name] == part.is_good for part in parts]
    own = rate(sum(by_challenger), len(parts))
    if champion is None:
        return Paired(what=what, champion=None, challenger=own)
    by_champion = [champion[part.name] == part.is_good for part in parts]
    only_champion, only_challenger = _alone(by_champion, by_challenger)
    return Paired(
        what=what,
        champion=rate(sum(by_champion), len(parts)),
        challenger=own,
        only_champion=only_champion,
        only_challenger=only_challenger,
        p_value=mcnemar(only_champion, only_challenger),
    )


def _alone(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int]:
    pairs = list(zip(one, other, strict=True))
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
