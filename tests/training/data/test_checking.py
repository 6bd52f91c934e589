from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.checking import checked
from training.data.dataset import Dataset, Sample, check_trainable, open_dataset
from training.data.labels import Box, MaskImage, Polygon
from training.errors import TrainingError

Sides = tuple[float, float, float, float]


def picture(path: Path, seed: int = 0, size_hw: tuple[int, int] = (40, 60)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(90, 160, size_hw, np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def boxed(tmp_path: Path, *sides: Sides) -> Dataset:
    labels = tuple(Box("dent", each) for each in sides)
    return Dataset((Sample(picture(tmp_path / "a.png"), "1", labels),), "test")


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ((10, 10, 10, 20), r"a\.png: 'dent' at 10, 10, 10, 20 has no area"),
        ((20, 10, 10, 20), "has no area"),
        ((60, 10, 70, 20), "lies outside the picture of 60 x 40 pixels"),
        ((10, -20, 20, -10), "lies outside"),
    ],
)
def test_a_box_that_is_nowhere_is_named(tmp_path: Path, sides: Sides, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        checked(boxed(tmp_path, sides), skip_bad=False)


def test_an_outline_outside_the_picture_is_named(tmp_path: Path) -> None:
    outline = Polygon("dent", ((70.0, 1.0), (90.0, 1.0), (90.0, 9.0)))
    dataset = Dataset((Sample(picture(tmp_path / "a.png"), "1", (outline,)),), "test")
    with pytest.raises(TrainingError, match="lies outside"):
        checked(dataset, skip_bad=False)


def test_a_box_that_reaches_beyond_the_edge_is_cut_off_there_and_that_is_said(
    tmp_path: Path,
) -> None:
    dataset = checked(boxed(tmp_path, (-3, 10, 20, 45), (1, 2, 3, 4)), skip_bad=False)
    assert dataset.samples[0].labels == (Box("dent", (0, 10, 20, 40)), Box("dent", (1, 2, 3, 4)))
    assert dataset.notes == ("boxes on 1 pictures reach beyond the edge and are cut off there",)


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    mask = picture(tmp_path / "a_mask.png", size_hw=(40, 50))
    sample = Sample(picture(tmp_path / "a.png"), "1", (MaskImage("dent", mask),))
    with pytest.raises(TrainingError, match="the mask is 40 x 50, its picture 40 x 60"):
        checked(Dataset((sample,), "test"), skip_bad=False)


def test_a_template_of_another_size_is_named(tmp_path: Path) -> None:
    template = picture(tmp_path / "t.png", size_hw=(40, 50))
    sample = Sample(picture(tmp_path / "a.png"), "1", template=template)
    with pytest.raises(TrainingError, match=r"t\.png: the template is \(40, 50\)"):
        checked(Dataset((sample,), "test"), skip_bad=False)


def test_colour_is_noted(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "c.png"), np.full((40, 60, 3), (9, 90, 200), np.uint8))
    samples = (Sample(tmp_path / "c.png", "1"), Sample(picture(tmp_path / "a.png"), "2"))
    (note,) = checked(Dataset(samples, "test"), skip_bad=False).notes
    assert note.startswith("1 of 2 pictures are in colour")


def test_all_bad_files_are_named_together_or_left_out_together(tmp_path: Path) -> None:
    names = ("empty.png", "torn.png", "text.png")
    for name, content in zip(names, (b"", b"\x89PNG\r\n\x1a\n", b"hello"), strict=True):
        (tmp_path / name).write_bytes(content)
    samples = [Sample(tmp_path / name, name) for name in names]
    samples.append(Sample(picture(tmp_path / "a.png"), "a"))
    dataset = Dataset(tuple(samples), "test")
    with pytest.raises(TrainingError, match=r"test: 3 faults(.|\n)*empty(.|\n)*torn(.|\n)*text"):
        checked(dataset, skip_bad=False)
    usable = checked(dataset, skip_bad=True)
    assert [sample.part for sample in usable.samples] == ["a"]
    assert len(usable.left_out) == 3


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (["good"], "1 pictures, all of good parts"),
        (["dent"], "1 pictures, none of a good part"),
        (["good", "good", "good"], "all of good parts"),
        (["dent", "dent"], "none of a good part"),
    ],
)
def test_one_picture_or_one_kind_teaches_nothing(
    tmp_path: Path, kinds: list[str], message: str
) -> None:
    for number, kind in enumerate(kinds):
        picture(tmp_path / kind / f"{number}.png", number)
    with pytest.raises(TrainingError, match=message.replace("1 pictures", "1 pictures?")):
        check_trainable(open_dataset(tmp_path))
