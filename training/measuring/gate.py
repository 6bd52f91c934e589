"""The gate: may this challenger take over? Both models judge the same locked parts.

The rule, for pictures of locked parts, each model at the limits on its own card:

1. there are at least 10 good and 10 defective ones;
2. the challenger lets no more defective ones pass than the champion;
3. it rejects no more good ones than the champion plus 2 % of them (at least one), and the exact
   McNemar test does not find more at p < 0.05;
4. it does better in one of the two.

A station without a champion is measured against passing everything. A defect of a class that a
model does not know is a defect all the same.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.bundle import Bundle
from models.card import Rate
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.lineage import read_lineage
from training.data.split import locked as locked_of
from training.errors import TrainingError
from training.measuring.evaluate import Measured, measure, rate, rejects

MIN_GOOD = 10
MIN_DEFECTIVE = 10
FALSE_REJECT_TOLERANCE = 0.02
SIGNIFICANT = 0.05
PASSES_EVERYTHING = "no champion (passes everything)"


@dataclass(frozen=True, slots=True)
class Paired:
    """The errors of two models on the same pictures.

    only_champion, only_challenger: pictures that this one alone got wrong.
    p_value: exact two-sided McNemar test of the two being equally often wrong.
    """

    champion: Rate
    challenger: Rate
    only_champion: int
    only_challenger: int
    p_value: float

    @property
    def fewer(self) -> bool:
        """True when the challenger errs less often."""
        return self.challenger.events < self.champion.events

    @property
    def more(self) -> int:
        """How many more errors the challenger makes."""
        return self.challenger.events - self.champion.events


@dataclass(frozen=True, slots=True)
class GateReport:
    """The answer with its figures, as they go into the registry.

    escapes_by_class: for each class, the escapes of champion and challenger among its pictures.
    against: why the answer is no; empty for yes.
    """

    challenger: str
    champion: str
    locked_parts: int
    data_sha256: str
    escapes: Paired
    false_rejects: Paired
    escapes_by_class: dict[str, Paired]
    against: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.against

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the registry's log."""
        figures = asdict(self)
        for paired in (figures["escapes"], figures["false_rejects"]):
            _plain(paired)
        for paired in figures["escapes_by_class"].values():
            _plain(paired)
        return figures | {"passed": self.passed, "against": list(self.against)}


def compare(
    challenger: Bundle,
    champion: Bundle | None,
    dataset: Dataset,
    report: Callable[[], None] = lambda: None,
) -> GateReport:
    """Let both bundles judge the locked parts of a data set, and apply the rule.

    report: called once for each picture and model.
    Raises TrainingError when there are no locked parts, when the challenger does not say what it
    learnt from, or when it learnt from one of them.
    """
    locked = locked_samples(challenger, dataset)
    by_challenger = _errors(challenger, locked, report)
    by_champion = (
        [not sample.is_good for sample in locked]
        if champion is None
        else _errors(champion, locked, report)
    )
    escapes = _pair(locked, by_champion, by_challenger, lambda sample: not sample.is_good)
    false_rejects = _pair(locked, by_champion, by_challenger, lambda sample: sample.is_good)
    names = sorted({name for sample in locked for name in sample.classes})
    return GateReport(
        challenger=challenger.label,
        champion=PASSES_EVERYTHING if champion is None else champion.label,
        locked_parts=len({sample.part for sample in locked}),
        data_sha256=Dataset(locked, dataset.source).digest(),
        escapes=escapes,
        false_rejects=false_rejects,
        escapes_by_class={
            name: _pair(locked, by_champion, by_challenger, lambda s, name=name: name in s.classes)
            for name in names
        },
        against=tuple(_against(escapes, false_rejects)),
    )


def locked_samples(challenger: Bundle, dataset: Dataset) -> tuple[Sample, ...]:
    """The pictures of locked parts, none of which the challenger or its ancestors learnt from."""
    locked = locked_of(dataset.samples)
    if not locked:
        raise TrainingError(
            f"{dataset.source}: none of {len(dataset.samples)} pictures is of a locked part; "
            "about one part in five is: bring more parts"
        )
    learnt = {sample.part for sample in locked} & set(read_lineage(challenger).learnt_from)
    if learnt:
        raise TrainingError(
            f"{challenger.label} learnt from {len(learnt)} of the parts that are to judge it, "
            f"such as {min(learnt)!r}: it cannot be promoted on them"
        )
    return locked


def mcnemar(only_one: int, only_other: int) -> float:
    """Exact two-sided p value for discordant pairs (McNemar 1947, binomial form)."""
    n = only_one + only_other
    tail = sum(math.comb(n, k) for k in range(min(only_one, only_other) + 1))
    return min(1.0, 2.0 * tail / 2.0**n)


def _errors(bundle: Bundle, samples: Sequence[Sample], report: Callable[[], None]) -> list[bool]:
    """For each picture, whether the bundle gets it wrong at the limits on its card."""
    session = ModelSession(bundle)

    def is_wrong(measured: Measured) -> bool:
        return rejects(measured, bundle.card.limits) == measured.sample.is_good

    return [is_wrong(measured) for measured in measure(session, samples, report)]


def _pair(
    samples: Sequence[Sample],
    by_champion: Sequence[bool],
    by_challenger: Sequence[bool],
    counts: Callable[[Sample], bool],
) -> Paired:
    pairs = [
        (champion, challenger)
        for sample, champion, challenger in zip(samples, by_champion, by_challenger, strict=True)
        if counts(sample)
    ]
    only_champion = sum(champion and not challenger for champion, challenger in pairs)
    only_challenger = sum(challenger and not champion for champion, challenger in pairs)
    return Paired(
        champion=rate(sum(champion for champion, _ in pairs), len(pairs)),
        challenger=rate(sum(challenger for _, challenger in pairs), len(pairs)),
        only_champion=only_champion,
        only_challenger=only_challenger,
        p_value=mcnemar(only_champion, only_challenger),
    )


def _against(escapes: Paired, false_rejects: Paired) -> list[str]:
    """What the rule at the top of this file has against the challenger."""
    against: list[str] = []
    good, defective = false_rejects.challenger.n, escapes.challenger.n
    if good < MIN_GOOD or defective < MIN_DEFECTIVE:
        against.append(
            f"{good} good and {defective} defective pictures of locked parts are too few; "
            f"{MIN_GOOD} and {MIN_DEFECTIVE} are needed"
        )
    if escapes.more > 0:
        against.append(f"{escapes.more} escapes more than the champion")
    tolerated = max(1, math.floor(FALSE_REJECT_TOLERANCE * good))
    significant = false_rejects.p_value < SIGNIFICANT and false_rejects.more > 0
    if false_rejects.more > tolerated or significant:
        against.append(
            f"{false_rejects.more} false rejects more than the champion, {tolerated} tolerated"
        )
    if not (escapes.fewer or false_rejects.fewer):
        against.append("neither fewer escapes nor fewer false rejects than the champion")
    return against


def _plain(paired: dict[str, Any]) -> None:
    for side in ("champion", "challenger"):
        paired[side] = paired[side].model_dump()
