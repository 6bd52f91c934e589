"""Which known parts may choose a bundle's limits, and which may then say how good these are."""

from dataclasses import dataclass

from models.bundle import Bundle
from training.data.dataset import Dataset, Sample
from training.data.lineage import Lineage, read_lineage
from training.data.split import locked_parts
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Honest:
    """The pictures of a data set by what they are good for.

    choosing: of parts that taught the bundle nothing; limits are chosen on them.
    reporting: of locked parts, which did not choose either; empty where there are none.
    taught: how many parts are left out, since the bundle knows them.
    set_limits: how many parts of `choosing` already set the limits on the card.
    """

    choosing: tuple[Sample, ...]
    reporting: tuple[Sample, ...]
    taught: int
    set_limits: int


def honest(bundle: Bundle, dataset: Dataset, choose_on_locked: bool = False) -> Honest:
    """Divide a data set for a bundle.

    choose_on_locked: use the locked parts to choose as well; then none are left to report on, and
        the gate compares models on parts that chose one's limits.
    Raises TrainingError when no part is left to choose on, when the bundle does not say what it
    learnt from, or when it learnt from locked parts.
    """
    lineage = read_lineage(bundle)
    locked = locked_parts(dataset.samples)
    _check(bundle, lineage, locked)
    held_back = frozenset[str]() if choose_on_locked else locked
    parts = {sample.part for sample in dataset.samples}
    choosing = parts - lineage.taught_by - held_back
    if not choosing:
        raise TrainingError(
            f"{dataset.source}: no part to choose limits on: of {len(parts)} parts "
            f"{len(parts & lineage.taught_by)} taught {bundle.label}, and {len(locked)} are locked "
            "for the gate; bring parts that it has not seen, or say --choose-on-locked"
        )
    return Honest(
        choosing=_of(dataset, choosing),
        reporting=_of(dataset, held_back),
        taught=len(parts & lineage.taught_by),
        set_limits=len(choosing & set(lineage.limits_from)),
    )


def _check(bundle: Bundle, lineage: Lineage, locked: frozenset[str]) -> None:
    learnt = locked & lineage.taught_by
    if learnt:
        raise TrainingError(
            f"{bundle.label} learnt from {len(learnt)} locked parts, such as {min(learnt)!r}: "
            "they can say nothing of it; leave them out of the folder"
        )


def _of(dataset: Dataset, parts: frozenset[str] | set[str]) -> tuple[Sample, ...]:
    return tuple(sample for sample in dataset.samples if sample.part in parts)
