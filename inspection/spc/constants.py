"""Unbiasing constants of normal samples: exact, or as the printed tables have them."""

import math
from functools import cache

import numpy as np

from inspection.spc.arrays import Floats
from inspection.spc.errors import SpcError

PRINTED_DIGITS = {"d2": 3, "d3": 4, "c4": 4}
"""Decimals in the tables of Montgomery, appendix VI, and of ASTM MNL 7."""

_FAR = 9.0
_PANELS = 18
_NODES = 10


def d2(size: int, *, rounded: bool = False) -> float:
    """Mean range of `size` normal values, in sigmas; d2(2) = 2 / sqrt(pi).

    rounded: as printed, to 3 decimals. Source: Tippett, Biometrika 17 (1925) 364: the integral of
    1 - Phi^n - (1 - Phi)^n. Raises SpcError for a size below 2.
    """
    value = _range_mean(_sample(size))
    return round(value, PRINTED_DIGITS["d2"]) if rounded else value


def d3(size: int, *, rounded: bool = False) -> float:
    """Standard deviation of the range of `size` normal values, in sigmas.

    rounded: to 4 decimals (printed tables have 3 or 4). Source: Tippett (1925), as d2: the second
    moment is a double integral over the lowest and the highest value. Raises SpcError.
    """
    value = _range_deviation(_sample(size))
    return round(value, PRINTED_DIGITS["d3"]) if rounded else value


def c4(size: int, *, rounded: bool = False) -> float:
    """Mean standard deviation of `size` normal values, in sigmas.

    sqrt(2 / (n - 1)) Gamma(n / 2) / Gamma((n - 1) / 2); rounded: to 4 decimals. Raises SpcError.
    """
    n = _sample(size)
    value = math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return round(value, PRINTED_DIGITS["c4"]) if rounded else value


def d4(size: int, *, rounded: bool = False) -> float:
    """Median range of 2 normal values, in sigmas: sqrt(2) times the upper quartile.

    Only size 2 is used, for the median moving range. Raises SpcError for others.
    """
    if size != 2:
        raise SpcError(f"size: expected 2, the median range is used of moving ranges; got {size}")
    value = math.sqrt(2.0) * 0.6744897501960817
    return round(value, 3) if rounded else value


def _sample(size: int) -> int:
    if size < 2 or int(size) != size:
        raise SpcError(f"size: expected a whole number of 2 or more, got {size}")
    return int(size)


@cache
def _range_mean(size: int) -> float:
    x, weights = _panels(-_FAR, _FAR)
    below = _normal_cdf(x)
    return float(weights @ (1.0 - below**size - (1.0 - below) ** size))


@cache
def _range_deviation(size: int) -> float:
    """E[R²] = 2 ∬ over lowest < highest of 1 - Phi(h)^n - (1 - Phi(l))^n + (Phi(h) - Phi(l))^n."""
    lowest, over_lowest = _panels(-_FAR, _FAR)
    apart, over_apart = _panels(0.0, 2.0 * _FAR)
    low = _normal_cdf(lowest)[:, None]
    high = _normal_cdf(lowest[:, None] + apart)
    inner = 1.0 - high**size - (1.0 - low) ** size + (high - low) ** size
    return math.sqrt(2.0 * float(over_lowest @ inner @ over_apart) - _range_mean(size) ** 2)


def _panels(start: float, end: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on _PANELS equal panels."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (end - start) / _PANELS / 2.0
    middles = start + half * (2 * np.arange(_PANELS) + 1)
    return (middles[:, None] + half * nodes).ravel(), np.tile(half * weights, _PANELS)


def _normal_cdf(x: Floats) -> Floats:
    flat = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x.ravel()]
    return np.array(flat).reshape(x.shape)
