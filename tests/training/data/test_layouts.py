import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from training.data.dataset import Dataset, Format, check_trainable, join, open_dataset
from training.errors import TrainingError

GREY = np.full((40, 60), 120, np.uint8)


def save(path: Path, pixels: np.ndarray[Any, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


def tiles(folder: Path) -> Path:
    """Two tiles as the magnetic-tile set lies: jpg pictures, png masks with their names."""
    mask = np.zeros_like(GREY)
    mask[5:10, 20:30] = 255
    save(folder / "MT_Free/Imgs/a.jpg", GREY - 20)
    save(folder / "MT_Free/Imgs/a.png", np.zeros_like(GREY))
    save(folder / "MT_Crack/Imgs/b.jpg", GREY)
    save(folder / "MT_Crack/Imgs/b.png", mask)
    return folder


def coco(folder: Path, annotation: dict[str, Any], **more: Any) -> Path:
    """One good and one labelled picture with a COCO file beside them."""
    save(folder / "images/good.png", GREY - 20)
    save(folder / "images/bad.png", GREY)
    content = {
        "info": {"year": 2026},
        "images": [
            {"id": 1, "file_name": "good.png", "width": 60, "height": 40},
            {"id": 2, "file_name": "bad.png", "width": 60, "height": 40},
        ],
        "categories": [{"id": 7, "name": "crack"}],
        "annotations": [{"id": 1, "image_id": 2, "category_id": 7} | annotation],
    } | more
    (folder / "labels.json").write_text(json.dumps(content))
    return folder


def mask_of(dataset: Dataset) -> np.ndarray[Any, Any]:
    """The only mask of the only defective sample."""
    (bad,) = (sample for sample in dataset.samples if not sample.is_good)
    ((name, mask),) = bad.masks()
    assert name in dataset.classes
    return mask


def test_magnetic_tile_folders_are_read_as_they_lie(tmp_path: Path) -> None:
    dataset = open_dataset(tiles(tmp_path))
    assert [(s.picture.name, s.is_good) for s in dataset.samples] == [
        ("b.jpg", False),
        ("a.jpg", True),
    ]
    assert dataset.classes == ("MT_Crack",)
    assert mask_of(dataset).sum() == 50


def test_rendered_folders_are_grouped_by_their_parts_file(parts_folder: Path) -> None:
    dataset = open_dataset(parts_folder)
    assert dataset.classes == ("line", "spot")
    assert len(dataset.samples) == 180
    assert {sample.part for sample in dataset.samples} == {str(n) for n in range(180)}


def test_outlines_of_a_coco_file_are_painted_on_the_picture(tmp_path: Path) -> None:
    square = {"segmentation": [[10, 5, 19, 5, 19, 14, 10, 14]]}
    mask = mask_of(open_dataset(coco(tmp_path, square)))
    assert mask[5:15, 10:20].all()
    assert mask.sum() == 100


def test_a_box_stands_in_for_a_missing_outline(tmp_path: Path) -> None:
    mask = mask_of(open_dataset(coco(tmp_path, {"bbox": [10, 5, 10, 10], "segmentation": []})))
    assert mask[5:15, 10:20].all()
    assert mask.sum() == 100


def test_uncompressed_run_lengths_go_down_the_columns(tmp_path: Path) -> None:
    runs = {"size": [40, 60], "counts": [40 * 3 + 2, 5, 40 * 60 - 40 * 3 - 7]}
    mask = mask_of(open_dataset(coco(tmp_path, {"segmentation": runs, "iscrowd": 1})))
    assert mask[2:7, 3].all()
    assert mask.sum() == 5


@pytest.mark.parametrize(
    ("annotation", "more", "message"),
    [
        ({"segmentation": {"size": [40, 60], "counts": "PYo"}}, {}, "run lengths cut off"),
        ({"segmentation": [[1, 2, 3, 4]]}, {}, "no polygon"),
        ({}, {}, "neither outline nor box"),
        ({"image_id": 9}, {}, "labels image 9, which is not there"),
        ({"category_id": 9}, {}, "category 9 is not defined"),
        ({}, {"images": [{"id": 1}]}, "not COCO: images.0.file_name"),
        ({}, {"images": [{"id": 2, "file_name": "gone.png"}], "annotations": []}, "gone.png"),
    ],
)
def test_a_bad_coco_file_is_refused_by_name(
    tmp_path: Path, annotation: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        open_dataset(coco(tmp_path, annotation, **more))


def test_run_lengths_of_another_size_are_refused(tmp_path: Path) -> None:
    runs = {"size": [60, 40], "counts": [2400]}
    with pytest.raises(TrainingError, match="annotation 1: run lengths for"):
        mask_of(open_dataset(coco(tmp_path, {"segmentation": runs})))


def test_a_picture_that_two_coco_files_describe_is_named(tmp_path: Path) -> None:
    coco(tmp_path, {"bbox": [1, 1, 9, 9]})
    (tmp_path / "more.json").write_text((tmp_path / "labels.json").read_text())
    with pytest.raises(TrainingError, match=r"bad\.png: in two files, .*labels\.json and .*more"):
        open_dataset(tmp_path)


def test_json_files_of_other_things_are_not_read(tmp_path: Path) -> None:
    coco(tmp_path, {"bbox": [1, 1, 9, 9]})
    (tmp_path / "more.json").write_text("{}")
    assert open_dataset(tmp_path).classes == ("crack",)


def test_a_defect_without_a_mask_is_refused_by_name(tmp_path: Path) -> None:
    save(tiles(tmp_path) / "MT_Crack/Imgs/unlabelled.jpg", GREY)
    with pytest.raises(TrainingError, match=r"unlabelled.jpg: no mask; expected unlabelled_mask"):
        open_dataset(tmp_path)


def test_a_mask_without_its_picture_is_refused_by_name(tmp_path: Path) -> None:
    save(tiles(tmp_path) / "MT_Crack/Imgs/lonely_mask.png", GREY)
    with pytest.raises(TrainingError, match=r"lonely_mask.png: a mask without its picture"):
        open_dataset(tmp_path)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    save(tiles(tmp_path) / "MT_Crack/Imgs/b.png", np.zeros((40, 50), np.uint8))
    with pytest.raises(TrainingError, match="the mask is 40 x 50, its picture 40 x 60"):
        mask_of(open_dataset(tmp_path))


def test_a_mask_of_class_numbers_is_refused(tmp_path: Path) -> None:
    save(tiles(tmp_path) / "MT_Crack/Imgs/b.png", np.full_like(GREY, 3))
    with pytest.raises(TrainingError, match="highest value is 3; expected 0 and 255"):
        mask_of(open_dataset(tmp_path))


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("", "expected a first line 'image,part'"),
        ("picture,part\n", "expected a first line 'image,part'"),
        ("image,part\nMT_Free/Imgs/a.jpg,1\n", "does not say which part MT_Crack/Imgs/b.jpg"),
        ("image,part\nMT_Free/Imgs/a.jpg\n", "line 2: expected an image and its part"),
    ],
)
def test_a_bad_groups_file_is_refused(tmp_path: Path, csv: str, message: str) -> None:
    (tiles(tmp_path) / "tiles.csv").write_text(csv)
    with pytest.raises(TrainingError, match=message):
        open_dataset(tmp_path)


def test_a_folder_in_no_known_layout_says_what_was_expected(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", GREY)
    with pytest.raises(
        TrainingError, match=r"in no known layout(.|\n)*masks: good/ and a folder per class"
    ):
        open_dataset(tmp_path)
    with pytest.raises(TrainingError, match=r"not laid out as coco; expected a \.json file"):
        open_dataset(tmp_path, Format.COCO)
    with pytest.raises(TrainingError, match="no such folder"):
        open_dataset(tmp_path / "gone")


def only(folder: str, tmp_path: Path) -> Dataset:
    (tiles(tmp_path) / folder).rename(tmp_path / "only")
    source = tmp_path / "set"
    source.mkdir()
    (tmp_path / "only").rename(source / folder)
    return open_dataset(source)


def test_good_parts_alone_teach_no_labels(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="all of good parts"):
        check_trainable(only("MT_Free", tmp_path))


def test_what_lies_around_located_defects_is_good_enough(tmp_path: Path) -> None:
    check_trainable(only("MT_Crack", tmp_path))


def test_two_data_sets_with_a_part_of_one_name_are_not_mixed(parts: Dataset) -> None:
    with pytest.raises(TrainingError, match="give the parts of one of them other names"):
        join([parts, parts])


def test_the_data_hash_is_that_of_pictures_labels_and_parts(tmp_path: Path) -> None:
    here, there = open_dataset(tiles(tmp_path / "x")), open_dataset(tiles(tmp_path / "y"))
    assert here.digest() == there.digest()
    save(tmp_path / "y/MT_Crack/Imgs/b.png", np.full_like(GREY, 255))
    assert open_dataset(tmp_path / "y").digest() != here.digest()
