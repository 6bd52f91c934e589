"""`/models`: the model desk, and the pictures on which shadow and champion disagree."""

from typing import Any

import cv2
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from inspection.live import for_screen
from inspection.records.record import LedgerEntry, ViewRecord
from inspection.records.shadow_reader import Disagreement
from inspection.web.model_desk import model_desk
from inspection.web.pages import page
from inspection.web.station import ThisStation, WebStation

router = APIRouter()


@router.get("/models", response_class=HTMLResponse)
def models_page(request: Request, station: ThisStation) -> HTMLResponse:
    """The page with all its figures; it asks `/models/state` whether they have changed."""
    return page(request, station, "models.html", desk=model_desk(station.records))


@router.get("/models/state")
def state(station: ThisStation) -> dict[str, Any]:
    """What the page shows, as JSON."""
    return model_desk(station.records)


@router.get("/models/disagreements/{part_number}.png", response_class=Response)
def picture(part_number: int, digest: str, champion: str, station: ThisStation) -> Response:
    """The picture of a part on which two models disagree, in 8 bits; 404 where none was kept.

    digest, champion: of the cards of the two.
    """
    found = _disagreement(part_number, digest, champion, station)
    if found is None:
        raise HTTPException(404, f"no disagreement of these models on part {part_number}")
    shown = found.views[0]
    pixels = station.records.shadows().picture(shown)
    if pixels is None:
        part = station.records.reader().part_by_number(part_number)
        if part is None or not part.pictures:
            raise HTTPException(404, f"no picture of part {part_number} was kept")
        pixels = station.records.reader().picture(part)
    view = ViewRecord(
        shown.view, "", 0, None, 0, LedgerEntry.JUDGED, pixel_format=shown.pixel_format
    )
    _, png = cv2.imencode(".png", for_screen(pixels, view))
    return Response(png.tobytes(), media_type="image/png", headers={"Cache-Control": "no-cache"})


def _disagreement(
    part_number: int, digest: str, champion: str, station: WebStation
) -> Disagreement | None:
    shadows = station.records.shadows()
    found = shadows.disagreements(digest, champion, after=part_number - 1, limit=1)
    return found[0] if found and found[0].part_number == part_number else None
