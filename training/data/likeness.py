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
_HOPELESS_DETAIL = 0.3
_HOPELESS_GRAIN = 0.4
"""Pictures whose detail or grain agrees no better at half size are not looked at in full."""
_UNITS = 100.0
"""In so many steps detail is kept up to its reach, and a little beyond: one byte a pixel."""
_EXTREME = 0.5
_LOG = np.log(np.arange(256, dtype=np.float32) + np.float32(_LOG_OFFSET))
"""A picture with so many pixels black or white is a drawing, not a surface: it has no grain."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture made small for comparing.

    coarse: its shape without exposure, of unit length; (2304,), float32.
    fine: its detail without exposure, at most LONG_PX a side, int8: grain reaches to 100 either
        way, what goes farther is shape. rough: the same at half size.
    reach: what 100 is of the logarithm.
    """

    coarse: Plane
    fine: NDArray[np.int8]
    rough: NDArray[np.int8]
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
    grey = cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA)
    if highest != 255:
        grey = np.clip(grey * (255.0 / highest), 0, 255)
    grey = np.asarray(grey, np.uint8)
    square = cv2.resize(grey, (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA)
    shape = _between(np.asarray(square, np.uint8), _COARSE_BLURS_PX)
    coarse = _clipped(shape, _reach(shape)).ravel()
    coarse = coarse - coarse.mean()
    detail = _between(grey, _FINE_BLURS_PX)
    reach = _reach(detail)
    fine = np.clip(detail * np.float32(_UNITS / reach), -127.0, 127.0)
    extreme = np.count_nonzero((grey < 20) | (grey > 235)) / grey.size
    return Look(
        coarse=coarse / max(float(np.linalg.norm(coarse)), 1e-9),
        fine=fine.astype(np.int8),
        rough=_half(fine).astype(np.int8),
        reach=reach,
        aspect=width / height,
        has_grain=bool(extreme < _EXTREME),
    )


def compare(one: Look, other: Look) -> Likeness:
    """Lay the middle of one picture over the other where it fits best, and correlate the two.

    The place is found at half size first.
    """
    has_grain = one.has_grain and other.has_grain
    rough = _laid(one.rough, other.rough)
    if rough.detail < _HOPELESS_DETAIL:
        return Likeness(rough.detail, 0.0)
    seen = rough.grain(_LEAST_GRAIN_PX // 4, rim_px=1) if has_grain else None
    if seen is not None and seen.agrees < _HOPELESS_GRAIN:
        return Likeness(rough.detail, seen.agrees)
    found = _laid(one.fine, other.fine, near=(2 * rough.left, 2 * rough.top))
    faintest = _FAINTEST_GRAIN * _UNITS / min(one.reach, other.reach)
    grain = found.grain(_LEAST_GRAIN_PX, rim_px=2) if has_grain else None
    if grain is None or grain.spread < faintest:
        return Likeness(found.detail, 0.0)
    return Likeness(found.detail, grain.agrees)


@dataclass(frozen=True, slots=True)
class _Grain:
    """How two surfaces agree, -1 to 1, and how far the fainter one's grain goes from its mean."""

    agrees: float
    spread: float


@dataclass(frozen=True, slots=True)
class _Laid:
    """The middle of one picture where it fits best on another: its detail and that below it."""

    detail: float
    left: int
    top: int
    upper: Plane
    lower: Plane

    def grain(self, least_px: int, rim_px: int) -> _Grain | None:
        """The grain, so far away from every strong detail of either; None for too few pixels."""
        strong = (np.abs(self.upper) > _UNITS) | (np.abs(self.lower) > _UNITS)
        rim = np.ones((2 * rim_px + 1,) * 2, np.uint8)
        clear = cv2.dilate(strong.view(np.uint8), rim) == 0
        one, other = self.upper[clear], self.lower[clear]
        if one.size < least_px:
            return None
        one, other = one - one.mean(), other - other.mean()
        spreads = float(one.std()), float(other.std())
        if min(spreads) == 0.0:
            return None
        return _Grain(float(one @ other) / (one.size * spreads[0] * spreads[1]), min(spreads))


def _laid(
    lower: NDArray[np.int8], upper: NDArray[np.int8], near: tuple[int, int] | None = None
) -> _Laid:
    """Lay the middle of `upper` over `lower`. near: left and top to within two pixels, if known."""
    whole = lower.astype(np.float32)
    middle = _middle(upper.astype(np.float32), lower)
    height, width = middle.shape
    first_x = first_y = 0
    room = whole
    if near is not None:
        first_x, first_y = (max(0, place - 2) for place in near)
        room = whole[first_y : near[1] + height + 3, first_x : near[0] + width + 3]
    detail, (left, top) = _best(_clipped(room, _UNITS), _clipped(middle, _UNITS))
    left, top = first_x + left, first_y + top
    below = whole[top : top + height, left : left + width]
    return _Laid(detail, left, top, middle[: below.shape[0], : below.shape[1]], below)


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


def _between(grey: NDArray[np.uint8], blurs_px: tuple[float, float]) -> Plane:
    """What of the logarithm of a picture lies between two scales of blur."""
    log = cv2.LUT(grey, _LOG)
    fine, coarse = (cv2.GaussianBlur(log, (0, 0), blur) for blur in blurs_px)
    return np.asarray(fine - coarse, np.float32)


def _reach(plane: Plane) -> float:
    some = np.abs(plane[::2, ::2])
    return _STRONG * float(np.partition(some, some.size // 2, axis=None)[some.size // 2]) + 1e-3


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
