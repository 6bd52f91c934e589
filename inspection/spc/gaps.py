"""Gaps between rare defects: out of verdicts, and judged one by one in constant time."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Counts, above_zero, counts, frozen, open_share, truth_values
from inspection.spc.attributes import FALSE_ALARM
from inspection.spc.errors import SpcError
from inspection.spc.result import Side, Signal

LimitsOfGaps = Literal["exact", "sigma"]


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Good parts between defective ones, as they end.

    lengths: of the gaps that ended, shape (k,). ends: index of the defective part that ended each.
    open: good parts since the last defective one, which the next verdicts go on from.
    """

    lengths: Counts
    ends: Counts
    open: int

    def __post_init__(self) -> None:
        frozen(self.lengths)
        frozen(self.ends)


def gaps_between(defective: ArrayLike, *, open_before: int = 0) -> Gaps:
    """The gaps that these verdicts end, shape (n,), with as many good parts open before them.

    The first gap begins with the first part watched, as the chart's rate asks for.
    Raises SpcError for anything but truth values.
    """
    verdicts = truth_values(defective, "defective")
    if open_before < 0:
        raise SpcError(f"open_before: expected 0 good parts or more, got {open_before}")
    ends = np.flatnonzero(verdicts)
    before = np.concatenate([[-1 - open_before], ends])
    return Gaps(np.diff(before) - 1, ends, len(verdicts) - 1 - int(before[-1]))


@dataclass(frozen=True, slots=True)
class GDesign:
    """Limits of a g chart; what phase I froze.

    rate: of defective parts. sigmas: for the limits `sigma`. Others as for g_chart.
    Raises SpcError.
    """

    rate: float
    limits: LimitsOfGaps = "exact"
    false_alarm: float = FALSE_ALARM
    zeros: bool = True
    sigmas: float = 3.0

    def __post_init__(self) -> None:
        open_share(self.rate, "rate")
        open_share(self.false_alarm, "false_alarm")
        above_zero(self.sigmas, "sigmas")
        if self.limits not in ("exact", "sigma"):
            raise SpcError(f"limits: expected exact or sigma, got {self.limits!r}")

    @property
    def mean(self) -> float:
        """Of good parts in a gap."""
        return (1.0 - self.rate) / self.rate

    @property
    def deviation(self) -> float:
        """Standard deviation of a gap."""
        return math.sqrt(self.mean * (self.mean + 1.0))

    @property
    def lines(self) -> tuple[float, float]:
        """The shortest and the longest gap that is no signal.

        exact: P(X < lower) and P(X > upper) are at most half of false_alarm each.
        """
        if self.limits == "sigma":
            half = self.sigmas * self.deviation
            return max(0.0, self.mean - half), self.mean + half
        log_good, tail = math.log1p(-self.rate), self.false_alarm / 2.0
        low = math.floor(math.log1p(-tail) / log_good + 1e-12)
        high = math.ceil(math.log(tail) / log_good - 1e-12) - 1
        return float(low), float(max(0, high))

    @property
    def zeros_in_a_row(self) -> int | None:
        """How many gaps of 0 signal together; None where a lower limit or no rule stands."""
        if not self.zeros or self.lines[0] > 0.0:
            return None
        tail = self.false_alarm / 2.0
        return max(1, math.ceil(math.log(tail) / math.log(self.rate) - 1e-12))


@dataclass(frozen=True, slots=True)
class GState:
    """A g chart after some gaps: all that the next gap needs.

    zeros: gaps of 0 in a row, up to the last. seen: gaps so far.
    """

    zeros: int = 0
    seen: int = 0

    def step(self, gaps: ArrayLike, design: GDesign) -> tuple["GState", tuple[Signal, ...]]:
        """The state after more gaps of good parts, shape (k,), and their signals, as g_chart's.

        Signals count gaps from the very first. Takes no gaps (an empty array) as well: most
        batches of parts end none. Raises SpcError.
        """
        if np.size(gaps) == 0:
            return self, ()
        good = counts(gaps, "gaps")
        low, high = design.lines
        enough = design.zeros_in_a_row
        signals: list[Signal] = []
        streak = self.zeros
        for at, gap in enumerate(good.tolist(), self.seen):
            streak = streak + 1 if gap == 0 else 0
            if gap > high or gap < low:
                signals.append(Signal(at, "nelson1", _side(gap > high), (at,)))
            if enough is not None and streak >= enough:
                pattern = tuple(range(at + 1 - enough, at + 1))
                signals.append(Signal(at, "zeros", Side.BELOW, pattern))
        return GState(streak, self.seen + len(good)), tuple(signals)


def _side(above: bool) -> Side:
    return Side.ABOVE if above else Side.BELOW
