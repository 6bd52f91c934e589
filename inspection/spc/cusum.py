"""Tabular CUSUM charts: of measurements, and of counts of defective parts."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Counts,
    Floats,
    above_zero,
    finite,
    frozen,
    number,
    repeated,
    sizes_of,
)
from inspection.spc.cusum_state import (
    AfterSignal,
    BinomialCusumDesign,
    CusumDesign,
    CusumRule,
    CusumState,
    climbed,
)
from inspection.spc.errors import SpcError
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import Exclude, Signal, Standard, used_points


@dataclass(frozen=True, slots=True, eq=False)
class CusumChart:
    """A CUSUM of k points; all arrays are read-only, of shape (k,).

    high, low: the sums for a rise and for a fall, both 0 or more. values: what is plotted, the
        larger of the two, a fall below 0. center: 0. lower, upper: minus and plus the limit.
    high_since, low_since: for how many points each sum has been above 0.
    signals: their points are those since the sum last was 0, where the change likely began.
    design, state: how it counted and where it stands after the last point, to go on from.
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
    design: CusumRule
    state: CusumState

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
    design = CusumDesign(mean, spread, slack, limit, head_start, after_signal, signal_on_limit)
    return _drawn("cusum", design, values, totals, standard)


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
    design = BinomialCusumDesign(center, limit, rise, head_start, after_signal, signal_on_limit)
    return _drawn("binomial cusum", design, defectives, sizes, Standard(center, 1.0))


def _drawn(
    name: str, design: CusumRule, data: ArrayLike, sizes: ArrayLike, standard: Standard
) -> CusumChart:
    climb = climbed(CusumState.begin(design), design, *design.scores(data, sizes))
    k = len(climb.high)
    return CusumChart(
        name,
        np.where(climb.high >= climb.low, climb.high, -climb.low),
        np.zeros(k),
        repeated(-design.limit if design.falls else -math.inf, k),
        repeated(design.limit, k),
        climb.high,
        climb.low,
        climb.high_since,
        climb.low_since,
        climb.signals,
        standard,
        design,
        climb.state,
    )
