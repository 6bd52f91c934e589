"""What was measured, as findings that meet labelled boxes."""

from collections.abc import Iterable

from training.measuring.average_precision import DEEP_PCB_IOU, Located, best_f, pooled
from training.measuring.evaluate import Measured


def as_located(measured: Iterable[Measured]) -> list[Located]:
    """What was found on each picture beside the boxes of its defects."""
    return [Located(one.findings, one.sample.boxes()) for one in measured]


def at_best_f(measured: Iterable[Measured], otherwise: float) -> float:
    """The score from which findings have the highest F; `otherwise` where nothing is right."""
    best = best_f(pooled(as_located(measured), DEEP_PCB_IOU))
    return otherwise if best is None else best.score
