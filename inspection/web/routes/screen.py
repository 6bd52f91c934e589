"""`/`: the operator's screen."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from inspection.web.station import ThisStation
from inspection.web.words import OVERRULE_REASONS

WEB_FOLDER = Path(__file__).parent.parent

router = APIRouter()
_templates = Jinja2Templates(WEB_FOLDER / "templates")


@router.get("/", response_class=HTMLResponse)
def screen(request: Request, station: ThisStation) -> HTMLResponse:
    """The page without figures; they come by `/events`."""
    context = {"screen": station.screen, "overrule_reasons": OVERRULE_REASONS}
    return _templates.TemplateResponse(
        request, "screen.html", context, headers={"Cache-Control": "no-cache"}
    )
