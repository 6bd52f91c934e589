"""Frames files: what is written, what is refused, and files that are not what they seem."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.belt import Belt, RenderedSource, write_belt
from camera.frame import CameraConfigError, Frame, FrameError
from camera.genicam import GenicamSource
from camera.replay import FolderSource
from camera.simulator.frames import FramesFile, write_frames, write_source

SimulatorOpener = Callable[..., GenicamSource]
Writer = Callable[[Path], Any]
WITHIN_S = 20.0
PICTURE = np.zeros((4, 6), np.uint8)


def test_a_folder_of_pictures_goes_through_the_camera_unchanged(
    open_simulator: SimulatorOpener, picture_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "folder.frames"
    assert write_source(file, FolderSource("folder", picture_folder), 100) == 5
    source = open_simulator({"ReplayFrames": str(file), "AcquisitionFrameRate": 500.0})
    frames = [source.fetch(WITHIN_S) for _ in range(5)]
    assert [int(f.pixels[0, 0]) for f in frames if isinstance(f, Frame)] == [10, 20, 30, 40, 50]


def test_rendered_parts_go_through_the_camera_unchanged(
    open_simulator: SimulatorOpener, tmp_path: Path
) -> None:
    file = tmp_path / "parts.frames"
    assert write_source(file, RenderedSource("renderer", size_px=64), 3) == 3
    source = open_simulator({"ReplayFrames": str(file), "AcquisitionFrameRate": 500.0})
    rendered = RenderedSource("renderer", size_px=64)
    rendered.start()
    for _ in range(3):
        through, directly = source.fetch(WITHIN_S), rendered.fetch(WITHIN_S)
        assert isinstance(through, Frame)
        assert isinstance(directly, Frame)
        assert np.array_equal(through.pixels, directly.pixels)


def test_a_trigger_without_a_picture_leaves_a_gap_in_the_tags(tmp_path: Path) -> None:
    belt = tmp_path / "belt.json"
    write_belt(belt, Belt(lost_one_in=3))
    file = tmp_path / "parts.frames"
    assert write_source(file, RenderedSource("r", size_px=64, belt_file=belt), 6) == 4
    rows = [struct.unpack_from("<qQ", file.read_bytes(), 64 + 16 * row)[1] for row in range(4)]
    assert rows == [0, 1, 3, 4]


def test_the_file_is_laid_out_as_the_docs_say(tmp_path: Path) -> None:
    file = tmp_path / "one.frames"
    with FramesFile(file, "Mono12", (2, 3), capacity=2) as frames:
        frames.append(np.arange(6, dtype=np.uint16).reshape(2, 3), timestamp_ns=5, tag=9)
    data = file.read_bytes()
    magic, *numbers = struct.unpack_from("<8sIIIIIIQQ", data)
    assert (magic, numbers) == (b"PLFRAMES", [1, 0x0110_0005, 3, 2, 2, 1, 64, 4096])
    assert struct.unpack_from("<qQ", data, 64) == (5, 9)
    assert struct.unpack_from("<6H", data, 4096) == (0, 1, 2, 3, 4, 5)
    assert len(data) == 4096 + 2 * 12


def write(pictures: list[Any], pixel_format: str) -> Writer:
    return lambda file: write_frames(file, pictures, pixel_format)


def create(size_hw: tuple[int, int], capacity: int) -> Writer:
    return lambda file: FramesFile(file, "Mono8", size_hw, capacity)


def append(pixels: Any, times: int = 1) -> Writer:
    def write(file: Path) -> None:
        with FramesFile(file, "Mono10", (4, 6), capacity=1) as frames:
            for _ in range(times):
                frames.append(pixels)

    return write


@pytest.mark.parametrize(
    ("writer", "error", "message"),
    [
        (append(PICTURE), FrameError, "expected uint16 of .4, 6., got uint8"),
        (append(PICTURE.astype("u2").T), FrameError, "got uint16 of .6, 4."),
        (append(PICTURE.astype("u2") + 1024), FrameError, "values below 1024, got 1024"),
        (append(PICTURE.astype("u2"), 2), CameraConfigError, "is full, it has room for 1"),
        (write([], "Mono8"), CameraConfigError, "no pictures to write"),
        (write([PICTURE], "Mono9"), CameraConfigError, "'Mono9' cannot be"),
        (create((0, 4), 1), CameraConfigError, "sides of 1 to 32768"),
        (create((4, 4), 0), CameraConfigError, "got 0 of"),
    ],
)
def test_what_cannot_be_replayed_is_not_written(
    tmp_path: Path, writer: Writer, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as fault:
        writer(tmp_path / "one.frames")
    assert "one.frames" in str(fault.value)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CameraConfigError, match=r"one\.frames: cannot be written"):
        write_frames(tmp_path / "missing" / "one.frames", [PICTURE], "Mono8")


def cut_to(end: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:end]


def damaged(place: int, form: str, value: Any) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        changed = bytearray(data)
        struct.pack_into(form, changed, place, value)
        return bytes(changed)

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_to(0), "not a frames file"),
        (cut_to(40), "not a frames file"),
        (cut_to(-1), "shorter than its header says"),
        (damaged(0, "8s", b"PLFRAMEX"), "not a frames file"),
        (damaged(8, "<I", 2), "another version"),
        (damaged(12, "<I", 0x010A_0046), "pixel format"),
        (damaged(12, "<I", 0), "pixel format"),
        (damaged(16, "<I", 0), "empty"),
        (damaged(20, "<I", 40_000), "32768"),
        (damaged(16, "<I", 30_000), "shorter than its header says"),
        (damaged(24, "<I", 0xFFFF_FFFF), "shorter than its header says"),
        (damaged(28, "<I", 3), "more pictures than it has room for"),
        (damaged(32, "<Q", 0xFFFF_FFFF_FFFF_FFF8), "shorter than its header says"),
        (damaged(32, "<Q", 65), "shorter than its header says"),
        (damaged(40, "<Q", 0xFFFF_FFFF_FFFF_FFFF), "shorter than its header says"),
    ],
)
def test_a_damaged_file_is_refused_and_the_camera_goes_on_with_its_own(
    open_simulator: SimulatorOpener, tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    file = tmp_path / "one.frames"
    write_frames(file, [PICTURE], "Mono8")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(CameraConfigError, match=rf"feature ReplayFrames .*{message}"):
        open_simulator({"ReplayFrames": str(file)})
    frame = open_simulator().fetch(WITHIN_S)
    assert isinstance(frame, Frame)
    assert frame.size_hw == (400, 400)


def test_a_file_that_is_replaced_is_replayed_to_its_end_by_who_has_it_open(
    open_simulator: SimulatorOpener, tmp_path: Path
) -> None:
    file = tmp_path / "one.frames"
    write_frames(file, [PICTURE + 7], "Mono8")
    source = open_simulator({"ReplayFrames": str(file), "AcquisitionFrameRate": 500.0})
    write_frames(file, [np.zeros((2, 2), np.uint8)], "Mono8")
    for _ in range(5):
        frame = source.fetch(WITHIN_S)
        assert isinstance(frame, Frame)
        assert (frame.pixels == 7).all()
