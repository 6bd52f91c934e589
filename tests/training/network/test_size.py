"""The size that a network is given: as large as small defects need it, and memory allows."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import Sample
from training.data.labels import Box, DrawnMask, Label, Somewhere
from training.network.size import MOST_PIXELS, usual_size

SIZE_HW = (800, 1600)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boards") / "board.png"
    assert cv2.imwrite(str(path), np.full(SIZE_HW, 90, np.uint8))
    return path


def samples(board: Path, label: Label) -> list[Sample]:
    return [Sample(board, "1", (label,)), Sample(board, "2")]


def line(width: int) -> DrawnMask:
    mask = np.zeros(SIZE_HW, np.bool_)
    mask[400 : 400 + width, 20:1500] = True
    return DrawnMask("crack", mask)


@pytest.mark.parametrize(
    ("label", "size_hw"),
    [
        (Box("spur", (9, 9, 209, 209)), (320, 640)),
        (Box("spur", (9, 9, 33, 209)), (400, 800)),  # 24 px are twice what is needed
        (Box("spur", (9, 9, 13, 13)), SIZE_HW),
        (line(width=30), (320, 640)),
        (line(width=5), (480, 960)),
        (Somewhere("scratch"), (320, 640)),
    ],
)
def test_pictures_are_shrunk_no_further_than_their_defects_can_be_seen(
    board: Path, label: Label, size_hw: tuple[int, int]
) -> None:
    found = usual_size(samples(board, label))
    assert np.allclose(found, size_hw, atol=16)


def test_neither_time_nor_memory_runs_out_for_the_smallest_of_defects(tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    assert cv2.imwrite(str(huge), np.full((3000, 4000), 90, np.uint8))
    height, width = usual_size(samples(huge, Box("pinhole", (9, 9, 12, 12))))
    assert height * width == pytest.approx(MOST_PIXELS, rel=0.02)
    height, width = usual_size(samples(huge, Box("pinhole", (9, 9, 12, 12))) * 1000)
    assert height * width * 2 * 2000 <= 2.1 * 1024**3
