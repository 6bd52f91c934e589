"""The bytes of a buffer become a picture: every PFNC form that the station knows, exactly."""

from dataclasses import dataclass
from math import prod
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import CHANNELS_BY_FORMAT, DTYPE_BY_FORMAT, FrameError, Pixels
from camera.packed import Packing, unpack_lines
from camera.wireformats import MOSAICS, WIRE_FORMATS, YUV, Colour, WireFormat, check_known

SMALLEST_MOSAIC_PX = 3
"""A side shorter than this leaves OpenCV's demosaicing no neighbours: it gives black."""


@dataclass(frozen=True, slots=True)
class BufferLayout:
    """How a picture lies in a buffer; all in bytes but the picture's size, which is in pixels.

    pixel_format: as it was sent, a name of WIRE_FORMATS.
    big_endian: of samples of two bytes; packed forms have one order only.
    """

    pixel_format: str
    height: int
    width: int
    filled_bytes: int
    offset_bytes: int = 0
    line_padding_bytes: int = 0
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class PictureForm:
    """What a buffer is after unpacking, for who makes room for it: as in `camera.frame.Frame`."""

    pixel_format: str
    shape: tuple[int, ...]
    dtype: "np.dtype[Any]"

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def form_of(layout: BufferLayout) -> PictureForm:
    """What `unpack` makes of it. Raises FrameError for a layout that is not a picture's."""
    check_known(layout.pixel_format)
    wire = WIRE_FORMATS[layout.pixel_format]
    said = f"{layout.width}x{layout.height} {layout.pixel_format}"
    if layout.width < 1 or layout.height < 1:
        raise FrameError(f"{said} is not a picture")
    if wire.colour in MOSAICS and min(layout.width, layout.height) < SMALLEST_MOSAIC_PX:
        raise FrameError(f"{said}: a mosaic needs sides of {SMALLEST_MOSAIC_PX} px or more")
    if wire.colour in YUV and layout.width % 2:
        raise FrameError(f"{said}: pixels share their colour in pairs, expected an even width")
    channels = CHANNELS_BY_FORMAT[wire.pixel_format]
    shape = (layout.height, layout.width) + ((channels,) if channels > 1 else ())
    return PictureForm(wire.pixel_format, shape, np.dtype(DTYPE_BY_FORMAT[wire.pixel_format]))


def unpack(
    data: bytes | memoryview, layout: BufferLayout, out: "NDArray[Any] | None" = None
) -> Pixels:
    """Copy the picture out of `data`, without the padding at the end of each line.

    Mosaics are made into RGB by bilinear interpolation, BGR and YUV into RGB: colour is always RGB.
    YUV is full range, ITU-R BT.601, as PFNC defines it: R = Y + 1.402 V, B = Y + 1.772 U,
    G = Y - 0.344 U - 0.714 V with U and V around 128; right to one value of 255.

    out: where to write it, of the shape and dtype that `form_of` says and contiguous; its own array
        if None.
    Raises FrameError when the layout is not a picture's, or when the buffer holds less than it.
    """
    form, wire = form_of(layout), WIRE_FORMATS[layout.pixel_format]
    _check_holds_all(data, layout)
    if out is None:
        out = np.empty(form.shape, form.dtype)
    elif out.shape != form.shape or out.dtype != form.dtype or not out.flags.c_contiguous:
        raise FrameError(
            f"expected room for {form.dtype} of {form.shape}, contiguous; "
            f"got {out.dtype} of {out.shape}"
        )
    if wire.colour is Colour.AS_SENT:
        _copy_samples(data, layout, wire.packing, out)
    elif wire.colour in YUV:
        _yuv_to_rgb(_bytes(data, layout), wire.colour, out)
    else:
        cv2.cvtColor(_samples(data, layout, wire, form), wire.colour.value, dst=out)
    return out


