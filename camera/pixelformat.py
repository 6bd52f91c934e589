"""The bytes of a buffer become a picture: the unpacked PFNC forms that a Frame can hold."""

from dataclasses import dataclass

import numpy as np

from camera.frame import CHANNELS_BY_FORMAT, DTYPE_BY_FORMAT, FrameError, Pixels

NAME_BY_PFNC = {
    0x0108_0001: "Mono8",
    0x0110_0003: "Mono10",
    0x0110_0005: "Mono12",
    0x0110_0007: "Mono16",
    0x0218_0014: "RGB8",
    0x0218_0015: "BGR8",
}
"""Source: EMVA, GenICam Pixel Format Naming Convention, table of values."""


@dataclass(frozen=True, slots=True)
class BufferLayout:
    """How a picture lies in a buffer; all in bytes but the picture's size, which is in pixels."""

    pixel_format: str
    height: int
    width: int
    filled_bytes: int
    offset_bytes: int = 0
    line_padding_bytes: int = 0
    big_endian: bool = False


def unpack(data: bytes | memoryview, layout: BufferLayout) -> Pixels:
    """Copy the picture out of `data`, without the padding at the end of each line.

    Raises FrameError when the layout is not a picture's, or when the buffer holds less than it.
    """
    if layout.pixel_format not in CHANNELS_BY_FORMAT:
        known = ", ".join(CHANNELS_BY_FORMAT)
        raise FrameError(f"buffer of pixel format {layout.pixel_format}; known are {known}")
    dtype = np.dtype(DTYPE_BY_FORMAT[layout.pixel_format])
    channels = CHANNELS_BY_FORMAT[layout.pixel_format]
    line_bytes = layout.width * channels * dtype.itemsize
    stride_bytes = line_bytes + layout.line_padding_bytes
    wanted_bytes = layout.offset_bytes + stride_bytes * layout.height - layout.line_padding_bytes
    held_bytes = min(layout.filled_bytes, len(data))
    if layout.width < 1 or layout.height < 1 or held_bytes < wanted_bytes:
        raise FrameError(
            f"{layout.width}x{layout.height} {layout.pixel_format} needs {wanted_bytes} bytes, "
            f"the buffer holds {held_bytes}"
        )
    lines = np.ndarray(
        (layout.height, line_bytes), np.uint8, data, layout.offset_bytes, (stride_bytes, 1)
    )
    shape = (layout.height, layout.width) + ((channels,) if channels > 1 else ())
    if dtype.itemsize == 1:
        return lines.reshape(shape).copy()
    stored = np.dtype(np.uint16).newbyteorder(">" if layout.big_endian else "<")
    return np.ascontiguousarray(lines).view(stored).reshape(shape).astype(np.uint16)
