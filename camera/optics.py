"""What a technician sets lens, light and mechanics by: histogram, evenness, blur, pace.

Pure functions of pictures and times; `camera.health` has what is measured on every part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import Pixels
from camera.health import LightReference, take_reference

BINS = 64
BLUR_OVER_PX = 1024
"""Blur is measured in the middle of the picture, up to so many lines of so many pixels."""
EDGE_REACH_PX = 32
"""How wide an edge may be that is still measured."""
LEAST_CONTRAST = 0.1
"""Of full scale: what changes less is noise or shading, no edge."""


@dataclass(frozen=True, slots=True)
class Evenness:
    """How even the light is.

    places: 8 lines of 8, each place's light over the brightest place's, 0 to 1.
    lowest: the darkest place; 1 is perfectly even.
    """

    places: tuple[tuple[float, ...], ...]
    lowest: float


@dataclass(frozen=True, slots=True)
class Blur:
    """How wide the sharpest edges are, in pixels; 1 to 2 is as sharp as a lens gets.

    across, down: of edges that are crossed along lines and along columns; None without such edges.
    motion: how far the part moved during the exposure, along lines or columns, 0 when both blurs
        are alike: that is the lens.
    """

    across: float | None
    down: float | None
    motion: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How regularly pictures come.

    jitter_ms: standard deviation of the times between two. longest_ms: the longest of them.
    """

    rate_hz: float
    jitter_ms: float
    longest_ms: float


def histogram(pixels: Pixels, full_scale: int) -> tuple[int, ...]:
    """How many values lie in each of 64 equal parts of 0 to full scale, over all channels."""
    shift = max(0, full_scale.bit_length() - BINS.bit_length() + 1)
    places = np.minimum(pixels >> shift, BINS - 1).astype(np.uint8)
    counts = cv2.calcHist([places.reshape(-1, 1)], [0], None, [BINS], [0, BINS])
    return tuple(int(count) for count in counts.ravel())


def evenness(pixels: Pixels, full_scale: int, reference: LightReference | None = None) -> Evenness:
    """How even the light is over 8 by 8 places; against the reference, what changed since.

    A plain white or grey sheet shows the light alone; a part shows itself too, but for a reference
    taken of such parts.
    """
    light = np.array(take_reference([pixels], full_scale).light)
    if reference is not None:
        light = light / np.maximum(np.array(reference.light), 1.0 / full_scale)
    relative = light / max(float(light.max()), 1e-9)
    return Evenness(tuple(map(tuple, relative.tolist())), float(relative.min()))


def blur(pixels: Pixels, full_scale: int) -> Blur:
    """Widths of the strongest edges: their height over their steepest slope.

    Source: after Marziliano and others, A no-reference perceptual blur metric, ICIP 2002. A part
    that moves by n pixels along the lines makes the edges that it crosses n pixels wider, and
    leaves those that run along its way.
    """
    plane: NDArray[Any] = pixels if pixels.ndim == 2 else pixels[:, :, 1]
    top, left = (max(0, side - BLUR_OVER_PX) // 2 for side in plane.shape)
    middle = plane[top : top + BLUR_OVER_PX, left : left + BLUR_OVER_PX]
    values = middle.astype(np.float32) / np.float32(full_scale)
    across, down = _edge_width_px(values), _edge_width_px(np.ascontiguousarray(values.T))
    if across is None or down is None:
        return Blur(across, down, 0.0)
    wide, narrow = max(across, down), min(across, down)
    return Blur(across, down, float(np.sqrt(wide**2 - narrow**2)))


def pace(captured_ns: Sequence[int]) -> Pace | None:
    """The pace of pictures captured at these times; None for less than three."""
    if len(captured_ns) < 3:
        return None
    between_ms = np.diff(np.asarray(captured_ns, np.float64)) / 1e6
    mean_ms = max(float(between_ms.mean()), 1e-6)
    return Pace(1e3 / mean_ms, float(between_ms.std()), float(between_ms.max()))


def _edge_width_px(values: NDArray[np.float32]) -> float | None:
    """Median width of the strongest edges crossed along the lines of `values` (0 to 1)."""
    if values.shape[1] < 2 * EDGE_REACH_PX or values.shape[0] < 3:
        return None
    slopes = np.abs(values[:, 1:] - values[:, :-1])
    window = np.ones((1, EDGE_REACH_PX + 1), np.uint8)
    height = cv2.dilate(values, window) - cv2.erode(values, window)
    steepest = cv2.dilate(slopes, window)
    is_edge = (slopes >= steepest) & (height[:, 1:] > LEAST_CONTRAST)
    if not is_edge.any():
        return None
    strong = slopes[is_edge] >= np.percentile(slopes[is_edge], 50.0)
    widths = height[:, 1:][is_edge][strong] / slopes[is_edge][strong]
    return float(np.median(widths))
