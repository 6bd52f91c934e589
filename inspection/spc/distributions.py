"""Two samples, one distribution? The Kolmogorov-Smirnov test, exact also where values are equal."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Counts, Floats, Mask, finite, number
from inspection.spc.rates import autocorrelation

LEAST_CHANCE = 1e-300
_MOST_CORRELATION = 0.999


@dataclass(frozen=True, slots=True)
class TwoSamples:
    """What the test says.

    distance: the largest difference between the shares of the samples that are at most x, over all
    x. at: the x where it is. p_value: chance of a distance so large where both samples are of one
    distribution.
    """

    distance: float
    at: float
    p_value: float

    @property
    def evidence(self) -> float:
        """-log10 of the p value, from 0 to 300."""
        return -math.log10(max(self.p_value, LEAST_CHANCE))


def kolmogorov_smirnov(
    reference: ArrayLike, now: ArrayLike, *, correlation: float = 0.0
) -> TwoSamples:
    """The two-sample test of samples of shape (m,) and (n,), sensitive to place, spread and shape.

    Exact given the values: the p value is the share of all ways to deal the m + n values to the
    samples that lie as far apart, so it holds for equal values too (scores of 0, say).
    correlation: of neighbours in each sample, 0 to below 1. Of values of which each resembles the
        one before, k count for k (1 - r) / (1 + r) independent ones, which takes the distance down
        by the root of that factor.

    Source: Smirnov, Bull. Math. Univ. Moscou 2 (1939) fasc. 2; equal values: Schröer and Trenkler,
    Comput. Stat. Data Anal. 20 (1995) 185; correlation: Bayley and Hammersley, Suppl. J. R. Stat.
    Soc. 8 (1946) 184. Raises SpcError for an empty sample, NaN or infinity.
    """
    first, second = np.sort(finite(reference, "reference")), np.sort(finite(now, "now"))
    number(correlation, "correlation", lambda r: 0 <= r < 1, "from 0 to below 1")
    m, n = len(first), len(second)
    pooled = np.sort(np.concatenate([first, second]))
    ends = np.append(pooled[1:] != pooled[:-1], True)
    values = pooled[ends]
    apart = _apart(first, second, values)
    widest = int(np.argmax(apart))
    distance = int(apart[widest])
    independent = math.sqrt((1.0 - correlation) / (1.0 + correlation))
    step = math.gcd(m, n)  # all distances are whole numbers of these
    threshold = math.ceil(distance * independent / step - 1e-6) * step
    chance = _of_unequal(m, n, threshold) if ends.all() else _chance(m, n, threshold, ends)
    return TwoSamples(distance / (m * n), float(values[widest]), chance)


def neighbours_correlation(values: ArrayLike) -> float:
    """Spearman's correlation of each value with the next, shape (k,), in order, k >= 3.

    0 where it is negative, and of values that are all the same. Raises SpcError.
    """
    given = finite(values, "values")
    _, which, counts = np.unique(given, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return min(max(autocorrelation(ranks[which]).lag1, 0.0), _MOST_CORRELATION)


def _apart(first: Floats, second: Floats, values: Floats) -> Counts:
    """How far the shares lie apart at each value, in units of 1 / (m n)."""
    at_most_first = np.searchsorted(first, values, side="right")
    at_most_second = np.searchsorted(second, values, side="right")
    return np.abs(at_most_first * len(second) - at_most_second * len(first)).astype(np.int64)


@lru_cache(maxsize=4096)
def _of_unequal(m: int, n: int, threshold: int) -> float:
    return _chance(m, n, threshold, np.ones(m + n, np.bool_))


def _chance(m: int, n: int, threshold: int, ends: Mask) -> float:
    """Chance that the shares are ever `threshold` / (m n) apart where a value ends.

    ends: shape (m + n,), whether a pooled value is the last of its equals. The pooled values are
    dealt one by one; `weight` holds, for each number that the second sample has got, the chance of
    it without the shares having been so far apart: not 0 from `low` up to before `high`. What gets
    so far is taken out and summed, so that small chances keep their digits.
    """
    if threshold <= 0:
        return 1.0
    dealt = int(np.argmax(ends))  # nothing is looked at before the first value ends
    weight = np.append(_dealt(m, n, dealt), 0.0)
    room = np.append(np.arange(n, -1.0, -1.0), 0.0)
    low, high, reached = 0, n + 1, 0.0
    for seen in range(dealt + 1, m + n + 1):
        given = weight[low:high] * (room[low:high] / (m + n + 1 - seen))  # 1, where all must be
        weight[low:high] -= given
        weight[low + 1 : high + 1] += given
        high = min(high + 1, n + 1)
        if ends[seen - 1]:
            least = (seen * n - threshold) // (m + n) + 1
            most = -((-seen * n - threshold) // (m + n)) - 1
            near, far = min(max(least, low), high), max(min(most + 1, high), low)
            reached += float(weight[low:near].sum() + weight[far:high].sum())
            weight[far:high] = 0.0
            low, high = near, far
            if low >= high:
                break
    return min(reached, 1.0)


def _dealt(m: int, n: int, dealt: int) -> Floats:
    """Chance of each number of the second sample's among the first `dealt` values, shape (n + 1,).

    Hypergeometric.
    """
    second = np.arange(n + 1)
    possible = (second <= dealt) & (dealt - second <= m)
    k = second[possible]
    chance = np.zeros(n + 1)
    chance[possible] = np.exp(
        _log_ways(n, k) + _log_ways(m, dealt - k) - _log_ways(m + n, np.array(dealt))
    )
    return chance


def _log_ways(of: int, take: Counts) -> Floats:
    """Log of the number of ways to take so many."""
    from scipy.special import betaln

    return -np.log1p(of) - np.asarray(betaln(of - take + 1, take + 1), np.float64)
