"""YOLO, VOC, class folders, masks in a folder of their own, lists; how a folder is recognised."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import Dataset, Format, Sample, open_dataset
from training.data.labels import Box, Label, MaskImage, Polygon, Somewhere
from training.data.layouts.class_folders import is_good_folder
from training.data.sides import Side
from training.errors import TrainingError

VOC = """<annotation><filename>bad.png</filename>
  <object><name>dent</name><bndbox><xmin>11</xmin><ymin>6</ymin><xmax>20</xmax><ymax>15</ymax>
  </bndbox></object></annotation>"""


def picture(path: Path, seed: int, size_hw: tuple[int, int] = (40, 60)) -> Path:
    """A picture like no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(90, 160, size_hw, np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def labels(dataset: Dataset) -> dict[str, tuple[Label, ...]]:
    return {sample.picture.name: sample.labels for sample in dataset.samples}


def sample(dataset: Dataset, name: str) -> Sample:
    (found,) = (sample for sample in dataset.samples if sample.picture.name == name)
    return found


def yolo(folder: Path, line: str = "0 0.25 0.25 0.5 0.25\n") -> Path:
    """One good and one labelled picture, names in data.yaml."""
    picture(folder / "images/train/bad.png", 1)
    picture(folder / "images/train/good.png", 2)
    text(folder / "labels/train/bad.txt", line)
    text(folder / "data.yaml", "train: images/train\nnames:\n  0: dent\n  1: scratch\n")
    return folder


def voc(folder: Path, xml: str = VOC) -> Path:
    picture(folder / "JPEGImages/bad.png", 1)
    picture(folder / "JPEGImages/good.png", 2)
    text(folder / "Annotations/bad.xml", xml)
    return folder


@pytest.mark.parametrize("layout", [Format.AUTO, Format.YOLO])
def test_yolo_boxes_are_shares_of_the_picture_s_sides(tmp_path: Path, layout: Format) -> None:
    found = labels(open_dataset(yolo(tmp_path), layout))
    assert found == {"bad.png": (Box("dent", (0.0, 5.0, 30.0, 15.0)),), "good.png": ()}


def test_yolo_outlines_are_read_too(tmp_path: Path) -> None:
    found = labels(open_dataset(yolo(tmp_path, "1 0.5 0.5 0.75 0.5 0.75 0.75\n")))
    assert found["bad.png"] == (Polygon("scratch", ((30, 20), (45, 20), (45, 30))),)


def test_yolo_files_may_lie_beside_their_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "bad.png", 1)
    text(tmp_path / "bad.txt", "1 0.5 0.5 0.1 0.1\n")
    text(tmp_path / "classes.txt", "dent\nscratch\n")
    assert open_dataset(tmp_path).classes == ("scratch",)
    (tmp_path / "classes.txt").unlink()
    assert open_dataset(tmp_path).classes == ("1",)


def test_sides_of_a_published_split_are_read_and_its_test_side_is_locked(tmp_path: Path) -> None:
    for number, side in enumerate(("train", "valid", "test")):
        picture(tmp_path / side / "images/x.png", number)
        text(tmp_path / side / "labels/x.txt", "0 0.5 0.5 0.1 0.1\n")
    found = [(s.picture.parts[-3], s.side) for s in open_dataset(tmp_path).samples]
    assert found == [("test", Side.LOCKED), ("train", Side.TRAIN), ("valid", Side.VALIDATION)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.1 0.1\n0 0.5\n", r"bad\.txt, line 2: expected 'class cx cy width height'"),
        ("0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1 0.9\n", "line 2: expected"),
        ("0 0.5 0.5 0.1 0.1\n0 30 20 10 10\n", "line 2: expected shares"),
        ("7 0.5 0.5 0.1 0.1\n", "class 7 has no name; there are 2"),
        ("0 0.5 0.5 0.1 0.1\n0 nan 0.5 0.1 0.1\n", "line 2: expected"),
    ],
)
def test_a_yolo_line_that_makes_no_sense_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        open_dataset(yolo(tmp_path, line))


