"""Charts of single measurements: individuals with moving ranges, and a moving center line."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Floats,
    Mask,
    above_zero,
    finite,
    number,
    open_share,
    repeated,
    same_length,
    standardise,
)
from inspection.spc.constants import c4, d2, d3
from inspection.spc.errors import SpcError
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import ControlChart, Exclude, Standard, used_points
from inspection.spc.rules import DEFAULT_RULES, STANDARD_CONVENTIONS, Conventions, judge

SigmaOfIndividuals = Literal["moving range", "median moving range", "standard deviation"]


def individuals_chart(
    data: ArrayLike,
    *,
    center: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    estimator: SigmaOfIndividuals = "moving range",
    screen: bool = False,
    rounded: bool = False,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The I-MR chart of `data`, shape (k,); its companion is the chart of moving ranges.

    center, sigma: known beforehand or frozen in phase I; either may be given without the other.
    estimator: sigma from the mean moving range over d2(2), from the median moving range over
        0.9539, or from the standard deviation over c4.
    screen: leave out moving ranges above 3.267 times their mean. rounded: constants as printed.
    The companion has NaN at its first point, and is judged by rule 1 alone.

    Source: Montgomery (7th ed.), section 6.4. Raises SpcError; estimating sigma takes 2 values.
    """
    values = finite(data, "data")
    used, excluded = used_points(len(values), baseline, exclude)
    mean = float(values[used].mean()) if center is None else number(center, "center")
    spread = (
        individuals_sigma(values, used, estimator, screen=screen, rounded=rounded)
        if sigma is None
        else above_zero(sigma, "sigma")
    )
    fixed = center is not None and sigma is not None
    standard = Standard(mean, spread, 0 if fixed else int(used.sum()), excluded)
    middle, spreads = repeated(mean, len(values)), repeated(spread, len(values))
    z = standardise(values - mean, spreads)
    half = conventions.sigmas * spreads
    ones = np.ones(len(values))
    ranges = _moving_range_chart(values, standard, rounded, conventions)
    signals = judge(z, rules, conventions=conventions)
    return ControlChart(
        "individuals",
        values,
        middle,
        middle - half,
        middle + half,
        z,
        ones,
        signals,
        standard,
        ranges,
    )


def moving_center_chart(
    data: ArrayLike,
    *,
    start: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    weight: float = 0.2,
    targets: ArrayLike | None = None,
    rules: Iterable[str] = ("nelson1",),
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Values around a center line that moves with them, for short runs and slow drifts.

    The center at a point is the EWMA of the points before it, with `weight`, from `start` on (the
    first value when left out); limits are conventions.sigmas · sigma around it.
    sigma: of the differences from this center; the root of their mean square when left out.
    exclude: differences that do not enter it; the center moves with those points as well.
    targets: the nominal of each value, shape (k,), where products change: values are differences
        from it.
    Source: Montgomery and Mastrangelo, Journal of Quality Technology 23 (1991) 179.
    Raises SpcError.
    """
    values = finite(data, "data")
    if targets is not None:
        nominal = finite(targets, "targets")
        same_length(values, nominal, ("data", "targets"))
        values = values - nominal
    share_of_new = open_share(weight, "weight")
    center = np.empty(len(values))
    center[0] = values[0] if start is None else number(start, "start")
    for at in range(1, len(values)):
        center[at] = share_of_new * values[at - 1] + (1.0 - share_of_new) * center[at - 1]
    errors = values - center
    used, excluded = used_points(len(values), baseline, exclude)
    told = errors[used & (np.arange(len(values)) > 0)] if start is None else errors[used]
    if sigma is None and len(told) == 0:
        raise SpcError("data: expected 2 values or more to estimate sigma from, got 1")
    spread = float(np.sqrt(np.mean(told**2))) if sigma is None else above_zero(sigma, "sigma")
    spreads = repeated(spread, len(values))
    z = standardise(errors, spreads)
    standard = Standard(float(center[0]), spread, 0 if sigma is not None else len(told), excluded)
    half = conventions.sigmas * spreads
    signals = judge(z, rules, conventions=conventions)
    ones = np.ones(len(values))
    return ControlChart(
        "moving center", values, center, center - half, center + half, z, ones, signals, standard
    )


def individuals_sigma(
    values: Floats, used: Mask, estimator: str, *, screen: bool = False, rounded: bool = False
) -> float:
    """Sigma of single values by the named estimator. Raises SpcError."""
    if estimator in ("moving range", "median moving range"):
        median = estimator == "median moving range"
        return moving_range_sigma(values, used, screen=screen, rounded=rounded, median=median)
    if estimator != "standard deviation":
        raise SpcError(
            "estimator: expected moving range, median moving range or standard deviation; "
            f"got {estimator!r}"
        )
    kept = values[used]
    if len(kept) < 2:
        raise SpcError(f"data: expected 2 values or more to estimate sigma from, got {len(kept)}")
    return float(kept.std(ddof=1)) / c4(len(kept), rounded=rounded)


def _moving_range_chart(
    values: Floats, standard: Standard, rounded: bool, conventions: Conventions
) -> ControlChart:
    k = len(values)
    ranges = np.concatenate([[np.nan], np.abs(np.diff(values))])
    center = repeated(d2(2, rounded=rounded) * standard.sigma, k)
    deviation = repeated(d3(2, rounded=rounded) * standard.sigma, k)
    lower = np.maximum(center - conventions.sigmas * deviation, 0.0)
    upper = center + conventions.sigmas * deviation
    z = standardise(ranges - center, deviation)
    signals = judge(z, ("nelson1",), conventions=conventions)
    sizes = np.full(k, 2.0)
    return ControlChart("moving range", ranges, center, lower, upper, z, sizes, signals, standard)
