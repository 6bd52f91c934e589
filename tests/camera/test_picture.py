"""Picture files: what is read, and what is refused with the reason."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import FrameError
from camera.picture import read_header, read_picture

GREY = (np.arange(20 * 30) % 251).astype(np.uint8).reshape(20, 30)
GREY_16 = (np.arange(20 * 30) * 97).astype(np.uint16).reshape(20, 30)
RGB = np.stack([GREY, GREY // 2, 255 - GREY], axis=2)
RGBA = np.dstack([RGB, GREY])


def save(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    stored = pixels
    if pixels.ndim == 3:
        stored = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    assert cv2.imwrite(str(path), stored)
    return path


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png(width: int, height: int, colour: int, *between: bytes) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize(("pixels", "pixel_format"), [(GREY, "Mono8"), (RGB, "RGB8")])
def test_lossless_files_come_back_as_they_were_written(
    tmp_path: Path, suffix: str, pixels: NDArray[np.uint8], pixel_format: str
) -> None:
    path = save(tmp_path / f"part{suffix}", pixels)
    got, got_format = read_picture(path)
    assert got_format == pixel_format
    assert np.array_equal(got, pixels)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_pictures_keep_their_depth(tmp_path: Path, suffix: str) -> None:
    got, got_format = read_picture(save(tmp_path / f"part{suffix}", GREY_16), "Mono16")
    assert got_format == "Mono16"
    assert np.array_equal(got, GREY_16)


@pytest.mark.parametrize(("pixels", "pixel_format"), [(GREY, "Mono8"), (RGB, "RGB8")])
def test_jpeg_pictures_are_read(
    tmp_path: Path, pixels: NDArray[np.uint8], pixel_format: str
) -> None:
    got, got_format = read_picture(save(tmp_path / "part.jpg", pixels))
    assert (got.shape, got_format) == (pixels.shape, pixel_format)


@pytest.mark.parametrize(
    ("pixels", "expect", "got"),
    [
        (RGB, "Mono8", "RGB8"),
        (GREY, "RGB8", "Mono8"),
        (GREY_16, "Mono8", "Mono16"),
        (GREY, "Mono16", "Mono8"),
    ],
)
def test_a_picture_of_another_format_than_expected_is_refused(
    tmp_path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16], expect: str, got: str
) -> None:
    path = save(tmp_path / "part.png", pixels)
    with pytest.raises(FrameError, match=rf"part\.png: expected {expect}, got {got}"):
        read_picture(path, expect)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    path.touch()
    with pytest.raises(FrameError, match=r"part\.png: the file is empty"):
        read_picture(path)


def test_a_file_that_is_not_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    path.write_text("serial;verdict")
    with pytest.raises(FrameError, match="not a PNG, JPEG, BMP or TIFF picture: it starts with 73"):
        read_picture(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"gone\.png: cannot be read"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(FrameError, match="cannot be read"):
        read_picture(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
def test_a_file_that_was_cut_short_is_refused_wherever_it_was_cut(
    tmp_path: Path, suffix: str
) -> None:
    """A torn picture half decoded would be judged, and its lower half pass unseen."""
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    data = save(tmp_path / f"whole{suffix}", pixels).read_bytes()
    torn = tmp_path / f"torn{suffix}"
    for kept in (3, 10, 20, 60, len(data) // 2, len(data) - 20):
        torn.write_bytes(data[:kept])
        with pytest.raises(FrameError, match="torn"):
            read_picture(torn)


@pytest.mark.parametrize(
    ("suffix", "last_bytes", "end"), [(".png", 8, "IEND chunk"), (".jpg", 2, "end-of-image marker")]
)
def test_a_file_without_its_last_bytes_is_cut_short_even_if_it_could_be_decoded(
    tmp_path: Path, suffix: str, last_bytes: int, end: str
) -> None:
    data = save(tmp_path / f"whole{suffix}", GREY).read_bytes()
    torn = tmp_path / f"torn{suffix}"
    torn.write_bytes(data[:-last_bytes])
    with pytest.raises(FrameError, match=f"the file is cut short: it has no {end}"):
        read_picture(torn)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
def test_20000_by_20000_is_refused_by_its_header(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"part{suffix}", GREY)
    with pytest.raises(FrameError, match="expected 1 to 599 pixels, got 30x20 = 600"):
        read_picture(path, max_pixels=599)
    huge = tmp_path / "huge.png"
    huge.write_bytes(png(20_000, 20_000, 0))
    with pytest.raises(FrameError, match="got 20000x20000 = 400,000,000"):
        read_picture(huge)


def test_a_picture_without_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    path.write_bytes(png(0, 20, 0))
    with pytest.raises(FrameError, match="got 0x20"):
        read_picture(path)


def test_a_header_without_pixels_behind_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hollow.png"
    path.write_bytes(png(30, 20, 0))
    with pytest.raises(FrameError, match=r"hollow\.png: cannot be decoded"):
        read_picture(path)


def test_transparency_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "part.png", RGBA)
    with pytest.raises(FrameError, match="got 8 bit colour with alpha; convert the file"):
        read_picture(path)


def test_a_palette_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    line = b"\0" + bytes(30)
    palette = png_chunk(b"PLTE", bytes([255, 0, 0] * 4))
    path.write_bytes(png(30, 20, 3, palette, png_chunk(b"IDAT", zlib.compress(line * 20))))
    with pytest.raises(FrameError, match="got 8 bit palette"):
        read_picture(path)


def test_a_bmp_with_a_colour_palette_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "part.bmp", GREY)
    data = bytearray(path.read_bytes())
    data[54:58] = b"\x00\x00\xff\x00"
    path.write_bytes(data)
    with pytest.raises(FrameError, match="got 8 bit palette"):
        read_picture(path)


def test_16_bit_colour_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    assert cv2.imwrite(str(path), np.dstack([GREY_16] * 3))
    with pytest.raises(FrameError, match="got 16 bit colour"):
        read_picture(path)


def test_headers_are_read_like_opencv_reads_them(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".bmp", ".tif"):
        header = read_header(save(tmp_path / f"part{suffix}", RGB).read_bytes())
        assert (header.width, header.height, header.bits, header.kind) == (30, 20, 8, "colour")
