"""Painted defects: what good pictures are given so that a model can learn without a bad part.

Each painter works on a crop of the network's own input, where a change of the lamp is an offset,
and measures its strength in the crop's texture: the same settings fit a mirror and a casting.
Sources: CutPaste (Li et al., arXiv 2104.04015), DRAEM's Perlin masks (Zavrtanik et al., arXiv
2108.07610).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

Plane = NDArray[np.float32]
Chance = np.random.Generator

_SEEN = 1.5  # of the texture's spread: what changes less on average teaches false alarms
_TRIES = 5
USUAL = "scratch,crack,spot,chip,cut_paste"
"""What `teach` and `train` paint unless told: defects with an edge. The faint ones (stain, band,
missing, texture_swap) taught a network on ground metal to suspect good surfaces: AUROC 0.64 after
five minutes, and 0.81 without them and without what is fainter than _SEEN. They are for parts whose
surface is even."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A crop to be painted on.

    plane: float32 (height, width), not to be changed. other: a crop of the same size from anywhere
    on a good part. texture: spread of the grey values that belongs to the good surface.
    """

    plane: Plane
    other: Plane
    texture: float

    @property
    def side_px(self) -> int:
        return min(self.plane.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A crop with a defect. cover: float32 (height, width), 0 to 1, how much of a pixel it took."""

    plane: Plane
    cover: Plane


Painter = Callable[[Canvas, Chance], Painted]


def paint(canvas: Canvas, painters: Mapping[str, Painter], chance: Chance) -> Painted:
    """One defect by one of the painters; tried again while nobody could see it.

    After several tries that cannot be seen the crop is returned as it was, with no cover.
    """
    names = sorted(painters)
    for _ in range(_TRIES):
        painted = painters[names[int(chance.integers(len(names)))]](canvas, chance)
        covered = painted.cover > 0.5
        if covered.any():
            change = np.abs(painted.plane - canvas.plane)[covered].mean()
            if change > _SEEN * canvas.texture:
                return painted
    return Painted(canvas.plane, np.zeros_like(canvas.plane))


def choose(names: str) -> dict[str, Painter]:
    """The painters named in a comma-separated list; `all` are all.

    `crack:0.5` is the painter of cracks at half its strength. Raises TrainingError.
    """
    if names == "all":
        return dict(PAINTERS)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        raise TrainingError(f"painters {names!r}: none is not one; there are {', '.join(PAINTERS)}")
    return {name: _named(name) for name in wanted}


def _named(wanted: str) -> Painter:
    name, colon, strength = wanted.partition(":")
    if name not in PAINTERS:
        raise TrainingError(
            f"painters {wanted!r}: {name} is not one; there are {', '.join(PAINTERS)}"
        )
    if not colon:
        return PAINTERS[name]
    try:
        factor = float(strength)
    except ValueError:
        factor = math.nan
    if not 0.0 < factor < math.inf:
        raise TrainingError(
            f"painters {wanted!r}: expected a strength above 0, such as {name}:0.5, "
            f"got {strength!r}"
        )
    return partial(_tuned, PAINTERS[name], factor)


def _tuned(painter: Painter, factor: float, canvas: Canvas, chance: Chance) -> Painted:
    """All painters measure their strength in the canvas's texture."""
    return painter(replace(canvas, texture=canvas.texture * factor), chance)


def scratch(canvas: Canvas, chance: Chance) -> Painted:
    """A thin line, nearly straight, darker or brighter."""
    line = _line(canvas, chance, bend=0.15, width=_between(chance, 1.0, 2.5))
    return _shade(canvas, line, _strength(chance, 2.5, 9.0))


def crack(canvas: Canvas, chance: Chance) -> Painted:
    """A thin line that wanders and may fork; mostly dark."""
    width = _between(chance, 1.0, 2.5)
    line = _line(canvas, chance, bend=0.7, width=width)
    if chance.random() < 0.4:
        line = np.maximum(line, _line(canvas, chance, bend=0.9, width=width))
    strength = abs(_strength(chance, 2.5, 10.0))
    return _shade(canvas, line, strength if chance.random() < 0.2 else -strength)


