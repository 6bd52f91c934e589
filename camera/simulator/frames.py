"""Frames files: raw pictures for the virtual cameras to replay; format: docs/simulator.md."""

import os
import struct
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from camera.frame import CameraConfigError, Frame, FrameError, FrameSource, Pixels, SourceEnded

_MAGIC = b"PLFRAMES"
_HEADER = struct.Struct("<8sIIIIIIQQ16x")
_COUNT_AT = 28
_ROW = struct.Struct("<qQ")
_PAGE = 4096
_MAX_SIDE_PX = 32768


@dataclass(frozen=True, slots=True)
class ReplayFormat:
    """How the pictures of a frames file are stored: one of PFNC's unpacked forms.

    bits: of a sample that count; a sample with more is refused.
    """

    pfnc: int
    dtype: type[np.uint8] | type[np.uint16]
    channels: int
    bits: int


REPLAY_FORMATS = {
    "Mono8": ReplayFormat(0x0108_0001, np.uint8, 1, 8),
    "Mono10": ReplayFormat(0x0110_0003, np.uint16, 1, 10),
    "Mono12": ReplayFormat(0x0110_0005, np.uint16, 1, 12),
    "Mono16": ReplayFormat(0x0110_0007, np.uint16, 1, 16),
    "BayerRG8": ReplayFormat(0x0108_0009, np.uint8, 1, 8),
    "BayerRG10": ReplayFormat(0x0110_000D, np.uint16, 1, 10),
    "BayerRG12": ReplayFormat(0x0110_0011, np.uint16, 1, 12),
    "RGB8": ReplayFormat(0x0218_0014, np.uint8, 3, 8),
    "BGR8": ReplayFormat(0x0218_0015, np.uint8, 3, 8),
}
"""Source: EMVA, GenICam Pixel Format Naming Convention, table of values."""


