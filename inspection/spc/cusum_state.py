"""CUSUMs as they run: how they count, frozen, and what the next point needs, in constant time."""

import math
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Counts,
    Floats,
    above_zero,
    counts_of,
    finite,
    not_negative_number,
    number,
    open_share,
    repeated,
    sizes_of,
)
from inspection.spc.errors import SpcError
from inspection.spc.result import Side, Signal

AfterSignal = Literal["continue", "restart"]


class CusumRule(Protocol):
    """What any CUSUM says of itself. head_start: share of the limit that its sums begin with."""

    @property
    def limit(self) -> float: ...
    @property
    def head_start(self) -> float: ...
    @property
    def after_signal(self) -> AfterSignal: ...
    @property
    def signal_on_limit(self) -> bool: ...
    @property
    def falls(self) -> bool:
        """Whether it looks for a fall as well as for a rise."""
        ...

    def scores(self, data: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Floats]:
        """What each point adds to the sums, and what each takes off. Raises SpcError."""
        ...

    def score(self, value: float, size: float) -> tuple[float, float]:
        """The same of one point, which is not checked."""
        ...


@dataclass(frozen=True, slots=True)
class CusumDesign:
    """How the CUSUM of measurements counts; what phase I froze.

    center: mean of the measurement. sigma: of one measurement. Others as for cusum_chart.
    Raises SpcError.
    """

    center: float
    sigma: float
    slack: float = 0.5
    limit: float = 4.775
    head_start: float = 0.0
    after_signal: AfterSignal = "continue"
    signal_on_limit: bool = False

    def __post_init__(self) -> None:
        number(self.center, "center")
        above_zero(self.sigma, "sigma")
        not_negative_number(self.slack, "slack")
        _check(self)

    @property
    def falls(self) -> bool:
        return True

    def scores(self, data: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Floats]:
        """Sigmas of a mean; the slack."""
        values = finite(data, "data")
        totals = sizes_of(sizes, values, "data")
        z = (values - self.center) * np.sqrt(totals) / self.sigma
        return z, repeated(self.slack, len(z))

    def score(self, value: float, size: float) -> tuple[float, float]:
        return (value - self.center) * math.sqrt(size) / self.sigma, self.slack


@dataclass(frozen=True, slots=True)
class BinomialCusumDesign:
    """How the CUSUM of defective parts per subgroup counts; parameters as binomial_cusum_chart's.

    Raises SpcError.
    """

    center: float
    limit: float
    rise: float = 2.0
    head_start: float = 0.0
    after_signal: AfterSignal = "continue"
    signal_on_limit: bool = True

    def __post_init__(self) -> None:
        reference_rate(self.center, self.rise)
        _check(self)

    @property
    def falls(self) -> bool:
        return False

    def scores(self, data: ArrayLike, sizes: ArrayLike | None) -> tuple[Floats, Floats]:
        """Defective parts; as many as the reference rate expects."""
        if sizes is None:
            raise SpcError("sizes: a binomial cusum needs the size of each subgroup; got none")
        found, parts = counts_of(data, sizes)
        expected = reference_rate(self.center, self.rise) * parts.astype(np.float64)
        return found.astype(np.float64), expected

    def score(self, value: float, size: float) -> tuple[float, float]:
        return value, reference_rate(self.center, self.rise) * size


@dataclass(frozen=True, slots=True)
class CusumState:
    """A CUSUM after some points: all that the next point needs.

    high, low: the sums for a rise and for a fall, 0 or more. high_since, low_since: how many points
    each has been climbing (N+ and N- of Montgomery). seen: points so far.
    """

    high: float = 0.0
    low: float = 0.0
    high_since: int = 0
    low_since: int = 0
    seen: int = 0

    @staticmethod
    def begin(design: CusumRule) -> "CusumState":
        """Before the first point."""
        head = design.limit * design.head_start
        return CusumState(head, head if design.falls else 0.0)

    def update(
        self, value: float, design: CusumRule, size: float = 1.0
    ) -> tuple["CusumState", Signal | None]:
        """The state after one point, and its signal if it has one; what `step` gives, sooner."""
        reached, signal = _reached(self, design, *design.score(value, size))
        return _going_on(reached, signal, design), signal

    def step(
        self, data: ArrayLike, design: CusumRule, *, sizes: ArrayLike | None = None
    ) -> tuple["CusumState", tuple[Signal, ...]]:
        """The state after more points, shape (k,), and their signals, as the chart's to the bit.

        data: means of subgroups, or counts of defective parts for a binomial design.
        What a point costs does not grow with how many went before. Raises SpcError.
        """
        climb = climbed(self, design, *design.scores(data, sizes))
        return climb.state, climb.signals


@dataclass(frozen=True, slots=True, eq=False)
class Climb:
    """Both sums at each of some points, shape (k,), for how long they climb, and what follows."""

    high: Floats
    low: Floats
    high_since: Counts
    low_since: Counts
    signals: tuple[Signal, ...]
    state: CusumState


def climbed(state: CusumState, design: CusumRule, z: Floats, slacks: Floats) -> Climb:
    """The sums from `state` on: max(0, high + z - slack) and max(0, low - z - slack)."""
    reached: list[CusumState] = []
    signals: list[Signal] = []
    for value, slack in zip(z.tolist(), slacks.tolist(), strict=True):
        here, signal = _reached(state, design, value, slack)
        reached.append(here)
        if signal is not None:
            signals.append(signal)
        state = _going_on(here, signal, design)
    return Climb(
        np.array([at.high for at in reached]),
        np.array([at.low for at in reached]),
        np.array([at.high_since for at in reached], np.int64),
        np.array([at.low_since for at in reached], np.int64),
        tuple(signals),
        state,
    )


def _reached(
    state: CusumState, design: CusumRule, z: float, slack: float
) -> tuple[CusumState, Signal | None]:
    """The sums at one point, and its signal if it has one."""
    high = max(0.0, state.high + z - slack)
    low = max(0.0, state.low - z - slack) if design.falls else 0.0
    up, down = state.high_since + 1 if high > 0 else 0, state.low_since + 1 if low > 0 else 0
    after = CusumState(high, low, up, down, state.seen + 1)
    for total, since, side in ((high, up, Side.ABOVE), (low, down, Side.BELOW)):
        if total > design.limit or (design.signal_on_limit and total == design.limit):
            points = range(after.seen - since, after.seen)
            return after, Signal(state.seen, "cusum", side, points)
    return after, None


def _going_on(reached: CusumState, signal: Signal | None, design: CusumRule) -> CusumState:
    if signal is None or design.after_signal == "continue":
        return reached
    return replace(CusumState.begin(design), seen=reached.seen)


def reference_rate(center: float, rise: float) -> float:
    """The rate between p0 = center and p1 = rise · center at which neither is likelier."""
    p0 = open_share(center, "center")
    p1 = p0 * number(rise, "rise", lambda times: times > 1, "above 1")
    if p1 >= 1.0:
        raise SpcError(f"rise: expected rise times center below 1, got {rise} times {center}")
    fewer_good = math.log1p(-p0) - math.log1p(-p1)
    return fewer_good / (math.log(p1 / p0) + fewer_good)


def _check(design: CusumRule) -> None:
    above_zero(design.limit, "limit")
    number(design.head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")
    if design.after_signal not in ("continue", "restart"):
        raise SpcError(f"after_signal: expected continue or restart, got {design.after_signal!r}")
