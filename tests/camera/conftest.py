"""What the camera's tests share: the GenTL producer of the genicam wheel, and pictures."""

from pathlib import Path

import cv2
import genicam
import numpy as np
import pytest


def viky_producer() -> Path:
    """The GenTL producer with three virtual cameras that the genicam wheel carries."""
    return Path(genicam.__file__).with_name("viky.cti")


@pytest.fixture(scope="session")
def viky() -> Path:
    return viky_producer()


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Five grey pictures, each of another brightness, in the order of their names."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        pixels = np.full((20, 30), 10 * (number + 1), np.uint8)
        assert cv2.imwrite(str(folder / f"part{number}.png"), pixels)
    (folder / "notes.txt").write_text("not a picture")
    return folder
