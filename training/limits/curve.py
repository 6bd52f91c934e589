"""The whole curve: what every shift of the limits does to known parts, and what it costs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.limits.costs import Weights
from training.limits.scores import Floats, PartScores
from training.limits.shift import Shift, cuts

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Limits from those that reject all that was found to those that reject nothing, shape (k,).

    shifts: rising; see `training.limits.shift`. escapes: defective parts passed, of `defective`.
    false_rejects: good parts rejected, of `good`. cost: expected per part on the line.
    """

    shifts: Floats
    escapes: Ints
    false_rejects: Ints
    cost: Floats
    defective: int
    good: int

    def cheapest(self, highest_shift: float = np.inf) -> float:
        """The shift of least cost, up to a highest; between equals the lowest: it finds most."""
        allowed = self.shifts <= highest_shift
        return float(self.shifts[allowed][np.argmin(self.cost[allowed])])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "shift": self.shifts.tolist(),
            "escapes": self.escapes.tolist(),
            "false_rejects": self.false_rejects.tolist(),
            "cost": self.cost.tolist(),
            "defective": self.defective,
            "good": self.good,
        }


def curve(parts: PartScores, shift: Shift, weights: Weights) -> Curve:
    """The curve of limits that move together; a point wherever one more part passes."""
    strengths = shift.strengths(parts.scores)
    shifts = cuts(strengths)
    bad = parts.is_bad
    return Curve(
        shifts,
        below(strengths, bad, shifts).astype(np.int64),
        (~bad).sum() - below(strengths, ~bad, shifts).astype(np.int64),
        below(strengths, weights.escape, shifts) + at_least(strengths, weights.reject, shifts),
        int(bad.sum()),
        int((~bad).sum()),
    )


def below(values: Floats, weights: NDArray[Any], thresholds: Floats) -> Floats:
    """For each threshold the weight of the values below it."""
    order = np.argsort(values, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order], dtype=np.float64)])
    return sums[np.searchsorted(values[order], thresholds, side="left")]


def at_least(values: Floats, weights: NDArray[Any], thresholds: Floats) -> Floats:
    """For each threshold the weight of the values at or above it."""
    return below(-values, weights, np.nextafter(-thresholds, np.inf))
