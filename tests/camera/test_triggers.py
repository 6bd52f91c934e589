"""What starts a picture, through the whole path: every trigger is found, each gets its own picture.

The n-th trigger shows the n-th picture of the file, so each frame tells which part it is really of.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.features import FeatureValue
from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason
from camera.genicam import GenicamSource
from camera.simulator.frames import write_frames
from camera.trigger_account import FRUITLESS, Numbering
from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan

Outcome = Frame | MissedFrame
Opener = Callable[..., GenicamSource]
Features = dict[str, FeatureValue]

WITHIN_S = 20.0
PARTS = 200
LOST, INCOMPLETE = MissReason.LOST, MissReason.INCOMPLETE

WITH_CHUNKS: Features = {}
WITH_COUNTERS_ONLY: Features = {"ReplayChunks": False}
WITHOUT_COUNTS: Features = {"ReplayChunks": False, "ReplayCounters": False}


@pytest.fixture
def open_camera(open_simulator: Callable[..., GenicamSource], tmp_path: Path) -> Opener:
    """Opens the virtual camera before parts that are as bright as their number."""
    file = tmp_path / "parts.frames"
    write_frames(file, [np.full((4, 4), part, np.uint8) for part in range(PARTS)], "Mono8")

    def opener(trigger: TriggerPlan, features: Features, **options: Any) -> GenicamSource:
        return open_simulator({"ReplayFrames": str(file)} | features, trigger=trigger, **options)

    return opener


def take(source: GenicamSource, count: int) -> list[Outcome]:
    """The next outcomes; each frame must be of its own part, and each trigger come out once."""
    outcomes: list[Outcome] = []
    deadline = time.monotonic() + WITHIN_S
    while len(outcomes) < count and time.monotonic() < deadline:
        outcome = source.fetch(0.05)
        if outcome is not None:
            outcomes.append(outcome)
    assert len(outcomes) == count
    assert_each_is_of_its_part(outcomes)
    return outcomes


def pass_parts(source: GenicamSource, count: int) -> list[Outcome]:
    """Parts through the light barrier, each when the one before it has its outcome."""
    outcomes: list[Outcome] = []
    for _ in range(count):
        node_map(source).ReplayLine0.value = True
        node_map(source).ReplayLine0.value = False
        outcomes += take(source, 1)
    assert_each_is_of_its_part(outcomes)
    return outcomes


def take_until_lost(source: GenicamSource) -> tuple[list[Outcome], str]:
    """What comes before CameraLost, and what that says."""
    outcomes: list[Outcome] = []
    try:
        for _ in range(1000):
            outcome = source.fetch(0.05)
            outcomes.extend([outcome] if outcome else [])
    except CameraLost as error:
        return outcomes, str(error)
    pytest.fail(f"the camera was not lost in 1000 looks; {len(outcomes)} outcomes came")


def assert_each_is_of_its_part(outcomes: list[Outcome]) -> None:
    first = outcomes[0].trigger_id if outcomes else 0
    assert [o.trigger_id for o in outcomes] == list(range(first, first + len(outcomes)))
    shown = {o.trigger_id: int(o.pixels[0, 0]) for o in outcomes if isinstance(o, Frame)}
    assert shown == {trigger_id: trigger_id % PARTS for trigger_id in shown}


def misses(outcomes: list[Outcome]) -> dict[int, MissReason]:
    return {o.trigger_id: o.reason for o in outcomes if isinstance(o, MissedFrame)}


def node_map(source: GenicamSource) -> Any:
    assert source._open is not None
    return source._open.node_map


def numbering(source: GenicamSource) -> Numbering:
    assert source._watch is not None
    return source._watch._numbering


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        (FreeRun(), {"TriggerMode": "Off", "AcquisitionFrameRate": 30.0}),
        (FreeRun(12.5), {"TriggerMode": "Off", "AcquisitionFrameRate": 12.5}),
        (SoftwareTrigger(5.0), {"TriggerMode": "On", "TriggerSource": "Software"}),
        (
            LineTrigger("Line0", "FallingEdge"),
            {"TriggerMode": "On", "TriggerSource": "Line0", "TriggerActivation": "FallingEdge"},
        ),
    ],
)
def test_a_plan_is_set_by_sfnc_names_and_goes_on_record(
    open_camera: Opener, plan: TriggerPlan, settings: Features
) -> None:
    source = open_camera(plan, {"TriggerMode": "On"})
    assert {name: getattr(node_map(source), name).value for name in settings} == settings
    mode = source.settings["TriggerMode[FrameStart]"]
    assert mode == settings["TriggerMode"]


def test_a_line_that_the_camera_has_not_is_refused_before_the_first_part(
    open_camera: Opener,
) -> None:
    with pytest.raises(CameraConfigError, match=r"TriggerSource\[FrameStart\] wanted 'Line7'"):
        open_camera(LineTrigger("Line7"), {})


def test_a_camera_without_triggers_runs_free_and_takes_no_other_plan(viky: Path) -> None:
    features = {"PixelFormat": "Mono8", "AcquisitionFrameRate": 200.0}
    for plan in (SoftwareTrigger(5.0), LineTrigger()):
        source = GenicamSource("cam", [viky], serial="1", features=features, trigger=plan)
        with pytest.raises(CameraConfigError, match=r"has no frame trigger .* it has none"):
            source.start()
    source = GenicamSource("cam", [viky], serial="1", features=features, trigger=FreeRun())
    source.start()
    assert isinstance(source.fetch(WITHIN_S), Frame)
    source.stop()


@pytest.mark.parametrize("camera", [WITH_CHUNKS, WITH_COUNTERS_ONLY, WITHOUT_COUNTS])
def test_every_command_and_every_edge_has_its_picture_where_nothing_fails(
    open_camera: Opener, camera: Features
) -> None:
    source = open_camera(SoftwareTrigger(100.0), camera, max_wait_s=5.0)
    assert misses(take(source, 12)) == {}
    source.stop()
    source = open_camera(LineTrigger(), camera | {"ReplayNextFrame": 0}, max_wait_s=5.0)
    assert misses(pass_parts(source, 12)) == {}
    assert source.triggers == 12


@pytest.mark.parametrize(
    ("plan", "camera", "expected"),
    [
        (SoftwareTrigger(5.0), WITH_CHUNKS, Numbering.COUNT),
        (SoftwareTrigger(5.0), WITH_COUNTERS_ONLY, Numbering.ONE_AT_A_TIME),
        (SoftwareTrigger(5.0), WITHOUT_COUNTS, Numbering.ONE_AT_A_TIME),
        (LineTrigger(), WITH_CHUNKS, Numbering.COUNT),
        (LineTrigger(), WITH_COUNTERS_ONLY, Numbering.ONE_AT_A_TIME),
        (LineTrigger(), WITHOUT_COUNTS, Numbering.FRAME_ID),
        (FreeRun(), WITH_CHUNKS, Numbering.FRAME_ID),
    ],
)
def test_the_best_count_that_a_camera_has_is_used(
    open_camera: Opener, plan: TriggerPlan, camera: Features, expected: Numbering
) -> None:
    assert numbering(open_camera(plan, camera)) is expected


@pytest.mark.parametrize("camera", [WITH_CHUNKS, WITH_COUNTERS_ONLY, WITHOUT_COUNTS])
def test_a_commanded_trigger_that_yields_no_picture_is_lost_and_no_part_gets_another_s(
    open_camera: Opener, camera: Features
) -> None:
    features = camera | {"FaultTriggerLostEveryNth": 3}
    wait_s = 5.0 if camera is WITH_CHUNKS else 0.2
    outcomes = take(open_camera(SoftwareTrigger(100.0), features, max_wait_s=wait_s), 10)
    if camera is WITH_CHUNKS:
        assert misses(outcomes) == {2: LOST, 5: LOST, 8: LOST}
    else:  # a busy machine may be late by itself, and more is given up
        assert {2, 5, 8} <= set(misses(outcomes))


@pytest.mark.parametrize("camera", [WITH_CHUNKS, WITH_COUNTERS_ONLY])
def test_an_edge_that_yields_no_picture_is_lost_and_no_part_gets_another_s(
    open_camera: Opener, camera: Features
) -> None:
    features = camera | {"FaultTriggerLostEveryNth": 3}
    source = open_camera(LineTrigger(), features, max_wait_s=0.1)
    assert {2, 5, 8} <= set(misses(pass_parts(source, 10)))


def test_parts_that_come_closer_than_pictures_can_be_told_apart_are_all_lost(
    open_camera: Opener,
) -> None:
    """The camera counts its triggers, but its pictures do not say which they are of."""
    source = open_camera(LineTrigger(), WITH_COUNTERS_ONLY, max_wait_s=5.0)
    for level in (True, False, True, False):
        node_map(source).ReplayLine0.value = level
    assert misses(take(source, 2)) == {0: LOST, 1: LOST}
    assert misses(pass_parts(source, 3)) == {}


def test_the_last_trigger_is_lost_by_its_age_though_no_picture_comes_after_it(
    open_camera: Opener,
) -> None:
    source = open_camera(LineTrigger(), {"FaultTriggerLostEveryNth": 2}, max_wait_s=0.5)
    for level in (True, False, True, False):
        node_map(source).ReplayLine0.value = level
    assert misses(take(source, 2)) == {1: LOST}
    assert source.fetch(0.1) is None
    assert source.triggers == 2


def test_triggers_are_counted_though_nobody_fetches(open_camera: Opener) -> None:
    """The ledger's own side: it does not depend on what came out."""
    source = open_camera(LineTrigger(), {"FaultTriggerLostEveryNth": 1}, max_wait_s=60.0)
    for number in range(3):
        node_map(source).ReplayLine0.value = True
        node_map(source).ReplayLine0.value = False
        while source.triggers <= number:
            assert source.fetch(0.01) is None


