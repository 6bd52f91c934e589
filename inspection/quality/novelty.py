"""How unlike its fellows a part looks: the distance to its nearest neighbours among features."""

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 5
FEWEST_PARTS = 20
"""Among fewer, nothing is usual yet."""
_FAR = 4.0
"""A part is novel from so many robust deviations above the usual distance on."""

Floats = NDArray[np.float64]


def novelty(features: Floats) -> Floats:
    """How novel each part is among the others, 0 (usual) to 1.

    features: one row a part, (parts, features), finite. Each column is scaled by its spread between
    quartiles, so that no unit counts for more; the mean distance to the nearest NEIGHBOURS is then
    held against the median of all (kNN distance; Ramaswamy, Rastogi, Shim, SIGMOD 2000).
    """
    if len(features) < FEWEST_PARTS:
        return np.zeros(len(features))
    lower, middle, upper = np.quantile(features, [0.25, 0.5, 0.75], axis=0)
    spread = upper - lower
    varies = spread > 1e-12
    scaled = (features[:, varies] - middle[varies]) / spread[varies]
    squares = (scaled**2).sum(axis=1)
    apart = squares[:, None] + squares[None, :] - 2.0 * scaled @ scaled.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.sqrt(np.maximum(np.sort(apart, axis=1)[:, :NEIGHBOURS], 0.0)).mean(axis=1)
    usual = np.median(nearest)
    deviation = max(1.4826 * float(np.median(np.abs(nearest - usual))), 1e-9)
    beyond = (nearest - usual) / deviation
    return np.where(beyond > _FAR, 1.0 - _FAR / np.maximum(beyond, _FAR), 0.0)
