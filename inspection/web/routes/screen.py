"""`/`: the operator's screen."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from inspection.web.pages import page
from inspection.web.station import ThisStation
from inspection.web.words import OVERRULE_REASONS

router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def screen(request: Request, station: ThisStation) -> HTMLResponse:
    """The page without figures; they come by `/events`."""
    return page(request, station, "screen.html", overrule_reasons=OVERRULE_REASONS)