class FramesFile:
    """A frames file being written; cameras may replay it meanwhile.

    Each picture is on the file before it is counted, so a camera that has ReplayAtEnd at Wait
    shows it as soon as it is whole. Use it in a `with` block.

    Args:
        path: replaced at once by a file without pictures; cameras that replay the old one keep it.
        pixel_format: a name of REPLAY_FORMATS.
        size_hw: height and width of every picture.
        capacity: how many pictures there is room for; room that is not used takes no disk.

    Raises CameraConfigError for a format, size or capacity that cannot be, or a file that cannot
    be written.
    """

    def __init__(
        self, path: Path, pixel_format: str, size_hw: tuple[int, int], capacity: int
    ) -> None:
        stored = REPLAY_FORMATS.get(pixel_format)
        if stored is None:
            raise CameraConfigError(
                f"{path}: pixel format {pixel_format!r} cannot be replayed; those that can are "
                f"{', '.join(REPLAY_FORMATS)}"
            )
        if capacity < 1 or not all(1 <= side <= _MAX_SIDE_PX for side in size_hw):
            raise CameraConfigError(
                f"{path}: expected room for 1 picture or more with sides of 1 to {_MAX_SIDE_PX} "
                f"px, got {capacity} of {size_hw}"
            )
        self._path = path
        self._format = stored
        self._shape = (*size_hw, stored.channels) if stored.channels > 1 else size_hw
        self._frame_bytes = int(np.prod(self._shape)) * np.dtype(stored.dtype).itemsize
        self._capacity = capacity
        self._count = 0
        self._pixels_at = -(-(_HEADER.size + capacity * _ROW.size) // _PAGE) * _PAGE
        self._file = self._create(size_hw)

    @property
    def count(self) -> int:
        return self._count

    def append(
        self, pixels: "NDArray[Any]", *, timestamp_ns: int = 0, tag: int | None = None
    ) -> None:
        """Write one more picture.

        timestamp_ns: when it was taken; only differences count, for ReplayTiming at Recorded.
        tag: what the camera's ReplayFrameTag says with it; its place in the file if None.

        Raises FrameError for an array of another shape, dtype or range, CameraConfigError when
        the file is full or cannot be written.
        """
        self._check(pixels)
        if self._count == self._capacity:
            raise CameraConfigError(f"{self._path}: is full, it has room for {self._capacity}")
        place = self._pixels_at + self._count * self._frame_bytes
        little = np.dtype(self._format.dtype).newbyteorder("<")
        self._write(place, np.ascontiguousarray(pixels, little).tobytes())
        row = _ROW.pack(timestamp_ns, self._count if tag is None else tag)
        self._write(_HEADER.size + self._count * _ROW.size, row)
        self._count += 1
        self._write(_COUNT_AT, struct.pack("<I", self._count))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "FramesFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _create(self, size_hw: tuple[int, int]) -> BinaryIO:
        height, width = size_hw
        header = _HEADER.pack(
            _MAGIC, 1, self._format.pfnc, width, height, self._capacity, 0,
            _HEADER.size, self._pixels_at,
        )  # fmt: skip
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with part.open("wb") as file:
                file.write(header)
                file.truncate(self._pixels_at + self._capacity * self._frame_bytes)
            part.replace(self._path)
            return self._path.open("r+b", buffering=0)
        except OSError as error:
            raise CameraConfigError(f"{self._path}: cannot be written: {error}") from error

    def _write(self, place: int, data: bytes) -> None:
        """All of it: a write may take less than it is given."""
        left = memoryview(data)
        try:
            while left:
                done = os.pwrite(self._file.fileno(), left, place)
                left, place = left[done:], place + done
        except OSError as error:
            raise CameraConfigError(f"{self._path}: cannot be written: {error}") from error

    def _check(self, pixels: "NDArray[Any]") -> None:
        if pixels.shape != self._shape or pixels.dtype != self._format.dtype:
            raise FrameError(
                f"{self._path}: expected {np.dtype(self._format.dtype)} of {self._shape}, "
                f"got {pixels.dtype} of {pixels.shape}"
            )
        if self._format.bits not in (8, 16) and pixels.max() >> self._format.bits:
            raise FrameError(
                f"{self._path}: expected values below {1 << self._format.bits}, got {pixels.max()}"
            )


def write_frames(path: Path, pictures: Iterable[Pixels], pixel_format: str) -> int:
    """Write all pictures, which must be of one size, and say how many; see FramesFile."""
    held = list(pictures)
    if not held:
        raise CameraConfigError(f"{path}: there are no pictures to write")
    height, width = held[0].shape[:2]
    with FramesFile(path, pixel_format, (height, width), len(held)) as file:
        for pixels in held:
            file.append(pixels)
    return len(held)


def write_source(path: Path, source: FrameSource, count: int, timeout_s: float = 10.0) -> int:
    """Write up to `count` triggers of a source (renderer, folder, camera), and say how many frames.

    A trigger without a frame is left out: the tags are trigger ids, so the gap can be seen. Ends
    early when the source does. Raises what the source raises, and CameraConfigError when nothing
    came within `timeout_s` or no trigger had a frame.
    """
    file: FramesFile | None = None
    with ExitStack() as ending:
        ending.callback(source.stop)
        source.start()
        for _ in range(count):
            try:
                outcome = source.fetch(timeout_s)
            except SourceEnded:
                break
            if outcome is None:
                raise CameraConfigError(f"{path}: {source.camera_id} gave nothing in {timeout_s} s")
            if isinstance(outcome, Frame):
                if file is None:
                    made = FramesFile(path, outcome.pixel_format, outcome.size_hw, count)
                    file = ending.enter_context(made)
                file.append(
                    outcome.pixels, timestamp_ns=outcome.captured_ns, tag=outcome.trigger_id
                )
    if file is None:
        raise CameraConfigError(f"{path}: no trigger of {source.camera_id} had a frame")
    return file.count