@pytest.mark.parametrize("camera", [WITH_CHUNKS, WITH_COUNTERS_ONLY, WITHOUT_COUNTS])
def test_a_picture_that_comes_after_its_trigger_was_given_up_is_of_no_other_part(
    open_camera: Opener, camera: Features
) -> None:
    features = camera | {"FaultLateEveryNth": 3, "FaultLateMs": 150}
    source = open_camera(SoftwareTrigger(20.0), features, max_wait_s=0.1)
    outcomes = take(source, 9)
    assert misses(outcomes)
    assert any(isinstance(outcome, Frame) for outcome in outcomes[3:])


@pytest.mark.parametrize(
    ("plan", "camera"),
    [
        (SoftwareTrigger(100.0), WITH_CHUNKS),
        (SoftwareTrigger(100.0), WITHOUT_COUNTS),
        (LineTrigger(), WITH_CHUNKS),
        (LineTrigger(), WITH_COUNTERS_ONLY),
        (LineTrigger(), WITHOUT_COUNTS),
    ],
)
def test_dropped_and_torn_pictures_are_charged_to_their_own_triggers(
    open_camera: Opener, plan: TriggerPlan, camera: Features
) -> None:
    faults = {"FaultDropEveryNth": 5, "FaultIncompleteEveryNth": 3}
    wait_s = 5.0 if camera is WITH_CHUNKS else 0.2
    source = open_camera(plan, camera | faults, max_wait_s=wait_s)
    if isinstance(plan, LineTrigger) and camera is not WITH_COUNTERS_ONLY:
        node_map(source).ReplayPartRate.value = 30.0  # a loss shows with the part behind it
    slowly = isinstance(plan, LineTrigger) and camera is WITH_COUNTERS_ONLY
    found = misses(pass_parts(source, 12) if slowly else take(source, 12))
    if camera is not WITH_COUNTERS_ONLY and (
        camera is WITH_CHUNKS or isinstance(plan, LineTrigger)
    ):
        torn = dict.fromkeys((2, 5, 8, 11), INCOMPLETE)
        assert found == torn | dict.fromkeys((4, 9), LOST)
    else:
        assert set(found.values()) == {LOST, INCOMPLETE}


