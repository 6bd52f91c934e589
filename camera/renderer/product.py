"""The product as drawn: outline, bore, bolt holes, and how each reflects the ring light."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""One value per pixel, shape (size_px, size_px); reflectance runs from 0 (black) to about 1."""

# All lengths are fractions of the picture's side.
OUTER_RADIUS = 0.425
HALF_SIDE = 0.385
CORNER_RADIUS = 0.085
CHAMFER = 0.011
BORE_RADIUS = 0.098
GROOVE_RADIUS = 0.178
GROOVE_WIDTH = 0.009
HOLE_RADIUS = 0.034
HOLE_CHAMFER = 0.008
BOLT_CIRCLE_RADIUS = 0.302
BOLT_SQUARE_HALF_SIDE = 0.282
SEAT_CLEARANCE = 0.022

FACE, CHAMFER_SHINE, BORE_FLOOR, HOLE_FLOOR = 0.56, 0.93, 0.045, 0.03


class PartShape(StrEnum):
    """What the part looks like from above."""

    ROUND = "round"
    ROUNDED_SQUARE = "rounded_square"


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """The good part in its own coordinates, centred, not yet turned or lit.

    reflectance: the part with all its holes; undrilled: the same without bolt holes.
    metal: 0 to 1, where there is machined face (texture and defects live here).
    inside_px: distance to the outline, positive on the part.
    holes_xy_px: centres of the bolt holes, shape (holes, 2).
    seats_xy_px: points of the face with room around them for a defect, shape (seats, 2).
    """

    size_px: int
    shape: PartShape
    reflectance: Plane
    undrilled: Plane
    metal: Plane
    inside_px: Plane
    holes_xy_px: Plane
    seats_xy_px: NDArray[np.int32]


def draw_product(shape: PartShape, size_px: int) -> Product:
    """Draw the product into a square of `size_px`."""
    x, y = _centred_coordinates(size_px)
    radius = np.hypot(x, y)
    inside = OUTER_RADIUS - radius if shape is PartShape.ROUND else _inside_rounded_square(x, y)
    pixel = 1.0 / size_px

    face = _soft_step(inside - CHAMFER, pixel)
    outline = _soft_step(inside, pixel)
    undrilled = FACE * face + CHAMFER_SHINE * (outline - face)
    groove = np.exp(-(((radius - GROOVE_RADIUS) / (0.5 * GROOVE_WIDTH)) ** 4))
    lip = np.exp(-(((radius - GROOVE_RADIUS - GROOVE_WIDTH) / (0.35 * GROOVE_WIDTH)) ** 2))
    undrilled = undrilled * (1.0 - 0.62 * groove) + 0.22 * lip
    metal = face * (1.0 - groove)
    undrilled, metal = _drill(undrilled, metal, radius, BORE_RADIUS, BORE_FLOOR, pixel)

    holes = _hole_centres(shape)
    drilled, drilled_metal = undrilled, metal
    for centre_x, centre_y in holes:
        distance = np.hypot(x - centre_x, y - centre_y)
        drilled, drilled_metal = _drill(
            drilled, drilled_metal, distance, HOLE_RADIUS, HOLE_FLOOR, pixel
        )
    return Product(
        size_px=size_px,
        shape=shape,
        reflectance=drilled.astype(np.float32),
        undrilled=undrilled.astype(np.float32),
        metal=drilled_metal.astype(np.float32),
        inside_px=(inside * size_px).astype(np.float32),
        holes_xy_px=((holes + 0.5) * size_px - 0.5).astype(np.float32),
        seats_xy_px=_seats(x, y, radius, inside, holes),
    )


def _centred_coordinates(size_px: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The x and the y of every pixel's centre, from -0.5 to 0.5."""
    axis = (np.arange(size_px) + 0.5) / size_px - 0.5
    x, y = np.meshgrid(axis, axis)
    return x, y


def _inside_rounded_square(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = HALF_SIDE - CORNER_RADIUS
    over_x, over_y = np.abs(x) - flat, np.abs(y) - flat
    corner = np.hypot(np.maximum(over_x, 0), np.maximum(over_y, 0))
    return CORNER_RADIUS - (corner + np.minimum(np.maximum(over_x, over_y), 0))


def _soft_step(distance: NDArray[np.float64], pixel: float) -> NDArray[np.float64]:
    """0 outside, 1 inside, one and a half pixels of lens blur between."""
    return np.clip(distance / (1.5 * pixel) + 0.5, 0.0, 1.0)


def _drill(
    reflectance: NDArray[np.float64],
    metal: NDArray[np.float64],
    distance: NDArray[np.float64],
    radius: float,
    floor: float,
    pixel: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut one round hole with a chamfer that catches the light."""
    hole = _soft_step(radius - distance, pixel)
    rim = _soft_step(radius + HOLE_CHAMFER - distance, pixel)
    wall = floor + 0.16 * np.clip(distance / radius, 0.0, 1.0) ** 6
    cut = reflectance * (1.0 - rim) + CHAMFER_SHINE * (rim - hole) + wall * hole
    return cut, metal * (1.0 - rim)


def _hole_centres(shape: PartShape) -> NDArray[np.float64]:
    if shape is PartShape.ROUNDED_SQUARE:
        side = BOLT_SQUARE_HALF_SIDE
        return np.array([(-side, -side), (side, -side), (side, side), (-side, side)])
    turns = np.arange(6) * (2 * np.pi / 6)
    return BOLT_CIRCLE_RADIUS * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def _seats(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    inside: NDArray[np.float64],
    holes: NDArray[np.float64],
) -> NDArray[np.int32]:
    free = (inside > CHAMFER + SEAT_CLEARANCE) & (radius > BORE_RADIUS + SEAT_CLEARANCE)
    free &= np.abs(radius - GROOVE_RADIUS) > GROOVE_WIDTH + 0.5 * SEAT_CLEARANCE
    for centre_x, centre_y in holes:
        free &= np.hypot(x - centre_x, y - centre_y) > HOLE_RADIUS + 1.5 * SEAT_CLEARANCE
    rows, columns = np.nonzero(free)
    return np.stack([columns, rows], axis=1).astype(np.int32)