def spot(canvas: Canvas, chance: Chance) -> Painted:
    """A small round or oval mark with a clear edge, with a rim of the other sign at times."""
    radius = _between(chance, 1.5, max(2.5, 0.10 * canvas.side_px))
    body = _ellipse(canvas, chance, radius)
    strength = _strength(chance, 2.5, 12.0)
    painted = _shade(canvas, body, strength)
    if chance.random() < 0.3:
        rim = np.clip(cv2.dilate(body, np.ones((3, 3), np.uint8)) - body, 0.0, 1.0)
        plane = painted.plane - rim * np.float32(0.6 * strength * canvas.texture)
        return Painted(plane.astype(np.float32), np.maximum(body, rim))
    return painted


def chip(canvas: Canvas, chance: Chance) -> Painted:
    """A broken-out corner or flake: straight edges, another level and less texture inside."""
    corners = int(chance.integers(3, 7))
    size = _between(chance, 4.0, 0.25 * canvas.side_px)
    centre = _place(canvas, chance)
    angles = np.sort(chance.uniform(0.0, 2.0 * np.pi, corners))
    radii = size * chance.uniform(0.5, 1.0, corners)
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]
    cover = np.zeros(canvas.plane.shape, np.float32)
    cv2.fillPoly(cover, [np.round(points).astype(np.int32)], 1.0)
    level = np.float32(np.median(canvas.plane) + _strength(chance, 3.0, 12.0) * canvas.texture)
    inside = level + np.float32(chance.uniform(0.0, 0.7)) * (canvas.other - canvas.other.mean())
    return _blend(canvas, inside, cover)


def stain(canvas: Canvas, chance: Chance) -> Painted:
    """A large patch with soft edges, a little darker or brighter."""
    cover = _blob(canvas, chance, _between(chance, 0.1, 0.35) * canvas.side_px)
    softness = _between(chance, 1.0, 4.0)
    soft = cv2.GaussianBlur(cover, (0, 0), softness).astype(np.float32)
    return _shade(canvas, soft, _strength(chance, 2.0, 5.0), cover)


def missing(canvas: Canvas, chance: Chance) -> Painted:
    """A place where the surface's texture is gone."""
    cover = _blob(canvas, chance, _between(chance, 0.05, 0.25) * canvas.side_px)
    smooth = cv2.GaussianBlur(canvas.plane, (0, 0), _between(chance, 2.0, 8.0))
    level = np.float32(_strength(chance, 1.5, 5.0) * canvas.texture)
    return _blend(canvas, smooth + level, cover)


def band(canvas: Canvas, chance: Chance) -> Painted:
    """A wide stripe across the part, uneven and faint."""
    height, width = canvas.plane.shape
    angle = chance.uniform(0.0, np.pi)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    across = columns * np.cos(angle) + rows * np.sin(angle)
    middle = _between(chance, float(across.min()), float(across.max()))
    half = _between(chance, 0.04, 0.2) * canvas.side_px
    soft = np.exp(-(((across - middle) / half) ** 2)).astype(np.float32)
    waves = 0.6 + 0.4 * _noise(canvas, chance, 0.3 * canvas.side_px)
    cover = (soft > 0.2).astype(np.float32)
    return _shade(canvas, soft * waves, _strength(chance, 2.5, 6.0), cover)


def texture_swap(canvas: Canvas, chance: Chance) -> Painted:
    """A patch that looks like another place of a good part, turned and re-lit."""
    cover = _blob(canvas, chance, _between(chance, 0.06, 0.3) * canvas.side_px)
    other = np.rot90(canvas.other, int(chance.integers(4)))
    if other.shape != canvas.plane.shape:
        other = canvas.other
    contrast = np.float32(_between(chance, 0.5, 2.5))
    level = np.float32(other.mean() + _strength(chance, 1.5, 5.0) * canvas.texture)
    return _blend(canvas, (other - other.mean()) * contrast + level, cover)


