"""`/signals`: what the charts signalled, and what people do about it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from inspection.records.entries import DeskError
from inspection.web.routes.entries import Name, Words
from inspection.web.signals import signal_json
from inspection.web.station import ThisStation

Json = dict[str, Any]

SIGNALS_AT_MOST = 100

router = APIRouter()


class ActEntry(BaseModel):
    """What somebody did about a signal; `step` counts the plan's steps from 0."""

    model_config = ConfigDict(extra="forbid", strict=True)

    act: Literal["acknowledge", "explain", "close", "step"]
    who: Name
    text: Words = ""
    step: Annotated[int, Field(ge=0)] | None = None


class NoteEntry(BaseModel):
    """A note that annotates the charts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    who: Name
    text: Annotated[Words, Field(min_length=1)]


@router.get("/signals")
def signals(station: ThisStation, chart_id: int | None = None) -> Json:
    """The newest signals of a chart or of all, newest first, with what was done about each."""
    raised = station.records.watch().signals(chart_id=chart_id)[-SIGNALS_AT_MOST:]
    acts = station.records.signal_desk().acts()
    return {"signals": [signal_json(signal, acts) for signal in reversed(raised)]}


@router.post("/signals/{signal_id}/acts", status_code=201)
def act(signal_id: int, entry: ActEntry, station: ThisStation) -> Json:
    """Enter what was done: 201 and the signal as it stands; 404, or 409 out of order."""
    records = station.records
    signal = records.watch().signal(signal_id) if 0 <= signal_id < 2**63 else None
    if signal is None:
        raise HTTPException(404, f"there is no signal {signal_id} here")
    desk = records.signal_desk()
    try:
        if entry.act == "acknowledge":
            desk.acknowledge(signal_id, entry.who, entry.text)
        elif entry.act == "explain":
            desk.explain(signal_id, entry.who, entry.text)
        elif entry.act == "close":
            desk.close_signal(signal_id, entry.who, entry.text)
        else:
            desk.answer_step(
                signal_id, -1 if entry.step is None else entry.step, entry.who, entry.text
            )
    except DeskError as error:
        raise HTTPException(409, str(error)) from error
    return signal_json(signal, desk.acts(signal_id))


@router.post("/notes", status_code=201)
def note(entry: NoteEntry, station: ThisStation) -> dict[str, str]:
    """Write a note: it stands on all charts at this moment."""
    station.records.signal_desk().note(entry.text, entry.who)
    return {"status": "entered"}
