"""Pictures in colour: when a model sees the colours, and that training and line see the same."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.colour import Colour, channels_of
from training.data.dataset import Sample
from training.data.labels import Box
from training.data.pictures import read_picture
from training.errors import TrainingError

GREEN, RED = (60, 150, 70), (60, 118, 150)  # blue, green, red: one luma
SIZE_HW = (64, 64)


def board(seed: int) -> NDArray[np.uint8]:
    """Noisy grey values; no two alike."""
    return np.random.default_rng(seed).integers(60, 180, SIZE_HW, np.uint8)


def tinted(seed: int) -> NDArray[np.uint8]:
    """A grey board under a lamp that is not quite white."""
    return np.stack([board(seed) * share for share in (0.9, 1.0, 1.05)], 2).astype(np.uint8)


def stained(seed: int) -> NDArray[np.uint8]:
    pixels = np.full((*SIZE_HW, 3), GREEN, np.uint8)
    cv2.circle(pixels, (20 + seed, 30), 12, RED, -1)
    return pixels


def samples(folder: Path, *pictures: NDArray[Any]) -> list[Sample]:
    for number, pixels in enumerate(pictures):
        assert cv2.imwrite(str(folder / f"{number}.png"), pixels)
    return [Sample(folder / f"{number}.png", str(number)) for number in range(len(pictures))]


@pytest.mark.parametrize(
    ("pictures", "channels"),
    [
        ((stained(1), stained(2)), 3),
        ((tinted(1), tinted(2)), 1),
        ((cv2.merge([board(1)] * 3), cv2.merge([board(2)] * 3)), 1),
        ((board(1), board(2)), 1),
        ((stained(1), board(2)), 1),  # one grey picture among them
    ],
    ids=["stains", "tint", "grey stored in colour", "grey", "mixed"],
)
def test_colours_are_seen_where_they_vary_over_the_pictures(
    tmp_path: Path, pictures: tuple[NDArray[Any], ...], channels: int
) -> None:
    found = samples(tmp_path, *pictures)
    assert channels_of(found, Colour.AUTO) == channels
    assert channels_of(found, Colour.GREY) == 1


def test_colours_of_the_defects_alone_are_enough(tmp_path: Path) -> None:
    green = np.full((*SIZE_HW, 3), GREEN, np.uint8)
    good, also_good, bad = samples(tmp_path, green, green + np.uint8(1), stained(1))
    assert channels_of([good, also_good, bad], Colour.AUTO) == 1
    labelled = Sample(bad.picture, bad.part, (Box("stain", (9, 18, 33, 42)),))
    assert channels_of([good, also_good, labelled], Colour.AUTO) == 3


def test_colours_cannot_be_had_from_grey_pictures(tmp_path: Path) -> None:
    found = samples(tmp_path, stained(1), board(2))
    with pytest.raises(TrainingError, match=r"1\.png: a grey picture; --colour rgb needs all"):
        channels_of(found, Colour.RGB)
    with pytest.raises(TrainingError, match=r"1\.png: a grey picture; expected one in colour"):
        found[1].pixels(3)


def test_channels_are_red_green_and_blue_whatever_the_file_holds(tmp_path: Path) -> None:
    (plain,) = samples(tmp_path, stained(1))
    clear = np.dstack([stained(1), np.full(SIZE_HW, 90, np.uint8)])
    assert cv2.imwrite(str(tmp_path / "clear.png"), clear)
    assert cv2.imwrite(str(tmp_path / "deep.png"), stained(1).astype(np.uint16) * 257)
    assert plain.pixels(3)[0, 0].tolist() == list(GREEN[::-1])
    assert np.array_equal(read_picture(tmp_path / "clear.png", 3), plain.pixels(3))
    assert np.array_equal(read_picture(tmp_path / "deep.png", 3), plain.pixels(3) * np.uint16(257))
