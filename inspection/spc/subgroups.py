"""Charts of subgroups of measurements: means with ranges, means with standard deviations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.spc.arrays import (
    Floats,
    Mask,
    above_zero,
    finite,
    frozen,
    number,
    rows,
    standardise,
)
from inspection.spc.constants import c4, d2, d3
from inspection.spc.errors import SpcError
from inspection.spc.result import ControlChart, Exclude, Standard, used_points
from inspection.spc.rules import DEFAULT_RULES, STANDARD_CONVENTIONS, Conventions, judge

SigmaOfSubgroups = Literal["range", "deviation", "pooled"]
Weights = Literal["mvlue", "none"]


def xbar_r_chart(
    data: Sequence[ArrayLike] | NDArray[np.float64],
    *,
    center: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    estimator: SigmaOfSubgroups = "range",
    weights: Weights = "mvlue",
    rounded: bool = False,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Means of k subgroups; the companion is the chart of their ranges.

    data: shape (k, n), or k sequences of 2 values or more each.
    center, sigma: of one measurement, known beforehand or frozen; either may be given alone.
    estimator: sigma from ranges over d2, from standard deviations over c4, or pooled over c4.
    weights: of subgroups of different size, `mvlue` (smallest variance, as Minitab) or `none`
        (plain mean, as qcc). Of one size, both are Rbar / d2 or Sbar / c4.
    rounded: constants as printed. The companion is judged by rule 1 alone.

    Limits: center ± sigmas · sigma / sqrt(n) and sigma (d2 ± sigmas · d3), not below 0.
    Source: Montgomery (7th ed.), section 6.2; Burr, Industrial Quality Control 26 (1969) 640.
    Raises SpcError.
    """
    read = _Subgroups.read(data)
    standard = read.standard(center, sigma, baseline, exclude, estimator, weights, rounded)
    scale = np.array([d2(n, rounded=rounded) for n in read.whole_sizes])
    spread = np.array([d3(n, rounded=rounded) for n in read.whole_sizes])
    companion = _spread_chart("range", read.ranges, scale, spread, read, standard, conventions)
    return _mean_chart("xbar-r", read, standard, companion, rules, conventions)


def xbar_s_chart(
    data: Sequence[ArrayLike] | NDArray[np.float64],
    *,
    center: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    estimator: SigmaOfSubgroups = "deviation",
    weights: Weights = "mvlue",
    rounded: bool = False,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Means of k subgroups; the companion is the chart of their standard deviations.

    Limits of the companion: sigma (c4 ± sigmas · sqrt(1 - c4²)), not below 0. Options as for
    xbar_r_chart. Source: Montgomery (7th ed.), section 6.3. Raises SpcError.
    """
    read = _Subgroups.read(data)
    standard = read.standard(center, sigma, baseline, exclude, estimator, weights, rounded)
    scale = np.array([c4(n, rounded=rounded) for n in read.whole_sizes])
    spread = np.sqrt(1.0 - scale**2)
    companion = _spread_chart("s", read.deviations, scale, spread, read, standard, conventions)
    return _mean_chart("xbar-s", read, standard, companion, rules, conventions)


@dataclass(frozen=True, slots=True, eq=False)
class _Subgroups:
    """What a chart needs of each subgroup, shape (k,)."""

    means: Floats
    ranges: Floats
    deviations: Floats
    sizes: Floats

    @staticmethod
    def read(data: Sequence[ArrayLike] | NDArray[np.float64]) -> "_Subgroups":
        given = [finite(row, f"data[{at}]") for at, row in enumerate(rows(data))]
        if not given:
            raise SpcError("data: expected one subgroup or more, got none")
        for at, row in enumerate(given):
            if len(row) < 2:
                raise SpcError(f"data[{at}]: expected 2 values or more in a subgroup, got 1")
        return _Subgroups(
            frozen(np.array([row.mean() for row in given])),
            frozen(np.array([np.ptp(row) for row in given])),
            frozen(np.array([row.std(ddof=1) for row in given])),
            frozen(np.array([float(len(row)) for row in given])),
        )

    @property
    def whole_sizes(self) -> list[int]:
        return [int(n) for n in self.sizes]

    def standard(
        self,
        center: float | None,
        sigma: float | None,
        baseline: int | None,
        exclude: Exclude,
        estimator: str,
        weights: str,
        rounded: bool,
    ) -> Standard:
        used, excluded = used_points(len(self.means), baseline, exclude)
        weighted = np.average(self.means[used], weights=self.sizes[used])
        mean = float(weighted) if center is None else number(center, "center")
        spread = (
            self._sigma(used, estimator, weights, rounded)
            if sigma is None
            else above_zero(sigma, "sigma")
        )
        known = center is not None and sigma is not None
        return Standard(mean, spread, 0 if known else int(used.sum()), excluded)

    def _sigma(self, used: Mask, estimator: str, weights: str, rounded: bool) -> float:
        if weights not in ("mvlue", "none"):
            raise SpcError(f"weights: expected mvlue or none, got {weights!r}")
        sizes = [int(n) for n in self.sizes[used]]
        if estimator == "range":
            scale = np.array([d2(n, rounded=rounded) for n in sizes])
            noise = np.array([d3(n, rounded=rounded) for n in sizes])
            return _combined(self.ranges[used], scale, noise, weights)
        if estimator == "deviation":
            scale = np.array([c4(n, rounded=rounded) for n in sizes])
            return _combined(self.deviations[used], scale, np.sqrt(1.0 - scale**2), weights)
        if estimator != "pooled":
            raise SpcError(f"estimator: expected range, deviation or pooled; got {estimator!r}")
        freedom = self.sizes[used] - 1.0
        pooled = np.sqrt((freedom * self.deviations[used] ** 2).sum() / freedom.sum())
        return float(pooled) / c4(int(freedom.sum()) + 1, rounded=rounded)


def _combined(spreads: Floats, scale: Floats, noise: Floats, weights: str) -> float:
    """Each subgroup estimates sigma as spread / scale, with an error of noise / scale."""
    trust = (scale / noise) ** 2 if weights == "mvlue" else np.ones(len(scale))
    return float(np.average(spreads / scale, weights=trust))


def _mean_chart(
    name: str,
    read: _Subgroups,
    standard: Standard,
    companion: ControlChart,
    rules: Iterable[str],
    conventions: Conventions,
) -> ControlChart:
    center = np.full(len(read.means), standard.center)
    sigma = standard.sigma / np.sqrt(read.sizes)
    z = standardise(read.means - center, sigma)
    half = conventions.sigmas * sigma
    signals = judge(z, rules, conventions=conventions)
    return ControlChart(
        name,
        read.means,
        center,
        center - half,
        center + half,
        z,
        read.sizes,
        signals,
        standard,
        companion,
    )


def _spread_chart(
    name: str,
    values: Floats,
    scale: Floats,
    spread: Floats,
    read: _Subgroups,
    standard: Standard,
    conventions: Conventions,
) -> ControlChart:
    center, deviation = scale * standard.sigma, spread * standard.sigma
    lower = np.maximum(center - conventions.sigmas * deviation, 0.0)
    upper = center + conventions.sigmas * deviation
    z = standardise(values - center, deviation)
    signals = judge(z, ("nelson1",), conventions=conventions)
    return ControlChart(name, values, center, lower, upper, z, read.sizes, signals, standard)