def line_bytes(layout: BufferLayout) -> int:
    """Bytes of a line up to the last one that holds a bit of it."""
    wire = WIRE_FORMATS[layout.pixel_format]
    if wire.packing is not None:
        return wire.packing.bytes_for(layout.width)
    if wire.colour in YUV:
        return 2 * layout.width
    channels = 1 if wire.colour in MOSAICS else CHANNELS_BY_FORMAT[wire.pixel_format]
    return layout.width * channels * np.dtype(DTYPE_BY_FORMAT[wire.pixel_format]).itemsize


def picture_bytes(layout: BufferLayout) -> int:
    """Bytes of the picture in the buffer; the last line may come without its padding."""
    packing = WIRE_FORMATS[layout.pixel_format].packing
    if packing is not None and not layout.line_padding_bytes:
        return packing.bytes_for(layout.width * layout.height)
    stride = line_bytes(layout) + layout.line_padding_bytes
    return stride * layout.height - layout.line_padding_bytes


def _check_holds_all(data: bytes | memoryview, layout: BufferLayout) -> None:
    wanted_bytes = layout.offset_bytes + picture_bytes(layout)
    held_bytes = min(layout.filled_bytes, len(data))
    if held_bytes < wanted_bytes:
        raise FrameError(
            f"{layout.width}x{layout.height} {layout.pixel_format} needs {wanted_bytes} bytes, "
            f"the buffer holds {held_bytes}"
        )


def _samples(
    data: bytes | memoryview, layout: BufferLayout, wire: WireFormat, form: PictureForm
) -> NDArray[Any]:
    """The samples of a mosaic or of BGR; those of one byte where they are, others in a copy."""
    shape = form.shape[:2] if wire.colour in MOSAICS else form.shape
    if form.dtype == np.uint8:
        stride = line_bytes(layout) + layout.line_padding_bytes
        inner = (1,) if wire.colour in MOSAICS else (3, 1)
        return np.ndarray(shape, np.uint8, data, layout.offset_bytes, (stride, *inner))
    copied = np.empty(shape, form.dtype)
    _copy_samples(data, layout, wire.packing, copied)
    return copied


def _copy_samples(
    data: bytes | memoryview, layout: BufferLayout, packing: Packing | None, out: NDArray[Any]
) -> None:
    """All samples of the buffer, each in one item of `out`."""
    if packing is not None:
        raw = np.frombuffer(data, np.uint8, offset=layout.offset_bytes)
        unpack_lines(raw, packing, layout.line_padding_bytes, out)
        return
    stored = out.dtype.newbyteorder(">" if layout.big_endian else "<")
    stride = line_bytes(layout) + layout.line_padding_bytes
    inner = out.strides[1:]
    out[:] = np.ndarray(out.shape, stored, data, layout.offset_bytes, (stride, *inner))


def _bytes(data: bytes | memoryview, layout: BufferLayout) -> NDArray[np.uint8]:
    """The buffer's lines as they are, of shape (height, bytes of a line)."""
    length = line_bytes(layout)
    stride = length + layout.line_padding_bytes
    return np.ndarray((layout.height, length), np.uint8, data, layout.offset_bytes, (stride, 1))


def _yuv_to_rgb(lines: NDArray[np.uint8], order: Colour, out: NDArray[np.uint8]) -> None:
    """Two pixels in four bytes, which share U and V; OpenCV's YCrCb is Y, V, U in full range."""
    height, width = out.shape[:2]
    pairs = np.ascontiguousarray(lines).reshape(height, width // 2, 4)
    y0, u, y1, v = (0, 1, 2, 3) if order is Colour.YUYV else (1, 0, 3, 2)
    places = [y0, 0, v, 1, u, 2, y1, 3, v, 4, u, 5]
    both = np.empty((height, width // 2, 6), np.uint8)
    cv2.mixChannels([pairs], [both], places)
    cv2.cvtColor(both.reshape(height, width, 3), cv2.COLOR_YCrCb2RGB, dst=out)
