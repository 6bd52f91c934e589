"""A motion of the template: as a whole, and on top of that a little more or less tile by tile."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
"""One value for each pixel: float32 (height, width)."""
Matrix = NDArray[np.float64]
Shifts = NDArray[np.float32]
"""A shift (x, y) for each tile: (rows, columns, 2), in pixels."""

TILES = 10
"""Tiles along a side, at most."""
_LEAST_TILE_PX = 24


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where in the template each pixel of the picture is found.

    matrix: (3, 3), from picture to template pixels.
    shifts: added to that, in pixels, smoothly between the middles of tiles.
    """

    matrix: Matrix = field(default_factory=lambda: np.eye(3))
    shifts: Shifts | None = None

    @property
    def is_none(self) -> bool:
        return self.shifts is None and bool((self.matrix == np.eye(3)).all())

    def at(self, size_hw: tuple[int, int]) -> tuple[Plane, Plane]:
        """For each pixel of a picture of this size, x and y of its place in the template."""
        x, y = _pixels(size_hw)
        a, b, c = (np.float32(value) for value in self.matrix[0])
        d, e, f = (np.float32(value) for value in self.matrix[1])
        to_x, to_y = a * x + b * y + c, d * x + e * y + f
        if self.shifts is not None:
            size_wh = (size_hw[1], size_hw[0])
            more = cv2.resize(self.shifts, size_wh, interpolation=cv2.INTER_LINEAR)
            to_x, to_y = to_x + more[..., 0], to_y + more[..., 1]
        return to_x, to_y

    def then(self, step: Matrix) -> "Motion":
        """This motion after a further one of the whole."""
        return Motion(self.matrix @ step, self.shifts)

    def scaled(self, factor_xy: tuple[float, float]) -> "Motion":
        """The same motion of pictures so many times as large; pixels' middles are whole numbers."""
        x, y = factor_xy
        grow = np.array([[x, 0.0, (x - 1.0) / 2.0], [0.0, y, (y - 1.0) / 2.0], [0.0, 0.0, 1.0]])
        matrix = grow @ self.matrix @ np.linalg.inv(grow)
        shifts = None if self.shifts is None else self.shifts * np.array([x, y], np.float32)
        return Motion(matrix, shifts)

    def largest_px(self, size_hw: tuple[int, int]) -> float:
        """How far the farthest pixel of a picture of this size moves; tiles are added as bounds."""
        height, width = size_hw
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
        moved = np.abs((self.matrix @ corners - corners)[:2]).max()
        return float(moved + (0.0 if self.shifts is None else np.abs(self.shifts).max()))


def warp(plane: NDArray[Any], to_x: Plane, to_y: Plane) -> NDArray[Any]:
    """The template where the maps say; beyond its border its outermost pixels go on."""
    return cv2.remap(plane, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def covered(to_x: Plane, to_y: Plane, size_hw: tuple[int, int]) -> Plane:
    """1 where the maps stay inside a template of this size, 0 where they do not."""
    height, width = size_hw
    inside = (to_x >= 0) & (to_x <= width - 1) & (to_y >= 0) & (to_y <= height - 1)
    return inside.astype(np.float32)


def tile_grid(size_hw: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of tiles."""
    rows, columns = (min(TILES, max(1, side // _LEAST_TILE_PX)) for side in size_hw)
    return rows, columns


def tile_means(plane: Plane, grid: tuple[int, int]) -> Plane:
    """The mean of each tile, shape `grid`."""
    return cv2.resize(plane, (grid[1], grid[0]), interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=8)
def _pixels(size_hw: tuple[int, int]) -> tuple[Plane, Plane]:
    height, width = size_hw
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y
