"""`/labels`: the parts that are most worth a person's look, and the answers."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from inspection.live import findings_that_count
from inspection.quality.label_queue import QueuedPart
from inspection.records.entries import DeskError, Label
from inspection.web.pages import page
from inspection.web.parts import part_json
from inspection.web.routes.entries import Name, Words
from inspection.web.state import picture_path
from inspection.web.station import ThisStation

Json = dict[str, Any]

AT_ONCE = 50

router = APIRouter()

Pixel = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]


class Outline(BaseModel):
    """A defect as the page sends it: corners x, y in pixels of the picture of a view."""

    model_config = ConfigDict(extra="forbid")

    class_name: Annotated[Words, Field(min_length=1)]
    view: Words = ""
    polygon_xy_px: Annotated[list[tuple[Pixel, Pixel]], Field(min_length=3, max_length=500)]


class AnswerEntry(BaseModel):
    """What a person sees on a part: nothing, or its defects outlined."""

    model_config = ConfigDict(extra="forbid")

    part_number: Annotated[int, Field(ge=0, lt=2**63)]
    outlines: Annotated[list[Outline], Field(max_length=100)]
    who: Name


@router.get("/labels", response_class=HTMLResponse)
def labels_page(request: Request, station: ThisStation) -> HTMLResponse:
    """The page where parts are labelled."""
    return page(request, station, "labels.html")


@router.get("/labels/queue")
def queue(station: ThisStation) -> Json:
    """The first parts of the queue, why each is there, and the classes that are known here."""
    parts = station.records.label_queue().read(AT_ONCE)
    classes = {
        name
        for each in parts
        for view in each.part.record.views
        if view.limits is not None
        for name in view.limits.by_class
    }
    return {"parts": [_queued(each) for each in parts], "classes": sorted(classes)}


@router.post("/labels", status_code=201)
def answer(entry: AnswerEntry, station: ThisStation) -> dict[str, str]:
    """Enter an answer at the desk: 201; 409 for one that makes no sense."""
    try:
        labels = tuple(
            Label(each.class_name, tuple(each.polygon_xy_px), each.view) for each in entry.outlines
        )
        station.records.answer_desk().answer(entry.part_number, entry.who, labels)
    except DeskError as error:
        raise HTTPException(409, str(error)) from error
    return {"status": "entered"}


def _queued(each: QueuedPart) -> Json:
    return part_json(each.part) | {
        "why": each.queued.why.value,
        "said": [reason.said for reason in each.queued.reasons],
        "views": [
            {
                "view": view.view,
                "picture": picture_path(each.part, view),
                "findings": [
                    {
                        "class_name": finding.class_name,
                        "score": finding.score,
                        "box_xyxy_px": finding.box_xyxy_px,
                    }
                    for finding in findings_that_count(view)
                ],
            }
            for view in each.part.record.worst_views_first
            if view.view in each.part.pictures
        ],
    }
