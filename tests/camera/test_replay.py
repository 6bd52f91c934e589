"""A folder as a camera: name order, and a broken file is a rejected part, not a stopped line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason, SourceEnded
from camera.replay import FolderSource


def test_pictures_come_in_the_order_of_their_names(picture_folder: Path) -> None:
    source = FolderSource("cam", picture_folder)
    source.start()
    frames = [source.fetch(0.0) for _ in range(5)]
    greys = [int(frame.pixels[0, 0]) for frame in frames if isinstance(frame, Frame)]
    assert greys == [10, 20, 30, 40, 50]
    assert [path.name for path in source.paths] == [f"part{number}.png" for number in range(5)]
    with pytest.raises(SourceEnded, match="all 5 pictures were given"):
        source.fetch(0.0)
    source.stop()


def test_an_unreadable_file_is_a_trigger_without_a_picture(picture_folder: Path) -> None:
    (picture_folder / "part1.png").write_bytes(b"")
    (picture_folder / "part3.png").write_text("no picture")
    source = FolderSource("cam", picture_folder)
    source.start()
    outcomes = [source.fetch(0.0) for _ in range(5)]
    missed = [outcome for outcome in outcomes if isinstance(outcome, MissedFrame)]
    assert [(miss.trigger_id, miss.reason) for miss in missed] == [
        (1, MissReason.INCOMPLETE),
        (3, MissReason.INCOMPLETE),
    ]
    assert "part1.png: the file is empty" in missed[0].detail
    assert "part3.png: not a PNG" in missed[1].detail
    assert source.triggers == 5


def test_a_file_that_is_deleted_meanwhile_is_a_trigger_without_a_picture(
    picture_folder: Path,
) -> None:
    source = FolderSource("cam", picture_folder)
    source.start()
    (picture_folder / "part0.png").unlink()
    outcome = source.fetch(0.0)
    assert isinstance(outcome, MissedFrame)
    assert "part0.png: cannot be read" in outcome.detail


def test_a_colour_picture_where_grey_is_expected_is_not_inspected(picture_folder: Path) -> None:
    assert cv2.imwrite(str(picture_folder / "part0.png"), np.zeros((20, 30, 3), np.uint8))
    source = FolderSource("cam", picture_folder, expect="Mono8")
    source.start()
    outcome = source.fetch(0.0)
    assert isinstance(outcome, MissedFrame)
    assert "expected Mono8, got RGB8" in outcome.detail


def test_a_missing_folder_and_one_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraConfigError, match=r"cam: cannot list the folder: .*nowhere"):
        FolderSource("cam", tmp_path / "nowhere").start()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CameraConfigError, match="holds no picture"):
        FolderSource("cam", tmp_path).start()


def test_a_stopped_folder_gives_nothing(picture_folder: Path) -> None:
    source = FolderSource("cam", picture_folder)
    with pytest.raises(CameraLost, match="is not started"):
        source.fetch(0.0)


def test_a_folder_can_be_replayed_again(picture_folder: Path) -> None:
    source = FolderSource("cam", picture_folder)
    for _ in range(2):
        source.start()
        outcome = source.fetch(0.0)
        assert isinstance(outcome, Frame)
        assert outcome.trigger_id == 0
        source.stop()
