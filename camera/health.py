"""The health of a picture: what it says of lens, light and sensor, whatever part is on it.

Measured on every part, so on a sample, which is hardly larger for 5 megapixels than for a quarter:
some 128 lines for light, and small tiles, which keep neighbours together, for focus and noise.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import CameraConfigError, Pixels

GRID = 8
"""Light is measured at as many places along each side, focus and noise in as many tiles."""
TILE_PX = 32
LINES = 128
_SMALLEST_TILE_PX = 4
_DARK = 0.02
"""Share of full scale added before light is divided by light: in the dark only noise differs."""
_STEADY = 0.1
"""Places that differed by more than this share between good parts say nothing of the lamp."""
_DARKEST = 0.1
"""The share of the places that may be darker still: a defect darkens one, dirt or a shadow more."""
_IMMERKAER = np.array((1.0, -2.0, 1.0), np.float32)
"""Along lines and columns: together his kernel of 3 by 3."""
_SOBEL_NOISE_GAIN = 24.0
"""Sum of the squared weights of both Sobel kernels: how they raise the variance of white noise."""


@dataclass(frozen=True, slots=True)
class PictureHealth:
    """Measures of one picture, to tell a dirty lens or an ageing light from a bad process.

    brightness: mean value, 0 to 1 of full scale.
    sharpness: strength of fine detail, in units of its reference where there is one: normalised
        Tenengrad, the mean squared Sobel gradient over the squared mean value, less what the noise
        adds. Source: Krotkov, Focusing, 1987; Pech-Pacheco and others, ICPR 2000.
    noise: standard deviation of the values' noise, 0 to 1 of full scale: the median of the tiles'.
        Source: Immerkaer, Fast noise variance estimation, 1996.
    vignetting: how much darker the darkest of the picture is than in the reference, 0 to 1; lamp
        level is taken out. Without a reference, than an even light would make it.
    saturated: share of the values at full scale, 0 to 1.
    """

    brightness: float
    sharpness: float
    noise: float
    vignetting: float
    saturated: float


@dataclass(frozen=True, slots=True)
class LightReference:
    """How pictures of good parts looked at commissioning; stale when lens, lamp or product change.

    light: mean values of the places, 0 to 1 of full scale, GRID lines of GRID.
    spread: their standard deviations between parts, likewise.
    sharpness: what `PictureHealth` says without a reference, median.
    """

    light: tuple[tuple[float, ...], ...]
    spread: tuple[tuple[float, ...], ...]
    sharpness: float

    def __post_init__(self) -> None:
        lines = (*self.light, *self.spread)
        values = (self.sharpness, *(value for line in lines for value in line))
        square = len(self.light) == len(self.spread) == GRID
        square = square and all(len(line) == GRID for line in lines)
        if not square or not all(math.isfinite(value) and value >= 0 for value in values):
            raise CameraConfigError(
                f"a light reference has {GRID}x{GRID} values of light, as many of spread, and a "
                f"sharpness, all 0 or more; got {self}"
            )

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all. Raises CameraConfigError when it cannot be."""
        unfinished = path.with_name(f"{path.name}.part")
        said = {"light": self.light, "spread": self.spread, "sharpness": self.sharpness}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(said), encoding="utf-8")
            unfinished.replace(path)
        except OSError as error:
            raise CameraConfigError(f"{path}: cannot keep the reference: {error}") from error

    @staticmethod
    def load(path: Path) -> "LightReference":
        """What `save` wrote. Raises CameraConfigError naming the file and what is wrong with it."""
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            light, spread = (
                tuple(tuple(float(value) for value in line) for line in said[key])
                for key in ("light", "spread")
            )
            return LightReference(light, spread, float(said["sharpness"]))
        except (OSError, ValueError, KeyError, TypeError, CameraConfigError) as error:
            raise CameraConfigError(
                f"{path}: not a light reference: {error!r}; take it anew at commissioning"
            ) from error


def take_reference(pictures: Iterable[Pixels], full_scale: int) -> LightReference:
    """The reference from pictures of good parts; ten or more show what differs between parts.

    Raises CameraConfigError without a picture.
    """
    lights: list[NDArray[np.float32]] = []
    sharpness: list[float] = []
    for pixels in pictures:
        plane = _plane(pixels)
        lights.append(_light(_lines(plane), full_scale))
        sharpness.append(_Detail(plane, full_scale).sharpness)
    if not lights:
        raise CameraConfigError("a light reference needs pictures of good parts, got none")
    light, spread = np.mean(lights, axis=0), np.std(lights, axis=0)
    return LightReference(
        light=tuple(map(tuple, light.tolist())),
        spread=tuple(map(tuple, spread.tolist())),
        sharpness=float(np.median(sharpness)),
    )


def measure_health(
    pixels: Pixels, full_scale: int, reference: LightReference | None = None
) -> PictureHealth:
    """The health of a picture of shape (height, width) or (height, width, 3).

    full_scale: the highest value that the camera can give.
    """
    plane = _plane(pixels)
    lines, detail = _lines(plane), _Detail(plane, full_scale)
    light = _light(lines, full_scale)
    unit = reference.sharpness if reference is not None and reference.sharpness > 0 else 1.0
    return PictureHealth(
        brightness=float(light.mean()),
        sharpness=detail.sharpness / unit,
        noise=detail.noise,
        vignetting=_darker(light, reference),
        saturated=np.count_nonzero(lines >= full_scale) / lines.size,
    )


