import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection.recipe import Region
from training.data.authors import Author, Authority
from training.data.dataset import Dataset, Sample, open_dataset, with_side
from training.data.labels import Box, DrawnMask, MaskImage, Polygon, RunLengths, Somewhere
from training.data.manifest import freeze, open_manifest, read_manifest
from training.data.manifest_diff import difference, labels_in_words
from training.data.sides import Side
from training.errors import TrainingError

CORNERS = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.5))
SIZE_HW = (16, 24)


@pytest.fixture
def parts(tmp_path: Path) -> Dataset:
    """A picture for each form of label, and a good one."""
    mask = np.zeros(SIZE_HW, np.uint8)
    mask[3:7, 5:20] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    labels = [
        (MaskImage("crack", tmp_path / "mask.png"),),
        (Polygon("rust", CORNERS, (CORNERS,)), Box("dent", (1.0, 2.0, 8.0, 9.0))),
        (Somewhere("dent"), RunLengths("rust", SIZE_HW, (100, 20, 264), "a")),
        (DrawnMask("crack", mask > 0),),
        (),
    ]
    samples: list[Sample] = []
    for number, drawn in enumerate(labels):
        path = tmp_path / "pictures" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.full(SIZE_HW, 90 + number, np.uint8))
        samples.append(Sample(path, f"part{number}", drawn, lot="L1", side=Side.TRAIN))
    first = replace(
        samples[0],
        region=Region(left=1, top=2, width=8, height=9),
        full_scale=200,
        template=samples[4].picture,
        author=Author(Authority.RETURN, "ada"),
    )
    return Dataset((first, *samples[1:]), "test")


def test_a_frozen_data_set_comes_back_as_it_was(parts: Dataset, tmp_path: Path) -> None:
    frozen = freeze(parts, tmp_path / "v1.json")
    back = open_dataset(tmp_path / "v1.json")
    assert back.manifest == frozen.digest
    assert frozen.digest[:12] in back.source
    for before, after in zip(parts.samples, back.samples, strict=True):
        assert replace(after, labels=(), picture=before.picture, template=before.template) == (
            replace(before, labels=())
        )
        assert after.picture.samefile(before.picture)
        painted = [(name, mask.tolist()) for name, mask in replace(before, region=None).masks()]
        again = [(name, mask.tolist()) for name, mask in replace(after, region=None).masks()]
        assert again == painted


def test_the_digest_names_the_content_not_the_day(parts: Dataset, tmp_path: Path) -> None:
    first, second = (freeze(parts, tmp_path / f"{name}.json") for name in ("a", "b"))
    assert first.digest == second.digest
    other = freeze(with_side(parts, ("part4",), Side.LOCKED), tmp_path / "c.json")
    assert other.digest != first.digest


def test_a_manifest_moves_with_its_files(parts: Dataset, tmp_path: Path) -> None:
    freeze(parts, tmp_path / "v1.json")
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)
    assert len(open_manifest(moved / "v1.json").samples) == 5
    moved.rename(tmp_path)


def test_all_altered_and_missing_files_are_named_together(parts: Dataset, tmp_path: Path) -> None:
    freeze(parts, tmp_path / "v1.json")
    (tmp_path / "pictures" / "2.png").unlink()
    (tmp_path / "mask.png").write_bytes(b"another mask")
    with pytest.raises(TrainingError, match="2 files are not as") as refused:
        open_manifest(tmp_path / "v1.json")
    assert "mask.png: altered" in str(refused.value)
    assert "pictures/2.png: missing" in str(refused.value)


def test_an_edited_manifest_is_refused(parts: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "v1.json"
    freeze(parts, path)
    path.write_text(path.read_text().replace('"lot": "L1"', '"lot": "L2"', 1))
    with pytest.raises(TrainingError, match="it was altered: freeze the data anew"):
        read_manifest(path)


def test_a_part_on_two_sides_is_refused(parts: Dataset, tmp_path: Path) -> None:
    torn = (*parts.samples, replace(parts.samples[1], side=Side.LOCKED))
    freeze(replace(parts, samples=torn), tmp_path / "v1.json")
    with pytest.raises(TrainingError, match="'part1' are on several sides"):
        read_manifest(tmp_path / "v1.json")


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', "\xff"])
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(TrainingError, match=r"x\.json: (not a|no readable) manifest"):
        open_dataset(path)


def test_no_manifest_is_written_over_another(parts: Dataset, tmp_path: Path) -> None:
    freeze(parts, tmp_path / "v1.json")
    with pytest.raises(TrainingError, match="goes to a new file"):
        freeze(parts, tmp_path / "v1.json")


def test_a_manifest_has_a_line_for_each_picture(parts: Dataset, tmp_path: Path) -> None:
    freeze(parts, tmp_path / "v1.json")
    text = (tmp_path / "v1.json").read_text()
    assert sum(line.startswith('  {"file"') for line in text.splitlines()) == 5
    assert json.loads(text)["format"] == 1


def test_two_versions_are_compared_by_content(parts: Dataset, tmp_path: Path) -> None:
    before = freeze(parts, tmp_path / "v1.json")
    first, second, third, fourth, fifth = parts.samples
    third.picture.write_bytes(b"another picture")
    mask = cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    cv2.imwrite(str(tmp_path / "mask.png"), 255 - mask)
    fourth.picture.rename(tmp_path / "elsewhere.png")
    later = (
        first,
        replace(second, side=Side.VALIDATION),
        third,
        replace(fourth, picture=tmp_path / "elsewhere.png", part="other"),
        fifth,
    )
    after = freeze(replace(parts, samples=later), tmp_path / "v2.json", parent=before)
    found = difference(before, after)
    assert after.parent == before.digest
    assert [each.file.path for each in found.came] == ["pictures/2.png"]
    assert [each.file.path for each in found.went] == ["pictures/2.png"]
    assert [each.after.part for each in found.relabelled] == ["part0"]
    assert [each.after.part for each in found.moved] == ["part1"]
    assert [each.before.part for each in found.regrouped] == ["part3"]
    assert labels_in_words(after.pictures[2]) == "1 dent, 1 rust"
    assert difference(after, after).is_empty
