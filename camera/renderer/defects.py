"""Five ways to spoil a part; each painter changes the reflectance and returns where it did.

Contrast 1 is obvious at arm's length, 0.15 is what a good inspector overlooks at times. All lengths
are fractions of the picture's side, drawn by the generator that is passed in.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.renderer.labels import DefectKind
from camera.renderer.product import CHAMFER, HOLE_CHAMFER, HOLE_RADIUS, Plane, Product
from camera.renderer.surface import blurred

Painter = Callable[[Plane, Product, float, np.random.Generator], NDArray[np.uint8]]
"""(reflectance to change in place, product, contrast 0 to 1, chance) -> mask 0 or 255."""

SUBPIXEL_BITS = 4


class Window(NamedTuple):
    """A rectangle of the picture around a defect, clipped to the picture."""

    rows: slice
    columns: slice
    x: Plane
    y: Plane

    @property
    def area(self) -> tuple[slice, slice]:
        return self.rows, self.columns


def paint_scratch(
    reflectance: Plane, product: Product, contrast: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A thin, slightly bent groove: it glints on one flank and is dark on the other."""
    size_px = product.size_px
    start = _seat(product, rng)
    heading = rng.uniform(0, 2 * np.pi)
    length_px = size_px * rng.uniform(0.05, 0.26)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    aside = np.array([-ahead[1], ahead[0]])
    along = np.linspace(-0.5, 0.5, 24)
    bend_px = length_px * rng.uniform(-0.12, 0.12)
    points = start + along[:, None] * length_px * ahead + (along**2)[:, None] * bend_px * 4 * aside
    width_px = max(1, round(size_px * rng.uniform(0.0015, 0.006)))
    window = _window(product, start, 0.5 * length_px + abs(bend_px) + 8)
    groove = _tapered_line(window, points, width_px)
    flank = _shifted(groove, aside * (0.6 + 0.5 * width_px))
    metal = product.metal[window.area]
    glint = 0.5 if rng.random() < 0.75 else -0.34
    reflectance[window.area] += contrast * metal * (glint * groove - 0.17 * flank)
    return _mask(product, window, np.maximum(groove, 0.6 * flank) * metal > 0.12)


