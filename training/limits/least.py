"""The limits of least expected cost, class by class."""

import numpy as np

from training.limits.costs import Weights
from training.limits.curve import at_least, below
from training.limits.scores import Floats, PartScores
from training.limits.shift import cuts

_SMALLEST_GAIN = 1e-12
_DIGITS = 12


def least_cost(parts: PartScores, weights: Weights, starts: list[Floats], lowest: Floats) -> Floats:
    """Limits at which the known parts cost least, shape (classes,).

    Each class's limit in turn is set to its best with the others held, until none moves
    (coordinate descent; each step is exact), from every one of `starts`, of which the first wins
    where it is no dearer. With one class that is the optimum; with several one that no single
    limit can better. A class of which nothing is left to decide keeps its limit.
    """
    ends = [_descend(parts, weights, start, lowest) for start in starts]
    costs = [_cost(parts, weights, limits) for limits in ends]
    return ends[int(np.argmin(np.round(costs, _DIGITS)))]


def _descend(parts: PartScores, weights: Weights, start: Floats, lowest: Floats) -> Floats:
    limits, cost, moved = start.copy(), _cost(parts, weights, start), True
    while moved:
        moved = False
        for column in range(len(limits)):
            tried = limits.copy()
            tried[column] = _best(parts, weights, limits, column, float(lowest[column]))
            if _cost(parts, weights, tried) < cost - _SMALLEST_GAIN:
                limits, cost, moved = tried, _cost(parts, weights, tried), True
    return limits


def _best(parts: PartScores, weights: Weights, limits: Floats, column: int, lowest: float) -> float:
    """The cheapest limit of one class for the parts that the other classes let pass."""
    others = limits.copy()
    others[column] = np.inf
    left = ~parts.rejected(others)
    scores = parts.scores[left, column]
    found = scores[scores > 0.0]
    if not len(found):
        return float(limits[column])
    at = cuts(found)
    at[0], at[-1] = (lowest + found.min()) / 2.0, (1.0 + found.max()) / 2.0
    at = np.clip(at, lowest, 1.0)
    cost = below(scores, weights.escape[left], at) + at_least(scores, weights.reject[left], at)
    return float(at[np.argmin(cost)])


def _cost(parts: PartScores, weights: Weights, limits: Floats) -> float:
    return weights.expected(parts.rejected(limits))
