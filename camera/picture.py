"""Picture files: the header is judged before a pixel is decoded, then the file becomes pixels."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from camera.frame import FrameError, Pixels, check_pixels

MAX_PIXELS = 100_000_000
"""More than the largest area sensors in use; 20000x20000 would take 400 MB to 1.2 GB."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself.

    kind: grey, colour, palette, or what else it is, in words; only the first two can be read.
    bits: per value.
    """

    width: int
    height: int
    bits: int
    kind: str


def read_picture(
    path: Path, expect: str | None = None, max_pixels: int = MAX_PIXELS
) -> tuple[Pixels, str]:
    """The pixels of a PNG, JPEG, BMP or TIFF file and their pixel format: Mono8, Mono16 or RGB8.

    Nothing is converted: a picture of another depth, with a palette or with transparency is
    refused, and so is one that differs from the pixel format `expect`.

    Raises FrameError naming file, expected and got: cannot be read, empty, not a picture, cut
    short, more than `max_pixels` (refused by its header, before decoding), wrong format.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameError(f"{path}: cannot be read: {error}") from error
    try:
        header = read_header(data)
        pixel_format = _pixel_format(header)
        _check_wanted(header, pixel_format, expect, max_pixels)
        return _decode(data, header, pixel_format), pixel_format
    except FrameError as error:
        raise FrameError(f"{path}: {error}") from error


def read_header(data: bytes) -> Header:
    """The header of a picture file that is all there. Raises FrameError."""
    if not data:
        raise FrameError("the file is empty")
    for magic, read in _READERS.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError) as error:
                raise FrameError("the file is cut short in its header") from error
    raise FrameError(f"not a PNG, JPEG, BMP or TIFF picture: it starts with {data[:4].hex(' ')}")


def _pixel_format(header: Header) -> str:
    known = {("grey", 8): "Mono8", ("grey", 16): "Mono16", ("colour", 8): "RGB8"}
    pixel_format = known.get((header.kind, header.bits))
    if pixel_format is None:
        raise FrameError(
            f"expected 8 or 16 bit grey or 8 bit colour, got {header.bits} bit {header.kind}; "
            "convert the file"
        )
    return pixel_format


def _check_wanted(header: Header, pixel_format: str, expect: str | None, max_pixels: int) -> None:
    if header.width < 1 or header.height < 1 or header.width * header.height > max_pixels:
        raise FrameError(
            f"expected 1 to {max_pixels:,} pixels, got {header.width}x{header.height} "
            f"= {header.width * header.height:,}"
        )
    if expect is not None and pixel_format != expect:
        raise FrameError(f"expected {expect}, got {pixel_format}")


def _decode(data: bytes, header: Header, pixel_format: str) -> Pixels:
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise FrameError(f"cannot be decoded: {error.err}") from error
    if decoded is None:  # pyright: ignore[reportUnnecessaryComparison] - the stubs leave it out
        raise FrameError("cannot be decoded: the file is damaged or cut short")
    if decoded.shape[:2] != (header.height, header.width):
        raise FrameError(
            f"header says {header.width}x{header.height}, decoded {decoded.shape[:2][::-1]}"
        )
    pixels = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB) if _is_bgr(decoded) else decoded
    check_pixels(pixels, pixel_format)
    if pixel_format == "Mono16":
        return np.asarray(pixels, np.uint16)
    return np.asarray(pixels, np.uint8)


def _is_bgr(decoded: cv2.typing.MatLike) -> bool:
    return decoded.ndim == 3 and decoded.shape[2] == 3


def _png(data: bytes) -> Header:
    """PNG, ISO/IEC 15948: IHDR is the first chunk, IEND the last."""
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    if data.rfind(b"IEND") < 0:
        raise FrameError("the file is cut short: it has no IEND chunk")
    kinds = {0: "grey", 2: "colour", 3: "palette", 4: "grey with alpha", 6: "colour with alpha"}
    return Header(width, height, bits, kinds.get(colour, f"colour type {colour}"))


def _jpeg(data: bytes) -> Header:
    """JPEG, ITU-T T.81: walk the segments to the start of frame (SOF); it ends in EOI."""
    place = 2
    while True:
        if data[place] != 0xFF:
            raise FrameError("damaged: no JPEG marker where one must be")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            break
        place += 2 + length
    bits, height, width, channels = struct.unpack_from(">BHHB", data, place + 4)
    if data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
        raise FrameError("the file is cut short: it has no end-of-image marker")
    kinds = {1: "grey", 3: "colour"}
    return Header(width, height, bits, kinds.get(channels, f"{channels} channels"))


def _bmp(data: bytes) -> Header:
    """BMP with a BITMAPINFOHEADER or later, uncompressed; 8 bit ones have a palette of greys."""
    first_pixel, _, width, height, _, bits, packing = struct.unpack_from("<IIiiHHI", data, 10)
    height = abs(height)
    if packing != 0:
        return Header(width, height, bits, f"packed BMP (method {packing})")
    line_bytes = (width * bits + 31) // 32 * 4
    if 0 < width * height <= MAX_PIXELS and len(data) < first_pixel + line_bytes * height:
        raise FrameError(
            f"the file is cut short: {width}x{height} needs {first_pixel + line_bytes * height} "
            f"bytes, it has {len(data)}"
        )
    if bits == 8:
        return Header(width, height, 8, "grey" if _has_grey_palette(data) else "palette")
    return Header(width, height, 8 if bits == 24 else bits, "colour" if bits == 24 else "BMP")


def _has_grey_palette(data: bytes) -> bool:
    """Whether every entry of an 8 bit BMP's palette is its own number."""
    info_bytes, colours = (
        struct.unpack_from("<I", data, 14)[0],
        struct.unpack_from("<I", data, 46)[0],
    )
    entries = np.frombuffer(data, np.uint8, 4 * (colours or 256), 14 + info_bytes).reshape(-1, 4)
    return bool((entries[:, :3] == np.arange(len(entries))[:, None]).all())


def _tiff(data: bytes) -> Header:
    """TIFF 6.0: the first directory; its tags may be stored as 16 or 32 bit numbers."""
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    tags: dict[int, int] = {}
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, stored, values = struct.unpack_from(order + "HHI", data, entry)
        form, size = ("H", 2) if stored == 3 else ("I", 4)
        place = entry + 8
        if values * size > 4:
            (place,) = struct.unpack_from(order + "I", data, entry + 8)
        if stored in (3, 4):
            (tags[tag],) = struct.unpack_from(order + form, data, place)
    samples, photometric = tags.get(277, 1), tags.get(262, 1)
    kinds = {(1, 0): "white-is-zero grey", (1, 1): "grey", (1, 3): "palette", (3, 2): "colour"}
    kind = kinds.get((samples, photometric), f"TIFF of {samples} samples, type {photometric}")
    if tags.get(339, 1) != 1:
        kind = "floating point or signed"
    return Header(tags.get(256, 0), tags.get(257, 0), tags.get(258, 1), kind)


_READERS: dict[bytes, Callable[[bytes], Header]] = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"\xff\xd8\xff": _jpeg,
    b"BM": _bmp,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
}
