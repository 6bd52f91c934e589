"""A kept picture is the judged picture, or an error."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inspection.errors import RecordsError
from inspection.records.images import load_picture, picture_path, picture_sha256, store_picture

RNG = np.random.default_rng(7)
PICTURES: dict[str, NDArray[Any]] = {
    "Mono8": RNG.integers(0, 256, (37, 53), np.uint8),
    "Mono12": RNG.integers(0, 4096, (37, 53), np.uint16),
    "Mono16": RNG.integers(0, 65536, (37, 53), np.uint16),
    "RGB8": RNG.integers(0, 256, (37, 53, 3), np.uint8),
    "RGB12": RNG.integers(0, 4096, (37, 53, 3), np.uint16),
    "RGB16": RNG.integers(0, 65536, (37, 53, 3), np.uint16),
    "BGR8": RNG.integers(0, 256, (37, 53, 3), np.uint8),
}
WHERE = "images/000000/1-a.png"


@pytest.mark.parametrize("pixel_format", PICTURES)
def test_a_picture_comes_back_bit_for_bit(tmp_path: Path, pixel_format: str) -> None:
    pixels = PICTURES[pixel_format]
    sha256 = picture_sha256(pixels, pixel_format)
    store_picture(tmp_path, WHERE, pixels, pixel_format)
    loaded = load_picture(tmp_path, WHERE, sha256, pixel_format)
    assert loaded.dtype == pixels.dtype
    np.testing.assert_array_equal(loaded, pixels)


@pytest.mark.parametrize(
    ("pixels", "pixel_format"),
    [
        (PICTURES["Mono8"].reshape(53, 37), "Mono8"),  # the same bytes in another shape
        (PICTURES["Mono8"].astype(np.uint16), "Mono16"),
        (PICTURES["Mono8"][::-1], "Mono8"),
        (PICTURES["Mono8"] ^ (np.arange(53) == 9).astype(np.uint8), "Mono8"),
    ],
)
def test_another_picture_has_another_hash(pixels: NDArray[Any], pixel_format: str) -> None:
    reference = picture_sha256(PICTURES["Mono8"], "Mono8")
    assert picture_sha256(pixels, pixel_format) != reference


def test_the_hash_names_the_format_and_not_the_layout_in_memory() -> None:
    pixels = PICTURES["RGB8"]
    assert picture_sha256(pixels, "RGB8") != picture_sha256(pixels, "BGR8")
    assert picture_sha256(pixels, "RGB8") == picture_sha256(np.asfortranarray(pixels), "RGB8")


def test_an_altered_picture_is_not_handed_out(tmp_path: Path) -> None:
    pixels = PICTURES["Mono8"]
    store_picture(tmp_path, WHERE, pixels, "Mono8")
    retouched = pixels.copy()
    retouched[3, 4] ^= 1
    cv2.imwrite(str(tmp_path / WHERE), retouched)
    with pytest.raises(RecordsError, match="the record says"):
        load_picture(tmp_path, WHERE, picture_sha256(pixels, "Mono8"), "Mono8")


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    store_picture(tmp_path, WHERE, PICTURES["Mono8"], "Mono8")
    (tmp_path / WHERE).write_bytes(content)
    with pytest.raises(RecordsError, match="no picture; the file was altered or cut off"):
        load_picture(tmp_path, WHERE, "0" * 64, "Mono8")


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"1-a\.png: the kept picture cannot be read"):
        load_picture(tmp_path, WHERE, "0" * 64, "Mono8")


@pytest.mark.parametrize("path", ["../secret.png", "images/../../x.png", "/etc/passwd", ""])
def test_a_record_cannot_name_a_file_outside_the_pictures(tmp_path: Path, path: str) -> None:
    with pytest.raises(RecordsError, match="is not a picture in"):
        load_picture(tmp_path, path, "0" * 64, "Mono8")


@given(number=st.integers(0, 10**9), serial=st.text())
def test_whatever_the_serial_the_picture_stays_in_its_folder(number: int, serial: str) -> None:
    path = picture_path(number, serial)
    root, bucket, name = path.split("/")
    assert (root, bucket) == ("images", f"{number // 1000:06d}")
    assert name.startswith(f"{number}-")
    assert name.isascii()
    assert name.isprintable()
    assert len(name) < 128


def test_pixels_that_are_no_picture_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="a picture that cannot be kept: Mono8 expects uint8"):
        store_picture(tmp_path, WHERE, PICTURES["Mono16"], "Mono8")
    assert not (tmp_path / WHERE).exists()


def test_no_unfinished_file_stays_behind(tmp_path: Path) -> None:
    store_picture(tmp_path, WHERE, PICTURES["Mono8"], "Mono8")
    assert [path.name for path in (tmp_path / "images/000000").iterdir()] == ["1-a.png"]
