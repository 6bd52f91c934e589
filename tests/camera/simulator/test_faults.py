"""Every fault of the virtual cameras, and what the station makes of it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harvesters.core import ImageAcquirer

from camera.frame import CameraLost, Frame, MissedFrame, MissReason
from camera.genicam import GenicamSource
from camera.simulator import power_cycle
from camera.simulator.frames import write_frames

SimulatorOpener = Callable[..., GenicamSource]
RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]
Outcome = Frame | MissedFrame

WITHIN_S = 20.0
FAST = {"AcquisitionFrameRate": 200.0}
LOST, INCOMPLETE = MissReason.LOST, MissReason.INCOMPLETE


@pytest.fixture
def two_greys(tmp_path: Path) -> str:
    """A file of a black and a white picture."""
    file = tmp_path / "two.frames"
    write_frames(file, [np.full((40, 60), grey, np.uint8) for grey in (0, 255)], "Mono8")
    return str(file)


def take(source: GenicamSource, count: int) -> list[Outcome]:
    outcomes = [source.fetch(WITHIN_S) for _ in range(count)]
    came = [outcome for outcome in outcomes if outcome is not None]
    assert len(came) == count
    return came


def misses(outcomes: list[Outcome]) -> dict[int, MissReason]:
    return {o.trigger_id: o.reason for o in outcomes if isinstance(o, MissedFrame)}


def take_until_lost(source: GenicamSource) -> list[Outcome]:
    """What comes before CameraLost; it must come."""
    came: list[Outcome] = []
    try:
        for _ in range(1000):
            outcome = source.fetch(0.05)
            if outcome is not None:
                came.append(outcome)
    except CameraLost:
        return came
    pytest.fail(f"the camera was not lost in 1000 looks; {len(came)} outcomes came")


def test_a_dropped_picture_is_a_lost_trigger(open_simulator: SimulatorOpener) -> None:
    outcomes = take(open_simulator(FAST | {"FaultDropEveryNth": 3}), 9)
    assert [o.trigger_id for o in outcomes] == list(range(9))
    assert misses(outcomes) == {2: LOST, 5: LOST, 8: LOST}


def test_an_incomplete_buffer_is_an_incomplete_trigger(open_simulator: SimulatorOpener) -> None:
    source = open_simulator(FAST | {"FaultIncompleteEveryNth": 2})
    assert misses(take(source, 6)) == {1: INCOMPLETE, 3: INCOMPLETE, 5: INCOMPLETE}


def test_drops_and_incomplete_buffers_balance_with_the_triggers(
    open_simulator: SimulatorOpener,
) -> None:
    faults = {"FaultDropEveryNth": 7, "FaultIncompleteEveryNth": 5, "FaultLateEveryNth": 11}
    source = open_simulator(FAST | faults | {"FaultLateMs": 20}, buffers=100)
    outcomes = take(source, 70)
    assert [o.trigger_id for o in outcomes] == list(range(70))
    dropped = dict.fromkeys(range(6, 70, 7), LOST)
    torn = dict.fromkeys(range(4, 70, 5), INCOMPLETE)
    assert misses(outcomes) == torn | dropped
    assert source.triggers >= 70


def test_frame_ids_that_jump_ahead_are_lost_triggers(open_simulator: SimulatorOpener) -> None:
    source = open_simulator(FAST | {"FaultFrameIdJump": 3, "FaultFrameIdJumpAfter": 2})
    assert misses(take(source, 8)) == {2: LOST, 3: LOST, 4: LOST}


def test_frame_ids_that_jump_back_are_a_lost_camera(open_simulator: SimulatorOpener) -> None:
    source = open_simulator(FAST | {"FaultFrameIdJump": -2, "FaultFrameIdJumpAfter": 4})
    take(source, 4)
    with pytest.raises(CameraLost, match="the camera counts anew"):
        source.fetch(WITHIN_S)


def test_a_late_picture_shows_its_age_by_the_camera_s_clock(
    open_simulator: SimulatorOpener,
) -> None:
    late = {"FaultLateEveryNth": 3, "FaultLateMs": 60, "AcquisitionFrameRate": 5.0}
    source = open_simulator(late)
    ages_ms: list[float] = []
    for _ in range(3):
        (outcome,) = take(source, 1)
        assert isinstance(outcome, Frame)
        ages_ms.append((time.monotonic_ns() - outcome.captured_ns) / 1e6)
    assert ages_ms[2] >= 60
    assert all(age >= 0 for age in ages_ms)


def test_a_payload_size_that_is_too_small_makes_every_trigger_incomplete(
    open_simulator: SimulatorOpener,
) -> None:
    outcomes = take(open_simulator(FAST | {"FaultPayloadSize": 399}), 3)
    assert misses(outcomes) == {0: INCOMPLETE, 1: INCOMPLETE, 2: INCOMPLETE}
    assert isinstance(outcomes[0], MissedFrame)
    assert "needs 160000 bytes, the buffer holds" in outcomes[0].detail


def test_a_payload_size_that_is_too_large_does_no_harm(open_simulator: SimulatorOpener) -> None:
    assert misses(take(open_simulator(FAST | {"FaultPayloadSize": 1_000_000}), 3)) == {}


def test_a_height_of_0_is_replaced_by_the_camera_s_own(
    open_simulator: SimulatorOpener,
) -> None:
    source = open_simulator(FAST | {"FaultHeightZero": True, "Width": 40, "Height": 30})
    (frame,) = take(source, 1)
    assert isinstance(frame, Frame)
    assert frame.size_hw == (30, 40)


@pytest.mark.parametrize("padding", [1, 3, 64])
def test_padded_lines_do_not_shear_the_picture(
    open_simulator: SimulatorOpener, padding: int
) -> None:
    (frame,) = take(open_simulator(FAST | {"FaultLinePadding": padding}), 1)
    assert isinstance(frame, Frame)
    ramp = np.add.outer(np.arange(400), np.arange(400)).astype(np.uint8)
    assert np.array_equal(frame.pixels, ramp)


def test_a_torn_picture_has_two_parts_in_it(
    open_simulator: SimulatorOpener, two_greys: str
) -> None:
    """Nothing in GenTL tells: it is a frame. Only a checksum from the camera could find it."""
    source = open_simulator(FAST | {"ReplayFrames": two_greys, "FaultTornEveryNth": 2})
    whole, torn = take(source, 2)
    assert isinstance(whole, Frame)
    assert isinstance(torn, Frame)
    assert (whole.pixels == 0).all()
    assert (torn.pixels[:20] == 255).all()
    assert (torn.pixels[20:] == 0).all()


def test_a_frozen_camera_gives_nothing_and_is_not_taken_for_a_lost_one(
    open_simulator: SimulatorOpener,
) -> None:
    source = open_simulator(FAST | {"FaultFreezeAfter": 3}, silence_s=0.02)
    take(source, 3)
    assert [source.fetch(0.05) for _ in range(4)] == [None] * 4
    assert source.triggers == 3


def test_a_camera_without_power_is_lost_and_can_be_closed(
    open_simulator: SimulatorOpener,
) -> None:
    source = open_simulator(FAST | {"FaultGoneAfter": 4}, silence_s=0.02)
    assert [o.trigger_id for o in take_until_lost(source)] == [0, 1, 2, 3]
    source.stop()
    with pytest.raises(CameraLost, match="found 0 of 0"):
        source.start()
    power_cycle()


def test_a_camera_that_is_back_is_found_again_with_the_settings_of_power_on(
    open_simulator: SimulatorOpener,
) -> None:
    source = open_simulator(FAST | {"FaultGoneAfter": 4, "FaultGoneMs": 40}, silence_s=0.02)
    take_until_lost(source)
    source.stop()
    while True:
        try:
            again = open_simulator()
            break
        except CameraLost:
            continue
    assert [o.trigger_id for o in take(again, 3)] == [0, 1, 2]


def test_a_session_stays_dead_when_the_camera_is_back(open_simulator: SimulatorOpener) -> None:
    """The consumer must open it anew; going on would be to go on with forgotten settings."""
    source = open_simulator(FAST | {"FaultGoneAfter": 2, "FaultGoneMs": 1}, silence_s=0.02)
    take_until_lost(source)
    assert take_until_lost(source) == []


def test_a_camera_that_denies_access_is_refused_until_it_does_not(
    open_simulator: SimulatorOpener,
) -> None:
    open_simulator({"FaultAccessDenied": 2}).stop()
    for _ in range(2):
        with pytest.raises(CameraLost, match=r"cannot open Virtual Camera SIM0 .*AccessDenied"):
            open_simulator()
    assert misses(take(open_simulator(), 1)) == {}


def test_a_slow_event_delays_but_loses_nothing_that_the_buffers_hold(
    open_simulator: SimulatorOpener,
) -> None:
    features = {"FaultSlowEventMs": 15, "AcquisitionFrameRate": 100.0}
    outcomes = take(open_simulator(features, buffers=32), 12)
    assert [o.trigger_id for o in outcomes] == list(range(12))
    assert misses(outcomes) == {}


def test_a_consumer_that_is_too_slow_loses_triggers_with_their_ids(
    open_raw: RawOpener, fetch_raw: RawFetcher
) -> None:
    camera = open_raw(AcquisitionFrameRate=1000.0)
    camera.num_buffers = 2
    camera.start()
    node_map: Any = camera.remote_device.node_map
    node_map.CounterSelector.value = "Counter1"
    while node_map.CounterValue.value < 20:
        continue
    ids = [fetch_raw(camera)[1]["frame_id"] for _ in range(3)]
    assert ids[:2] == [0, 1]
    assert ids[2] >= 20
    assert camera.data_streams[0].node_map.StreamLostFrameCount.value >= 18
