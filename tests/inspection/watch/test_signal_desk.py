"""People acknowledge, explain and close signals, answer plans and write notes; all of it stays."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspection.records.charts import SignalState
from inspection.records.entries import DeskError
from inspection.records.signal_desk import SignalAct, SignalDesk

CHART = """
[[chart]]
name = "rejects"
kind = "p"
alarm = true
subgroup = 10
baseline_subgroups = 4
plan = [{ do = "inform", text = "Tell Mia." }, { do = "hold_lot", text = "Hold it." }]
"""


@pytest.fixture
def raised(line: Any, watch_all: Callable[[], None], tmp_path: Path) -> Path:
    """A folder with one signal."""
    line.begin(CHART)
    line.judge("pppppppppr" * 4 + "rrrrrrpppp")
    watch_all()
    return tmp_path


@pytest.fixture
def desk(raised: Path) -> Any:
    desk = SignalDesk(raised, utc_ns=lambda: 5)
    yield desk
    desk.close()


def test_a_signal_goes_from_raised_to_closed_with_who_and_why(desk: SignalDesk) -> None:
    assert desk.state(1) is SignalState.RAISED
    desk.acknowledge(1, "kim")
    desk.explain(1, "kim", "a worn tool")
    desk.explain(1, "lee", "a broken tool")
    desk.close_signal(1, "lee", "tool changed")
    assert desk.states() == {1: SignalState.CLOSED}
    assert desk.acts(1) == [
        SignalAct(1, "acknowledged", None, "kim", "", 5),
        SignalAct(1, "explained", None, "kim", "a worn tool", 5),
        SignalAct(1, "explained", None, "lee", "a broken tool", 5),
        SignalAct(1, "closed", None, "lee", "tool changed", 5),
    ]


def test_no_state_is_left_out(desk: SignalDesk) -> None:
    with pytest.raises(DeskError, match="signal 1 is raised: it can next be acknowledged"):
        desk.close_signal(1, "kim", "done")
    desk.acknowledge(1, "kim")
    with pytest.raises(DeskError, match="signal 1 is acknowledged: it can next be explained"):
        desk.acknowledge(1, "lee")
    desk.explain(1, "kim", "worn")
    desk.close_signal(1, "kim", "changed")
    with pytest.raises(DeskError, match="signal 1 is closed: nothing follows"):
        desk.explain(1, "kim", "again")


def test_an_act_needs_a_signal_a_name_and_a_text(desk: SignalDesk) -> None:
    with pytest.raises(DeskError, match="there is no signal 2"):
        desk.acknowledge(2, "kim")
    with pytest.raises(DeskError, match="needs the name"):
        desk.acknowledge(1, " ")
    desk.acknowledge(1, "kim")
    with pytest.raises(DeskError, match="needs a text"):
        desk.explain(1, "kim", "")
    with pytest.raises(DeskError, match="needs a text"):
        desk.note(" ", "kim")


def test_steps_of_the_plan_are_answered(desk: SignalDesk) -> None:
    desk.answer_step(1, 1, "kim", "held by the crane")
    assert desk.acts(1) == [SignalAct(1, "step", 1, "kim", "held by the crane", 5)]
    assert desk.state(1) is SignalState.RAISED, "an answer is no state"
    with pytest.raises(DeskError, match="its plan has 2 steps, none of 2"):
        desk.answer_step(1, 2, "kim", "done")


def test_signals_are_dealt_with_from_the_command_line(raised: Path) -> None:
    def passline(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "inspection", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    told = passline("signals", "ack", str(raised), "1", "--who", "kim")
    assert told == "signal 1 is acknowledged\n"
    words = ("--who", "kim", "--text", "a worn tool")
    assert "next be explained" in passline("signals", "close", str(raised), "1", *words, code=2)
    passline("signals", "step", str(raised), "1", "2", *words)
    listed = passline("signals", str(raised), "--open")
    assert "rejects  nelson1 above  parts 40 to 49  acknowledged" in listed
    assert "step 1, inform: Tell Mia. [not answered]" in listed
    assert "step 2, hold lot: Hold it. [kim: a worn tool]" in listed
    assert passline("note", str(raised), "lamp cleaned", "--who", "kim") == "noted\n"
    desk = SignalDesk(raised)
    assert [note.text for note in desk.notes()] == ["kim: lamp cleaned"]
    desk.close()
