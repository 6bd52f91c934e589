"""`passline render`: what it writes is a data set of the layout that training reads."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import inspection.cli.render as render
from camera.belt import PICTURE_PX
from camera.renderer import DefectKind, PartRenderer
from inspection.cli import main

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`passline render ARGUMENTS` as it is started: its exit code and what it said."""

    def command(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["passline", "render", *arguments])
        monkeypatch.setenv("COLUMNS", "500")  # no line breaks inside a message
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capsys.readouterr().err

    return command


def series(**values: float) -> render.Series:
    return render.Series(
        renderer=PartRenderer(64, seed=2),
        kinds=(DefectKind.DENT, DefectKind.STAIN),
        defect_rate=values.get("defect_rate", 0.5),
        light=values.get("light", 1.0),
    )


@pytest.fixture
def data_set(run: Command, tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    code, said = run(
        str(folder), "--parts", "30", "--size", "64", "--defects", "dent,stain", "--first", "100"
    )
    assert code == 0
    assert "30 parts in" in said
    return folder


def test_good_parts_and_each_kind_have_their_folder(data_set: Path) -> None:
    assert {path.name for path in data_set.iterdir()} == {"good", "dent", "stain", "parts.csv"}
    pictures = sorted(data_set.glob("*/Imgs/part*[0-9].png"))
    assert len(pictures) == 30
    assert {int(path.stem.removeprefix("part")) for path in pictures} == set(range(100, 130))


def test_a_mask_lies_beside_every_picture_and_shows_the_defect(data_set: Path) -> None:
    for picture in data_set.glob("*/Imgs/part*[0-9].png"):
        mask = cv2.imread(str(picture.with_stem(picture.stem + "_mask")), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert (mask.shape, mask.dtype) == ((64, 64), np.uint8)
        assert set(np.unique(mask)) <= {0, 255}
        assert mask.any() == (picture.parent.parent.name != "good")


def test_the_grouping_file_names_every_picture_and_its_part(data_set: Path) -> None:
    with (data_set / "parts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    seed = rows[0]["part"].split("-")[0]
    assert [row["part"] for row in rows] == [f"{seed}-{number}" for number in range(100, 130)]
    for row in rows:
        assert (data_set / row["image"]).is_file()
        assert Path(row["image"]).stem == f"part{int(row['part'].split('-')[1]):07d}"


def test_the_same_command_writes_the_same_pictures(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        list(render.write_data_set(folder, series(), range(6)))
    one, other = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in folders
    )
    assert one == other


def test_the_share_of_defects_is_kept() -> None:
    none, all_of_them = series(defect_rate=0.0), series(defect_rate=1.0)
    assert all(none.render(number).is_good for number in range(20))
    assert all(len(all_of_them.render(number).defects) == 1 for number in range(20))


def test_a_weaker_lamp_is_seen_in_the_pictures() -> None:
    assert series(light=0.5).render(0).pixels.mean() < 0.6 * series().render(0).pixels.mean()


def test_pictures_are_as_large_as_those_of_the_belt(run: Command, tmp_path: Path) -> None:
    assert run(str(tmp_path / "set"), "--parts", "1")[0] == 0
    (picture,) = (tmp_path / "set").glob("*/Imgs/part0000000.png")
    pixels = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == (PICTURE_PX, PICTURE_PX)


def test_an_unknown_kind_is_refused_with_those_known(run: Command, tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "set"), "--defects", "dent,rust")
    assert code == 2
    assert "'rust' is not known; known are scratch, dent, stain" in said
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "arguments", [("--parts", "0"), ("--defect-rate", "1.5"), ("--shape", "oval"), ("--size", "8")]
)
def test_a_value_out_of_range_is_refused(
    run: Command, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    code, said = run(str(tmp_path / "set"), *arguments)
    assert code == 2
    assert arguments[0] in said
    assert not (tmp_path / "set").exists()


def test_a_folder_with_something_in_it_is_left_alone(run: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    code, said = run(str(tmp_path), "--parts", "1")
    assert code == 2
    assert said == f"passline: {tmp_path}: expected a new or an empty folder; name another one\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(render.RenderError, match=r"cannot write the data set to .*file/set"):
        list(render.write_data_set(tmp_path / "file" / "set", series(), range(1)))