@pytest.mark.parametrize("plan", [SoftwareTrigger(100.0), LineTrigger(), FreeRun(100.0)])
def test_frame_ids_of_16_bits_go_round_without_a_loss(
    open_camera: Opener, plan: TriggerPlan
) -> None:
    ids = {"ReplayFrameIds": "Bits16", "ReplayFirstFrameId": 65_533, "ReplayPartRate": 50.0}
    outcomes = take(open_camera(plan, ids, max_wait_s=5.0), 6)
    came = [o.frame_id for o in outcomes if isinstance(o, Frame)]
    assert came == [65_533, 65_534, 65_535, 1, 2, 3]


def test_a_frame_lost_where_ids_of_16_bits_go_round_is_lost(open_camera: Opener) -> None:
    ids = {"ReplayFrameIds": "Bits16", "ReplayFirstFrameId": 65_533, "FaultDropEveryNth": 4}
    assert misses(take(open_camera(FreeRun(200.0), ids), 7)) == {3: LOST}


def test_a_camera_that_stands_still_is_lost_after_its_triggers_are_accounted_for(
    open_camera: Opener,
) -> None:
    features = {"FaultFreezeAfter": 3}
    source = open_camera(SoftwareTrigger(100.0), features, max_wait_s=0.3)
    outcomes, fault = take_until_lost(source)
    assert "in a row had no picture; the camera answers, but stands still" in fault
    assert_each_is_of_its_part(outcomes)
    assert list(misses(outcomes)) == list(range(3, source.triggers))
    assert len(outcomes) >= 3 + FRUITLESS


