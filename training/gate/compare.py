"""The gate as a whole: two bundles, one set of parts, all checks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from models.bundle import Bundle
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.lineage import read_lineage
from training.data.split import locked
from training.errors import TrainingError
from training.gate.accuracy import accuracy_checks, past_escapes
from training.gate.conditions import Judges, robustness, strangers
from training.gate.cost import USUAL, Allowance, latency, memory
from training.gate.judging import (
    JudgedPicture,
    Part,
    judge_pictures,
    parts_of,
    rejected_parts,
)
from training.gate.promises import int8_loss, parity
from training.gate.report import Check, DataUsed, Difference, GateReport, contender, passes


@dataclass(frozen=True, slots=True)
class Exam:
    """What two bundles are compared on, and by.

    dataset: its locked parts judge. escaped: names of parts that once escaped; those of them in the
    data set are judged too, locked or not. strangers: pictures of other products.
    """

    dataset: Dataset
    escaped: frozenset[str] = frozenset()
    strangers: Sequence[Sample] = ()
    allowed: Allowance = USUAL


@dataclass(frozen=True, slots=True)
class Shown:
    """A part that one model got wrong and the other right, with what each saw on its picture.

    champion: None where there is none.
    """

    difference: Difference
    champion: JudgedPicture | None
    challenger: JudgedPicture


@dataclass(frozen=True, slots=True)
class Comparison:
    """The gate's report, and the pictures that its page shows."""

    report: GateReport
    shown: tuple[Shown, ...]


def compare(
    challenger: Bundle,
    champion: Bundle | None,
    exam: Exam,
    report: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Let both bundles judge the same parts, and put every check to the challenger.

    report: called with what comes next, in words.
    Raises TrainingError when there are no locked parts, when the challenger does not say what it
    learnt from, or when it learnt from one of them; BundleError for a bundle that does not run.
    """
    held = locked_samples(challenger, exam.dataset)
    names = {sample.part for sample in held}
    past = [each for each in exam.dataset.samples if each.part in exam.escaped - names]
    sessions = _sessions(challenger, champion)
    judged = _judged(sessions, [*held, *past], report)
    checks = _checks(sessions, judged, held, past, exam, report)
    shown = tuple(_differences(judged, held))
    return Comparison(
        GateReport(
            made_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            software=f"passline {version('passline')}",
            challenger=contender(challenger),
            champion=None if champion is None else contender(champion),
            data=_data(held, exam.dataset.source),
            checks=checks,
            differences=tuple(each.difference for each in shown),
            passed=passes(checks),
        ),
        shown,
    )


def locked_samples(challenger: Bundle, dataset: Dataset) -> tuple[Sample, ...]:
    """The pictures of locked parts, none of which the challenger or its ancestors learnt from."""
    held = locked(dataset.samples)
    if not held:
        raise TrainingError(
            f"{dataset.source}: none of {len(dataset.samples)} pictures is of a locked part; "
            "about one part in five is: bring more parts"
        )
    learnt = {sample.part for sample in held} & set(read_lineage(challenger).learnt_from)
    if learnt:
        raise TrainingError(
            f"{challenger.label} learnt from {len(learnt)} of the parts that are to judge it, "
            f"such as {min(learnt)!r}: it cannot be promoted on them"
        )
    return held


@dataclass(frozen=True, slots=True)
class _JudgedByBoth:
    """What both models say of every picture; champion: None where there is none."""

    champion: tuple[JudgedPicture, ...] | None
    challenger: tuple[JudgedPicture, ...]


def _sessions(challenger: Bundle, champion: Bundle | None) -> Judges:
    return Judges(None if champion is None else ModelSession(champion), ModelSession(challenger))


def _judged(
    sessions: Judges, samples: Sequence[Sample], report: Callable[[str], None]
) -> _JudgedByBoth:
    report(f"judging {len(samples)} pictures")
    champion = sessions.champion
    return _JudgedByBoth(
        None if champion is None else tuple(judge_pictures(champion, samples)),
        tuple(judge_pictures(sessions.challenger, samples)),
    )


def _checks(
    sessions: Judges,
    judged: _JudgedByBoth,
    held: Sequence[Sample],
    past: Sequence[Sample],
    exam: Exam,
    report: Callable[[str], None],
) -> tuple[Check, ...]:
    champion = None if judged.champion is None else rejected_parts(judged.champion)
    challenger = rejected_parts(judged.challenger)
    checks = list(accuracy_checks(parts_of(held), champion, challenger))
    checks.append(past_escapes(parts_of([*held, *past]), exam.escaped, champion, challenger))
    report("judging pictures of worse days")
    checks.append(robustness(sessions, held, challenger))
    report("judging pictures of what is not the product")
    checks.append(strangers(sessions, held, exam.strangers))
    report("measuring time and memory")
    checks.append(latency(sessions.champion, sessions.challenger, held, exam.allowed))
    checks.append(memory(sessions.champion, sessions.challenger, exam.allowed))
    bundle = sessions.challenger.bundle
    return (*checks, parity(bundle), int8_loss(bundle))


def _differences(judged: _JudgedByBoth, held: Sequence[Sample]) -> Iterable[Shown]:
    """The locked parts that one model alone got wrong."""
    challenger = _by_part(judged.challenger)
    champion = None if judged.champion is None else _by_part(judged.champion)
    for part in parts_of(held):
        own = challenger[part.name]
        other = None if champion is None else champion[part.name]
        rejects = any(one.rejected for one in own)
        before = other is not None and any(one.rejected for one in other)
        if rejects != before:
            yield _shown(part, own, other, before, rejects)


def _shown(
    part: Part,
    own: Sequence[JudgedPicture],
    other: Sequence[JudgedPicture] | None,
    champion_rejects: bool,
    challenger_rejects: bool,
) -> Shown:
    """One picture stands for the part: one that it was rejected for."""
    rejecting = own if challenger_rejects or other is None else other
    at = next((at for at, one in enumerate(rejecting) if one.rejected), 0)
    difference = Difference(
        part=part.name,
        picture=own[at].sample.picture.name,
        defects=tuple(sorted(part.classes)),
        champion_rejects=champion_rejects,
        challenger_rejects=challenger_rejects,
    )
    return Shown(difference, None if other is None else other[at], own[at])


def _by_part(judged: Sequence[JudgedPicture]) -> dict[str, list[JudgedPicture]]:
    by_part: dict[str, list[JudgedPicture]] = {}
    for one in judged:
        by_part.setdefault(one.sample.part, []).append(one)
    return by_part


def _data(held: Sequence[Sample], source: str) -> DataUsed:
    parts = parts_of(held)
    good = sum(part.is_good for part in parts)
    return DataUsed(
        source=source,
        sha256=Dataset(tuple(held), source).digest(),
        pictures=len(held),
        parts=len(parts),
        good=good,
        defective=len(parts) - good,
    )
