"""What a camera gives the station: a frame, or the news that one is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

BITS_BY_FORMAT = {
    "Mono8": 8,
    "Mono10": 10,
    "Mono12": 12,
    "Mono14": 14,
    "Mono16": 16,
    "RGB8": 8,
    "BGR8": 8,
    "RGB10": 10,
    "RGB12": 12,
    "RGB16": 16,
}
"""The unpacked PFNC forms that a picture may have, and how many bits of a value count."""

CHANNELS_BY_FORMAT = {name: 1 if name.startswith("Mono") else 3 for name in BITS_BY_FORMAT}
DTYPE_BY_FORMAT = {
    name: np.uint8 if bits == 8 else np.uint16 for name, bits in BITS_BY_FORMAT.items()
}
FULL_SCALE_BY_FORMAT = {name: (1 << bits) - 1 for name, bits in BITS_BY_FORMAT.items()}
"""The highest value: what a picture's values are divided by to get 0 to 1."""


class CameraError(Exception):
    """A camera cannot do what was asked; the message names camera, expected and got."""


class CameraLost(CameraError):
    """The camera is gone: the line stays in its safe state until it is back."""


class CameraConfigError(CameraError):
    """The camera or its settings are not what the recipe asks for: the line does not start."""


class FrameError(CameraError, ValueError):
    """An array that is not a picture of the stated format."""


class MissReason(StrEnum):
    """Why a trigger has no picture that can be judged."""

    LOST = "lost"
    INCOMPLETE = "incomplete"
    LATE = "late"


class Lease(Protocol):
    """Memory that a frame's pixels were lent, and that another frame will lie in later."""

    def intact(self) -> bool:
        """Whether the memory still holds the frame that was lent, whole."""
        ...

    def give_back(self) -> None:
        """End the loan; may be called twice, and from any thread of the borrower's process."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one part.

    pixels: read-only, shape (height, width) for Mono formats and (height, width, 3) for RGB and
        BGR; uint8, or uint16 for 10 to 16 bits.
    pixel_format: the PFNC name of the unpacked form held in `pixels`.
    trigger_id: the trigger this picture belongs to, counted from 0 at the start of acquisition.
    captured_ns: `time.monotonic_ns()` of the host when the picture was exposed, where the camera's
        clock is known, else when it arrived; for durations.
    captured_utc_ns: nanoseconds since 1970 UTC of the same moment; for records.
    producer_timestamp_ns: the camera's own clock, or None where the producer has none.
    frame_id: the number that the camera itself gave the picture, or None where there is no camera.
    lease: what `pixels` were lent from; None when they are the frame's own.

    Raises FrameError when shape or dtype do not fit the pixel format.
    """

    pixels: Pixels
    pixel_format: str
    camera_id: str
    trigger_id: int
    captured_ns: int
    captured_utc_ns: int
    producer_timestamp_ns: int | None = None
    frame_id: int | None = None
    lease: Lease | None = None

    def __post_init__(self) -> None:
        check_pixels(self.pixels, self.pixel_format)
        self.pixels.flags.writeable = False

    @property
    def size_hw(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    def intact(self) -> bool:
        """Whether the pixels are still those that were taken; ask after the last use of them."""
        return self.lease is None or self.lease.intact()

    def give_back(self) -> None:
        """Say that the pixels will not be read any more; may be called twice."""
        if self.lease is not None:
            self.lease.give_back()


@dataclass(frozen=True, slots=True)
class MissedFrame:
    """A trigger without a picture that can be judged; its part is rejected as not inspected.

    noticed_ns, noticed_utc_ns: when the station found out, on the clocks of `Frame`.
    """

    camera_id: str
    trigger_id: int
    reason: MissReason
    noticed_ns: int
    noticed_utc_ns: int
    detail: str = ""


class FrameSource(Protocol):
    """Where frames come from: a camera, a folder, a renderer.

    After `start`, every trigger comes out of `fetch` exactly once, in order of `trigger_id`: as a
    `Frame`, or as a `MissedFrame`. `triggers` counts what was commanded or what the camera counted,
    independently of what `fetch` delivered, so that the frame ledger can find a difference.

    A camera that is lost is not brought back behind the caller's back: what it saw meanwhile is not
    known. All outcomes before the loss come first, then `fetch` raises CameraLost, once, and
    `triggers` is the number of those outcomes. `stop` and `start` open the camera anew, as often as
    it takes, and count from 0.
    """

    @property
    def camera_id(self) -> str: ...

    @property
    def triggers(self) -> int:
        """Triggers since `start`, as far as the source knows."""
        ...

    def start(self) -> None:
        """Begin acquisition.

        Raises CameraConfigError when waiting cannot help, CameraLost when the camera is away now.
        """
        ...

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next trigger's outcome, or None when nothing came within `timeout_s`.

        Raises CameraLost when the camera is gone, and SourceEnded when nothing can come any more.
        """
        ...

    def stop(self) -> None:
        """End acquisition and free the device; may be called twice."""
        ...


@runtime_checkable
class HasSettings(Protocol):
    """A source that can say what its camera really has; the simulated ones have nothing to say."""

    @property
    def settings(self) -> Mapping[str, bool | int | float | str]:
        """What the camera had at the last `start`, read back, by feature."""
        ...


class SourceEnded(Exception):
    """A finite source (a folder, a demo) has given its last frame. Not a fault."""


def check_pixels(pixels: "NDArray[Any]", pixel_format: str) -> None:
    """Raise FrameError unless `pixels` is a non-empty picture of `pixel_format`."""
    channels = CHANNELS_BY_FORMAT.get(pixel_format)
    if channels is None:
        known = ", ".join(CHANNELS_BY_FORMAT)
        raise FrameError(f"pixel format {pixel_format!r} is not known; known are {known}")
    dtype = np.dtype(DTYPE_BY_FORMAT[pixel_format])
    wanted = "(height, width)" if channels == 1 else f"(height, width, {channels})"
    shape_fits = pixels.ndim == (2 if channels == 1 else 3) and (
        channels == 1 or pixels.shape[2] == channels
    )
    if not shape_fits or pixels.dtype != dtype:
        raise FrameError(
            f"{pixel_format} expects {dtype} of shape {wanted}, "
            f"got {pixels.dtype} of {pixels.shape}"
        )
    if pixels.size == 0:
        raise FrameError(f"empty picture: shape {pixels.shape}")
