"""What is known for sure: how many escapes of how many parts bear out a promise.

Two promises about the escape rate of limits that were chosen among a line of ever lower ones on
parts like those to come (exchangeable, and not the ones the model learnt from):

- with confidence: in so many of a hundred such choices the true rate is at most the one promised.
  Exact binomial tail at each limit, tested from the safest one on (Angelopoulos et al.,
  learn-then-test, arXiv 2110.01052; for one threshold the tolerance limit of Wilks 1941).
- on average: the mean of the true rate over all such choices is at most the one promised
  (conformal risk control, Angelopoulos et al., arXiv 2208.02814, with a loss of 0 or 1).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from inspection.spc.intervals import clopper_pearson
from training.errors import TrainingError

_MOST_PARTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Promise:
    """An escape rate of at most `at_most`, with this confidence; on average where it is None."""

    at_most: float
    confidence: float | None

    def check(self) -> None:
        """Raise TrainingError for a promise that nothing could bear out."""
        if not 0.0 < self.at_most < 1.0:
            raise TrainingError(
                f"an escape rate of at most {self.at_most}: give one between 0 and 1"
            )
        if self.confidence is not None and not 0.5 < self.confidence < 1.0:
            raise TrainingError(f"a confidence of {self.confidence}: give one between 0.5 and 1")

    def in_words(self) -> str:
        """The promise as a person says it."""
        sure = "on average"
        if self.confidence is not None:
            sure = f"with {100.0 * self.confidence:.4g} % confidence"
        return f"escape rate at most {100.0 * self.at_most:.4g} % {sure}"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Whether known parts bear out a promise.

    escapes: of `defective` parts, at the limits. allowed: most that bear it out, -1 for none.
    further: how many more defective parts without an escape would; 0 where it is borne out.
    """

    promise: Promise
    escapes: int
    defective: int
    allowed: int
    further: int

    @property
    def holds(self) -> bool:
        return self.escapes <= self.allowed

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "at_most": self.promise.at_most,
            "confidence": self.promise.confidence,
            "escapes": self.escapes,
            "defective": self.defective,
            "allowed": self.allowed,
            "further": self.further,
            "holds": self.holds,
        }


def guarantee(promise: Promise, escapes: int, defective: int) -> Guarantee:
    """What so many escapes of so many defective parts say of a promise."""
    allowed = allowed_escapes(promise, defective)
    further = further_needed(promise, escapes, defective)
    return Guarantee(promise, escapes, defective, allowed, further)


def upper_bound(escapes: int, defective: int, confidence: float) -> float:
    """The rate that the true one is not above, one-sided and exact (Clopper and Pearson 1934)."""
    return clopper_pearson(escapes, defective, 2.0 * confidence - 1.0)[1]


def allowed_escapes(promise: Promise, defective: int) -> int:
    """The most escapes among `defective` parts that bear the promise out; -1 where none do."""
    low, high = -1, defective
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bears_out(promise, middle, defective) else (low, middle - 1)
    return low


def further_needed(promise: Promise, escapes: int, defective: int) -> int:
    """How many further defective parts, none of which escapes, bear the promise out.

    Raises TrainingError for a promise that ten million parts could not.
    """
    if _bears_out(promise, escapes, defective):
        return 0
    low, high = 0, 1
    while not _bears_out(promise, escapes, defective + high):
        low, high = high, 2 * high
        if high > _MOST_PARTS:
            raise TrainingError(f"{promise.in_words()}: more than {_MOST_PARTS} parts are needed")
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _bears_out(promise, escapes, defective + middle) else (middle, high)
        )
    return high


@cache
def _bears_out(promise: Promise, escapes: int, defective: int) -> bool:
    if promise.confidence is None:
        return (escapes + 1) / (defective + 1) <= promise.at_most
    return upper_bound(escapes, defective, promise.confidence) <= promise.at_most
