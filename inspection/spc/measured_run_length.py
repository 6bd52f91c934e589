"""How long I-MR charts, charts of spreads and charts with a moving center run, on normal values."""

import math
from collections.abc import Callable

import numpy as np

from inspection.spc.arrays import Floats, above_zero, number, open_share
from inspection.spc.constants import c4, d2, d3
from inspection.spc.errors import SpcError

_GRID = 1001
_CELLS = 601
_FAR = 8.0


def individuals_arl(*, shift: float = 0.0, ratio: float = 1.0, sigmas: float = 3.0) -> float:
    """Points until an individuals chart or its chart of moving ranges signals by rule 1.

    shift: of the mean, in sigmas. ratio: the true sigma over the one in control. Both charts at
    3 sigmas alarm far more often than every 370 points; of the values alone, with any rules, take
    rules_arl. An integral equation on a grid, right to about 1 in 1,000.
    Source: Crowder, Journal of Quality Technology 19 (1987) 98. Raises SpcError.
    """
    moved, spread = number(shift, "shift"), above_zero(ratio, "ratio")
    widest = d2(2) + above_zero(sigmas, "sigmas") * d3(2)
    at, step = np.linspace(-sigmas, sigmas, _GRID, retstep=True)
    density = np.exp(-0.5 * ((at - moved) / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi))
    weights = density * float(step)
    weights[[0, -1]] /= 2.0
    near = np.abs(at[:, None] - at[None, :]) <= widest
    lengths = np.linalg.solve(np.eye(_GRID) - near * weights, np.ones(_GRID))
    return float(1.0 + weights @ lengths)


def spread_chart_arl(
    size: int, *, chart: str = "s", ratio: float = 1.0, sigmas: float = 3.0
) -> float:
    """Subgroups until a chart of ranges (`range`) or of standard deviations (`s`) signals.

    ratio: the true sigma over the one in control. Exact. Raises SpcError.
    """
    from scipy.stats import chi2, studentized_range

    wide, grown = above_zero(sigmas, "sigmas"), above_zero(ratio, "ratio")
    if chart not in ("s", "range"):
        raise SpcError(f"chart: expected s or range, got {chart!r}")
    by_s = chart == "s"
    center = c4(size) if by_s else d2(size)
    half = wide * (math.sqrt(1.0 - center**2) if by_s else d3(size))
    low, high = max(0.0, center - half) / grown, (center + half) / grown
    if by_s:
        freedom = size - 1
        chances = chi2.cdf(freedom * low**2, freedom), chi2.sf(freedom * high**2, freedom)
    else:
        law = studentized_range(size, math.inf)
        chances = law.cdf(low), law.sf(high)
    return 1.0 / float(sum(chances))


def moving_center_arl(*, weight: float = 0.2, shift: float = 0.0, sigmas: float = 3.0) -> float:
    """Points until a moving_center_chart of independent values signals by rule 1.

    shift: of the mean at the first point, in sigmas of a value; the center follows it, so that a
    shift which is not seen at once is seldom seen later. Limits are `sigmas` times the sigma of
    the differences, sqrt(2 / (2 - weight)). A Markov chain on 601 cells of the center, right to
    about 1 in 1,000. Raises SpcError.
    """
    share_of_new, moved = open_share(weight, "weight"), number(shift, "shift")
    half = above_zero(sigmas, "sigmas") * math.sqrt(2.0 / (2.0 - share_of_new))
    reach = _FAR * math.sqrt(share_of_new / (2.0 - share_of_new))
    edges = np.linspace(min(0.0, moved) - reach, max(0.0, moved) + reach, _CELLS + 1)
    at = (edges[1:] + edges[:-1]) / 2.0

    def chain(from_: Floats) -> Floats:
        """The chance to come from a center to each cell without a signal."""
        values = (edges - (1.0 - share_of_new) * from_[:, None]) / share_of_new
        values[:, 0], values[:, -1] = -math.inf, math.inf
        inside = np.clip(values, from_[:, None] - half, from_[:, None] + half)
        return np.diff(_normal_cdf(inside - moved), axis=1)

    return _from(chain, at, 0.0)


def _from(chain: Callable[[Floats], Floats], states: Floats, start: float) -> float:
    lengths = np.linalg.solve(np.eye(len(states)) - chain(states), np.ones(len(states)))
    return float(1.0 + (chain(np.array([start])) @ lengths)[0])


def _normal_cdf(x: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(x), np.float64)
