"""Charts of counts: p and np of defective parts, c and u of defects.

All four take subgroups of any size, and offer limits at a number of sigmas or exact binomial or
Poisson probability limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Counts,
    Floats,
    counts,
    counts_of,
    not_negative_number,
    open_share,
    repeated,
    share,
    sizes_of,
    standardise,
)
from inspection.spc.errors import SpcError
from inspection.spc.result import ControlChart, Exclude, Standard, used_points
from inspection.spc.rules import DEFAULT_RULES, STANDARD_CONVENTIONS, Conventions, judge

LimitKind = Literal["sigma", "exact"]

FALSE_ALARM = 0.0026997960632601866
"""The chance that a normal point lies beyond three sigmas: 1 in 370."""


def p_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | Fraction | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    standardised: bool = False,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The share of defective parts: `defectives` of `sizes` parts in each subgroup, shape (k,).

    sizes: one per subgroup, or one number for all.
    center: a rate known beforehand, a target, or one frozen in phase I; estimated when left out,
        as all defectives over all parts, from the first `baseline` subgroups only where given.
    exclude: subgroups that do not enter the estimate; they are drawn and judged.
    limits: `sigma` for center ± conventions.sigmas · sqrt(center (1 - center) / size), or `exact`
        for binomial limits: the highest and lowest count with at most half of `false_alarm` beyond.
    standardised: plot in sigmas from the center, with limits that are level.
    clip: keep limits within what can be, 0 to 1.
    With a center of 0 every defective part is a signal.

    Source: Montgomery, Introduction to Statistical Quality Control (7th ed.), section 7.2.
    Raises SpcError for data or options that cannot be.
    """
    found, parts = counts_of(defectives, sizes)
    totals = parts.astype(np.float64)
    standard = _rate(found, totals, center, baseline, exclude, highest=1.0)
    rate = standard.center
    sigma = np.sqrt(rate * (1.0 - rate) / totals)
    drawn = _Counted("p", found, totals, totals, standard, sigma)
    exact = _binomial_limits(parts, rate, false_alarm) if _is_exact(limits) else None
    return drawn.chart(exact, 1.0, standardised, clip, rules, conventions)


def np_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | Fraction | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The number of defective parts in each subgroup; where sizes differ, so does the center line.

    center: the rate, as for the p chart (not the mean number). Options as for the p chart.
    Source: Montgomery (7th ed.), section 7.2.1. Raises SpcError.
    """
    found, parts = counts_of(defectives, sizes)
    totals = parts.astype(np.float64)
    standard = _rate(found, totals, center, baseline, exclude, highest=1.0)
    rate = standard.center
    sigma = np.sqrt(totals * rate * (1.0 - rate))
    drawn = _Counted("np", found, totals, np.ones(len(found)), standard, sigma)
    exact = _binomial_limits(parts, rate, false_alarm) if _is_exact(limits) else None
    return drawn.chart(exact, totals, False, clip, rules, conventions)


def c_chart(
    defects: ArrayLike,
    *,
    center: float | Fraction | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """The number of defects in each subgroup, all of one size, shape (k,).

    center: the mean number of defects of a subgroup. limits: `exact` takes Poisson limits.
    Other options as for the p chart. Source: Montgomery (7th ed.), section 7.3.1. Raises SpcError.
    """
    found = counts(defects, "defects")
    sizes = np.ones(len(found))
    standard = _rate(found, sizes, center, baseline, exclude, highest=np.inf)
    sigma = repeated(float(np.sqrt(standard.center)), len(found))
    drawn = _Counted("c", found, sizes, sizes, standard, sigma)
    exact = _poisson_limits(sizes, standard.center, false_alarm) if _is_exact(limits) else None
    return drawn.chart(exact, np.inf, False, clip, rules, conventions)


def u_chart(
    defects: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | Fraction | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    standardised: bool = False,
    clip: bool = True,
    rules: Iterable[str] = DEFAULT_RULES,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Defects per unit: `defects` found on `sizes` units (parts, or area in any unit), shape (k,).

    center: defects per unit; estimated as all defects over all units. A part may carry several.
    limits: center ± conventions.sigmas · sqrt(center / size), or `exact` Poisson limits.
    Other options as for the p chart. Source: Montgomery (7th ed.), section 7.3.2. Raises SpcError.
    """
    found = counts(defects, "defects")
    units = sizes_of(sizes, found, "defects")
    standard = _rate(found, units, center, baseline, exclude, highest=np.inf)
    sigma = np.sqrt(standard.center / units)
    drawn = _Counted("u", found, units, units, standard, sigma)
    exact = _poisson_limits(units, standard.center, false_alarm) if _is_exact(limits) else None
    return drawn.chart(exact, np.inf, standardised, clip, rules, conventions)