def test_a_camera_that_shall_run_free_and_gives_nothing_is_lost(open_camera: Opener) -> None:
    source = open_camera(FreeRun(200.0), {"FaultFreezeAfter": 2}, max_wait_s=1.0, silence_s=0.02)
    take(source, 2)
    with pytest.raises(CameraLost, match=r"answers, but gave no picture for .* 200 a second"):
        source.fetch(WITHIN_S)


def test_triggers_that_wait_when_the_camera_goes_are_lost_before_it_is(
    open_camera: Opener,
) -> None:
    features = {"FaultGoneAfter": 3}
    source = open_camera(SoftwareTrigger(100.0), features, max_wait_s=60.0, silence_s=0.02)
    outcomes, _ = take_until_lost(source)
    assert_each_is_of_its_part(outcomes)
    assert len(outcomes) == source.triggers > 3
    assert all("the camera is gone" in o.detail for o in outcomes if isinstance(o, MissedFrame))


@pytest.mark.parametrize("camera", [WITH_CHUNKS, WITHOUT_COUNTS])
def test_a_picture_can_be_commanded_one_by_one(open_camera: Opener, camera: Features) -> None:
    source = open_camera(SoftwareTrigger(), camera)
    assert source.fetch(0.03) is None
    for number in range(3):
        source.trigger()
        assert source.triggers == number + 1
        (outcome,) = take(source, 1)
        assert (outcome.trigger_id, isinstance(outcome, Frame)) == (number, True)
        assert source.fetch(0.0) is None


def test_a_camera_that_says_its_triggers_takes_commands_in_a_burst(open_camera: Opener) -> None:
    source = open_camera(SoftwareTrigger(), {})
    for _ in range(6):
        source.trigger()
    assert misses(take(source, 6)) == {}


def test_a_camera_that_does_not_say_its_triggers_takes_one_command_at_a_time(
    open_camera: Opener,
) -> None:
    source = open_camera(SoftwareTrigger(), WITHOUT_COUNTS | {"ExposureTime": 20_000.0})
    source.trigger()
    source.trigger()
    outcomes = [source.fetch(WITHIN_S) for _ in range(2)]
    assert [type(outcome) for outcome in outcomes] == [Frame, MissedFrame]
    assert isinstance(outcomes[1], MissedFrame)
    assert "commanded while the picture before it was awaited" in outcomes[1].detail
    assert source.triggers == 2


def test_a_command_is_refused_where_a_line_triggers(open_camera: Opener) -> None:
    with pytest.raises(CameraConfigError, match="is not triggered by software, but by LineTrigger"):
        open_camera(LineTrigger(), {}).trigger()


def test_a_second_master_of_the_camera_is_found_out(open_camera: Opener) -> None:
    """Triggers that others command would shift every later picture by one part."""
    source = open_camera(SoftwareTrigger(), WITHOUT_COUNTS)
    node_map(source).TriggerSoftware.execute()
    with pytest.raises(CameraLost, match="look what else triggers this camera"):
        source.fetch(WITHIN_S)


def test_waiting_inside_the_producer_finds_the_same(open_camera: Opener) -> None:
    features = {"FaultTriggerLostEveryNth": 3}
    source = open_camera(SoftwareTrigger(50.0), features, max_wait_s=5.0, producer_wait_ms=20)
    assert misses(take(source, 7)) == {2: LOST, 5: LOST}


def test_a_line_and_a_command_start_again_from_trigger_0(open_camera: Opener) -> None:
    for plan in (LineTrigger(), SoftwareTrigger(50.0)):
        for _ in range(2):
            source = open_camera(plan, {"ReplayPartRate": 50.0, "ReplayNextFrame": 0})
            assert [o.trigger_id for o in take(source, 3)] == [0, 1, 2]
            source.stop()
