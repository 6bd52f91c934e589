"""How long charts of means, EWMAs and CUSUMs run: between false alarms, and until a change is seen.

An average run length (ARL) counts points, `_parts` counts parts. Charts begin in control's own
starting state (zero state).
"""

import math
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inspection.spc.arrays import (
    Floats,
    above_zero,
    frozen,
    not_negative_number,
    number,
    share,
)
from inspection.spc.bernoulli import BernoulliDesign
from inspection.spc.cusum_state import reference_rate
from inspection.spc.errors import SpcError

_NODES = 64


def shewhart_arl(*, shift: float = 0.0, size: int = 1, sigmas: float = 3.0) -> float:
    """Points until a mean of `size` normal values lies beyond its limits.

    shift: of the mean, in sigmas of one value. In control at 3 sigmas: 370.4.
    Source: Montgomery (7th ed.), section 5.3.5. Raises SpcError.
    """
    width = above_zero(sigmas, "sigmas")
    moved = number(shift, "shift") * math.sqrt(above_zero(size, "size"))
    return 1.0 / (_normal_cdf(moved - width) + _normal_cdf(-moved - width))


def cusum_arl(
    *,
    slack: float = 0.5,
    limit: float = 4.775,
    shift: float = 0.0,
    head_start: float = 0.0,
    sides: Literal[1, 2] = 2,
) -> float:
    """Points until a tabular CUSUM of normal values signals.

    shift: of the mean, in sigmas of a point. sides: 2, or 1 for a CUSUM that looks upwards.
    The integral equation of Page on Gauss-Legendre nodes, which is Brook and Evans' Markov chain
    with states where they count most; both sides are combined as by Lucas and Crosier.

    Source: Brook and Evans, Biometrika 59 (1972) 539; Lucas and Crosier, Technometrics 24 (1982)
    199. Raises SpcError.
    """
    k, h = not_negative_number(slack, "slack"), above_zero(limit, "limit")
    begin = h * number(head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")
    moved = number(shift, "shift")
    up_0, up = _one_sided(k, h, moved, begin)
    if sides == 1:
        return up
    if sides != 2:
        raise SpcError(f"sides: expected 1 or 2, got {sides}")
    down_0, down = _one_sided(k, h, -moved, begin)
    return float((up * down_0 + down * up_0 - up_0 * down_0) / (up_0 + down_0))


def ewma_arl(
    *, weight: float = 0.2, width: float = 2.859, shift: float = 0.0, asymptotic: bool = True
) -> float:
    """Points until a two-sided EWMA of normal values, begun at the center, signals.

    asymptotic: level limits; otherwise limits that follow the exact variance from the first point.
    Source: Crowder, Technometrics 29 (1987) 401; Lucas and Saccucci, Technometrics 32 (1990) 1.
    Raises SpcError.
    """
    if not 0.0 < weight <= 1.0:
        raise SpcError(f"weight: expected above 0 and up to 1, got {weight}")
    moved, wide = number(shift, "shift"), above_zero(width, "width")
    old = (1.0 - weight) ** 2
    level = wide * math.sqrt(weight / (2.0 - weight))
    unit, weights = _gauss(level / weight)

    def kernel(from_: Floats, to: float) -> Floats:
        density = _normal_pdf((to * unit - (1.0 - weight) * from_[:, None]) / weight - moved)
        return density * weights * to / weight

    at = level * unit
    lengths = np.linalg.solve(np.eye(len(at)) - kernel(at, level), np.ones(len(at)))
    steps = 0 if asymptotic or weight == 1.0 else math.ceil(math.log(1e-14) / math.log(old))
    reach = level
    for step in range(steps, 0, -1):
        before = level * math.sqrt(-math.expm1((step - 1) * math.log(old))) if step > 1 else 0.0
        lengths = 1.0 + kernel(before * unit, reach) @ lengths
        reach = before
    if steps:
        return float(lengths[0])
    return float(1.0 + (kernel(np.zeros(1), level) @ lengths)[0])


def bernoulli_parts(design: BernoulliDesign, *, rate: float | None = None) -> float:
    """Parts until a Bernoulli CUSUM signals (ANOS), from its head start: exact.

    rate: the true rate; the design's when left out, which gives the false-alarm interval.
    One equation per step of the sum, solved as a sparse system. Raises SpcError.
    Source: Reynolds and Stoumbos, Journal of Quality Technology 31 (1999) 87.
    """
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import spsolve

    p = design.rate if rate is None else share(rate, "rate")
    if p == 0.0:
        return math.inf
    steps = np.arange(design.limit)
    up = steps + design.parts - 1
    stays = up < design.limit
    rows = np.concatenate([steps, steps, steps[stays]])
    columns = np.concatenate([steps, np.maximum(steps - 1, 0), up[stays]])
    values = np.concatenate(
        [np.ones(design.limit), np.full(design.limit, p - 1.0), np.full(int(stays.sum()), -p)]
    )
    system = csc_array((values, (rows, columns)), shape=(design.limit, design.limit))
    return float(np.asarray(spsolve(system, np.ones(design.limit)))[design.head_start])


def binomial_cusum_arl(
    size: int,
    *,
    center: float,
    rise: float = 2.0,
    limit: float,
    rate: float | None = None,
    head_start: float = 0.0,
    signal_on_limit: bool = True,
    steps_per_part: int = 100,
) -> float:
    """Subgroups of `size` until a binomial CUSUM signals, by a Markov chain.

    The chain's sums are whole multiples of 1 / steps_per_part, to which size times the reference
    rate and the limit are rounded. Raises SpcError; at most 4,000 states.
    """
    from scipy.stats import binom

    p = center if rate is None else share(rate, "rate")
    down = round(size * reference_rate(center, rise) * steps_per_part)
    states = round(above_zero(limit, "limit") * steps_per_part) + (not signal_on_limit)
    if not 0 < states <= 4000:
        raise SpcError(f"limit: expected up to 4000 steps of 1/{steps_per_part}, got {states}")
    chain = np.zeros((states, states))
    at = np.arange(states)
    most = min(size, (states + down) // steps_per_part + 1)
    for defectives, chance in enumerate(binom.pmf(np.arange(most + 1), size, p).tolist()):
        to = np.maximum(at + defectives * steps_per_part - down, 0)
        inside = to < states
        np.add.at(chain, (at[inside], to[inside]), chance)
    lengths = np.linalg.solve(np.eye(states) - chain, np.ones(states))
    begin = number(head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")
    return float(lengths[int(begin * states)])


def _one_sided(slack: float, limit: float, shift: float, begin: float) -> tuple[float, float]:
    """ARL of the upward CUSUM from 0 and from `begin`."""
    nodes, weights = _gauss(limit)
    at, over = limit * (nodes + 1.0) / 2.0, limit * weights / 2.0
    points = np.concatenate([[0.0], at])
    drift = slack - shift
    system = np.eye(len(points))
    system[:, 0] -= [_normal_cdf(drift - point) for point in points.tolist()]
    system[:, 1:] -= _normal_pdf(at[None, :] - points[:, None] + drift) * over
    lengths = np.linalg.solve(system, np.ones(len(points)))
    seen = _normal_pdf(at - begin + drift) * over
    from_begin = 1.0 + lengths[0] * _normal_cdf(drift - begin) + float(seen @ lengths[1:])
    return float(lengths[0]), from_begin


def _gauss(width: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights, enough of them for a normal kernel on this many sigmas."""
    return _gauss_of(min(640, _NODES * (1 + int(width / 8))))


@cache
def _gauss_of(nodes: int) -> tuple[Floats, Floats]:
    at, weights = np.polynomial.legendre.leggauss(nodes)
    return frozen(at), frozen(weights)


def _normal_pdf(x: NDArray[np.float64]) -> Floats:
    return np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
