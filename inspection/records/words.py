"""What records say of reasons and events, in words: the same on screens and in reports."""

from collections.abc import Mapping
from typing import Any

from inspection.judge import Fusion, Reason, ReasonKind
from inspection.records.query import Event
from inspection.records.record import PartRecord

_NOT_INSPECTED = {
    ReasonKind.LOST: "No picture came",
    ReasonKind.INCOMPLETE: "Picture came torn",
    ReasonKind.LATE: "Came too late",
    ReasonKind.NO_ANSWER: "Model gave no answer",
}
_EVENTS = {
    "model_changed": "Model {to} took over from {from}",
    "model_refused": "New model refused, {kept} stays: {fault}",
    "camera_lost": "Camera lost: {fault}",
    "camera_back": "Camera {camera} is back",
    "cameras_in_step": "Cameras are in step",
    "cameras_out_of_step": "Cameras are out of step, parts are rejected: {fault}",
    "settings_changed": "Camera {camera} has other settings than before: {changed}",
    "lot_changed": "Lot {to} begins, after {from} ({who})",
    "lot_refused": "Lot stays {kept}: {fault}",
    "ledger_settled": "Run {run_id} ended without a word: {lost} triggers of {camera_id} are lost",
    "camera_away": "Camera is still away: {fault}",
    "line_stopped": "Line stopped: {fault}",
    "run_ended": "Line ended its run",
}


def reason_in_words(reason: Reason) -> str:
    """A reason as a heading: the defect's class, or why there was no inspection."""
    if reason.kind is ReasonKind.DEFECT:
        return class_in_words(reason.detail)
    if reason.kind is ReasonKind.DOUBT:
        return f"{class_in_words(reason.detail)} (in doubt)"
    return _NOT_INSPECTED[reason.kind]


def class_in_words(class_name: str) -> str:
    return class_name.replace("_", " ")


def fusion_in_words(record: PartRecord) -> str:
    """What the score of a part of fused views is; nothing where each view was judged for itself."""
    if record.fusion is Fusion.ANY:
        return ""
    return f"{record.fusion} of {len(record.views)} views"


def event_in_words(event: Event) -> str:
    """An event as one line; one of a kind not known here is told as it was recorded."""
    told = _EVENTS.get(event.kind)
    if told is None:
        values = ", ".join(f"{key} {value}" for key, value in event.detail.items())
        return f"{event.kind.replace('_', ' ').capitalize()}: {values}".rstrip(": ")
    return told.format_map(_Known(event.detail))


class _Known(dict[str, Any]):
    """An event's details; one that is missing is said to be."""

    def __init__(self, detail: Mapping[str, Any]) -> None:
        super().__init__(detail)

    def __missing__(self, key: str) -> str:
        return f"(no {key})"
