"""The doubt band: two limits between which a person looks."""

import numpy as np

from training.limits.costs import Weights
from training.limits.curve import at_least, below
from training.limits.scores import PartScores
from training.limits.shift import Shift, cuts


def cheapest_band(
    parts: PartScores, shift: Shift, weights: Weights, highest_shift: float = np.inf
) -> tuple[float, float]:
    """The two shifts of least cost: doubtful from the lower on, rejected from the upper on.

    highest_shift: the lower one lies no higher, so that no more pass unseen.
    The cost parts into what each of the two alone decides, so the best pair is exact; between
    equals the lowest, where the fewest pass unseen.
    """
    strengths = shift.strengths(parts.scores)
    at = cuts(strengths)
    looked = below(strengths, weights.look, at)
    unseen = below(strengths, weights.escape, at) - looked
    unseen[at > highest_shift] = np.inf
    stopped = looked + at_least(strengths, weights.reject, at)
    best_unseen = np.minimum.accumulate(unseen)
    upper = int(np.argmin(best_unseen + stopped))
    lower = int(np.argmin(unseen[: upper + 1]))
    return float(at[lower]), float(at[upper])
