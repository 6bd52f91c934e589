"""Tabular CUSUM charts: of measurements, and of counts of defective parts."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Counts,
    Floats,
    above_zero,
    counts_of,
    finite,
    frozen,
    not_negative_number,
    number,
    open_share,
    repeated,
    sizes_of,
)
from inspection.spc.errors import SpcError
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import Exclude, Side, Signal, Standard, used_points

AfterSignal = Literal["continue", "restart"]


@dataclass(frozen=True, slots=True)
class CusumState:
    """A two-sided CUSUM after some points, in sigmas: all that the next point needs.

    high, low: the sums for a rise and for a fall, 0 or more. high_since, low_since: how many points
    each has been climbing (N+ and N- of Montgomery).
    """

    slack: float = 0.5
    high: float = 0.0
    low: float = 0.0
    high_since: int = 0
    low_since: int = 0

    def update(self, z: float, slack: float | None = None) -> "CusumState":
        """The state after a point of z sigmas; takes the same time forever."""
        allowed = self.slack if slack is None else slack
        high, low = max(0.0, self.high + z - allowed), max(0.0, self.low - z - allowed)
        return CusumState(
            self.slack,
            high,
            low,
            self.high_since + 1 if high > 0 else 0,
            self.low_since + 1 if low > 0 else 0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class CusumChart:
    """A CUSUM of k points; all arrays are read-only, of shape (k,).

    high, low: the sums for a rise and for a fall, both 0 or more. values: what is plotted, the
        larger of the two, a fall below 0. center: 0. lower, upper: minus and plus the limit.
    high_since, low_since: for how many points each sum has been above 0.
    signals: their points are those since the sum last was 0, where the change likely began.
    """

    name: str
    values: Floats
    center: Floats
    lower: Floats
    upper: Floats
    high: Floats
    low: Floats
    high_since: Counts
    low_since: Counts
    signals: tuple[Signal, ...]
    standard: Standard

    def __post_init__(self) -> None:
        for array in (self.values, self.center, self.lower, self.upper, self.high, self.low):
            frozen(array)
        frozen(self.high_since)
        frozen(self.low_since)


def cusum_chart(
    data: ArrayLike,
    sizes: ArrayLike | None = None,
    *,
    center: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    slack: float = 0.5,
    limit: float = 4.775,
    head_start: float = 0.0,
    after_signal: AfterSignal = "continue",
    signal_on_limit: bool = False,
    rounded: bool = False,
) -> CusumChart:
    """The tabular CUSUM of means of subgroups, shape (k,), in sigmas of a mean.

    slack: half the shift to notice (k). limit: h; 4.775 with slack 0.5 gives an in-control run
        length of 370, 5 gives 465.
    head_start: share of the limit that both sums begin with (0.5 is Lucas and Crosier's).
    after_signal: `continue` climbs on and signals at each point beyond, as the books' tables do;
        `restart` begins anew after a signal, from the head start.
    signal_on_limit: whether a sum that equals the limit signals; here it does not.
    sizes, sigma: as for ewma_chart.

    Source: Montgomery (7th ed.), section 9.1; Lucas and Crosier, Technometrics 24 (1982) 199.
    Raises SpcError.
    """
    values = finite(data, "data")
    totals = sizes_of(sizes, values, "data")
    used, excluded = used_points(len(values), baseline, exclude)
    weighted = float(np.average(values[used], weights=totals[used]))
    mean = weighted if center is None else number(center, "center")
    spread = (
        moving_range_sigma((values - mean) * np.sqrt(totals), used, rounded=rounded)
        if sigma is None
        else above_zero(sigma, "sigma")
    )
    if spread == 0.0:
        raise SpcError("sigma: all values of the baseline are the same; give a sigma above 0")
    fixed = center is not None and sigma is not None
    standard = Standard(mean, spread, 0 if fixed else int(used.sum()), excluded)
    z = (values - mean) * np.sqrt(totals) / spread
    slacks = repeated(not_negative_number(slack, "slack"), len(z))
    rule = _Rule("cusum", above_zero(limit, "limit"), signal_on_limit, _checked(after_signal))
    return _drawn(rule, z, slacks, _head(head_start), standard)


def binomial_cusum_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float,
    rise: float = 2.0,
    limit: float,
    head_start: float = 0.0,
    after_signal: AfterSignal = "continue",
    signal_on_limit: bool = True,
) -> CusumChart:
    """The one-sided CUSUM of defective parts per subgroup, in parts: does the rate rise?

    center: the rate p0 in control. rise: notice p1 = rise · p0. Each point adds its defectives less
    size · r, where r = ln((1 - p0) / (1 - p1)) / ln(p1 (1 - p0) / (p0 (1 - p1))).
    limit: in parts; binomial_cusum_arl gives the run length. A sum on the limit signals.

    Source: Reynolds and Stoumbos, Journal of Quality Technology 31 (1999) 87; Gan, Journal of
    Applied Statistics 20 (1993) 445. Raises SpcError.
    """
    found, parts = counts_of(defectives, sizes)
    reference = reference_rate(center, rise)
    standard = Standard(center, 1.0)
    slacks = reference * parts.astype(np.float64)
    rule = _Rule(
        "cusum", above_zero(limit, "limit"), signal_on_limit, _checked(after_signal), high_only=True
    )
    return _drawn(rule, found.astype(np.float64), slacks, _head(head_start), standard)


def reference_rate(center: float, rise: float) -> float:
    """The rate between p0 = center and p1 = rise · center at which neither is likelier."""
    p0 = open_share(center, "center")
    p1 = p0 * number(rise, "rise", lambda times: times > 1, "above 1")
    if p1 >= 1.0:
        raise SpcError(f"rise: expected rise times center below 1, got {rise} times {center}")
    fewer_good = math.log1p(-p0) - math.log1p(-p1)
    return fewer_good / (math.log(p1 / p0) + fewer_good)


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    limit: float
    on_limit: bool
    after_signal: str
    high_only: bool = False

    def beyond(self, value: float) -> bool:
        return value >= self.limit if self.on_limit else value > self.limit

    def side(self, state: CusumState) -> Side | None:
        if self.beyond(state.high):
            return Side.ABOVE
        return Side.BELOW if not self.high_only and self.beyond(state.low) else None


def _drawn(
    rule: _Rule, z: Floats, slacks: Floats, head_start: float, standard: Standard
) -> CusumChart:
    begin = rule.limit * head_start
    start = CusumState(high=begin, low=0.0 if rule.high_only else begin)
    signals: list[Signal] = []

    def states() -> Iterator[CusumState]:
        state = start
        for at, (value, slack) in enumerate(zip(z.tolist(), slacks.tolist(), strict=True)):
            state = state.update(value, slack)
            yield state
            side = rule.side(state)
            if side is not None:
                since = state.high_since if side is Side.ABOVE else state.low_since
                signals.append(Signal(at, rule.name, side, tuple(range(at + 1 - since, at + 1))))
                state = start if rule.after_signal == "restart" else state

    run = list(states())
    high = np.array([state.high for state in run])
    low = np.zeros(len(run)) if rule.high_only else np.array([state.low for state in run])
    lower = -math.inf if rule.high_only else -rule.limit
    return CusumChart(
        "binomial cusum" if rule.high_only else "cusum",
        np.where(high >= low, high, -low),
        np.zeros(len(run)),
        repeated(lower, len(run)),
        repeated(rule.limit, len(run)),
        high,
        low,
        np.array([state.high_since for state in run]),
        np.array([state.low_since for state in run]),
        tuple(signals),
        standard,
    )


def _head(head_start: float) -> float:
    return number(head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")


def _checked(after_signal: str) -> str:
    if after_signal not in ("continue", "restart"):
        raise SpcError(f"after_signal: expected continue or restart, got {after_signal!r}")
    return after_signal