def subgroup_counts(defective: ArrayLike, size: int) -> tuple[Counts, Counts]:
    """Defectives and sizes of whole subgroups of `size` consecutive verdicts, shape (n // size,).

    defective: one truth value per part, shape (n,). Parts after the last whole subgroup are left.
    Raises SpcError when there is no whole subgroup.
    """
    given = np.asarray(defective)
    if given.ndim != 1 or given.dtype.kind not in "biu":
        raise SpcError(f"defective: expected one truth value per part, got {given.dtype} array")
    subgroups = len(given) // size if size > 0 else 0
    if subgroups == 0:
        raise SpcError(f"size: expected from 1 to {len(given)}, the number of parts; got {size}")
    truths = given[: subgroups * size].astype(np.bool_, copy=False).reshape(subgroups, size)
    return np.count_nonzero(truths, axis=1).astype(np.int64), np.full(subgroups, size, np.int64)


def _rate(
    found: Counts,
    sizes: Floats,
    center: float | Fraction | None,
    baseline: int | None,
    exclude: Exclude,
    highest: float,
) -> Standard:
    if center is not None and (baseline is not None or exclude):
        raise SpcError("center: give a center, or what to estimate it from, not both")
    used, excluded = used_points(len(found), baseline, exclude)
    if center is None:
        rate = float(found[used].sum() / sizes[used].sum())
        return Standard(rate, 1.0, int(used.sum()), excluded)
    if highest == 1.0:
        return Standard(share(float(center), "center"), 1.0)
    return Standard(not_negative_number(float(center), "center"), 1.0)


def _is_exact(limits: str) -> bool:
    if limits not in ("sigma", "exact"):
        raise SpcError(f"limits: expected sigma or exact, got {limits!r}")
    return limits == "exact"


def _binomial_limits(sizes: Counts, rate: float, false_alarm: float) -> tuple[Floats, Floats]:
    """The lowest and the highest count that is no signal, per subgroup."""
    from scipy.stats import binom

    tail = open_share(false_alarm, "false_alarm") / 2
    different, back = np.unique(sizes, return_inverse=True)
    return _levels(binom.ppf(tail, different, rate), binom.isf(tail, different, rate), back)


def _poisson_limits(sizes: Floats, rate: float, false_alarm: float) -> tuple[Floats, Floats]:
    from scipy.stats import poisson

    tail = open_share(false_alarm, "false_alarm") / 2
    different, back = np.unique(sizes, return_inverse=True)
    means = different * rate
    return _levels(poisson.ppf(tail, means), poisson.isf(tail, means), back)


def _levels(lower: Floats, upper: Floats, back: Counts) -> tuple[Floats, Floats]:
    """From one limit per size to one per subgroup; scipy answers -1 where nothing can occur."""
    return np.maximum(lower, 0.0)[back], np.maximum(upper, 0.0)[back]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the four charts share. sigma: of a plotted value, which is a count over its divisor."""

    name: str
    found: Counts
    sizes: Floats
    divisor: Floats
    standard: Standard
    sigma: Floats

    def chart(
        self,
        exact: tuple[Floats, Floats] | None,
        highest: Floats | float,
        standardised: bool,
        clip: bool,
        rules: Iterable[str],
        conventions: Conventions,
    ) -> ControlChart:
        """exact: the lowest and highest count that is no signal; limits in sigmas without."""
        expected = self.standard.center * self.sizes
        values, center = self.found / self.divisor, expected / self.divisor
        z = standardise(self.found - expected, self.sigma * self.divisor)
        if exact is None:
            half = conventions.sigmas * self.sigma
            lower, upper, outside = center - half, center + half, None
            if clip:
                lower, upper = np.maximum(lower, 0.0), np.minimum(upper, highest)
        else:
            lower, upper = exact[0] / self.divisor, exact[1] / self.divisor
            outside = (self.found > exact[1]).astype(np.int64) - (self.found < exact[0])
        signals = judge(z, rules, conventions=conventions, outside=outside)
        if standardised:
            lower, upper = (standardise(line - center, self.sigma) for line in (lower, upper))
            values, center = z.copy(), np.zeros(len(z))
        return ControlChart(
            self.name, values, center, lower, upper, z, self.sizes, signals, self.standard
        )
