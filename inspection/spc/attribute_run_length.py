"""How long charts of counts and of gaps run: between false alarms, and until they see a change.

All of these are exact for parts that are independent, or that hang together as Laney's charts
assume; `_arl` counts points, `_parts` counts parts.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from inspection.spc.arrays import (
    Floats,
    above_zero,
    not_negative_number,
    number,
    open_share,
    share,
)
from inspection.spc.attributes import FALSE_ALARM, LimitKind, c_chart, np_chart
from inspection.spc.ewma import EwmaDesign
from inspection.spc.gaps import GDesign, LimitsOfGaps
from inspection.spc.laney import laney_p_chart, laney_u_chart
from inspection.spc.rare import t_chart
from inspection.spc.result import ControlChart
from inspection.spc.rules import STANDARD_CONVENTIONS, Conventions
from inspection.spc.rules_run_length import counted_rules_arl

RULE_1 = ("nelson1",)
_NEGLIGIBLE = 1e-13
_STATES = 301


def p_chart_arl(
    size: int,
    *,
    center: float,
    rate: float | None = None,
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    upper_only: bool = False,
    rules: Iterable[str] = RULE_1,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Subgroups until a p or np chart, standardised or not, signals: exact binomial.

    rate: the true rate; the center when left out, which gives the false-alarm interval. What a
    "3-sigma" chart of 1,000 parts at 0.1 % really does: 52.8, not 370. Infinite where no count is
    outside. upper_only: count only signals above, which goes with rule 1 alone. Raises SpcError.
    """
    from scipy.stats import binom

    def drawn(counts: Any) -> ControlChart:
        return np_chart(
            counts, size, center=center, limits=limits, false_alarm=false_alarm,
            rules=(), conventions=conventions,
        )  # fmt: skip

    true = center if rate is None else share(rate, "rate")
    return _arl(drawn, binom(size, true), size, upper_only, tuple(rules), conventions)


