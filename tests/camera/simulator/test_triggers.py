"""Triggers of the virtual cameras by software and by line, their counters, the file's timing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from genicam import gentl
from harvesters.core import ImageAcquirer

from camera.simulator.frames import FramesFile, write_frames

RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]

SOFTWARE = {"TriggerMode": "On", "TriggerSource": "Software"}
LINE = {"TriggerMode": "On", "TriggerSource": "Line0"}
NOTHING_MS = 30
COUNTERS = ("Counter0", "Counter1", "Counter2")


def counters(camera: ImageAcquirer) -> dict[str, int]:
    """What each counter says, by what it counts."""
    node_map: Any = camera.remote_device.node_map
    values: dict[str, int] = {}
    for counter in COUNTERS:
        node_map.CounterSelector.value = counter
        values[node_map.CounterEventSource.value] = node_map.CounterValue.value
    return values


def assert_nothing_comes(camera: ImageAcquirer, fetch_raw: RawFetcher) -> None:
    with pytest.raises(gentl.TimeoutException):
        fetch_raw(camera, timeout_ms=NOTHING_MS)


def test_a_software_trigger_gives_one_picture(open_raw: RawOpener, fetch_raw: RawFetcher) -> None:
    camera = open_raw(**SOFTWARE)
    camera.start()
    assert_nothing_comes(camera, fetch_raw)
    for number in range(5):
        camera.remote_device.node_map.TriggerSoftware.execute()
        assert fetch_raw(camera)[1]["frame_id"] == number
        assert_nothing_comes(camera, fetch_raw)
    assert counters(camera) == {"FrameTrigger": 5, "FrameStart": 5, "FrameTriggerMissed": 0}


def test_triggers_in_a_burst_are_taken_one_exposure_apart(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(**SOFTWARE, ExposureTime=4000.0)
    camera.num_buffers = 8
    camera.start()
    for _ in range(4):
        camera.remote_device.node_map.TriggerSoftware.execute()
    times_ns = [fetch_raw(camera)[1]["timestamp_ns"] for _ in range(4)]
    assert (np.diff(times_ns) >= 4_000_000).all()


def test_more_triggers_than_the_camera_can_hold_are_counted_as_missed(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(**SOFTWARE, ExposureTime=1e7)
    camera.start()
    for _ in range(20):
        camera.remote_device.node_map.TriggerSoftware.execute()
    fetch_raw(camera)
    said = counters(camera)
    assert said["FrameTrigger"] == 20
    assert said["FrameTriggerMissed"] in (3, 4)  # 16 wait, and one may be exposed already


def test_a_software_trigger_does_nothing_for_a_line_or_a_free_run(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(**LINE)
    camera.start()
    camera.remote_device.node_map.TriggerSoftware.execute()
    assert_nothing_comes(camera, fetch_raw)
    assert counters(camera)["FrameTrigger"] == 0


def test_a_trigger_that_yields_no_picture_is_seen_by_the_counters_alone(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(**SOFTWARE, FaultTriggerLostEveryNth=3)
    camera.start()
    ids: list[int] = []
    for number in range(1, 7):
        camera.remote_device.node_map.TriggerSoftware.execute()
        if number % 3:
            ids.append(fetch_raw(camera)[1]["frame_id"])
    assert_nothing_comes(camera, fetch_raw)
    assert ids == [0, 1, 2, 3]
    assert counters(camera) == {"FrameTrigger": 6, "FrameStart": 4, "FrameTriggerMissed": 0}


@pytest.mark.parametrize(
    ("activation", "inverted", "expected"),
    [
        ("RisingEdge", False, [1, 0, 1, 0]),
        ("FallingEdge", False, [0, 1, 0, 1]),
        ("AnyEdge", False, [1, 1, 1, 1]),
        ("RisingEdge", True, [0, 1, 0, 1]),
    ],
)
def test_an_edge_of_the_line_is_a_trigger(
    open_raw: RawOpener, activation: str, inverted: bool, expected: list[int]
) -> None:
    camera = open_raw(**LINE, TriggerActivation=activation, LineInverter=inverted)
    camera.start()
    seen: list[int] = []
    for level in (True, False, True, False):
        before = counters(camera)["FrameTrigger"]
        camera.remote_device.node_map.ReplayLine0.value = level
        seen.append(counters(camera)["FrameTrigger"] - before)
    assert seen == expected


def test_parts_in_the_light_barrier_trigger_at_their_rate(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(**LINE, ReplayPartRate=100.0)
    camera.num_buffers = 8
    camera.start()
    said = [fetch_raw(camera)[1] for _ in range(6)]
    assert [one["frame_id"] for one in said] == list(range(6))
    times_ns = [one["timestamp_ns"] for one in said]
    assert times_ns[-1] - times_ns[0] >= 4 * 10_000_000


def test_a_part_passes_the_light_barrier_for_each_picture_that_comes_to_the_file(
    open_raw: RawOpener, fetch_raw: RawFetcher, tmp_path: Path
) -> None:
    """Also for the part whose trigger yields no picture: the next one shows its own part."""
    file = tmp_path / "belt.frames"
    with FramesFile(file, "Mono8", (4, 4), capacity=4) as frames:
        frames.append(np.full((4, 4), 50, np.uint8))
        camera = open_raw(
            **LINE,
            ReplayFrames=str(file),
            ReplayAtEnd="Wait",
            ReplayPartPerFrame=True,
            FaultTriggerLostEveryNth=3,
        )
        camera.start()
        assert fetch_raw(camera)[0] == bytes([50]) * 16
        frames.append(np.full((4, 4), 51, np.uint8))
        assert fetch_raw(camera)[0] == bytes([51]) * 16
        frames.append(np.full((4, 4), 52, np.uint8))
        assert_nothing_comes(camera, fetch_raw)
        frames.append(np.full((4, 4), 53, np.uint8))
        assert fetch_raw(camera)[0] == bytes([53]) * 16
        assert_nothing_comes(camera, fetch_raw)
    assert counters(camera) == {"FrameTrigger": 4, "FrameStart": 3, "FrameTriggerMissed": 0}


def test_parts_that_waited_for_the_camera_keep_their_distance(
    open_raw: RawOpener, fetch_raw: RawFetcher, tmp_path: Path
) -> None:
    file = tmp_path / "belt.frames"
    with FramesFile(file, "Mono8", (4, 4), capacity=4) as frames:
        for number in range(4):
            pixels = np.full((4, 4), number, np.uint8)
            frames.append(pixels, timestamp_ns=number * 30_000_000)
    recorded = {"ReplayTiming": "Recorded", "ReplayAtEnd": "Wait", "ReplayPartPerFrame": True}
    camera = open_raw(**LINE, ReplayFrames=str(file), **recorded)
    camera.num_buffers = 4
    camera.start()
    times_ns = [fetch_raw(camera)[1]["timestamp_ns"] for _ in range(4)]
    assert (np.diff(times_ns) >= 30_000_000).all()


def test_the_counters_can_be_set_to_0(open_raw: RawOpener, fetch_raw: RawFetcher) -> None:
    camera = open_raw(**SOFTWARE)
    camera.start()
    camera.remote_device.node_map.TriggerSoftware.execute()
    fetch_raw(camera)
    for counter in COUNTERS:
        camera.remote_device.node_map.CounterSelector.value = counter
        camera.remote_device.node_map.CounterReset.execute()
    assert set(counters(camera).values()) == {0}


def test_pictures_come_in_the_file_s_order_and_begin_again(
    open_raw: RawOpener, fetch_raw: RawFetcher, tmp_path: Path
) -> None:
    file = tmp_path / "three.frames"
    write_frames(file, [np.full((4, 4), grey, np.uint8) for grey in (10, 20, 30)], "Mono8")
    camera = open_raw(ReplayFrames=str(file), ReplayNextFrame=1, **SOFTWARE)
    camera.start()
    greys: list[int] = []
    tags: list[int] = []
    for _ in range(4):
        camera.remote_device.node_map.TriggerSoftware.execute()
        greys.append(fetch_raw(camera)[0][0])
        tags.append(camera.remote_device.node_map.ReplayFrameTag.value)
    assert (greys, tags) == ([20, 30, 10, 20], [1, 2, 0, 1])


def test_a_camera_can_wait_for_pictures_that_are_still_being_written(
    open_raw: RawOpener, fetch_raw: RawFetcher, tmp_path: Path
) -> None:
    file = tmp_path / "growing.frames"
    with FramesFile(file, "Mono8", (4, 4), capacity=3) as frames:
        camera = open_raw(ReplayFrames=str(file), ReplayAtEnd="Wait", AcquisitionFrameRate=1000.0)
        camera.start()
        assert_nothing_comes(camera, fetch_raw)
        for number in range(3):
            frames.append(np.full((4, 4), 50 + number, np.uint8), tag=700 + number)
            data, said = fetch_raw(camera)
            assert (data, said["frame_id"]) == (bytes([50 + number]) * 16, number)
            assert camera.remote_device.node_map.ReplayFrameTag.value == 700 + number
            assert_nothing_comes(camera, fetch_raw)


def test_a_recorded_session_is_replayed_with_its_own_timing(
    open_raw: RawOpener, fetch_raw: RawFetcher, tmp_path: Path
) -> None:
    file = tmp_path / "session.frames"
    with FramesFile(file, "Mono8", (4, 4), capacity=3) as frames:
        for timestamp_ms in (1000, 1005, 1025):
            frames.append(np.zeros((4, 4), np.uint8), timestamp_ns=timestamp_ms * 1_000_000)
    camera = open_raw(ReplayFrames=str(file), ReplayTiming="Recorded", AcquisitionFrameRate=1.0)
    camera.num_buffers = 4
    camera.start()
    times_ns = [fetch_raw(camera)[1]["timestamp_ns"] for _ in range(3)]
    assert list(np.diff(times_ns)) == [5_000_000, 20_000_000]
