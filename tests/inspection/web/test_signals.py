"""Signals on the screens: states in order, each entry signed, and what makes no sense refused."""

from typing import Any

import pytest


def act(asker: Any, signal_id: int = 1, **entry: Any) -> Any:
    return asker.post(f"/signals/{signal_id}/acts", {"who": "Mia", **entry})


def test_a_signal_that_is_not_there_is_said(asker: Any, watched: Any) -> None:
    for signal_id in (7, -1, 2**63):
        assert act(asker, signal_id, act="acknowledge").status_code == 404


def test_states_follow_each_other(asker: Any, watched: Any) -> None:
    watched.signal(1)
    early = act(asker, act="close", text="nothing to do")
    assert early.status_code == 409
    assert "can next be acknowledged" in early.json()["detail"]
    assert act(asker, act="acknowledge").json()["state"] == "acknowledged"
    assert act(asker, act="explain", text="lamp aged").json()["state"] == "explained"
    assert act(asker, act="close", text="lamp changed").json()["state"] == "closed"


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"act": "forget"}, 422),
        ({"act": "explain"}, 409),
        ({"act": "acknowledge", "who": " "}, 422),
        ({"act": "step", "text": "done"}, 409),
        ({"act": "step", "step": 2, "text": "done"}, 409),
        ({"act": "step", "step": 0}, 409),
        ({"act": "acknowledge", "text": "x" * 201}, 422),
        ({"act": "acknowledge", "colour": "red"}, 422),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(
    asker: Any, watched: Any, entry: dict[str, Any], status: int
) -> None:
    watched.signal(1)
    assert act(asker, **entry).status_code == status
    assert asker.get("/signals").json()["signals"][0]["acts"] == []


def test_a_step_of_the_plan_is_answered_whatever_the_state(asker: Any, watched: Any) -> None:
    watched.signal(1)
    answered = act(asker, act="step", step=1, text="lot L7 held").json()
    assert answered["state"] == "raised"
    assert [step["do"] for step in answered["plan"]] == ["Inform: the shift leader", "Hold the lot"]
    assert [step["answer"] and step["answer"]["text"] for step in answered["plan"]] == [
        None,
        "lot L7 held",
    ]


def test_signals_come_newest_first_with_their_diagnosis(asker: Any, watched: Any) -> None:
    watched.signal(1)
    watched.signal(2, at=3, origin="process", reasons=["one defect class alone"], evidence=[])
    newest, oldest = asker.get("/signals?chart_id=1").json()["signals"]
    assert (newest["signal_id"], oldest["signal_id"]) == (2, 1)
    assert newest["diagnosis"] == {
        "origin": "process",
        "heading": "Look at the process",
        "reasons": ["one defect class alone"],
    }
    assert oldest["diagnosis"]["heading"] == "Process or camera: too little is known"
    assert asker.get("/signals?chart_id=2").json() == {"signals": []}


def test_another_page_cannot_close_a_signal(asker: Any, watched: Any) -> None:
    watched.signal(1)
    body = {"who": "Mia", "act": "acknowledge"}
    answer = asker.post("/signals/1/acts", body, origin="https://evil.example")
    assert answer.status_code == 403


def test_a_note_needs_words_and_a_name(asker: Any) -> None:
    assert asker.post("/notes", {"who": "Mia", "text": "  "}).status_code == 422
    assert asker.post("/notes", {"who": "", "text": "lamp"}).status_code == 422
    assert asker.post("/notes", {"who": "Mia", "text": "lamp cleaned"}).status_code == 201