def _plane(pixels: Pixels) -> NDArray[Any]:
    """Colour is measured by its green: most of the light, and half of a mosaic's samples."""
    return pixels if pixels.ndim == 2 else pixels[:, :, 1]


def _lines(plane: NDArray[Any]) -> NDArray[Any]:
    """Every so-manieth line, LINES or a few more of them."""
    return np.ascontiguousarray(plane[:: max(1, plane.shape[0] // LINES)])


def _light(lines: NDArray[Any], full_scale: int) -> NDArray[np.float32]:
    """Mean values of GRID by GRID places, 0 to 1."""
    grid = GRID if min(lines.shape) >= GRID else 1
    height, width = (side // grid for side in lines.shape)
    bands = lines[: grid * height].reshape(grid, height, -1).sum(axis=1, dtype=np.float32)
    sums = bands[:, : grid * width].reshape(grid, grid, width).sum(axis=2)
    return np.broadcast_to(sums / np.float32(height * width * full_scale), (GRID, GRID))


class _Detail:
    """Noise and sharpness, from tiles in the middles of equal blocks, each tile beside the next."""

    def __init__(self, plane: NDArray[Any], full_scale: int) -> None:
        self.noise = self.sharpness = 0.0
        grid = GRID if min(plane.shape) >= GRID * _SMALLEST_TILE_PX else 1
        values = _gather(plane, grid)
        tile_hw = values.shape[0] // grid, values.shape[1] // grid
        if min(tile_hw) < 3:
            return
        inside, seen = _inside(grid, tile_hw)
        noise = _noise(values, grid, tile_hw)
        strength = sum(
            cv2.norm(cv2.Sobel(values, cv2.CV_32F, *axes), cv2.NORM_L2SQR, inside) / seen
            for axes in ((1, 0), (0, 1))
        )
        level = max(cv2.mean(values)[0], 1.0)
        self.noise = noise / full_scale
        self.sharpness = max(0.0, strength - _SOBEL_NOISE_GAIN * noise * noise) / level**2


def _noise(values: NDArray[Any], grid: int, tile_hw: tuple[int, int]) -> float:
    """Immerkaer's estimate: the mean size of a response that edges and slopes hardly move."""
    response = np.abs(cv2.sepFilter2D(values, cv2.CV_32F, _IMMERKAER, _IMMERKAER))
    height, width = tile_hw
    bands = _inner_mean(height) @ response.reshape(grid, height, grid * width)
    means = np.sort(bands.reshape(grid, grid, width) @ _inner_mean(width), axis=None)
    return float(means[means.size // 2]) * math.sqrt(math.pi / 2) / 6


@cache
def _inner_mean(count: int) -> NDArray[np.float32]:
    """Weights that give the mean of all but the first and the last."""
    weights = np.full(count, 1 / (count - 2), np.float32)
    weights[[0, -1]] = 0.0
    return weights


@cache
def _inside(grid: int, tile_hw: tuple[int, int]) -> tuple[NDArray[np.uint8], int]:
    """1 where a filter of 3 by 3 sees one tile only, of the tiles' shape; and how many."""
    one = np.zeros(tile_hw, np.uint8)
    one[1:-1, 1:-1] = 1
    return np.tile(one, (grid, grid)), grid * grid * int(one.sum())


def _gather(plane: NDArray[Any], grid: int) -> NDArray[Any]:
    """The tiles from the middles of `grid` by `grid` equal blocks, as one picture."""
    block = plane.shape[0] // grid, plane.shape[1] // grid
    tile = min(block[0], TILE_PX), min(block[1], TILE_PX)
    first = plane[(block[0] - tile[0]) // 2 :, (block[1] - tile[1]) // 2 :]
    down, across = plane.strides
    strides = (block[0] * down, down, block[1] * across, across)
    tiles = np.lib.stride_tricks.as_strided(
        first, (grid, tile[0], grid, tile[1]), strides, writeable=False
    )
    return tiles.reshape(grid * tile[0], grid * tile[1])


def _darker(light: NDArray[np.float32], reference: LightReference | None) -> float:
    """How much darker the darkest places became than the middle one did."""
    if reference is None:
        kept = light + _DARK
    else:
        was, steady = _compared(reference)
        level = was.mean() / max(light.mean(), 1e-6)
        kept = ((light * level + _DARK) / (was + _DARK))[steady]
    ordered = np.sort(kept, axis=None)
    lowest, middle = ordered[int(_DARKEST * ordered.size)], ordered[ordered.size // 2]
    return float(max(0.0, 1.0 - lowest / middle))


@lru_cache(maxsize=64)
def _compared(reference: LightReference) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The reference's light, and the places that say something: all if none is steady."""
    was = np.array(reference.light, np.float32)
    steady = np.array(reference.spread, np.float32) <= _STEADY * (was + _DARK)
    return was, steady if steady.any() else np.ones_like(steady)