def cut_paste(canvas: Canvas, chance: Chance) -> Painted:
    """A rectangle of a good part, pasted where it does not belong."""
    height, width = canvas.plane.shape
    cut_h = int(_between(chance, 4.0, 0.35 * height))
    cut_w = int(_between(chance, 4.0, 0.35 * width))
    x, y = (int(value) for value in _place(canvas, chance))
    top, left = (
        min(max(y - cut_h // 2, 0), height - cut_h),
        min(max(x - cut_w // 2, 0), width - cut_w),
    )
    cover = np.zeros(canvas.plane.shape, np.float32)
    cover[top : top + cut_h, left : left + cut_w] = 1.0
    level = np.float32(_strength(chance, 1.0, 4.0) * canvas.texture)
    return _blend(canvas, canvas.other + level, cover)


PAINTERS: dict[str, Painter] = {
    "scratch": scratch,
    "crack": crack,
    "spot": spot,
    "chip": chip,
    "stain": stain,
    "missing": missing,
    "band": band,
    "texture_swap": texture_swap,
    "cut_paste": cut_paste,
}


def texture_of(plane: Plane) -> float:
    """The spread of a good surface: a robust standard deviation, large shapes taken off.

    1.4826 times the median absolute deviation from a blurred copy; never zero.
    """
    fine = plane - cv2.GaussianBlur(plane, (0, 0), 8.0)
    return max(1.4826 * float(np.median(np.abs(fine))), 1e-3)


def _shade(canvas: Canvas, soft: Plane, strength: float, cover: Plane | None = None) -> Painted:
    """Add `strength` textures where `soft` is 1."""
    plane = canvas.plane + soft * np.float32(strength * canvas.texture)
    return Painted(plane.astype(np.float32), soft if cover is None else cover)


def _blend(canvas: Canvas, inside: Plane, cover: Plane) -> Painted:
    soft = cv2.GaussianBlur(cover, (0, 0), 0.7)
    plane = canvas.plane * (1.0 - soft) + inside * soft
    return Painted(plane.astype(np.float32), cover)


def _strength(chance: Chance, low: float, high: float) -> float:
    """Either sign; weak ones as often as strong ones."""
    size = low + (high - low) * chance.random() ** 1.5
    return float(size if chance.random() < 0.5 else -size)


def _between(chance: Chance, low: float, high: float) -> float:
    return float(chance.uniform(low, max(low, high)))


def _place(canvas: Canvas, chance: Chance) -> NDArray[np.float64]:
    """Anywhere on the crop, x before y."""
    height, width = canvas.plane.shape
    return np.array([chance.uniform(0.0, width), chance.uniform(0.0, height)])


def _line(canvas: Canvas, chance: Chance, bend: float, width: float) -> Plane:
    """A polyline from anywhere in any direction; `bend` is how far it turns per step, radians."""
    steps = int(chance.integers(4, 16))
    reach = _between(chance, 0.1, 0.9) * canvas.side_px / steps
    turns = chance.uniform(0.0, 2.0 * np.pi) + np.cumsum(chance.normal(0.0, bend, steps))
    path = (
        _place(canvas, chance) + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1), 0) * reach
    )
    drawn = np.zeros(canvas.plane.shape, np.uint8)
    fine = np.round(path * 16.0).astype(np.int32)
    cv2.polylines(drawn, [fine], False, 255, max(1, round(width)), cv2.LINE_AA, 4)
    return (drawn / np.float32(255.0)).astype(np.float32)


def _ellipse(canvas: Canvas, chance: Chance, radius: float) -> Plane:
    x, y = _place(canvas, chance)
    axes = radius, max(1.0, radius * chance.uniform(0.4, 1.0))
    drawn = np.zeros(canvas.plane.shape, np.uint8)
    box = ((float(x), float(y)), (2.0 * axes[0], 2.0 * axes[1]), float(chance.uniform(0.0, 180.0)))
    cv2.ellipse(drawn, box, 255, -1, cv2.LINE_AA)
    return (drawn / np.float32(255.0)).astype(np.float32)


def _blob(canvas: Canvas, chance: Chance, radius: float) -> Plane:
    """An uneven patch of about this radius, 0 or 1."""
    height, width = canvas.plane.shape
    x, y = _place(canvas, chance)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    stretch = chance.uniform(0.5, 2.0)
    distance = np.hypot((columns - x) * stretch, rows - y) / np.float32(radius)
    edge = 1.0 + 0.6 * _noise(canvas, chance, max(radius, 2.0))
    return (distance < edge).astype(np.float32)


def _noise(canvas: Canvas, chance: Chance, grain_px: float) -> Plane:
    """Smooth noise with grains of this size, about -1 to 1."""
    height, width = canvas.plane.shape
    cells = max(2, round(height / grain_px) + 2), max(2, round(width / grain_px) + 2)
    coarse = chance.uniform(-1.0, 1.0, cells).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
