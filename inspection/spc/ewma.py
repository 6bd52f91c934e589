"""The EWMA chart: slow drifts of measurements and of rates, with the exact variance."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Floats,
    above_zero,
    counts_of,
    finite,
    number,
    share,
    sizes_of,
    standardise,
)
from inspection.spc.errors import SpcError
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import ControlChart, Exclude, Signal, Standard, used_points
from inspection.spc.rules import Conventions, judge


@dataclass(frozen=True, slots=True)
class EwmaState:
    """An EWMA after some points: all that the next point needs.

    value: the average. variance: its exact variance, in units of one measurement's variance.
    """

    center: float
    sigma: float
    weight: float = 0.2
    value: float = math.nan
    variance: float = 0.0

    def update(self, value: float, size: float = 1.0) -> "EwmaState":
        """The state after a subgroup of `size` with this mean; takes the same time forever."""
        before = self.center if math.isnan(self.value) else self.value
        old = 1.0 - self.weight
        return EwmaState(
            self.center,
            self.sigma,
            self.weight,
            self.weight * value + old * before,
            self.weight**2 / size + old**2 * self.variance,
        )

    def limits(self, width: float = 2.7) -> tuple[float, float]:
        """Limits at this point."""
        half = width * self.sigma * math.sqrt(self.variance)
        return self.center - half, self.center + half


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
    return _drawn("ewma", values, totals, standard, spread, weight, width, asymptotic)


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
    sizes_of = parts.astype(np.float64)
    return _drawn(
        "ewma rate",
        found / sizes_of,
        sizes_of,
        standard,
        sigma,
        weight,
        width,
        asymptotic,
        (0.0, 1.0),
    )


def _drawn(
    name: str,
    values: Floats,
    sizes: Floats,
    standard: Standard,
    sigma: float,
    weight: float,
    width: float,
    asymptotic: bool,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> ControlChart:
    if not 0.0 < weight <= 1.0:
        raise SpcError(f"weight: expected above 0 and up to 1, got {weight}")
    averages, variances = _run(EwmaState(standard.center, sigma, weight), values, sizes)
    if asymptotic:
        variances = weight / (2.0 - weight) / sizes
    center = np.full(len(values), standard.center)
    deviation = sigma * np.sqrt(variances)
    half = above_zero(width, "width") * deviation
    z = standardise(averages - center, deviation)
    beyond = judge(z, ("nelson1",), conventions=Conventions(sigmas=width))
    signals = tuple(Signal(s.at, "ewma", s.side, s.points) for s in beyond)
    lower, upper = np.maximum(center - half, within[0]), np.minimum(center + half, within[1])
    return ControlChart(name, averages, center, lower, upper, z, sizes, signals, standard)


def _run(state: EwmaState, values: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    def states() -> Iterator[tuple[float, float]]:
        at = state
        for value, size in zip(values.tolist(), sizes.tolist(), strict=True):
            at = at.update(value, size)
            yield at.value, at.variance

    averages, variances = zip(*states(), strict=True)
    return np.array(averages), np.array(variances)