def c_chart_arl(
    *,
    center: float,
    mean: float | None = None,
    limits: LimitKind = "sigma",
    false_alarm: float = FALSE_ALARM,
    rules: Iterable[str] = RULE_1,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Subgroups until a c chart (or a u chart, center times size) signals: exact Poisson.

    mean: the true mean number of defects; the center when left out. Raises SpcError.
    """
    from scipy.stats import poisson

    def drawn(counts: Any) -> ControlChart:
        return c_chart(
            counts, center=center, limits=limits, false_alarm=false_alarm,
            rules=(), conventions=conventions,
        )  # fmt: skip

    true = center if mean is None else not_negative_number(mean, "mean")
    return _arl(drawn, poisson(true), None, False, tuple(rules), conventions)


def laney_p_arl(
    size: int,
    *,
    center: float,
    sigma_z: float,
    rate: float | None = None,
    rules: Iterable[str] = RULE_1,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Subgroups until a p' chart signals, where the rate wanders as sigma_z says.

    Counts are beta-binomial, with the correlation between parts that makes their variance sigma_z²
    times the binomial one; binomial for a sigma_z of 1 or less. rate: the true rate, which wanders
    as much; the center when left out. sigma_z is below sqrt(size). Raises SpcError.
    """
    from scipy.stats import betabinom, binom

    wanted = "above 0 and below the root of size"
    factor = number(sigma_z, "sigma_z", lambda given: 0 < given < math.sqrt(size), wanted)
    true = center if rate is None else open_share(rate, "rate")
    correlation = (factor**2 - 1.0) / (size - 1.0) if factor > 1.0 else 0.0
    spread = 1.0 / correlation - 1.0 if correlation else 0.0
    law = betabinom(size, true * spread, (1.0 - true) * spread) if spread else binom(size, true)

    def drawn(counts: Any) -> ControlChart:
        return laney_p_chart(
            counts, size, center=center, sigma_z=factor, rules=(), conventions=conventions
        )

    return _arl(drawn, law, size, False, tuple(rules), conventions, divisor=size)


def laney_u_arl(
    size: float,
    *,
    center: float,
    sigma_z: float,
    rate: float | None = None,
    rules: Iterable[str] = RULE_1,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Subgroups until a u' chart signals, where the rate wanders as sigma_z says.

    Counts are negative binomial, with sigma_z² times the variance of Poisson ones; Poisson for a
    sigma_z of 1 or less. rate: defects per unit; the center when left out. Raises SpcError.
    """
    from scipy.stats import nbinom, poisson

    units, factor = above_zero(size, "size"), above_zero(sigma_z, "sigma_z")
    mean = units * (center if rate is None else above_zero(rate, "rate"))
    wanders = factor > 1.0
    law = nbinom(mean / (factor**2 - 1.0), 1.0 / factor**2) if wanders else poisson(mean)

    def drawn(counts: Any) -> ControlChart:
        return laney_u_chart(
            counts, units, center=center, sigma_z=factor, rules=(), conventions=conventions
        )

    return _arl(drawn, law, None, False, tuple(rules), conventions, divisor=units)


def g_chart_parts(
    *,
    rate: float,
    true_rate: float | None = None,
    limits: LimitsOfGaps = "exact",
    false_alarm: float = FALSE_ALARM,
    lower_only: bool = False,
    zeros: bool = False,
) -> float:
    """Parts until a g chart signals by its limits: exact geometric.

    lower_only: count only signals that say the rate rose. zeros: count its rule of gaps of 0 in a
    row as well, which stands in for a lower limit of 0. Raises SpcError.
    """
    design = GDesign(rate, limits, false_alarm, zeros)
    p = rate if true_rate is None else open_share(true_rate, "true_rate")
    log_good = math.log1p(-p)
    low, high = math.ceil(design.lines[0] - 1e-9), math.floor(design.lines[1] + 1e-9)
    beyond = -math.expm1(low * log_good)
    beyond += 0.0 if lower_only else math.exp((high + 1) * log_good)
    in_a_row = design.zeros_in_a_row
    if in_a_row is None:
        return _mean_wait(beyond) / p
    quiet = 1.0 - beyond - p
    runs = sum(p**streak for streak in range(in_a_row))
    return runs / (1.0 - quiet * runs) / p


def t_chart_arl(
    *,
    ratio: float = 1.0,
    shape: float = 1.0,
    false_alarm: float = FALSE_ALARM,
    lower_only: bool = False,
) -> float:
    """Defects until a t chart with probability limits signals: exact exponential or Weibull.

    ratio: the true rate over the rate in control, so 2 for twice as many defects. shape: of the
    Weibull distribution; 1 is the exponential. lower_only: count only signals that the rate rose.
    Raises SpcError.
    """
    times, power = above_zero(ratio, "ratio"), above_zero(shape, "shape")
    lines = t_chart([1.0], mean=1.0, false_alarm=false_alarm, rules=())
    faster = times**power
    below = -math.expm1(-float(lines.lower[0]) * faster)
    above = math.exp(-float(lines.upper[0]) * faster)
    return _mean_wait(below + (0.0 if lower_only else above))


def ewma_rate_arl(
    size: int,
    *,
    center: float,
    rate: float | None = None,
    sigma_z: float = 1.0,
    weight: float = 0.2,
    width: float = 2.859,
    upper_only: bool = False,
) -> float:
    """Subgroups of `size` until an EWMA of binomial shares signals, with level limits.

    A Markov chain on 301 stretches between the limits, right to about 1 in 100; counts are binomial
    and sigma_z only widens the limits. Source: Borror, Champ and Rigdon, Journal of Quality
    Technology 30 (1998) 352, for counts. Raises SpcError.
    """
    from scipy.stats import binom

    p0 = open_share(center, "center")
    true = p0 if rate is None else share(rate, "rate")
    spread = math.sqrt(p0 * (1.0 - p0)) * above_zero(sigma_z, "sigma_z")
    design = EwmaDesign(p0, spread, weight, width, asymptotic=True)
    half = design.width * spread * math.sqrt(weight / (2.0 - weight) / size)
    low, high = (0.0 if upper_only else max(0.0, p0 - half)), p0 + half
    step = (high - low) / _STATES
    at = low + step * (np.arange(_STATES, dtype=np.float64) + 0.5)
    counts = np.arange(int(binom.isf(_NEGLIGIBLE, size, true)) + 1)
    chances = binom.pmf(counts, size, true)

    def chain(from_: Floats) -> Floats:
        to = np.floor((weight * counts / size + (1.0 - weight) * from_[:, None] - low) / step)
        inside = (to >= 0) & (to < _STATES)
        moved = np.zeros((len(from_), _STATES))
        rows = np.broadcast_to(np.arange(len(from_))[:, None], to.shape)
        weights = np.broadcast_to(chances, to.shape)
        np.add.at(moved, (rows[inside], to[inside].astype(np.int64)), weights[inside])
        return moved

    begun: Floats = np.array([p0])
    lengths = np.linalg.solve(np.eye(_STATES) - chain(at), np.ones(_STATES))
    return float(1.0 + (chain(begun) @ lengths)[0])


def _arl(
    drawn: Callable[[Any], ControlChart],
    law: Any,
    most: int | None,
    upper_only: bool,
    rules: tuple[str, ...],
    conventions: Conventions,
    divisor: float = 1.0,
) -> float:
    """Points until a chart of counts of this law signals; divisor: of counts, as plotted."""
    line = drawn([0])
    low = math.ceil(float(line.lower[0]) * divisor - 1e-9)
    high = math.floor(float(line.upper[0]) * divisor + 1e-9)
    if rules == RULE_1:
        below = 0.0 if upper_only else float(law.cdf(low - 1))
        return _mean_wait(float(law.sf(high)) + below)
    last = int(law.isf(_NEGLIGIBLE)) + 1
    counts = np.arange((last if most is None else min(last, most)) + 1)
    chances = np.asarray(law.pmf(counts), np.float64)
    kept = chances > _NEGLIGIBLE
    counts, chances = counts[kept], chances[kept]
    outside = (counts > high) | (counts < low)
    z = drawn(counts).z
    return counted_rules_arl(z, chances / chances.sum(), outside, rules, conventions=conventions)


def _mean_wait(chance: float) -> float:
    return math.inf if chance <= 0.0 else 1.0 / chance
