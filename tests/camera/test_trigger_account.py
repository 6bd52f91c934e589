"""Which trigger a picture is of, and which have none: counted without a camera."""

import dataclasses
import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.frame import CameraLost, Frame, MissedFrame, MissReason
from camera.trigger_account import FRUITLESS, Numbering, TriggerAccount

COUNT, ONE, FRAME_ID = Numbering.COUNT, Numbering.ONE_AT_A_TIME, Numbering.FRAME_ID
WAIT_NS = 100
PICTURE = Frame(np.zeros((2, 2), np.uint8), "Mono8", "cam", 0, 0, 0)


def account(numbering: Numbering) -> TriggerAccount:
    return TriggerAccount("cam", numbering, WAIT_NS)


def arrive(triggers: TriggerAccount, frame_id: int, count: int | None) -> list[str]:
    """What comes out for a whole picture, in short."""
    trigger_id = triggers.place(frame_id, count)
    if trigger_id is None:
        return ["dropped"]
    outcome = dataclasses.replace(PICTURE, trigger_id=trigger_id, frame_id=frame_id)
    return short(triggers.enter(outcome))


def tear(triggers: TriggerAccount, frame_id: int) -> list[str]:
    """The same for a buffer that is not whole, and lacks its chunks."""
    trigger_id = triggers.place(frame_id, None)
    if trigger_id is None:
        return ["dropped"]
    return short(triggers.enter(MissedFrame("cam", trigger_id, MissReason.INCOMPLETE, 0, 0)))


def short(outcomes: Iterable[Frame | MissedFrame]) -> list[str]:
    return [
        f"{one.trigger_id} {'picture' if isinstance(one, Frame) else one.reason.value}"
        for one in outcomes
    ]


def test_a_trigger_that_the_camera_s_count_leaves_out_is_lost_at_once() -> None:
    triggers = account(COUNT)
    assert arrive(triggers, 0, 1) == ["0 picture"]
    assert arrive(triggers, 1, 3) == ["1 lost", "2 picture"]  # the frame ids have no gap


def test_a_loss_before_the_first_picture_is_found_too() -> None:
    assert arrive(account(COUNT), 0, 3) == ["0 lost", "1 lost", "2 picture"]


def test_a_trigger_without_a_picture_is_lost_when_its_time_is_over_though_none_comes() -> None:
    triggers = account(COUNT)
    triggers.know(1, now_ns=0)
    triggers.know(2, now_ns=50)
    assert triggers.overdue(WAIT_NS - 1, 0) == []
    assert short(triggers.overdue(WAIT_NS, 0)) == ["0 lost"]
    assert short(triggers.overdue(WAIT_NS + 50, 0)) == ["1 lost"]
    assert (triggers.triggers, triggers.waiting) == (2, 0)


def test_a_picture_that_comes_after_its_trigger_was_given_up_is_of_no_other_part() -> None:
    triggers = account(COUNT)
    triggers.know(2, now_ns=0)
    triggers.overdue(WAIT_NS, 0)
    triggers.know(3, now_ns=WAIT_NS)
    assert arrive(triggers, 0, 1) == ["dropped"]
    assert arrive(triggers, 1, 2) == ["dropped"]
    assert arrive(triggers, 2, 3) == ["2 picture"]


def test_a_torn_buffer_is_charged_to_its_trigger_by_its_frame_id() -> None:
    triggers = account(COUNT)
    arrive(triggers, 10, 1)
    assert tear(triggers, 11) == ["1 incomplete"]
    assert tear(triggers, 13) == ["2 lost", "3 incomplete"]
    assert arrive(triggers, 14, 5) == ["4 picture"]


def test_a_torn_buffer_behind_a_trigger_without_a_picture_never_takes_a_later_picture_s_place() -> (
    None
):
    triggers = account(COUNT)
    arrive(triggers, 0, 1)
    assert tear(triggers, 1) == ["1 incomplete"]  # it was of 2; both are rejected
    assert arrive(triggers, 2, 4) == ["2 lost", "3 picture"]


def test_a_torn_buffer_that_comes_late_is_of_no_other_part() -> None:
    triggers = account(COUNT)
    arrive(triggers, 0, 1)
    triggers.know(2, now_ns=0)
    triggers.overdue(WAIT_NS, 0)
    triggers.know(3, now_ns=WAIT_NS)
    assert tear(triggers, 1) == ["dropped"]
    assert arrive(triggers, 2, 3) == ["2 picture"]


def test_one_trigger_at_a_time_takes_the_next_picture() -> None:
    triggers = account(ONE)
    for number in range(3):
        triggers.know(number + 1, now_ns=number)
        assert not triggers.is_in_doubt
        assert arrive(triggers, number, None) == [f"{number} picture"]


def test_a_picture_is_in_doubt_while_two_triggers_wait() -> None:
    triggers = account(ONE)
    triggers.know(2, now_ns=0)
    assert triggers.is_in_doubt
    assert short(triggers.give_up_all(0, 0, "in doubt")) == ["0 lost", "1 lost"]
    triggers.begin_anew()
    triggers.know(3, now_ns=1)
    assert arrive(triggers, 0, None) == ["2 picture"]