def paint_dent(
    reflectance: Plane, product: Product, contrast: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A round dip: one slope turns to the stronger lamps, the other away, the bottom focuses."""
    long_px = product.size_px * rng.uniform(0.011, 0.034)
    short_px = long_px * rng.uniform(0.7, 1.0)
    window = _window(product, _seat(product, rng), 3.0 * long_px)
    lean, lamp = rng.uniform(0, 2 * np.pi, 2)
    u = (window.x * np.cos(lean) + window.y * np.sin(lean)) / long_px
    v = (window.y * np.cos(lean) - window.x * np.sin(lean)) / short_px
    depth = np.exp(-(u**2 + v**2))
    slope = np.sqrt(2 * np.e * (u**2 + v**2)) * depth
    toward = np.sqrt(2 * np.e) * (u * np.cos(lamp) + v * np.sin(lamp)) * depth
    bottom = np.exp(-6.0 * (u**2 + v**2))
    shade = 0.62 * toward - 0.28 * slope + 0.50 * bottom
    metal = product.metal[window.area]
    reflectance[window.area] *= 1.0 + contrast * metal * shade.astype(np.float32)
    return _mask(product, window, (u**2 + v**2 < 2.6) & (metal > 0.5))


def paint_stain(
    reflectance: Plane, product: Product, contrast: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A film of oil: soft, irregular, darker, and it drowns the tool marks."""
    reach_px = product.size_px * rng.uniform(0.035, 0.095)
    window = _window(product, _seat(product, rng), 2.2 * reach_px)
    clouds = blurred(rng.standard_normal(window.x.shape, dtype=np.float32), 0.30 * reach_px)
    clouds *= 0.55 / max(float(clouds.std()), 1e-6)
    hill = 1.35 - np.hypot(window.x, window.y) / reach_px + clouds
    film = blurred(np.clip(hill * 1.6, 0, 1).astype(np.float32), 0.07 * reach_px)
    film *= np.clip(2.2 - np.hypot(window.x, window.y) / reach_px, 0, 1)
    metal = product.metal[window.area]
    cover = film * metal
    under = reflectance[window.area]
    smooth = blurred(under, 1.6)
    wet = (under + 0.7 * contrast * (smooth - under)) * (1 - 0.42 * contrast)
    tide = np.clip(4.0 * film * (1.0 - film), 0, 1)
    reflectance[window.area] += cover * (wet - under) - 0.05 * contrast * tide * metal * under
    return _mask(product, window, cover > 0.2)


def paint_missing_hole(
    reflectance: Plane, product: Product, contrast: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A bolt hole that was not drilled; at low contrast it was begun and is blind."""
    centre = rng.choice(product.holes_xy_px)
    window = _window(product, centre, (HOLE_RADIUS + HOLE_CHAMFER) * product.size_px + 3)
    difference = (product.undrilled - product.reflectance)[window.area]
    closed = 0.15 + 0.85 * contrast
    fresh_cut = rng.normal(0, 0.035, difference.shape).astype(np.float32)
    plug = np.clip(4 * np.abs(difference), 0, 1)
    reflectance[window.area] += closed * (difference + plug * blurred(fresh_cut, 2.0, 0.6))
    rim_px = (HOLE_RADIUS + HOLE_CHAMFER) * product.size_px + 1
    return _mask(product, window, np.hypot(window.x, window.y) <= rim_px)


def paint_chipped_edge(
    reflectance: Plane, product: Product, contrast: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A bite out of the outline: rough dark fracture with a few bright facets."""
    reach_px = product.size_px * rng.uniform(0.013, 0.045)
    window = _window(product, _edge_point(product, rng), 2.0 * reach_px)
    bite = _ragged_blob(window, reach_px, rng)
    bite *= np.clip(product.inside_px[window.area] + 1.0, 0, 1)
    facets = blurred(rng.standard_normal(bite.shape, dtype=np.float32), 1.5)
    facets /= max(float(facets.std()), 1e-6)
    fracture = 0.13 + 0.10 * np.clip(facets, -1, 3)
    under = reflectance[window.area]
    lip = np.clip(4 * bite * (1 - bite), 0, 1) * (product.inside_px[window.area] > 2)
    weight = 0.25 + 0.75 * contrast
    reflectance[window.area] += weight * (bite * (fracture - under) + 0.22 * lip)
    return _mask(product, window, bite > 0.15)


PAINTERS: Mapping[DefectKind, Painter] = {
    DefectKind.SCRATCH: paint_scratch,
    DefectKind.DENT: paint_dent,
    DefectKind.STAIN: paint_stain,
    DefectKind.MISSING_HOLE: paint_missing_hole,
    DefectKind.CHIPPED_EDGE: paint_chipped_edge,
}


def _seat(product: Product, rng: np.random.Generator) -> NDArray[np.float64]:
    """A point of the face with room around it, as (x, y) in pixels."""
    return rng.choice(product.seats_xy_px).astype(np.float64)


def _edge_point(product: Product, rng: np.random.Generator) -> NDArray[np.float64]:
    """A point just inside the outline, found by walking outward from the centre."""
    turn = rng.uniform(0, 2 * np.pi)
    centre = 0.5 * (product.size_px - 1)
    reach = np.arange(0.2 * product.size_px, 0.5 * product.size_px * np.sqrt(2))
    x = np.clip(centre + reach * np.cos(turn), 0, product.size_px - 1)
    y = np.clip(centre + reach * np.sin(turn), 0, product.size_px - 1)
    inside_px = product.inside_px[y.astype(int), x.astype(int)]
    last = int(np.flatnonzero(inside_px > 0.25 * CHAMFER * product.size_px)[-1])
    return np.array([x[last], y[last]])


def _window(product: Product, centre_xy: NDArray[np.floating], reach_px: float) -> Window:
    """The window around a point; its x and y are relative to that point."""
    last = product.size_px
    left, top = (max(0, int(value - reach_px)) for value in centre_xy)
    right, bottom = (min(last, int(value + reach_px) + 2) for value in centre_xy)
    x = np.arange(left, right, dtype=np.float32) - np.float32(centre_xy[0])
    y = np.arange(top, bottom, dtype=np.float32) - np.float32(centre_xy[1])
    grid_x, grid_y = np.meshgrid(x, y)
    return Window(slice(top, bottom), slice(left, right), grid_x, grid_y)


def _mask(product: Product, window: Window, where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    mask = np.zeros((product.size_px, product.size_px), np.uint8)
    mask[window.area] = np.where(where, np.uint8(255), np.uint8(0))
    return mask


def _tapered_line(window: Window, points: NDArray[np.float64], width_px: int) -> Plane:
    """A line through the points, full in the middle and running out at both ends; 0 to 1."""
    line = np.zeros(window.x.shape, np.uint8)
    corner = np.array([window.columns.start, window.rows.start])
    fixed = np.round((points - corner) * 2**SUBPIXEL_BITS).astype(np.int32)
    ends = np.linspace(-1, 1, len(points) - 1)
    for first, second, end in zip(fixed[:-1], fixed[1:], ends, strict=True):
        grey = round(255 * float(1 - 0.75 * end**4))
        cv2.line(line, first.tolist(), second.tolist(), grey, width_px, cv2.LINE_AA, SUBPIXEL_BITS)
    return blurred(line.astype(np.float32) / np.float32(255), 0.55)


def _shifted(plane: Plane, by_xy_px: NDArray[np.float64]) -> Plane:
    moved = np.empty_like(plane)
    matrix = np.array([[1, 0, by_xy_px[0]], [0, 1, by_xy_px[1]]])
    cv2.warpAffine(plane, matrix, (plane.shape[1], plane.shape[0]), dst=moved)
    return moved


def _ragged_blob(window: Window, reach_px: float, rng: np.random.Generator) -> Plane:
    """A blob with a broken outline around the window's point; 0 to 1."""
    turns = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    radius = np.ones_like(turns)
    for waves in range(2, 7):
        radius += rng.normal(0, 0.22 / waves) * np.cos(waves * turns + rng.uniform(0, 2 * np.pi))
    radius = reach_px * np.clip(radius + rng.normal(0, 0.05, len(turns)), 0.4, 1.7)
    points = np.stack([radius * np.cos(turns), radius * np.sin(turns)], axis=1)
    points -= [window.x[0, 0], window.y[0, 0]]
    fixed = np.round(points * 2**SUBPIXEL_BITS).astype(np.int32)
    blob = np.zeros(window.x.shape, np.uint8)
    cv2.fillPoly(blob, [fixed], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    return blurred(blob.astype(np.float32) / np.float32(255), 0.6)
