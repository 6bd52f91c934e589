"""The exam: batches of validation parts, drawn once, that show how well a fit generalises."""

from collections.abc import Sequence
from typing import TypeVar

from training.data.dataset import Sample
from training.fitting.batches import Draws, Pictures

_BATCHES = 4
_PICTURES = 48

AnyBatch = TypeVar("AnyBatch", bound=Pictures)


def exam_of(draws: Draws[AnyBatch]) -> list[AnyBatch]:
    """The batches of an exam: the same at each."""
    return [draws.next() for _ in range(_BATCHES)]


def examinees(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Enough of the validation parts for an exam, spread over all kinds."""
    step = max(1, len(samples) // _PICTURES)
    return samples[::step]
