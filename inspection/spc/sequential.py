"""Tests that may be looked at after every part, and stop as soon as they know.

Both are likelihood ratios, which are nonnegative martingales where the null hypothesis holds: by
Ville's inequality such a ratio ever reaches 1 / alpha with a chance of alpha at most, however
often, and whenever, somebody looks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from inspection.spc.arrays import Floats, number

RISES = (1.5, 2.0, 4.0, 8.0)
"""Factors of a rate that `rate_evidence` looks for, each with the same weight."""


class Decision(StrEnum):
    """What a sequential test says of its alternative."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class SprtDesign:
    """Wald's sequential probability ratio test of a share: null <= p0 against alternative >= p1.

    alpha: chance of YES where the null holds, at most. beta: chance of NO where the alternative
    holds, at most. Raises SpcError for values that are none of these.
    """

    null: float = 0.5
    alternative: float = 0.75
    alpha: float = 0.05
    beta: float = 0.1

    def __post_init__(self) -> None:
        number(self.null, "null", lambda p: 0 < p < 1, "a share between 0 and 1")
        number(
            self.alternative,
            "alternative",
            lambda p: self.null < p < 1,
            f"a share above the null of {self.null}, below 1",
        )
        for name in ("alpha", "beta"):
            number(getattr(self, name), name, lambda p: 0 < p < 1, "a chance between 0 and 1")


@dataclass(frozen=True, slots=True)
class SprtState:
    """Where the test stands: it is decided once the log ratio leaves (`lower`, `upper`)."""

    log_ratio: float
    lower: float
    upper: float

    @property
    def decision(self) -> Decision:
        if self.log_ratio >= self.upper:
            return Decision.YES
        return Decision.NO if self.log_ratio <= self.lower else Decision.OPEN


def sprt(successes: int, failures: int, design: SprtDesign) -> SprtState:
    """The test after so many observations, in whatever order they came.

    The boundaries are log(1 / alpha) and log(beta), a little outside Wald's own approximations, so
    that both chances hold exactly.
    Source: Wald, Annals of Mathematical Statistics 16 (1945) 117; Ville's inequality.
    """
    gain = math.log(design.alternative / design.null)
    loss = math.log((1.0 - design.alternative) / (1.0 - design.null))
    log_ratio = successes * gain + failures * loss
    return SprtState(log_ratio, math.log(design.beta), math.log(1.0 / design.alpha))


def rate_evidence(
    events: NDArray[np.int64],
    n: NDArray[np.int64],
    rate: float,
    factors: Sequence[float] = RISES,
) -> Floats:
    """Log of the evidence (e-value) that a rate is more than `rate`, after `events` in `n` parts.

    events, n: shape (k,), running counts. factors: of the rate, those that are looked for; below
    1 for evidence that it is less. The evidence is the mean of their likelihood ratios: under the
    null, a chance of alpha at most that it ever reaches log(1 / alpha).
    Source: Ramdas, Grünwald, Vovk and Shafer, Statistical Science 38 (2023) 576.
    """
    number(rate, "rate", lambda p: 0 < p < 1, "a share between 0 and 1")
    ratios = [
        events * math.log(share / rate) + (n - events) * math.log((1.0 - share) / (1.0 - rate))
        for share in (_alternative(rate, factor) for factor in factors)
    ]
    return np.logaddexp.reduce(ratios, axis=0) - math.log(len(factors))


def _alternative(rate: float, factor: float) -> float:
    """The rate times the factor; one that would be 1 or more lies half way to 1."""
    share = rate * factor
    return share if share < 1.0 else (1.0 + rate) / 2.0
