import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.pictures import read_picture, read_picture_header
from training.errors import TrainingError

RAMP = np.tile(np.arange(60, dtype=np.uint8) * 4, (40, 1))


def saved(path: Path, pixels: NDArray[Any]) -> Path:
    assert cv2.imwrite(str(path), pixels)
    return path


def palette_png(path: Path) -> Path:
    """A picture of two colours, named by number: black, and a light red whose luma is 141."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    rows = b"".join(b"\0" + bytes([x % 2 for x in range(8)]) for _ in range(6))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 6, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes([0, 0, 0, 255, 92, 96]))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def test_a_picture_of_sixteen_bits_keeps_them(tmp_path: Path) -> None:
    deep = RAMP.astype(np.uint16) * 200
    assert (read_picture(saved(tmp_path / "a.png", deep)) == deep).all()


def test_a_colour_picture_is_read_as_its_grey_values(tmp_path: Path) -> None:
    colour = np.stack([RAMP, RAMP // 2, RAMP // 4], axis=2)  # blue, green, red
    read = read_picture(saved(tmp_path / "a.png", colour))
    expected = 0.114 * RAMP + 0.587 * (RAMP // 2) + 0.299 * (RAMP // 4)
    assert read.dtype == np.uint8
    assert np.abs(read - expected).max() <= 1


def test_a_grey_picture_stored_in_colour_is_itself(tmp_path: Path) -> None:
    assert (read_picture(saved(tmp_path / "a.png", cv2.merge([RAMP] * 3))) == RAMP).all()


def test_transparency_is_left_away(tmp_path: Path) -> None:
    half = np.full_like(RAMP, 120)
    read = read_picture(saved(tmp_path / "a.png", cv2.merge([RAMP, RAMP, RAMP, half])))
    assert (read == RAMP).all()
    assert read_picture_header(tmp_path / "a.png").kind == "colour with alpha"


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    read = read_picture(palette_png(tmp_path / "a.png"))
    assert read.shape == (6, 8)
    assert sorted(set(read.ravel().tolist())) == [0, 141]


def test_colour_of_sixteen_bits_keeps_them(tmp_path: Path) -> None:
    deep = cv2.merge([RAMP.astype(np.uint16) * 200] * 3)
    read = read_picture(saved(tmp_path / "a.png", deep))
    assert read.dtype == np.uint16
    assert np.abs(read.astype(int) - deep[:, :, 0]).max() <= 1


def test_a_giant_is_refused_by_its_header(tmp_path: Path) -> None:
    path = palette_png(tmp_path / "a.png")
    content = bytearray(path.read_bytes())
    content[16:24] = (40_000).to_bytes(4, "big") * 2
    path.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match=r"a\.png.*palette"):
        read_picture(path)
    content[25] = 0  # the same as a grey picture
    path.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match=r"a\.png.*got 40000x40000"):
        read_picture(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"no picture", "not a PNG"), (b"\xff\xd8\xff\xe0", "cut short")],
)
def test_a_corrupt_picture_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(TrainingError, match=rf"a\.jpg.*{message}"):
        read_picture(tmp_path / "a.jpg")


def test_a_palette_picture_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = palette_png(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(TrainingError, match=r"a\.png.*cut short"):
        read_picture(path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"gone\.png: cannot be read"):
        read_picture(tmp_path / "gone.png")
