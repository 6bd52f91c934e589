"""Each layout is written and read back: what it can say is the same, what it cannot is said."""

import importlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from typer.testing import CliRunner

from inspection.cli.data import data_app
from training.data.dataset import Dataset, Format, Sample, open_dataset
from training.data.export.coco import run_lengths
from training.data.export.placing import Place
from training.data.export.write import export
from training.data.labels import Box, DrawnMask, Label, Polygon, Somewhere
from training.data.layouts.run_lengths import decompress
from training.data.sides import Side
from training.errors import TrainingError

SIZE_HW = (40, 60)
RING = np.zeros(SIZE_HW, np.bool_)
RING[5:20, 30:50] = True
RING[9:15, 35:45] = False
BOX = Box("short", (4, 5, 14, 25))
OUTLINE = Polygon("spur", ((20.0, 20.0), (29.0, 20.0), (29.0, 30.0)))
IN_PIECES = Polygon("spur", OUTLINE.points_xy_px, (((40.0, 2.0), (48.0, 2.0), (48.0, 9.0)),))
MASK = DrawnMask("open", RING)


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(90, 160, SIZE_HW, np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def data(folder: Path, *labels: Label, suffix: str = ".png") -> Dataset:
    """Two pictures of one part, defective, of which another one is locked; and a good part."""
    samples = (
        Sample(picture(folder / f"a/x{suffix}", 1), "part 1", labels),
        Sample(picture(folder / f"b/x{suffix}", 2), "part 1", labels[:1]),
        Sample(picture(folder / f"b/y{suffix}", 3), "part 2"),
        Sample(picture(folder / f"b/z{suffix}", 4), "part 3", side=Side.LOCKED),
    )
    return Dataset(samples, "test")


def there_and_back(dataset: Dataset, layout: Format, out: Path) -> tuple[Dataset, list[str]]:
    """The data set as it is read from the layout, and what was lost."""
    lost = export(dataset, layout, out, Place.LINK)
    return open_dataset(out, layout), lost


def by_content(dataset: Dataset) -> dict[bytes, Sample]:
    return {sample.picture.read_bytes(): sample for sample in dataset.samples}


def assert_same_but_for_labels(before: Dataset, after: Dataset) -> None:
    first, second = by_content(before), by_content(after)
    assert first.keys() == second.keys()
    for content, sample in first.items():
        assert second[content].part == sample.part
        assert second[content].side == sample.side
        assert second[content].classes == sample.classes


def labels(dataset: Dataset) -> list[tuple[Label, ...]]:
    found = by_content(dataset)
    return [found[content].labels for content in sorted(found)]


def painted(dataset: Dataset) -> list[dict[str, NDArray[np.bool_]]]:
    """For each picture, where it is defective, by class."""
    found: list[dict[str, NDArray[np.bool_]]] = []
    for labels_of in labels(dataset):
        masks: dict[str, NDArray[np.bool_]] = {}
        for label in labels_of:
            empty = np.zeros(SIZE_HW, np.bool_)
            masks[label.class_name] = masks.get(label.class_name, empty) | label.paint(SIZE_HW)
        found.append(masks)
    return found


def assert_painted_alike(before: Dataset, after: Dataset) -> None:
    for first, second in zip(painted(before), painted(after), strict=True):
        assert first.keys() == second.keys()
        assert all((first[name] == second[name]).all() for name in first)


def test_coco_says_boxes_outlines_and_masks(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, OUTLINE, IN_PIECES, MASK, Somewhere("spur"))
    after, lost = there_and_back(before, Format.COCO, tmp_path / "out")
    assert lost == []
    assert_same_but_for_labels(before, after)
    assert_painted_alike(before, after)
    kept = [[one for one in each if isinstance(one, Box | Polygon)] for each in labels(before)]
    again = [[one for one in each if isinstance(one, Box | Polygon)] for each in labels(after)]
    assert kept == again


def test_masks_say_where_each_class_is(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, OUTLINE, MASK)
    after, lost = there_and_back(before, Format.MASKS, tmp_path / "out")
    assert lost == ["4 labels became masks, one for each class on a picture"]
    assert_same_but_for_labels(before, after)
    assert_painted_alike(before, after)


def test_yolo_says_boxes_and_outlines(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, OUTLINE)
    after, lost = there_and_back(before, Format.YOLO, tmp_path / "out")
    assert lost == []
    assert_same_but_for_labels(before, after)
    assert labels(before) == labels(after)


def test_yolo_turns_masks_and_outlines_in_pieces_into_boxes(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, MASK, IN_PIECES)
    after, lost = there_and_back(before, Format.YOLO, tmp_path / "out")
    assert lost == [
        "1 masks became a box for each region",
        "1 outlines in several pieces became boxes",
    ]
    assert sorted(sample.boxes() for sample in before.samples) == sorted(
        sample.boxes() for sample in after.samples
    )


def test_voc_says_boxes(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, Box("open", (0.5, 1.25, 10, 20)))
    after, lost = there_and_back(before, Format.VOC, tmp_path / "out")
    assert lost == []
    assert_same_but_for_labels(before, after)
    assert labels(before) == labels(after)


def test_voc_turns_everything_else_into_boxes(tmp_path: Path) -> None:
    before = data(tmp_path / "set", OUTLINE, MASK)
    _, lost = there_and_back(before, Format.VOC, tmp_path / "out")
    assert lost == ["2 outlines became boxes", "1 masks became a box for each region"]


def test_class_folders_say_the_classes(tmp_path: Path) -> None:
    before = data(tmp_path / "set", BOX, MASK)
    after, lost = there_and_back(before, Format.CLASSES, tmp_path / "out")
    assert lost == ["where 3 defects are"]
    assert_same_but_for_labels(before, after)
    only_classes = data(tmp_path / "more", Somewhere("open"), Somewhere("short"))
    after, lost = there_and_back(only_classes, Format.CLASSES, tmp_path / "again")
    assert lost == []
    assert [set(each) for each in labels(only_classes)] == [set(each) for each in labels(after)]


def test_deeppcb_says_boxes_and_templates(tmp_path: Path) -> None:
    plain = data(tmp_path / "set", BOX, Box("pin-hole", (20, 20, 26, 27)), suffix=".jpg")
    before = Dataset(
        tuple(
            Sample(s.picture, s.part, s.labels, side=s.side,
                   template=picture(tmp_path / f"templates/{number}.jpg", 90 + number))
            for number, s in enumerate(plain.samples)
        ),
        "test",
    )  # fmt: skip
    after, lost = there_and_back(before, Format.DEEPPCB, tmp_path / "out")
    assert lost == []
    assert_same_but_for_labels(before, after)
    assert labels(before) == labels(after)
    for content, sample in by_content(before).items():
        template = by_content(after)[content].template
        assert sample.template is not None
        assert template is not None
        assert template.read_bytes() == sample.template.read_bytes()
    assert before.digest() == after.digest()


@pytest.mark.parametrize(
    ("layout", "label", "message"),
    [
        (Format.VOC, Somewhere("open"), "in voc they would be good parts"),
        (Format.YOLO, Somewhere("open"), "in yolo they would be good parts"),
        (Format.DEEPPCB, BOX, "no template, and every board of DeepPCB has one"),
        (Format.DEEPPCB, Box("rust", (1, 1, 9, 9)), "class 'rust': DeepPCB numbers open, short"),
        (Format.CLASSES, Somewhere("good"), "cannot be a folder: it would mean good parts"),
        (Format.MASKS, Box("test", (1, 1, 9, 9)), "it would mean a side of a split"),
        (Format.CLASSES, Somewhere("a/b"), "it would mean another folder"),
    ],
)
def test_what_a_layout_would_falsify_is_refused_and_nothing_is_written(
    tmp_path: Path, layout: Format, label: Label, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        export(data(tmp_path / "set", label), layout, tmp_path / "out", Place.LINK)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_files_cannot_say_is_said_to_be_lost(tmp_path: Path) -> None:
    samples = (
        Sample(picture(tmp_path / "a.png", 1), "1", full_scale=4095, lot="L7", side=Side.TRAIN),
        Sample(picture(tmp_path / "b.png", 2), "2", template=picture(tmp_path / "t.png", 3)),
    )
    assert export(Dataset(samples, "test"), Format.COCO, tmp_path / "out", Place.COPY) == [
        "the camera's full scale, of 1 pictures",
        "the lot, of 1 pictures",
        "its template, of 1 pictures",
    ]


@pytest.mark.parametrize("how", list(Place))
def test_pictures_are_placed_and_never_encoded_again(tmp_path: Path, how: Place) -> None:
    dataset = data(tmp_path / "set", BOX)
    export(dataset, Format.YOLO, tmp_path / "out", how)
    target = tmp_path / "out/images/y.png"
    assert target.read_bytes() == (tmp_path / "set/b/y.png").read_bytes()
    assert target.is_symlink() is (how is Place.SYMLINK)
    assert target.samefile(tmp_path / "set/b/y.png") is (how is not Place.COPY)


def test_a_folder_that_is_there_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is there already; name a new folder"):
        export(data(tmp_path / "set", BOX), Format.YOLO, tmp_path / "set", Place.LINK)


def test_export_is_a_command_that_says_what_is_lost(tmp_path: Path) -> None:
    importlib.import_module("inspection.cli.data_export")  # registers the command
    export(data(tmp_path / "set", BOX, OUTLINE), Format.COCO, tmp_path / "coco", Place.COPY)
    command = ["export", str(tmp_path / "coco"), "--format", "voc"]
    result = CliRunner().invoke(data_app, [*command, "--out", str(tmp_path / "voc")])
    assert result.exit_code == 0, result.output
    assert "4 pictures as voc in" in result.output
    assert "lost: 1 outlines became boxes" in result.output


def test_run_lengths_are_those_of_coco_s_own_code() -> None:
    chance = np.random.default_rng(4)
    for share in (0.0, 0.1, 0.5, 1.0):
        mask = chance.random((37, 53)) < share
        theirs: Any = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
        assert list(decompress(theirs["counts"].decode())) == run_lengths(mask)


@pytest.mark.parametrize("text", ["PYo", "\x01", "0" * 3 + "n"])
def test_run_lengths_that_are_damaged_are_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="compressed run lengths"):
        decompress(text)
