"""How alike two pictures are: by their look as a whole, and by the grain of the surface.

Exposures differ as factors, so pictures are compared as logarithms, and only between two scales of
blur: a lamp that moved does not count, nor does the noise of the finest pixels. Two pictures of
one part share the grain of its surface; two parts of one product share only their shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import Pixels

Plane = NDArray[np.float32]

LONG_PX = 192
"""Longer side of the pictures that are compared in detail."""
_COARSE_PX = 48
_COARSE_BLURS_PX = (1.0, 5.0)
_FINE_BLURS_PX = (0.8, 3.2)
_LOG_OFFSET = 6.0  # of models.preprocess: dark pixels' noise is not stretched
_STRONG = 3.0
"""Detail beyond so many median magnitudes is shape or a defect, not grain."""
_SHIFT = 0.1
"""How far, as a share of a picture's sides, two pictures of a part may lie apart each way."""
_LEAST_GRAIN_PX = 400
_FAINTEST_GRAIN = 0.008  # in log: an 8-bit picture's rounding is below it
_HOPELESS = 0.3
"""Pictures whose detail agrees no better at half size are not looked at in full."""
_EXTREME = 0.5
"""A picture with so many pixels black or white is a drawing, not a surface: it has no grain."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture made small for comparing.

    coarse: its shape without exposure, of unit length; (2304,), float32.
    fine: its detail without exposure, at most LONG_PX a side; float16, to hold thousands.
    reach: how far grain goes from 0 in it; what goes farther is shape.
    """

    coarse: Plane
    fine: NDArray[np.float16]
    reach: float
    aspect: float
    has_grain: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """Correlations from -1 to 1 after one picture was laid over the other.

    detail: of all that is finer than the light. grain: of the surface between the shapes; 0 where
    there is none to compare.
    """

    detail: float
    grain: float


def look_at(pixels: Pixels, full_scale: int | None = None) -> Look:
    """A grey picture of shape (height, width) made small.

    full_scale: its highest grey value, 255 or 65535 by its type when None.
    """
    height, width = pixels.shape
    highest = full_scale or (255 if pixels.dtype == np.uint8 else 65535)
    scale = min(1.0, LONG_PX / max(height, width))
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = np.clip(small * (255.0 / highest), 0, 255).astype(np.uint8)
    square = cv2.resize(grey, (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA)
    shape = _between(square, _COARSE_BLURS_PX)
    coarse = _clipped(shape, _reach(shape)).ravel()
    coarse = coarse - coarse.mean()
    fine = _between(grey, _FINE_BLURS_PX)
    extreme = np.count_nonzero((grey < 20) | (grey > 235)) / grey.size
    return Look(
        coarse=coarse / max(float(np.linalg.norm(coarse)), 1e-9),
        fine=fine.astype(np.float16),
        reach=_reach(fine),
        aspect=width / height,
        has_grain=bool(extreme < _EXTREME),
    )


def compare(one: Look, other: Look) -> Likeness:
    """Lay the middle of one picture over the other where it fits best, and correlate the two.

    The place is found at half size first.
    """
    first, second = one.fine.astype(np.float32), _middle(other.fine.astype(np.float32), one.fine)
    over, laid = _clipped(first, one.reach), _clipped(second, other.reach)
    rough, (left, top) = _best(_half(over), _half(laid))
    if rough < _HOPELESS:
        return Likeness(rough, 0.0)
    height, width = second.shape
    rows = slice(max(0, 2 * top - 2), 2 * top + height + 3)
    columns = slice(max(0, 2 * left - 2), 2 * left + width + 3)
    detail, (left, top) = _best(over[rows, columns], laid)
    under = first[rows, columns][top : top + height, left : left + width]
    grain = 0.0
    if one.has_grain and other.has_grain:
        grain = _grain(under, one.reach, second, other.reach)
    return Likeness(detail, grain)


def _best(over: Plane, laid: Plane) -> tuple[float, Sequence[int]]:
    """The highest correlation of a smaller plane laid over a larger one, and where: left, top."""
    if laid.shape[0] > over.shape[0] or laid.shape[1] > over.shape[1]:
        laid = laid[: over.shape[0], : over.shape[1]]
    fits = cv2.matchTemplate(over, laid, cv2.TM_CCOEFF_NORMED)
    _, highest, _, place = cv2.minMaxLoc(fits)
    return (float(highest) if np.isfinite(highest) else 0.0), place


def _half(plane: Plane) -> Plane:
    size_wh = max(1, plane.shape[1] // 2), max(1, plane.shape[0] // 2)
    return np.asarray(cv2.resize(plane, size_wh, interpolation=cv2.INTER_AREA), np.float32)


def _between(grey: NDArray[Any], blurs_px: tuple[float, float]) -> Plane:
    """What of the logarithm of a picture lies between two scales of blur."""
    log = np.log(grey.astype(np.float32) + np.float32(_LOG_OFFSET))
    fine, coarse = (cv2.GaussianBlur(log, (0, 0), blur) for blur in blurs_px)
    return np.asarray(fine - coarse, np.float32)


def _reach(plane: Plane) -> float:
    return _STRONG * float(np.median(np.abs(plane))) + 1e-3


def _clipped(plane: Plane, reach: float) -> Plane:
    return np.clip(plane, -reach, reach)


def _middle(plane: Plane, room: NDArray[Any]) -> Plane:
    """The middle of a plane, small enough to be moved about in the room of the other."""
    height, width = (
        max(1, int(min(side, within) * (1 - 2 * _SHIFT)))
        for side, within in zip(plane.shape, room.shape, strict=True)
    )
    top, left = (plane.shape[0] - height) // 2, (plane.shape[1] - width) // 2
    return plane[top : top + height, left : left + width]


def _grain(first: Plane, first_reach: float, second: Plane, second_reach: float) -> float:
    """Correlation of the grain: away from every strong detail of either."""
    strong = (np.abs(first) > first_reach) | (np.abs(second) > second_reach)
    near = cv2.dilate(strong.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    one, other = first[~near], second[~near]
    if one.size < _LEAST_GRAIN_PX or min(one.std(), other.std()) < _FAINTEST_GRAIN:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