def test_yolo_labels_without_their_picture_are_named(tmp_path: Path) -> None:
    text(yolo(tmp_path) / "labels/train/gone.txt", "0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(TrainingError, match=r"gone\.txt: no picture gone\.\*"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("layout", [Format.AUTO, Format.VOC])
def test_voc_counts_pixels_from_one_and_both_corners_are_inside(
    tmp_path: Path, layout: Format
) -> None:
    found = labels(open_dataset(voc(tmp_path), layout))
    assert found == {"bad.png": (Box("dent", (10.0, 5.0, 20.0, 15.0)),), "good.png": ()}


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<annotation><object>", r"bad\.xml: cannot be read as XML"),
        (VOC.replace("<xmin>11</xmin>", ""), r"object 1: expected a bndbox with"),
        (VOC.replace("dent", " "), "object 1: no name"),
        ("<other><annotation></annotation></other>", "expected <annotation>, got <other>"),
    ],
)
def test_a_voc_file_that_makes_no_sense_is_named(tmp_path: Path, xml: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        open_dataset(voc(tmp_path, xml))


def test_voc_labels_without_their_picture_are_named(tmp_path: Path) -> None:
    text(voc(tmp_path) / "Annotations/gone.xml", VOC)
    with pytest.raises(TrainingError, match=r"gone\.xml: no picture gone\.\*"):
        open_dataset(tmp_path)


def test_voc_pictures_may_lie_in_class_folders_and_their_files_not(tmp_path: Path) -> None:
    for number, side in enumerate(("train", "validation")):
        picture(tmp_path / side / "images/dent/1.jpg", number)
        text(tmp_path / side / "annotations/1.xml", VOC)
    picture(tmp_path / "train/images/dent/2.jpg", 5)
    dataset = open_dataset(tmp_path)
    assert [len(s.labels) for s in dataset.samples] == [1, 0, 1]
    assert dataset.notes == ("1 pictures have no .xml file and count as good parts",)


def test_where_two_pictures_could_be_meant_none_is_taken(tmp_path: Path) -> None:
    picture(tmp_path / "images/dent/1.jpg", 1)
    picture(tmp_path / "images/hole/1.jpg", 2)
    text(tmp_path / "annotations/1.xml", VOC)
    with pytest.raises(TrainingError, match=r"1\.xml: no picture 1\.\* for these labels"):
        open_dataset(tmp_path)


def test_class_folders_without_masks_say_the_class_alone(tmp_path: Path) -> None:
    picture(tmp_path / "train/ok_front/a.jpeg", 1)
    picture(tmp_path / "train/def_front/b.jpeg", 2)
    picture(tmp_path / "test/def_front/c.jpeg", 3)
    dataset = open_dataset(tmp_path)
    assert labels(dataset)["b.jpeg"] == (Somewhere("def_front"),)
    assert sample(dataset, "a.jpeg").is_good
    assert sample(dataset, "c.jpeg").side is Side.LOCKED


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("good", True), ("OK", True), ("MT_Free", True), ("ok_front", True), ("Normal", True),
        ("defect_free", True), ("no_defect", True), ("non-defective", True),
        ("not_ok", False), ("defect", False), ("def_front", False), ("abnormal", False),
        ("scratch", False), ("broken", False), ("no", False),
    ],
)  # fmt: skip
def test_folders_of_good_parts_are_known_by_their_names(name: str, good: bool) -> None:
    assert is_good_folder(name) is good


def test_the_layout_of_mvtec_is_one_of_masks(tmp_path: Path) -> None:
    picture(tmp_path / "train/good/000.png", 1)
    picture(tmp_path / "test/good/000.png", 2)
    picture(tmp_path / "test/bent_lead/000.png", 3)
    mask = picture(tmp_path / "ground_truth/bent_lead/000_mask.png", 4)
    dataset = open_dataset(tmp_path)
    assert [s.labels for s in dataset.samples] == [(MaskImage("bent_lead", mask),), (), ()]
    assert [s.side for s in dataset.samples] == [None] * 3
    assert "all defects are in 'test'" in dataset.notes[0]


def test_several_products_of_mvtec_are_not_taken_for_one(tmp_path: Path) -> None:
    for product in ("bottle", "cable"):
        picture(tmp_path / product / "test/bent/000.png", 3)
        picture(tmp_path / product / "ground_truth/bent/000_mask.png", 4)
    with pytest.raises(TrainingError, match=r"2 products, bottle, cable.* name one, such as .*/b"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("kos01/Part0.jpg", "kos01/Part0_label.bmp"),  # KolektorSDD
        ("train/10000.png", "train/10000_GT.png"),  # KolektorSDD2
        ("Class1/Train/0576.PNG", "Class1/Train/Label/0576_label.PNG"),  # DAGM
        ("x.png", "x_mask.png"),
    ],
)
def test_masks_may_lie_beside_their_pictures_where_no_folder_is_a_class(
    tmp_path: Path, name: str, mask: str
) -> None:
    bad = picture(tmp_path / name, 1)
    drawn = picture(tmp_path / mask, 2)
    good, bare = bad.with_stem("good"), bad.with_stem("bare")
    picture(good, 3)
    picture(bare, 4)
    empty = drawn.with_stem(drawn.stem.replace(bad.stem, "good"))
    assert cv2.imwrite(str(empty), np.zeros((40, 60), np.uint8))
    assert labels(open_dataset(tmp_path)) == {
        bad.name: (MaskImage("defect", drawn),),
        good.name: (),
        bare.name: (),
    }


def test_a_picture_that_is_only_called_a_label_is_no_mask(tmp_path: Path) -> None:
    picture(tmp_path / "good/front_label.png", 1)
    picture(tmp_path / "torn/back_label.png", 2)
    assert labels(open_dataset(tmp_path)) == {
        "front_label.png": (),
        "back_label.png": (Somewhere("torn"),),
    }


