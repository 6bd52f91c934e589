"""The pages' templates."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from inspection.web.station import WebStation

WEB_FOLDER = Path(__file__).parent

_templates = Jinja2Templates(WEB_FOLDER / "templates")


def page(request: Request, station: WebStation, name: str, **context: Any) -> HTMLResponse:
    """A page; a browser asks for it anew each time, so that an update is never missed."""
    return _templates.TemplateResponse(
        request,
        name,
        {"screen": station.screen, **context},
        headers={"Cache-Control": "no-cache"},
    )
