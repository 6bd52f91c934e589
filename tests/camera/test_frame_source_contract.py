"""What the line may expect of every frame source, tested on each of them."""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import numpy as np
import pytest

from camera.belt import Belt, RenderedSource, write_belt
from camera.features import FeatureValue
from camera.frame import (
    CameraError,
    Frame,
    FrameSource,
    MissedFrame,
    SourceEnded,
    check_pixels,
)
from camera.genicam import GenicamSource
from camera.recorded import RecordingSource
from camera.recording import record_session
from camera.replay import FolderSource
from camera.worker import WorkerSource
from camera.worker_spec import CameraSpec

Outcome = Frame | MissedFrame
WITHIN_S = 20.0
COUNT = 5

FAILS = {"FaultDropEveryNth": 2, "FaultIncompleteEveryNth": 5}

SourceMaker = Callable[[str], FrameSource]


def in_a_process_of_its_own(producer: Path, features: Mapping[str, FeatureValue]) -> WorkerSource:
    spec = CameraSpec(camera_id="cam", producers=(str(producer),), serial="SIM0", features=features)
    return WorkerSource(spec, freezes_after_s=WITHIN_S)


@pytest.fixture
def make(viky: Path, simulator: Path, picture_folder: Path, tmp_path: Path) -> SourceMaker:
    def source(kind: str) -> FrameSource:
        if kind.startswith("simulator"):
            features = {"AcquisitionFrameRate": 200.0} | (FAILS if "fails" in kind else {})
            return GenicamSource("cam", [simulator], serial="SIM0", features=features)
        if kind.startswith("worker"):
            return in_a_process_of_its_own(
                simulator, {"AcquisitionFrameRate": 200.0} | (FAILS if "fails" in kind else {})
            )
        if kind == "genicam":
            features = {"PixelFormat": "Mono8", "AcquisitionFrameRate": 200.0}
            return GenicamSource("cam", [viky], serial="1", features=features)
        if kind == "folder":
            return FolderSource("cam", picture_folder)
        if kind == "folder with a broken file":
            (picture_folder / "part2.png").write_bytes(b"")
            return FolderSource("cam", picture_folder)
        belt = tmp_path / "belt.json"
        write_belt(belt, Belt(lost_one_in=3 if kind.endswith("that loses") else None))
        rendered = RenderedSource("cam", size_px=64, belt_file=belt)
        if not kind.startswith("recording"):
            return rendered
        record_session(rendered, tmp_path / "session", software="test", frames=2 * COUNT)
        return RecordingSource("cam", tmp_path / "session", speed=1.0)

    return source


@pytest.fixture(
    params=[
        "genicam",
        "simulator",
        "simulator that fails",
        "worker",
        "worker that fails",
        "folder",
        "folder with a broken file",
        "belt",
        "belt that loses",
        "recording",
        "recording of a belt that loses",
    ]
)
def source(request: pytest.FixtureRequest, make: SourceMaker) -> Generator[FrameSource]:
    made = make(request.param)
    made.start()
    yield made
    made.stop()


def fetch(source: FrameSource, count: int = COUNT) -> list[Outcome]:
    outcomes = [source.fetch(WITHIN_S) for _ in range(count)]
    came = [outcome for outcome in outcomes if outcome is not None]
    assert len(came) == count
    return came


def test_every_trigger_comes_out_once_and_in_order(source: FrameSource) -> None:
    assert [outcome.trigger_id for outcome in fetch(source)] == list(range(COUNT))


def test_everything_names_its_camera_and_its_time(source: FrameSource) -> None:
    assert source.camera_id == "cam"
    last_ns = 0
    for outcome in fetch(source):
        assert outcome.camera_id == "cam"
        when = outcome.captured_ns if isinstance(outcome, Frame) else outcome.noticed_ns
        utc = outcome.captured_utc_ns if isinstance(outcome, Frame) else outcome.noticed_utc_ns
        assert utc > 1_600_000_000_000_000_000
        if isinstance(outcome, Frame):  # taken before a miss may be noticed
            assert when >= last_ns
            last_ns = when


def test_pictures_are_read_only_and_of_their_format(source: FrameSource) -> None:
    for outcome in fetch(source):
        if isinstance(outcome, Frame):
            check_pixels(outcome.pixels, outcome.pixel_format)
            with pytest.raises(ValueError, match="read-only"):
                outcome.pixels[0, 0] = 1


def test_a_picture_does_not_change_when_later_ones_are_fetched(source: FrameSource) -> None:
    (first,) = fetch(source, 1)
    assert isinstance(first, Frame)
    before = first.pixels.copy()
    later = fetch(source, COUNT - 1)
    assert np.array_equal(first.pixels, before)
    assert any(isinstance(o, Frame) and not np.array_equal(o.pixels, before) for o in later)


def test_triggers_are_at_least_those_that_came_out(source: FrameSource) -> None:
    for count in range(1, COUNT + 1):
        fetch(source, 1)
        assert source.triggers >= count


def test_a_source_can_be_stopped_twice(source: FrameSource) -> None:
    fetch(source, 1)
    source.stop()
    source.stop()


def test_a_stopped_source_gives_no_frame(source: FrameSource) -> None:
    fetch(source, 1)
    source.stop()
    with pytest.raises((CameraError, SourceEnded)):
        source.fetch(0.0)


def test_a_source_starts_again_from_its_first_trigger(source: FrameSource) -> None:
    fetch(source, 2)
    source.stop()
    source.start()
    assert [outcome.trigger_id for outcome in fetch(source, 2)] == [0, 1]


@pytest.mark.parametrize("kind", ["genicam", "simulator", "worker", "folder", "belt"])
def test_nothing_within_the_time_is_none(
    kind: str, viky: Path, simulator: Path, picture_folder: Path, tmp_path: Path
) -> None:
    slow: FrameSource
    if kind == "genicam":
        # The slowest that this camera goes: it cannot have the second picture yet.
        features = {"PixelFormat": "Mono8", "AcquisitionFrameRate": 1.0}
        slow = GenicamSource("cam", [viky], serial="1", features=features)
    elif kind == "simulator":
        features = {"AcquisitionFrameRate": 1.0}
        slow = GenicamSource("cam", [simulator], serial="SIM0", features=features)
    elif kind == "worker":
        slow = in_a_process_of_its_own(simulator, {"AcquisitionFrameRate": 1.0})
    elif kind == "folder":
        slow = FolderSource("cam", picture_folder, pace_hz=0.01)
    else:
        slow = RenderedSource("cam", size_px=64, pace_hz=0.01)
    slow.start()
    try:
        fetch(slow, 1)
        assert slow.fetch(0.01) is None
        assert slow.fetch(0.0) is None
        assert slow.triggers == 1
    finally:
        slow.stop()
