"""Charts of rare defects: g of good parts between two defective ones, t of the time between."""

import math
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import (
    Counts,
    Floats,
    Mask,
    above_zero,
    counts,
    not_negative,
    open_share,
    repeated,
    standardise,
)
from inspection.spc.attributes import FALSE_ALARM
from inspection.spc.errors import SpcError
from inspection.spc.gaps import GDesign, GState, LimitsOfGaps
from inspection.spc.laney import moving_range_sigma
from inspection.spc.result import ControlChart, Exclude, Signal, Standard, used_points
from inspection.spc.rules import STANDARD_CONVENTIONS, Conventions, judge

NELSON_POWER = 1.0 / 3.6
"""Exponential times to this power are nearly normal (Nelson, 1994, as in t_chart)."""


def g_chart(
    gaps: ArrayLike,
    *,
    counting: Literal["between", "until"] = "between",
    rate: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    estimate: Literal["mean", "unbiased"] = "mean",
    line: Literal["mean", "median"] = "mean",
    limits: LimitsOfGaps = "exact",
    false_alarm: float = FALSE_ALARM,
    zeros: bool = True,
    rules: Iterable[str] = ("nelson1",),
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Good parts between two defective ones, shape (k,). A signal below says: the rate rose.

    counting: `between` counts good parts, 0 and up (Benneyan, Minitab); `until` counts trials up to
        the defective part, 1 and up (qcc).
    rate: of defective parts, known or frozen; 1 / (mean of the good parts + 1) when left out, or
        with `unbiased` that times (k - 1) / k (Minitab).
    line: the center is the mean, or the median (Minitab).
    limits: `exact` gives geometric limits with at most half of false_alarm beyond either; `sigma`
        gives mean ± sigmas · sqrt(mean (mean + 1)), whose lower end is 0: it never sees a rise.
    zeros: where the lower limit cannot be passed because it is 0, as many gaps of 0 in a row as
        have a chance of at most half of false_alarm signal, as rule `zeros` (Benneyan's test).
    standard.center is the rate; z is in sigmas of the geometric distribution, from its mean.

    Source: Benneyan, Health Care Management Science 4 (2001) 305. Raises SpcError.
    """
    shift = _shift(counting)
    good = counts(gaps, "gaps", at_least=shift) - shift
    used, excluded = used_points(len(good), baseline, exclude)
    p = _geometric_rate(good[used], estimate) if rate is None else open_share(rate, "rate")
    standard = Standard(p, 1.0, int(used.sum()) if rate is None else 0, excluded)
    design = GDesign(p, limits, false_alarm, zeros, conventions.sigmas)
    mean, (low, high) = design.mean, design.lines
    middle = max(0.0, math.log(0.5) / math.log1p(-p) - 1.0) if _is_median(line) else mean
    z = standardise(good.astype(np.float64) - mean, repeated(design.deviation, len(good)))
    outside = (good > high).astype(np.int64) - (good < low)
    signals = judge(z, rules, conventions=conventions, outside=outside)
    _, own = GState().step(good, design)
    in_a_row = (signal for signal in own if signal.rule == "zeros")
    signals = tuple(sorted((*signals, *in_a_row), key=lambda signal: signal.at))
    values = (good + shift).astype(np.float64)
    return _level("g", values, (middle + shift, low + shift, high + shift), z, signals, standard)


def t_chart(
    times: ArrayLike,
    *,
    mean: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exclude: Exclude = (),
    method: Literal["exponential", "weibull", "nelson"] = "exponential",
    false_alarm: float = FALSE_ALARM,
    resolution: float | None = None,
    rules: Iterable[str] = ("nelson1",),
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> ControlChart:
    """Time between two defective parts in any unit, shape (k,). A signal below says: the rate rose.

    method: `exponential` and `weibull` give probability limits with half of false_alarm
        beyond either, around the median, and judge points as normal scores of the distribution;
        `nelson` is an individuals chart of the times to the power 1 / 3.6, its lines taken back.
    mean, sigma: `standard.center` and `standard.sigma`, known or frozen: the mean alone for the
        exponential, both for the others. resolution: of the clock. A time of 0 enters as half
        of it, or as half the shortest time above 0 when left out.
    standard.center is the mean time (weibull: the scale; nelson: the mean of the powers) and
    standard.sigma the Weibull shape (1 for the exponential) or the sigma of the powers.

    Source: Nelson, Journal of Quality Technology 26 (1994) 239; Montgomery (7th ed.), section
    7.3.5. Raises SpcError: use it only where parts per hour are steady.
    """
    given = not_negative(times, "times")
    t = _without_zeros(given, resolution)
    used, excluded = used_points(len(t), baseline, exclude)
    if method not in _ESTIMATES:
        raise SpcError(f"method: expected exponential, weibull or nelson; got {method!r}")
    if method == "exponential" and sigma not in (None, 1.0):
        raise SpcError(f"sigma: an exponential has 1; got {sigma}")
    if method != "exponential" and (mean is None) != (sigma is None):
        raise SpcError(f"mean, sigma: a frozen t chart by {method} needs both; got one")
    if mean is None:
        standard = Standard(*_ESTIMATES[method](t, used), int(used.sum()), excluded)
    else:
        shape = 1.0 if sigma is None else above_zero(sigma, "sigma")
        standard = Standard(above_zero(mean, "mean"), shape)
    if method == "nelson":
        return _powered(given, t, standard, rules, conventions)
    scale, shape = standard.center, standard.sigma
    tail = open_share(false_alarm, "false_alarm") / 2.0
    low, middle, high = (
        scale * (-math.log1p(-chance)) ** (1.0 / shape) for chance in (tail, 0.5, 1.0 - tail)
    )
    outside = (t > high).astype(np.int64) - (t < low)
    z = _normal_scores((t / scale) ** shape)
    signals = judge(z, rules, conventions=conventions, outside=outside)
    return _level("t", given, (middle, low, high), z, signals, standard)


def _level(
    name: str,
    values: Floats,
    lines: tuple[float, float, float],
    z: Floats,
    signals: tuple[Signal, ...],
    standard: Standard,
) -> ControlChart:
    """The chart of center, lower and upper lines that are the same at every point."""
    k = len(values)
    center, lower, upper = (repeated(line, k) for line in lines)
    return ControlChart(name, values, center, lower, upper, z, np.ones(k), signals, standard)


def _geometric_rate(good: Counts, estimate: str) -> float:
    k, mean = len(good), float(good.mean())
    if estimate not in ("mean", "unbiased"):
        raise SpcError(f"estimate: expected mean or unbiased, got {estimate!r}")
    if mean == 0.0:
        raise SpcError("gaps: every part is defective; there is no rate to chart")
    if estimate == "mean":
        return 1.0 / (mean + 1.0)
    if k < 2:
        raise SpcError("gaps: expected 2 or more for the unbiased rate, got 1")
    return (k - 1) / k / (mean + 1.0)


def _shift(counting: str) -> int:
    if counting not in ("between", "until"):
        raise SpcError(f"counting: expected between or until, got {counting!r}")
    return 1 if counting == "until" else 0


def _is_median(line: str) -> bool:
    if line not in ("mean", "median"):
        raise SpcError(f"line: expected mean or median, got {line!r}")
    return line == "median"


def _without_zeros(times: Floats, resolution: float | None) -> Floats:
    if times.all():
        return times.copy()
    if resolution is None and not times.any():
        raise SpcError("times: all are 0; give the resolution of the clock")
    finest = times[times > 0].min() if resolution is None else above_zero(resolution, "resolution")
    return np.where(times == 0, finest / 2.0, times)


def _weibull(times: Floats) -> tuple[float, float]:
    """Scale and shape of highest likelihood, by halving on the shape."""
    if len(times) < 2 or np.ptp(times) == 0:
        raise SpcError("times: expected 2 different ones or more to fit a Weibull distribution")
    logs = np.log(times / times.max())

    def slope(shape: float) -> float:
        powers = np.exp(shape * logs)
        return float((powers * logs).sum() / powers.sum() - 1.0 / shape - logs.mean())

    low, high = 1e-3, 1.0
    while slope(high) < 0:
        high *= 2.0
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    powers = np.exp(high * logs)
    return float(times.max() * powers.mean() ** (1.0 / high)), high


def _normal_scores(hazards: Floats) -> Floats:
    """Sigmas at which a normal value is as rare as an exponential one of these hazards."""
    from scipy.special import ndtri, ndtri_exp

    upper = -np.asarray(ndtri_exp(-hazards))
    lower = np.asarray(ndtri(-np.expm1(-hazards)))
    return np.where(hazards > math.log(2.0), upper, lower)


def _powered(
    given: Floats,
    times: Floats,
    standard: Standard,
    rules: Iterable[str],
    conventions: Conventions,
) -> ControlChart:
    y = times**NELSON_POWER
    half = conventions.sigmas * standard.sigma
    z = standardise(y - standard.center, repeated(standard.sigma, len(y)))
    signals = judge(z, rules, conventions=conventions)
    powers = (standard.center, max(0.0, standard.center - half), standard.center + half)
    middle, low, high = (power ** (1.0 / NELSON_POWER) for power in powers)
    return _level("t", given, (middle, low, high), z, signals, standard)


def _power_moments(times: Floats, used: Mask) -> tuple[float, float]:
    y = times**NELSON_POWER
    return float(y[used].mean()), moving_range_sigma(y, used)


_ESTIMATES: dict[str, Callable[[Floats, Mask], tuple[float, float]]] = {
    "exponential": lambda times, used: (float(times[used].mean()), 1.0),
    "weibull": lambda times, used: _weibull(times[used]),
    "nelson": _power_moments,
}
"""Center and sigma of the standard, by method."""
