"""What chance adds to the drawing: tool marks, the ring light's field, camera noise, the belt.

Everything here is made once per renderer; a part costs a few passes over these plates.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.renderer.product import PartShape, Plane

PLATES = 5
PLATE_MARGIN = 0.22
"""A plate of tool marks is larger than the picture by this, so that it can be turned and moved."""
NOISE_MARGIN_PX = 97
READ_NOISE_GREY = 0.9
SHOT_NOISE_GREY = 2.1
"""Noise in grey levels: of the sensor in the dark, and of the light at full white."""
BELT_GREY = 11.0


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Plates that every part is made of.

    marks: tool marks, mean 0, standard deviation 1, each larger than the picture.
    mottle: slow changes of the metal's shade, mean 0, standard deviation 1, of the same size.
    noise: one plate of white noise, standard deviation 1, NOISE_MARGIN_PX larger than the picture.
    light: the ring light's field in the picture, about 1.
    belt: grey levels of the dark belt, shape as the picture.
    """

    marks: tuple[Plane, ...]
    mottle: tuple[Plane, ...]
    noise: Plane
    light: Plane
    belt: Plane


def make_surface(shape: PartShape, size_px: int, rng: np.random.Generator) -> Surface:
    """Make the plates for one renderer."""
    plate_px = int(size_px * (1 + PLATE_MARGIN))
    machine = _turned_marks if shape is PartShape.ROUND else _ground_marks
    noise_px = size_px + NOISE_MARGIN_PX
    return Surface(
        marks=tuple(machine(plate_px, rng) for _ in range(PLATES)),
        mottle=tuple(_mottle(plate_px, size_px, rng) for _ in range(PLATES)),
        noise=rng.standard_normal((noise_px, noise_px), dtype=np.float32),
        light=_ring_light(shape, size_px, rng),
        belt=_belt(size_px, rng),
    )


def blurred(plane: Plane, sigma_x_px: float, sigma_y_px: float | None = None) -> Plane:
    """The plane, out of focus."""
    soft = np.empty_like(plane)
    cv2.GaussianBlur(
        plane,
        (0, 0),
        sigma_x_px,
        dst=soft,
        sigmaY=sigma_x_px if sigma_y_px is None else sigma_y_px,
        borderType=cv2.BORDER_REFLECT_101,
    )
    return soft


def _standardised(plane: NDArray[np.floating]) -> Plane:
    return ((plane - plane.mean()) / plane.std()).astype(np.float32)


def _turned_marks(plate_px: int, rng: np.random.Generator) -> Plane:
    """Concentric marks of a lathe: feed lines by radius, broken up along the turn."""
    radii_px, steps = plate_px * 3 // 4, 512  # the plate's corner is 0.71 from its centre
    fine = rng.standard_normal((steps, radii_px), dtype=np.float32)
    streaks = blurred(np.vstack([fine] * 2), 0.7, 10.0)[steps // 2 : steps // 2 + steps]
    radius = np.arange(radii_px, dtype=np.float32)
    pitch_px = rng.uniform(3.2, 4.6)
    wander = np.cumsum(rng.normal(0, 0.06, radii_px))
    feed = np.sin(2 * np.pi * radius / pitch_px + wander)
    grooves = _standardised(rng.standard_normal(radii_px))
    polar = _standardised(streaks) + (0.8 * feed + 0.7 * grooves)[np.newaxis, :]
    axis = np.arange(plate_px) - 0.5 * (plate_px - 1)
    x, y = np.meshgrid(axis, axis)
    map_radius = np.hypot(x, y).astype(np.float32)
    map_step = ((np.arctan2(y, x) / (2 * np.pi)) % 1.0 * steps).astype(np.float32)
    marks = np.empty((plate_px, plate_px), np.float32)
    cv2.remap(
        polar.astype(np.float32),
        map_radius,
        map_step,
        cv2.INTER_LINEAR,
        dst=marks,
        borderMode=cv2.BORDER_WRAP,
    )
    return _standardised(marks)


def _ground_marks(plate_px: int, rng: np.random.Generator) -> Plane:
    """Straight, broken lines of a surface grinder."""
    fine = rng.standard_normal((plate_px, plate_px), dtype=np.float32)
    short = _standardised(blurred(fine, 18.0, 0.6))
    long = _standardised(blurred(fine[::-1].copy(), 90.0, 0.9))
    return _standardised(short + 0.8 * long)


def _mottle(plate_px: int, size_px: int, rng: np.random.Generator) -> Plane:
    wide = _clouds(plate_px, 0.10 * size_px, rng)
    return _standardised(wide + 0.45 * _clouds(plate_px, 0.03 * size_px, rng))


def _clouds(side_px: int, sigma_px: float, rng: np.random.Generator) -> Plane:
    """Smooth noise; drawn small and enlarged, since nothing in it is finer than `sigma_px`."""
    grain_px = max(1.0, sigma_px / 3)
    small_px = round(side_px / grain_px) + 1
    small = blurred(rng.standard_normal((small_px, small_px), dtype=np.float32), 3.0)
    clouds = np.empty((side_px, side_px), np.float32)
    cv2.resize(small, (side_px, side_px), dst=clouds, interpolation=cv2.INTER_CUBIC)
    return _standardised(clouds)


def _ring_light(shape: PartShape, size_px: int, rng: np.random.Generator) -> Plane:
    """The field of a ring of lamps: a bright zone, falling off outwards, a little uneven.

    Turned grooves answer an uneven ring with a bow tie; ground lines with a band across them.
    """
    axis = (np.arange(size_px) + 0.5) / size_px - 0.5
    off_x, off_y = rng.uniform(-0.02, 0.02, 2)
    x, y = np.meshgrid(axis - off_x, axis - off_y)
    radius, turn = np.hypot(x, y), np.arctan2(y, x)
    zone = np.exp(-(((radius - 0.23) / 0.15) ** 2))
    fall_off = 1.0 / (1.0 + 1.1 * radius**2)
    lean = rng.uniform(0, np.pi)
    if shape is PartShape.ROUND:
        glint = np.cos(turn - lean) ** 8 - 0.27
    else:
        glint = np.exp(-(((x * np.sin(lean) * 0.3 + y) / 0.12) ** 2)) - 0.4
    lamps = 1.0 + 0.012 * np.cos(24 * turn) * np.clip(radius / 0.3, 0, 1)
    return ((0.84 + 0.24 * zone + 0.17 * glint) * fall_off * lamps).astype(np.float32)


def _belt(size_px: int, rng: np.random.Generator) -> Plane:
    weave = _standardised(blurred(rng.standard_normal((size_px, size_px), dtype=np.float32), 1.4))
    patches = _clouds(size_px, 0.08 * size_px, rng)
    return (BELT_GREY + 1.1 * weave + 1.3 * patches).astype(np.float32)
