"""Small motions from brightness differences (Lucas and Kanade 1981), tile by tile.

Only the template's own edges pull, and only as far as the picture looks like it there: a defect
has no edge in the template, and where it covers one its difference is too large to count.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.registration.motion import Matrix, Plane, Shifts, tile_grid, tile_means

_OUTLIER = 0.7
"""A difference of so many deviations of the picture counts a quarter (Geman and McClure 1985)."""
_OUTLIER_PX = 1.0
"""A tile that wants to go so far from where its neighbours go counts a quarter."""
_STIFFNESS = 0.25
"""How firmly a tile is tied to its neighbours; 1 is as firmly as to the picture."""
_REST = 0.02
"""How firmly a tile is tied to the motion of the whole: tiles without edges stay with it."""
_ROUNDS = 3

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """What each tile's edges say of its shift d: [[xx, xy], [xy, yy]] d = (x, y), least squares.

    All of shape (rows, columns); size_hw: of the plane that they come from.
    """

    xx: Vector
    xy: Vector
    yy: Vector
    x: Vector
    y: Vector
    size_hw: tuple[int, int]


def pull(picture: Plane, template: Plane, inside: Plane) -> Pull:
    """How the edges of the template, laid over the picture, want to go.

    inside: 1 where there is a template, 0 where there is none; all of one shape.
    """
    along_x = cv2.Sobel(template, cv2.CV_32F, 1, 0, scale=1 / 8)
    along_y = cv2.Sobel(template, cv2.CV_32F, 0, 1, scale=1 / 8)
    difference = picture - template
    weight = inside / np.square(1.0 + np.square(difference * np.float32(1.0 / _OUTLIER)))
    weighted_x, weighted_y = along_x * weight, along_y * weight
    grid = tile_grid((picture.shape[0], picture.shape[1]))
    xx, xy, yy, x, y = (
        tile_means(product, grid).astype(np.float64)
        for product in (
            weighted_x * along_x,
            weighted_x * along_y,
            weighted_y * along_y,
            weighted_x * difference,
            weighted_y * difference,
        )
    )
    return Pull(xx, xy, yy, x, y, (picture.shape[0], picture.shape[1]))


def rigid_step(tiles: Pull) -> Matrix:
    """The shift and the turn of the whole that follow the pull best; (3, 3), in pixels."""
    rows, columns = tiles.xx.shape
    height, width = tiles.size_hw
    radius = max(tiles.size_hw) / 2.0
    u = ((np.arange(columns) + 0.5) * width / columns - width / 2.0)[None, :] / radius
    v = ((np.arange(rows) + 0.5) * height / rows - height / 2.0)[:, None] / radius
    one, zero = np.ones((rows, columns)), np.zeros((rows, columns))
    moves_x = np.stack([one, zero, -v * one])
    moves_y = np.stack([zero, one, u * one])
    normal = np.einsum("irc,jrc,rc->ij", moves_x, moves_x, tiles.xx)
    normal += np.einsum("irc,jrc,rc->ij", moves_x, moves_y, tiles.xy)
    normal += np.einsum("irc,jrc,rc->ij", moves_y, moves_x, tiles.xy)
    normal += np.einsum("irc,jrc,rc->ij", moves_y, moves_y, tiles.yy)
    wanted = np.einsum("irc,rc->i", moves_x, tiles.x) + np.einsum("irc,rc->i", moves_y, tiles.y)
    normal += np.eye(3) * (1e-4 * np.trace(normal) + 1e-12)
    x, y, turn = _solve(normal, wanted)
    angle = turn / radius
    middle_x, middle_y = (width - 1) / 2.0, (height - 1) / 2.0
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = np.array([middle_x + x, middle_y + y]) - turned @ [middle_x, middle_y]
    return np.array([[*turned[0], offset[0]], [*turned[1], offset[1]], [0.0, 0.0, 1.0]])


def tile_shifts(tiles: Pull, before: Shifts | None) -> Shifts:
    """The shifts of the tiles that follow the pull, each held by its neighbours.

    before: those that the template was laid over the picture with, if any. A tile whose edges pull
    away from its neighbours is an outlier and follows them.
    """
    rows, columns = tiles.xx.shape
    count = rows * columns
    xx, xy, yy = tiles.xx.ravel(), tiles.xy.ravel(), tiles.yy.ravel()
    so_far = np.zeros((count, 2)) if before is None else before.reshape(count, 2)
    before_x, before_y = so_far.T.astype(np.float64)
    x = tiles.x.ravel() + xx * before_x + xy * before_y
    y = tiles.y.ravel() + xy * before_x + yy * before_y
    firm = float((xx + yy).mean()) / 2.0 + 1e-12
    ties = firm * (_STIFFNESS * _neighbours(rows, columns) + _REST * np.eye(count))
    trust = np.ones(count)
    to_x, to_y = before_x, before_y
    for _ in range(_ROUNDS):
        normal = np.block([[ties, np.zeros_like(ties)], [np.zeros_like(ties), ties]])
        each = np.arange(count)
        normal[each, each] += trust * xx
        normal[count + each, count + each] += trust * yy
        normal[each, count + each] += trust * xy
        normal[count + each, each] += trust * xy
        to_x, to_y = _solve(normal, np.concatenate([trust * x, trust * y])).reshape(2, count)
        left_x, left_y = x - xx * to_x - xy * to_y, y - xy * to_x - yy * to_y
        off_px = np.hypot(left_x, left_y) / (xx + yy + 1e-3 * firm)
        trust = 1.0 / np.square(1.0 + np.square(off_px / _OUTLIER_PX))
    return np.stack([to_x, to_y], axis=1).reshape(rows, columns, 2).astype(np.float32)


def _solve(normal: Matrix, wanted: Vector) -> Vector:
    """OpenCV's own Cholesky: no threads of a BLAS, which on busy cores wait for each other."""
    _, found = cv2.solve(normal, wanted[:, None], flags=cv2.DECOMP_CHOLESKY)
    return np.asarray(found, np.float64).ravel()


@lru_cache(maxsize=8)
def _neighbours(rows: int, columns: int) -> Matrix:
    """The graph Laplacian of the tiles: row i sums what tile i differs from its neighbours."""
    number = np.arange(rows * columns).reshape(rows, columns)
    ties = np.zeros((rows * columns, rows * columns))
    for one, other in ((number[:, 1:], number[:, :-1]), (number[1:], number[:-1])):
        for i, j in zip(one.ravel(), other.ravel(), strict=True):
            ties[[i, j], [i, j]] += 1.0
            ties[[i, j], [j, i]] -= 1.0
    return ties
