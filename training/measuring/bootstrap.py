"""An interval for the AUROC that knows that pictures of one part are no independent ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
_SEED = 20_000  # any: the same data get the same interval


def auroc_interval(
    scores: Sequence[float], is_bad: Sequence[bool], parts: Sequence[str], confidence: float
) -> tuple[float, float] | None:
    """Percentile interval over draws of whole parts with all their pictures, put back each time.

    Draws without a good or without a bad picture say nothing and are drawn no further. None where
    there are fewer than two parts, or one kind of picture alone.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    names, part_of = np.unique(np.array(parts), return_inverse=True)
    bad = np.array(is_bad, np.bool_)
    if len(names) < 2 or bad.all() or not bad.any():
        return None
    levels, level_of = np.unique(np.array(scores, np.float64), return_inverse=True)
    chance = np.random.default_rng(_SEED)
    found: list[float] = []
    for _ in range(DRAWS):
        drawn = np.bincount(chance.integers(len(names), size=len(names)), minlength=len(names))
        often = drawn[part_of].astype(np.float64)
        found.extend(
            _auroc(
                np.bincount(level_of, weights=often * ~bad, minlength=len(levels)),
                np.bincount(level_of, weights=often * bad, minlength=len(levels)),
            )
        )
    if not found:
        return None
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(found, [tail, 1.0 - tail])
    return float(lower), float(upper)


def _auroc(good_at: NDArray[Any], bad_at: NDArray[Any]) -> list[float]:
    """AUROC from the weight at each score, lowest first; empty for one kind alone."""
    pairs = good_at.sum() * bad_at.sum()
    if pairs == 0.0:
        return []
    below = np.cumsum(good_at) - good_at / 2.0
    return [float((below * bad_at).sum() / pairs)]
