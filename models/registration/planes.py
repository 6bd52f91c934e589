"""What registration looks at: one grey plane, small, smooth, without lamp level and contrast."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.registration.motion import Plane

_SMOOTH_PX = 1.5
"""Smoothing, in pixels of the small plane: edges become slopes that a shift of 2 px stays on."""
_LIGHT_SHARE = 0.25
"""Brightness that changes over more than this share of the picture is the lamp's."""


def grey(pixels: NDArray[Any]) -> Plane:
    """The picture as one plane of floats."""
    plane = pixels.astype(np.float32)
    return plane if plane.ndim == 2 else np.ascontiguousarray(plane.mean(axis=2))


def small(plane: Plane, side_px: int) -> Plane:
    """The plane with its longer side at most `side_px`: smooth, mean 0 and deviation 1.

    A plane without any contrast becomes all zeros.
    """
    height, width = plane.shape
    scale = min(1.0, side_px / max(height, width))
    if scale < 1.0:
        size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        plane = cv2.resize(plane, size_wh, interpolation=cv2.INTER_AREA)
    plane = cv2.GaussianBlur(plane, (0, 0), _SMOOTH_PX)
    window = 2 * int(_LIGHT_SHARE * max(plane.shape) / 2) + 1
    light = cv2.boxFilter(plane, -1, (window, window), borderType=cv2.BORDER_REFLECT_101)
    plane = plane - light
    deviation = float(plane.std())
    return plane / np.float32(deviation) if deviation > 0 else plane