def test_a_picture_that_nobody_triggered_is_a_lost_camera() -> None:
    with pytest.raises(CameraLost, match="none of the 0 triggers waits for a picture"):
        account(ONE).place(0, None)


def test_a_command_that_was_refused_is_lost_behind_the_one_that_is_awaited() -> None:
    triggers = account(ONE)
    triggers.know(1, now_ns=0)
    triggers.refuse(now_ns=1)
    triggers.refuse(now_ns=2)
    assert (triggers.triggers, triggers.waiting) == (3, 1)
    assert not triggers.is_in_doubt
    assert arrive(triggers, 0, None) == ["0 picture", "1 lost", "2 lost"]


def test_a_command_that_was_refused_is_lost_also_when_the_awaited_one_is_given_up() -> None:
    triggers = account(ONE)
    triggers.know(1, now_ns=0)
    triggers.refuse(now_ns=WAIT_NS - 1)
    assert short(triggers.overdue(WAIT_NS, 0)) == ["0 lost", "1 lost"]


def test_a_camera_that_stands_still_is_told_from_one_that_loses_pictures() -> None:
    triggers = account(COUNT)
    triggers.know(2 * FRUITLESS, now_ns=0)
    triggers.overdue(WAIT_NS, 0)
    triggers.check_fruitful()  # all may be behind one that is late
    triggers.know(2 * FRUITLESS + 1, now_ns=2 * WAIT_NS)
    triggers.overdue(3 * WAIT_NS, 0)
    with pytest.raises(CameraLost, match="11 triggers in a row had no picture"):
        triggers.check_fruitful()


def test_a_belt_that_pauses_after_losses_is_no_camera_that_stands_still() -> None:
    triggers = account(COUNT)
    triggers.know(2 * FRUITLESS, now_ns=0)
    triggers.overdue(WAIT_NS, 0)
    triggers.overdue(100 * WAIT_NS, 0)
    triggers.check_fruitful()


def test_a_picture_between_the_losses_says_that_the_camera_does_not_stand_still() -> None:
    triggers = account(COUNT)
    for number in range(3 * FRUITLESS):
        triggers.know(number + 1, now_ns=0)
        if number % 2:
            triggers.overdue(WAIT_NS, 0)
        else:
            arrive(triggers, number, number + 1)
        triggers.check_fruitful()


@pytest.mark.parametrize("counts", [(5, 4), (0, 100_001)])
def test_a_count_of_triggers_that_goes_back_or_leaps_is_a_lost_camera(
    counts: tuple[int, int],
) -> None:
    triggers = account(COUNT)
    triggers.know(counts[0], now_ns=0)
    with pytest.raises(CameraLost, match=f"went from {counts[0]} to {counts[1]}"):
        triggers.know(counts[1], now_ns=0)


def test_without_any_count_the_frame_ids_are_all_that_tells() -> None:
    triggers = account(FRAME_ID)
    assert arrive(triggers, 7, None) == ["0 picture"]
    assert arrive(triggers, 10, None) == ["1 lost", "2 lost", "3 picture"]
    with pytest.raises(CameraLost, match="counts anew"):
        arrive(triggers, 1, None)


@given(
    fates=st.lists(
        st.sampled_from(["picture", "torn", "dropped by the cable", "no picture"]), max_size=40
    ),
    seed=st.integers(0, 2**32),
    numbering=st.sampled_from([COUNT, ONE]),
)
def test_every_trigger_comes_out_once_in_order_and_no_picture_is_of_another(
    fates: list[str], seed: int, numbering: Numbering
) -> None:
    """Random losses, with some triggers given up before their picture comes."""
    chance, triggers = random.Random(seed), account(numbering)
    frame_id = now_ns = 0
    out: list[str] = []
    for number, fate in enumerate(fates):
        triggers.know(number + 1, now_ns)
        late = chance.random() < 0.2
        if late and numbering is COUNT:
            now_ns += WAIT_NS
            out += short(triggers.overdue(now_ns, 0))
        if fate == "picture":
            came = arrive(triggers, frame_id, number + 1 if numbering is COUNT else None)
            assert f"{number} picture" in came or (late and came == ["dropped"])
            out += [one for one in came if one != "dropped"]
        elif fate == "torn":
            out += [one for one in tear(triggers, frame_id) if one != "dropped"]
        frame_id += fate != "no picture"
        if numbering is ONE and triggers.waiting:
            now_ns += WAIT_NS
            out += short(triggers.overdue(now_ns, 0))
            triggers.begin_anew()
            frame_id = 0
    out += short(triggers.give_up_all(now_ns, 0, "the end"))
    assert [int(one.split()[0]) for one in out] == list(range(len(fates)))
    pictures = {int(one.split()[0]) for one in out if one.endswith("picture")}
    assert pictures <= {number for number, fate in enumerate(fates) if fate == "picture"}
