"""The EWMA chart: slow drifts of measurements and of rates, with the exact variance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    ON_LINE,
    Floats,
    above_zero,
    counts_of,
    finite,
    not_negative_number,
    number,
    share,
    sizes_of,
    standardise,
    standardise_one,
)
from inspection.spc.errors import SpcError
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import ControlChart, Exclude, Side, Signal, Standard, used_points
from inspection.spc.rules import Conventions, judge


@dataclass(frozen=True, slots=True)
class EwmaDesign:
    """How an EWMA averages and where it signals; what phase I froze.

    center: of the measurement or the rate. sigma: of one measurement, or of one part.
    weight, width, asymptotic: as for ewma_chart. Raises SpcError.
    """

    center: float
    sigma: float
    weight: float = 0.2
    width: float = 2.859
    asymptotic: bool = False

    def __post_init__(self) -> None:
        number(self.center, "center")
        not_negative_number(self.sigma, "sigma")
        above_zero(self.width, "width")
        if not 0.0 < self.weight <= 1.0:
            raise SpcError(f"weight: expected above 0 and up to 1, got {self.weight}")


@dataclass(frozen=True, slots=True)
class EwmaState:
    """An EWMA after some points: all that the next point needs.

    value: the average. variance: its exact variance, in units of one measurement's variance.
    seen: points so far.
    """

    value: float
    variance: float = 0.0
    seen: int = 0

    @staticmethod
    def begin(design: EwmaDesign) -> "EwmaState":
        """Before the first point."""
        return EwmaState(design.center)

    def update(
        self, value: float, design: EwmaDesign, size: float = 1.0
    ) -> tuple["EwmaState", Signal | None]:
        """The state after one point, and its signal if it has one; what `step` gives, sooner."""
        weight, old = design.weight, 1.0 - design.weight
        average = weight * value + old * self.value
        variance = weight**2 / size + old**2 * self.variance
        drawn = weight / (2.0 - weight) / size if design.asymptotic else variance
        z = standardise_one(average - design.center, design.sigma * math.sqrt(drawn))
        after = EwmaState(average, variance, self.seen + 1)
        if abs(z) <= design.width + ON_LINE:
            return after, None
        return after, Signal(self.seen, "ewma", Side.ABOVE if z > 0 else Side.BELOW, (self.seen,))

    def step(
        self, data: ArrayLike, design: EwmaDesign, *, sizes: ArrayLike | None = None
    ) -> tuple["EwmaState", tuple[Signal, ...]]:
        """The state after more points, shape (k,), and their signals, as ewma_chart's to the bit.

        sizes: of the subgroups; all 1 when left out. Signals count points from the very first.
        What a point costs does not grow with how many went before. Raises SpcError.
        """
        values = finite(data, "data")
        path = _path(self, design, values, sizes_of(sizes, values, "data"))
        return path.state, path.signals


def ewma_chart(
    data: ArrayLike,
    sizes: ArrayLike | None = None,
    *,
    center: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    weight: float = 0.2,
    width: float = 2.859,
    asymptotic: bool = False,
    rounded: bool = False,
) -> ControlChart:
    """The EWMA of means of subgroups, shape (k,), from the center on.

    sizes: of the subgroups; all 1 when left out. sigma: of one measurement; estimated from moving
        ranges of the values (times sqrt(size)) when left out.
    weight: of the newest point, above 0 to 1. width: limits in sigmas of the average; 2.859 with
        weight 0.2, 2.702 with 0.1 and 2.490 with 0.05 give an in-control run length of 370.
    asymptotic: level limits from the first point, sigma sqrt(weight / (2 - weight) / size), as
        NIST draws them; otherwise the exact variance, which grows from the first point and follows
        the sizes: v[i] = weight² / size[i] + (1 - weight)² v[i - 1].
    z is the average in its own sigmas; signals are of rule `ewma`.

    Source: Roberts, Technometrics 1 (1959) 239; Montgomery (7th ed.), section 9.2. Raises SpcError.
    """
    values = finite(data, "data")
    totals = sizes_of(sizes, values, "data")
    used, excluded = used_points(len(values), baseline, exclude)
    mean = (
        float(np.average(values[used], weights=totals[used]))
        if center is None
        else number(center, "center")
    )
    spread = (
        moving_range_sigma((values - mean) * np.sqrt(totals), used, rounded=rounded)
        if sigma is None
        else above_zero(sigma, "sigma")
    )
    fixed = center is not None and sigma is not None
    standard = Standard(mean, spread, 0 if fixed else int(used.sum()), excluded)
    design = EwmaDesign(mean, spread, weight, width, asymptotic)
    return _drawn("ewma", values, totals, standard, design)


def ewma_rate_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | None = None,
    sigma_z: float = 1.0,
    baseline: int | None = None,
    exclude: Exclude = (),
    weight: float = 0.2,
    width: float = 2.859,
    asymptotic: bool = False,
) -> ControlChart:
    """The EWMA of the share of defective parts; sizes may differ, limits stay within 0 to 1.

    One part has a sigma of sqrt(center (1 - center)) · sigma_z (Laney's, where the rate wanders).
    Options as for ewma_chart. Raises SpcError.
    """
    found, parts = counts_of(defectives, sizes)
    used, excluded = used_points(len(found), baseline, exclude)
    estimated = float(found[used].sum() / parts[used].sum())
    rate = estimated if center is None else share(center, "center")
    factor = above_zero(sigma_z, "sigma_z")
    standard = Standard(rate, factor, 0 if center is not None else int(used.sum()), excluded)
    sigma = math.sqrt(rate * (1.0 - rate)) * factor
    totals = parts.astype(np.float64)
    design = EwmaDesign(rate, sigma, weight, width, asymptotic)
    return _drawn("ewma rate", found / totals, totals, standard, design, (0.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """Averages, their deviations and z at each of some points, and what comes of them."""

    averages: Floats
    deviations: Floats
    z: Floats
    signals: tuple[Signal, ...]
    state: EwmaState


def _path(state: EwmaState, design: EwmaDesign, values: Floats, sizes: Floats) -> _Path:
    averages, variances = np.empty(len(values)), np.empty(len(values))
    weight, old = design.weight, 1.0 - design.weight
    average, variance = state.value, state.variance
    for at, (value, size) in enumerate(zip(values.tolist(), sizes.tolist(), strict=True)):
        averages[at] = average = weight * value + old * average
        variances[at] = variance = weight**2 / size + old**2 * variance
    after = EwmaState(average, variance, state.seen + len(values))
    if design.asymptotic:
        variances = weight / (2.0 - weight) / sizes
    deviations = design.sigma * np.sqrt(variances)
    z = standardise(averages - design.center, deviations)
    beyond = judge(z, ("nelson1",), conventions=Conventions(sigmas=design.width))
    signals = tuple(Signal(state.seen + s.at, "ewma", s.side, (state.seen + s.at,)) for s in beyond)
    return _Path(averages, deviations, z, signals, after)


def _drawn(
    name: str,
    values: Floats,
    sizes: Floats,
    standard: Standard,
    design: EwmaDesign,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> ControlChart:
    path = _path(EwmaState.begin(design), design, values, sizes)
    center = np.full(len(values), standard.center)
    half = design.width * path.deviations
    lower, upper = np.maximum(center - half, within[0]), np.minimum(center + half, within[1])
    return ControlChart(
        name, path.averages, center, lower, upper, path.z, sizes, path.signals, standard
    )