def test_masks_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    picture(tmp_path / "images/bad.jpg", 1)
    picture(tmp_path / "images/good.jpg", 2)
    picture(tmp_path / "images/good_too.jpg", 3)
    mask = picture(tmp_path / "masks/bad.png", 4)
    assert cv2.imwrite(str(tmp_path / "masks/good.png"), np.zeros((40, 60), np.uint8))
    assert labels(open_dataset(tmp_path)) == {
        "bad.jpg": (MaskImage("defect", mask),),
        "good.jpg": (),
        "good_too.jpg": (),
    }


def test_a_folder_that_could_be_two_layouts_is_not_guessed_at(tmp_path: Path) -> None:
    text(yolo(tmp_path) / "labels/train/bad.xml", VOC)
    with pytest.raises(TrainingError, match="could be voc or yolo; say which with --format"):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, Format.YOLO).classes == ("dent",)


@pytest.mark.parametrize("layout", [each for each in Format if each is not Format.AUTO])
def test_a_folder_that_is_not_in_the_layout_asked_for_is_refused(
    tmp_path: Path, layout: Format
) -> None:
    picture(tmp_path / "a.png", 1)
    with pytest.raises(TrainingError, match=f"not laid out as {layout}; expected"):
        open_dataset(tmp_path, layout)


@pytest.mark.parametrize(
    "line",
    ["images/train/bad.png", "bad", "./images/train/bad.png", "images/train/bad 1", "bad.png"],
)
def test_a_list_says_which_pictures_count(tmp_path: Path, line: str) -> None:
    listed = text(yolo(tmp_path / "set") / "list.txt", f"{line}\n\n")
    assert list(labels(open_dataset(tmp_path / "set", listed=listed))) == ["bad.png"]


def test_a_list_may_name_pictures_from_its_own_folder(tmp_path: Path) -> None:
    listed = text(yolo(tmp_path / "set") / "images/train/list.txt", "good.png\n")
    assert list(labels(open_dataset(tmp_path / "set", listed=listed))) == ["good.png"]


def test_a_picture_with_blanks_in_its_name_can_be_listed(tmp_path: Path) -> None:
    picture(yolo(tmp_path) / "images/train/a good part.png", 7)
    listed = text(tmp_path / "list.txt", "images/train/a good part.png\n")
    assert list(labels(open_dataset(tmp_path, listed=listed))) == ["a good part.png"]


def test_a_listed_picture_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    listed = text(yolo(tmp_path) / "list.txt", "bad\nimages/train/gone.png\n")
    with pytest.raises(TrainingError, match=r"list\.txt, line 2: picture 'images/train/gone\.png'"):
        open_dataset(tmp_path, listed=listed)
    with pytest.raises(TrainingError, match="an empty list"):
        open_dataset(tmp_path, listed=text(tmp_path / "empty.txt", "\n"))


def test_all_that_is_wrong_is_said_together_and_left_out_when_told_to(tmp_path: Path) -> None:
    text(voc(tmp_path) / "Annotations/gone.xml", VOC)
    picture(tmp_path / "JPEGImages/torn.png", 8)
    text(tmp_path / "Annotations/torn.xml", "<annotation>")
    with pytest.raises(TrainingError, match=r"2 faults(.|\n)*gone\.xml(.|\n)*torn\.xml"):
        open_dataset(tmp_path)
    dataset = open_dataset(tmp_path, skip_bad=True)
    assert sorted(labels(dataset)) == ["bad.png", "good.png"]
    assert len(dataset.left_out) == 2


def test_a_name_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    folder = bytes(picture(tmp_path / "good/a.png", 1).parent)
    picture(tmp_path / "scratch/b.png", 2)
    with open(folder + b"/\xff.png", "wb") as file:  # noqa: PTH123 - a Path would be text
        file.write(b"x")
    with pytest.raises(TrainingError, match=r"udcff\.png': the name is not UTF-8"):
        open_dataset(tmp_path)


def test_without_a_groups_file_a_part_is_known_by_its_picture(tmp_path: Path) -> None:
    """Two folders often hold an `a.png` each; a copy under another name is the same part."""
    picture(tmp_path / "x/good/a.png", 1)
    picture(tmp_path / "y/good/a.png", 2)
    picture(tmp_path / "y/good/b.png", 1)
    first, second = (open_dataset(tmp_path / name).samples for name in ("x", "y"))
    assert first[0].part not in {second[0].part}
    assert first[0].part == second[1].part


def test_a_copy_counts_once_and_shows_the_classes_of_all_its_folders(tmp_path: Path) -> None:
    for name in ("dent", "scratch"):
        picture(tmp_path / name / "x.png", 1)
    picture(tmp_path / "scratch/y.png", 1)
    dataset = open_dataset(tmp_path)
    assert labels(dataset) == {"x.png": (Somewhere("dent"), Somewhere("scratch"))}
    assert dataset.notes == ("2 pictures are copies of others and count once",)


def test_a_picture_called_good_and_defective_is_a_fault(tmp_path: Path) -> None:
    picture(tmp_path / "good/x.png", 1)
    picture(tmp_path / "scratch/y.png", 1)
    with pytest.raises(TrainingError, match=r"x\.png: labelled as good, .*y\.png as scratch"):
        open_dataset(tmp_path)
