"""A camera in a process of its own: hung, killed, away or unwanted, with the real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason
from camera.genicam import GenicamSource
from camera.simulator import CAMERAS_VARIABLE, FRAMES_VARIABLE
from camera.simulator.frames import write_frames
from camera.triggers import LineTrigger, SoftwareTrigger
from camera.worker import NOT_HANDED_OVER, WorkerSource
from camera.worker_spec import CameraSpec

WITHIN_S = 60.0
FAST = {"AcquisitionFrameRate": 200.0}

WorkerOpener = Callable[..., WorkerSource]


@pytest.fixture
def open_worker(built_producer: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[WorkerOpener]:
    """Makes a source on a camera of the simulator; its process is ended at the end."""
    monkeypatch.delenv(FRAMES_VARIABLE, raising=False)
    monkeypatch.delenv(CAMERAS_VARIABLE, raising=False)
    made: list[WorkerSource] = []

    def opener(
        features: dict[str, Any] | None = None, serial: str = "SIM0", **options: Any
    ) -> WorkerSource:
        spec = CameraSpec(
            camera_id="cam",
            producers=(str(options.pop("producer", built_producer)),),
            serial=serial,
            features=FAST if features is None else features,
            trigger=options.pop("trigger", None),
            max_wait_s=WITHIN_S,
        )
        options = {"freezes_after_s": WITHIN_S} | options  # only those that are to hang do
        source = WorkerSource(spec, **options)
        made.append(source)
        return source

    yield opener
    for source in made:
        source.stop()


def fetch(source: WorkerSource) -> Frame | MissedFrame:
    outcome = source.fetch(WITHIN_S)
    assert outcome is not None
    return outcome


def fetch_until_lost(source: WorkerSource) -> tuple[list[int], CameraLost]:
    """The triggers that came, and the loss."""
    came: list[int] = []
    while True:
        try:
            came.append(fetch(source).trigger_id)
        except CameraLost as lost:
            return came, lost


def running(source: WorkerSource) -> int:
    assert source.process_id is not None
    return source.process_id


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that is dead and not waited for does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def assert_ends(process_id: int) -> None:
    end = time.monotonic() + WITHIN_S
    while is_alive(process_id):
        assert time.monotonic() < end, f"process {process_id} is still there"
        time.sleep(0.01)


def test_the_camera_is_in_another_process_which_ends_with_stop(open_worker: WorkerOpener) -> None:
    source = open_worker()
    assert source.process_id is None
    source.start()
    process_id = running(source)
    assert process_id != os.getpid()
    assert is_alive(process_id)
    source.stop()
    assert not is_alive(process_id)


def test_the_line_knows_what_the_camera_really_had(open_worker: WorkerOpener) -> None:
    source = open_worker({"ExposureTime": 1234.0, "PixelFormat": "Mono12"})
    source.start()
    assert source.settings["ExposureTime"] == 1234.0
    assert source.settings["PixelFormat"] == "Mono12"
    assert "DeviceSerialNumber" in source.settings  # not only what was asked for
    frame = fetch(source)
    assert isinstance(frame, Frame)
    assert (frame.pixel_format, frame.pixels.dtype) == ("Mono12", np.uint16)


def test_a_producer_that_nobody_here_wrote_serves_as_well(
    open_worker: WorkerOpener, viky: Path
) -> None:
    source = open_worker({"PixelFormat": "Mono8"}, producer=viky, serial="1")
    source.start()
    outcomes = [fetch(source) for _ in range(20)]
    assert [outcome.trigger_id for outcome in outcomes] == list(range(20))
    assert any(isinstance(outcome, Frame) and outcome.pixels.any() for outcome in outcomes)


def test_a_fault_of_the_recipe_arrives_in_the_same_words(
    open_worker: WorkerOpener, simulator: Path, tmp_path: Path
) -> None:
    no_producer = tmp_path / "text.cti"
    no_producer.write_text("not a library")
    cases = (
        {"producer": tmp_path / "none.cti"},
        {"producer": no_producer},
        {"features": {"Width": -1}},
        {"features": {"NoSuchFeature": 1}},
    )
    for case in cases:
        producer, features = case.get("producer", simulator), case.get("features")
        there, here = open_worker(features, producer=producer), None
        with pytest.raises(CameraConfigError) as fault:
            there.start()
        with pytest.raises(CameraConfigError) as expected:
            GenicamSource("cam", [Path(str(producer))], serial="SIM0", features=features).start()  # pyright: ignore
        assert str(fault.value) == str(expected.value)
        assert there.process_id is here


def test_a_killed_process_loses_no_outcome_and_the_next_one_goes_on(
    open_worker: WorkerOpener,
) -> None:
    source = open_worker()
    source.start()
    held = fetch(source)
    assert isinstance(held, Frame)
    before = held.pixels.copy()
    killed = running(source)
    os.kill(killed, signal.SIGKILL)
    came, lost = fetch_until_lost(source)
    assert came == list(range(1, len(came) + 1))
    assert source.triggers == len(came) + 1
    assert str(lost) == f"cam: its process {killed} was ended by SIGKILL"
    with pytest.raises(CameraLost, match="is not started"):
        source.fetch(0.0)
    source.stop()
    source.start()
    assert [fetch(source).trigger_id for _ in range(100)] == list(range(100))
    assert held.intact()
    assert np.array_equal(held.pixels, before)


def test_a_trigger_that_a_killed_process_had_counted_is_lost_not_forgotten(
    open_worker: WorkerOpener,
) -> None:
    source = open_worker({"FaultTriggerLostEveryNth": 1}, trigger=SoftwareTrigger())
    source.start()
    source.trigger()
    while source.triggers == 0:
        assert source.fetch(0.01) is None
    os.kill(running(source), signal.SIGKILL)
    outcome = fetch(source)
    assert isinstance(outcome, MissedFrame)
    assert (outcome.trigger_id, outcome.reason, outcome.detail) == (
        0,
        MissReason.LOST,
        NOT_HANDED_OVER,
    )
    assert fetch_until_lost(source)[0] == []


def test_a_process_that_hangs_in_the_producers_code_is_killed(open_worker: WorkerOpener) -> None:
    source = open_worker(FAST | {"FaultSlowEventMs": 60_000}, freezes_after_s=0.5)
    source.start()
    hung = running(source)
    _, lost = fetch_until_lost(source)
    assert f"cam: its process {hung} hung for " in str(lost)
    assert not is_alive(hung)


def test_a_process_that_stands_still_is_killed_and_the_ring_survives_it(
    open_worker: WorkerOpener,
) -> None:
    source = open_worker(freezes_after_s=2.0)
    source.start()
    held = fetch(source)
    halted = running(source)
    os.kill(halted, signal.SIGSTOP)
    came, lost = fetch_until_lost(source)
    assert came == list(range(1, len(came) + 1))
    assert "hung" in str(lost)
    assert not is_alive(halted)
    source.stop()
    source.start()
    assert fetch(source).trigger_id == 0
    assert isinstance(held, Frame)
    assert held.intact()


def test_a_camera_that_does_not_open_in_time_is_given_up(open_worker: WorkerOpener) -> None:
    source = open_worker(opens_within_s=0.0)
    with pytest.raises(CameraLost, match=r"cam: not open after 0 s; its process \d+ was killed"):
        source.start()
    assert source.process_id is None


def test_a_camera_that_is_gone_is_reported_in_its_process_own_words(
    open_worker: WorkerOpener,
) -> None:
    source = open_worker(FAST | {"FaultGoneAfter": 3, "FaultGoneMs": 600_000})
    source.start()
    came, lost = fetch_until_lost(source)
    assert came[:3] == [0, 1, 2]
    assert str(lost).startswith("cam: ")
    assert "process" not in str(lost)


def test_a_camera_that_is_not_there_yet_when_the_line_starts_is_waited_for_and_named_once(
    open_worker: WorkerOpener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = open_worker(serial="SIM1")
    for _ in range(2):
        with pytest.raises(CameraLost, match="found 0 of 1"):
            source.start()
    assert [record.name for record in caplog.records] == ["passline.camera"]
    assert "found 0 of 1" in caplog.text
    monkeypatch.setenv(CAMERAS_VARIABLE, "2")
    source.start()
    assert fetch(source).trigger_id == 0


def test_a_camera_that_was_open_and_is_away_is_waited_for(
    open_worker: WorkerOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAMERAS_VARIABLE, "2")
    source = open_worker(serial="SIM1")
    source.start()
    fetch(source)
    monkeypatch.setenv(CAMERAS_VARIABLE, "1")
    for _ in range(2):
        source.stop()
        with pytest.raises(CameraLost, match="found 0 of 1"):
            source.start()
    monkeypatch.setenv(CAMERAS_VARIABLE, "2")
    source.start()
    assert fetch(source).trigger_id == 0
    assert source.settings["AcquisitionFrameRate"] == 200.0


def test_without_memory_for_its_pictures_no_camera_is_started(open_worker: WorkerOpener) -> None:
    source = open_worker(slots=100_000_000)
    with pytest.raises(CameraConfigError, match=r"cam: 100000000 pictures of 160000 bytes need"):
        source.start()
    assert source.process_id is None


def test_what_the_line_is_too_slow_for_is_lost_and_accounted_for_to_the_last_picture(
    open_worker: WorkerOpener, tmp_path: Path
) -> None:
    pictures = 300
    file = tmp_path / "parts.frames"
    write_frames(file, [np.full((8, 8), n % 256, np.uint8) for n in range(pictures)], "Mono8")
    features = {"ReplayFrames": str(file), "ReplayAtEnd": "Wait", "AcquisitionFrameRate": 1000.0}
    source = open_worker(features, slots=4)
    source.start()
    outcomes = [fetch(source) for _ in range(pictures)]  # nothing is given back
    source.stop()
    assert [outcome.trigger_id for outcome in outcomes] == list(range(pictures))
    frames = [outcome for outcome in outcomes if isinstance(outcome, Frame)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, MissedFrame)]
    assert [frame.trigger_id for frame in frames] == [0, 1, 2, 3]
    assert {miss.reason for miss in lost} == {MissReason.LOST}
    assert source.triggers == pictures
    for frame in frames:
        assert (frame.pixels == frame.trigger_id).all()


def test_two_cameras_have_two_processes_and_a_hanging_one_holds_up_nobody(
    open_worker: WorkerOpener, tmp_path: Path
) -> None:
    sources: list[WorkerSource] = []
    for value in (10, 20):
        file = tmp_path / f"{value}.frames"
        write_frames(file, [np.full((8, 8), value, np.uint8)], "Mono8")
        sources.append(open_worker(FAST | {"ReplayFrames": str(file)}))
        sources[-1].start()
    left, right = sources
    os.kill(running(left), signal.SIGSTOP)
    for trigger_id in range(100):
        frame = fetch(right)
        assert isinstance(frame, Frame)
        assert (frame.trigger_id, frame.pixels[0, 0]) == (trigger_id, 20)
    os.kill(running(left), signal.SIGCONT)
    frame = fetch(left)
    assert isinstance(frame, Frame)
    assert frame.pixels[0, 0] == 10


def test_a_commanded_picture_comes(open_worker: WorkerOpener) -> None:
    source = open_worker({}, trigger=SoftwareTrigger())
    source.start()
    for trigger_id in range(3):
        source.trigger()
        assert fetch(source).trigger_id == trigger_id


def test_the_plan_for_triggers_reaches_the_camera(open_worker: WorkerOpener) -> None:
    source = open_worker({}, trigger=LineTrigger("Line0", "FallingEdge"))
    source.start()
    assert source.settings["TriggerActivation[FrameStart]"] == "FallingEdge"


LINE_OF_ITS_OWN = """
import sys, time
from camera.worker import WorkerSource
from camera.worker_spec import CameraSpec
features = {"FaultSlowEventMs": 60_000} if "hangs" in sys.argv[2] else {}
source = WorkerSource(
    CameraSpec(camera_id="cam", producers=(sys.argv[1],), serial="SIM0", features=features)
)
source.start()
print(source.process_id, flush=True)
if "leaves" not in sys.argv[2]:
    time.sleep(600)
"""


@pytest.mark.parametrize(
    "how",
    [
        "is killed",
        "is killed while the producer hangs",
        "is killed while the camera's process is halted",
        "leaves",
    ],
)
def test_no_camera_process_outlives_its_line(how: str, built_producer: Path) -> None:
    command = [sys.executable, "-c", LINE_OF_ITS_OWN, str(built_producer), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as line:
        assert line.stdout is not None
        process_id = int(line.stdout.readline())
        if "halted" in how:
            os.kill(process_id, signal.SIGSTOP)  # not even a signal handler runs
        if "killed" in how:
            line.kill()
        line.wait(WITHIN_S)
    assert_ends(process_id)
