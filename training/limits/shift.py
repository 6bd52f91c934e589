"""All limits moved together by one number: the line along which limits are compared.

A shift moves the log-odds of every class's limit by the same amount. Along it a part has one
strength, the highest shift that still rejects it; so whole curves, and what is guaranteed, are a
matter of sorted numbers, and the parts that set the shift did not set how classes compare.
"""

from dataclasses import dataclass

import numpy as np

from training.limits.scores import Floats

_HIGHEST = 1.0 - 1e-9
"""No limit starts higher: the log-odds of 1 are infinite, and could not be moved."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Limits that move together.

    start: the limits at shift 0; lowest: below these there are no findings; shape (classes,).
    """

    start: Floats
    lowest: Floats

    def strengths(self, scores: Floats) -> Floats:
        """For each part the highest shift that rejects it; -inf where nothing was found.

        scores: shape (n, classes). Returns shape (n,).
        """
        return (_log_odds(scores) - _log_odds(np.minimum(self.start, _HIGHEST))).max(axis=1)

    def limits(self, shift: float) -> Floats:
        """The limits at a shift, shape (classes,)."""
        moved = _log_odds(np.minimum(self.start, _HIGHEST)) + shift
        return np.clip(1.0 / (1.0 + np.exp(-moved)), self.lowest, 1.0)


def cuts(values: Floats) -> Floats:
    """Where a threshold can lie among values: below them all, between each two, above them all.

    What is at or above a threshold is rejected, so equal values are never parted. Infinite ones
    have no place: all of these thresholds lie above -inf and below inf.
    """
    at = np.unique(values[np.isfinite(values)])
    if not len(at):
        return np.zeros(1)
    return np.array([at[0] - 1.0, *((at[1:] + at[:-1]) / 2.0), at[-1] + 1.0])


def _log_odds(probability: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(probability) - np.log1p(-probability)
