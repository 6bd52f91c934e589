from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import Dataset, Format, open_dataset
from training.data.labels import Box
from training.errors import TrainingError

BOARD = np.full((32, 32), 255, np.uint8)


def boards(folder: Path, labels: str = "4 5 10 12 3\n") -> Path:
    """Two boards of one group."""
    pictures, texts = folder / "group00041/00041", folder / "group00041/00041_not"
    pictures.mkdir(parents=True)
    texts.mkdir()
    for grey, name in ((250, "00041000"), (240, "00041001")):
        cv2.imwrite(str(pictures / f"{name}_test.jpg"), np.full_like(BOARD, grey))
        cv2.imwrite(str(pictures / f"{name}_temp.jpg"), BOARD)
        (texts / f"{name}.txt").write_text(labels)
    return folder


def names(dataset: Dataset) -> list[str]:
    return [sample.picture.name for sample in dataset.samples]


def test_boards_are_read_with_their_templates_and_boxes(tmp_path: Path) -> None:
    first, _ = open_dataset(boards(tmp_path)).samples
    assert first.labels == (Box("mousebite", (4, 5, 10, 12)),)
    assert first.template == first.picture.with_name("00041000_temp.jpg")


def test_a_list_says_which_boards_count(tmp_path: Path) -> None:
    boards(tmp_path)
    assert names(open_dataset(tmp_path)) == ["00041000_test.jpg", "00041001_test.jpg"]
    line = "group00041/00041/00041001.jpg group00041/00041_not/00041001.txt\n"
    (tmp_path / "trainval.txt").write_text(line)
    assert names(open_dataset(tmp_path)) == ["00041001_test.jpg"]


def test_a_board_is_the_same_part_from_either_folder(tmp_path: Path) -> None:
    boards(tmp_path / "PCBData")
    outer, inner = open_dataset(tmp_path), open_dataset(tmp_path / "PCBData")
    assert [s.part for s in outer.samples] == [s.part for s in inner.samples]
    assert outer.digest() == inner.digest()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("4 5 10 12\n", r"00041000.txt, line 1: expected 'x1 y1 x2 y2 class'"),
        ("\n4 5 10 12 7\n", r"line 2: class 7; DeepPCB's are 1 to 6"),
        ("10 5 4 12 1\n", "turned inside out"),
    ],
)
def test_a_label_that_makes_no_sense_is_named(tmp_path: Path, labels: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        open_dataset(boards(tmp_path, labels))


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    boards(tmp_path)
    (tmp_path / "group00041/00041/00041001_temp.jpg").unlink()
    with pytest.raises(TrainingError, match=r"00041001_temp\.jpg: not there"):
        open_dataset(tmp_path)


def test_another_layout_is_not_taken_for_boards(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not laid out as deeppcb; expected group"):
        open_dataset(tmp_path, Format.DEEPPCB)
