"""Laney's p' and u' charts: limits that allow for a rate which wanders between subgroups."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Floats,
    Mask,
    above_zero,
    counts,
    counts_of,
    not_negative_number,
    share,
    sizes_of,
    standardise,
)
from inspection.spc.constants import d2, d3, d4
from inspection.spc.errors import SpcError
from inspection.spc.result import ControlChart, Exclude, Standard, used_points
from inspection.spc.rules import DEFAULT_RULES, STANDARD_CONVENTIONS, Conventions, judge


def laney_p_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | None = None,
    sigma_z: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    screen: bool = False,
    rounded: bool = False,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The p' chart: limits center ± sigmas · sqrt(center (1 - center) / size) · sigma_z.

    sigma_z is the mean moving range of the standardised shares over d2(2): 1 for binomial counts,
    above 1 where the rate wanders, below 1 where it is too even. It is `standard.sigma`; z is in
    sigmas of these wider limits. center and sigma_z together are those of a frozen phase I.
    exclude: subgroups left out of both; no moving range reaches over them.
    screen: leave out moving ranges above 3.267 times their mean (qicharts2 does, Laney does not).
    rounded: d2 = 1.128 as printed. Where no part is defective, or all are, sigma_z is 1.

    Source: Laney, Quality Engineering 14 (2002) 531. Raises SpcError; estimating takes 2 subgroups
    side by side.
    """
    found, parts = counts_of(defectives, sizes)
    totals = parts.astype(np.float64)
    used, excluded = used_points(len(found), baseline, exclude)
    given = _given(None if center is None else share(center, "center"), sigma_z, used)
    rate = float(found[used].sum() / totals[used].sum()) if given is None else given.center
    sigma = np.sqrt(rate * (1.0 - rate) / totals)
    z = standardise((found - rate * totals) / totals, sigma)
    standard = given or _estimated(rate, z, used, excluded, screen, rounded)
    return _drawn("laney p", found / totals, totals, sigma, standard, clip, 1.0, rules, conventions)


def laney_u_chart(
    defects: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | None = None,
    sigma_z: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    screen: bool = False,
    rounded: bool = False,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The u' chart: limits center ± sigmas · sqrt(center / size) · sigma_z. Options as for p'.

    Source: Laney, Quality Engineering 14 (2002) 531. Raises SpcError.
    """
    found = counts(defects, "defects")
    units = sizes_of(sizes, found, "defects")
    used, excluded = used_points(len(found), baseline, exclude)
    given = _given(None if center is None else not_negative_number(center, "center"), sigma_z, used)
    rate = float(found[used].sum() / units[used].sum()) if given is None else given.center
    sigma = np.sqrt(rate / units)
    z = standardise((found - rate * units) / units, sigma)
    standard = given or _estimated(rate, z, used, excluded, screen, rounded)
    values = found / units
    return _drawn("laney u", values, units, sigma, standard, clip, np.inf, rules, conventions)


def moving_range_sigma(
    values: Floats, used: Mask, *, screen: bool = False, rounded: bool = False, median: bool = False
) -> float:
    """Sigma of single values from the moving ranges of neighbours that are both used.

    median: from the median moving range, which a few wild values do not move.
    Raises SpcError where no two used values are neighbours.
    """
    ranges = np.abs(np.diff(values))[used[1:] & used[:-1]]
    if len(ranges) == 0:
        raise SpcError(
            f"expected 2 subgroups side by side to estimate sigma from, got {int(used.sum())} alone"
        )
    if median:
        return float(np.median(ranges)) / d4(2, rounded=rounded)
    if screen:
        factor = 1.0 + 3.0 * d3(2) / d2(2)
        ranges = ranges[ranges <= factor * ranges.mean()]
    return float(ranges.mean()) / d2(2, rounded=rounded)


def _given(center: float | None, sigma_z: float | None, used: Mask) -> Standard | None:
    if (center is None) != (sigma_z is None):
        raise SpcError("center, sigma_z: a frozen p' or u' chart needs both; got one")
    if center is None or sigma_z is None:
        return None
    if not used.all():
        raise SpcError("center: give a center, or what to estimate it from, not both")
    return Standard(center, above_zero(sigma_z, "sigma_z"))


def _estimated(
    rate: float,
    z: Floats,
    used: Mask,
    excluded: tuple[tuple[int, str], ...],
    screen: bool,
    rounded: bool,
) -> Standard:
    finite = np.where(np.isfinite(z), z, 0.0)
    spread = moving_range_sigma(finite, used, screen=screen, rounded=rounded)
    return Standard(rate, spread if z[used].any() else 1.0, int(used.sum()), excluded)


def _drawn(
    name: str,
    values: Floats,
    sizes: Floats,
    sigma: Floats,
    standard: Standard,
    clip: bool,
    highest: float,
    rules: Iterable[str],
    conventions: Conventions,
) -> ControlChart:
    center = np.full(len(values), standard.center)
    wide = sigma * standard.sigma
    lower, upper = center - conventions.sigmas * wide, center + conventions.sigmas * wide
    if clip:
        lower, upper = np.maximum(lower, 0.0), np.minimum(upper, highest)
    z = standardise(values - center, wide)
    signals = judge(z, rules, conventions=conventions)
    return ControlChart(name, values, center, lower, upper, z, sizes, signals, standard)
