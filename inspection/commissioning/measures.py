"""One picture of a camera that is being set up: what the page says and shows of it."""

import json
import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame, MissedFrame
from camera.health import LightReference, measure_health
from camera.optics import Pace, blur, evenness, histogram, pace

LONGEST_SIDE_PX = 960
JPEG_QUALITY = 80
SATURATED_BGR = (255, 0, 255)
"""Magenta: no part, lamp or metal looks so."""
_SATURATED = np.array(SATURATED_BGR, np.uint8)
PACE_OVER = 200
_PREFIX = struct.Struct(">4sI")
_MAGIC = b"PLV1"


class Progress:
    """Counts what comes from a camera; one thread only."""

    def __init__(self) -> None:
        self._captured_ns: deque[int] = deque(maxlen=PACE_OVER)
        self._pictures = self._lost = 0

    def count(self, outcome: Frame | MissedFrame) -> None:
        """Enter a trigger's outcome, shown or not."""
        if isinstance(outcome, MissedFrame):
            self._lost += 1
            return
        self._pictures += 1
        self._captured_ns.append(outcome.captured_ns)

    def now(self, frame: Frame) -> "Sight":
        """The frame, with the counts and the pace of this moment."""
        return Sight(frame, pace(self._captured_ns), self._pictures, self._lost)

    def pause(self) -> None:
        """Pictures were taken that are not counted: the pace begins anew."""
        self._captured_ns.clear()

    def start_over(self) -> None:
        """Forget losses and pace."""
        self._lost = 0
        self.pause()


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture that may be shown; `pictures` and `lost` are up to it."""

    frame: Frame
    pace: Pace | None
    pictures: int
    lost: int


def measure(sight: Sight, full_scale: int, reference: LightReference | None) -> dict[str, Any]:
    """All figures of the page for this picture, fit for JSON."""
    frame = sight.frame
    return {
        "size_hw": frame.size_hw,
        "pixel_format": frame.pixel_format,
        "health": asdict(measure_health(frame.pixels, full_scale, reference)),
        "histogram": histogram(frame.pixels, full_scale),
        "evenness": asdict(evenness(frame.pixels, full_scale, reference)),
        "has_reference": reference is not None,
        "blur": asdict(blur(frame.pixels, full_scale)),
        "pace": None if sight.pace is None else asdict(sight.pace),
        "pictures": sight.pictures,
        "lost": sight.lost,
    }


def picture_jpeg(frame: Frame, full_scale: int) -> bytes:
    """The picture for a screen, at most 960 px a side, saturated pixels magenta."""
    shown: NDArray[Any] = frame.pixels
    if full_scale != 255:
        shown = cv2.convertScaleAbs(np.minimum(shown, full_scale), alpha=255.0 / full_scale)
    if shown.ndim == 2:
        shown = cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR)
    elif frame.pixel_format.startswith("RGB"):
        shown = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
    full = frame.pixels >= full_scale
    saturated: Any = (full if full.ndim == 2 else full.any(axis=2)).astype(np.float32)
    scale = LONGEST_SIDE_PX / max(frame.size_hw)
    if scale < 1.0:
        height, width = frame.size_hw
        size_wh = max(1, round(width * scale)), max(1, round(height * scale))
        shown = cv2.resize(shown, size_wh, interpolation=cv2.INTER_AREA)
        saturated = cv2.resize(saturated, size_wh, interpolation=cv2.INTER_AREA)
    seen = cv2.dilate(saturated, np.ones((3, 3), np.uint8))  # a single one, from three metres
    marked = np.where(seen[:, :, np.newaxis] > 0, _SATURATED, shown)
    _, jpeg = cv2.imencode(".jpg", marked, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes()


def pack(said: Mapping[str, Any], jpeg: bytes = b"") -> bytes:
    """The form of the live pictures (`inspection.live`): magic, header length, JSON, JPEG."""
    header = json.dumps(said).encode()
    return _PREFIX.pack(_MAGIC, len(header)) + header + jpeg
