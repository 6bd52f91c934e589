"""The frame ledger: every trigger is accounted for, in order, also those without a frame."""

import tracemalloc

import numpy as np
import pytest

from camera.frame import CameraLost, Frame, MissedFrame, MissReason
from camera.ledger import MAX_GAP, FrameLedger


def frame(trigger_id: int) -> Frame:
    return Frame(np.zeros((2, 2), np.uint8), "Mono8", "cam", trigger_id, 0, 0)


def torn(trigger_id: int) -> MissedFrame:
    return MissedFrame("cam", trigger_id, MissReason.INCOMPLETE, 0, 0)


@pytest.fixture
def ledger() -> FrameLedger:
    return FrameLedger("cam")


def test_frames_without_a_gap_come_out_as_they_are(ledger: FrameLedger) -> None:
    frames = [frame(0), frame(1)]
    assert [out for each in frames for out in ledger.enter(each)] == frames
    assert (ledger.triggers, ledger.frames) == (2, 2)


def test_a_gap_becomes_a_lost_trigger_each_before_the_next_frame(ledger: FrameLedger) -> None:
    outcomes = [*ledger.enter(frame(0)), *ledger.enter(frame(3))]
    assert [out.trigger_id for out in outcomes] == [0, 1, 2, 3]
    lost = [out for out in outcomes if isinstance(out, MissedFrame)]
    assert [(out.trigger_id, out.reason) for out in lost] == [
        (1, MissReason.LOST),
        (2, MissReason.LOST),
    ]
    came = frame(3)
    assert {(out.noticed_ns, out.noticed_utc_ns) for out in lost} == {
        (came.captured_ns, came.captured_utc_ns)
    }
    assert all(out.detail for out in lost)


def test_frames_lost_before_the_first_one_are_counted(ledger: FrameLedger) -> None:
    assert [out.trigger_id for out in ledger.enter(frame(2))] == [0, 1, 2]


def test_the_ledger_balances(ledger: FrameLedger) -> None:
    for outcome in (frame(0), torn(1), frame(4), torn(7), frame(8)):
        ledger.enter(outcome)
    missed = {reason: ledger.missed(reason) for reason in MissReason}
    assert missed == {MissReason.LOST: 4, MissReason.INCOMPLETE: 2, MissReason.LATE: 0}
    assert ledger.triggers == ledger.frames + sum(missed.values()) == 9


@pytest.mark.parametrize("trigger_id", [4, 3, 0, -1])
def test_a_repeated_or_backward_id_is_a_camera_that_counts_anew(
    ledger: FrameLedger, trigger_id: int
) -> None:
    list(ledger.enter(frame(4)))
    with pytest.raises(CameraLost, match=f"cam: expected trigger 5 .* got {trigger_id}"):
        ledger.enter(frame(trigger_id))
    assert (ledger.triggers, ledger.frames) == (5, 1)


def test_a_jump_too_wide_for_lost_frames_is_a_broken_counter(ledger: FrameLedger) -> None:
    with pytest.raises(CameraLost, match="counts anew"):
        ledger.enter(frame(MAX_GAP + 1))
    assert ledger.triggers == 0


def test_a_wide_gap_takes_no_memory(ledger: FrameLedger) -> None:
    tracemalloc.start()
    try:
        outcomes = ledger.enter(frame(MAX_GAP))
        count = sum(1 for _ in outcomes)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == MAX_GAP + 1
    assert peak_bytes < 100_000


def test_the_first_trigger_may_have_another_number() -> None:
    ledger = FrameLedger("cam", first_id=100)
    assert [out.trigger_id for out in ledger.enter(frame(101))] == [100, 101]
    assert ledger.triggers == 2
