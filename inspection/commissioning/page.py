"""The commissioning page: live picture, figures for lens and light, and the camera's controls."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection

from camera.frame import CameraConfigError, CameraError, CameraLost
from inspection.commissioning.tuner import Tuner
from inspection.web.feed import Feed
from inspection.web.guard import Guard
from inspection.web.pages import WEB_FOLDER
from inspection.web.routes.live import send_pictures
from inspection.web.serve import listening, page_url, serve_app

STATIC = Path(__file__).parent / "static"
LOOK_EVERY_S = 0.05

router = APIRouter()


class Setting(BaseModel):
    """A control of the page was moved."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    value: float


def serve_tuner(
    tuner: Tuner, host: str, port: int, on_ready: Callable[[str], None] = lambda url: None
) -> None:
    """Serve the page until SIGTERM or Ctrl-C. Raises WebError when the port cannot be had."""
    with listening(host, port) as listener:
        app = create_app(tuner)
        tuner.start()
        try:
            on_ready(page_url(host, listener.getsockname()[1]))
            serve_app(app, listener, app.state.pictures.close)
        finally:
            tuner.stop()


def create_app(tuner: Tuner, own_names: Iterable[str] = ()) -> FastAPI:
    """The page of a tuner that somebody else starts and stops.

    own_names: further host names that the page may be opened by; see `inspection.web.guard`.
    """
    app = FastAPI(title="Passline commissioning", docs_url=None, redoc_url=None, lifespan=_feeding)
    app.state.tuner = tuner
    app.state.pictures = Feed(tuner.latest, LOOK_EVERY_S)
    app.add_middleware(Guard, own_names=frozenset(name.lower() for name in own_names))
    app.add_exception_handler(CameraError, _say_fault)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/web", StaticFiles(directory=WEB_FOLDER / "static"), name="web")
    return app


def _tuner(connection: HTTPConnection) -> Tuner:
    tuner: Tuner = connection.app.state.tuner
    return tuner


ThisTuner = Annotated[Tuner, Depends(_tuner)]


@router.get("/")
def page() -> FileResponse:
    """The page without figures; they come with the pictures."""
    return FileResponse(STATIC / "tune.html", headers={"Cache-Control": "no-cache"})


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Pictures with their figures, as `inspection.commissioning.measures` packs them."""
    await send_pictures(socket, socket.app.state.pictures)


@router.post("/settings")
def change(setting: Setting, tuner: ThisTuner) -> list[dict[str, Any]]:
    """Set a feature; the answer is what the camera has afterwards."""
    return tuner.set_feature(setting.name, setting.value)


@router.post("/auto-exposure")
def auto_exposure(tuner: ThisTuner) -> dict[str, Any]:
    """Find exposure and gain."""
    return asdict(tuner.expose())


@router.post("/start-over")
def start_over(tuner: ThisTuner) -> dict[str, str]:
    """Forget the best focus so far."""
    tuner.start_over()
    return {"status": "ok"}


@asynccontextmanager
async def _feeding(app: FastAPI) -> AsyncGenerator[None]:
    task = asyncio.create_task(app.state.pictures.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _say_fault(_request: Request, fault: Exception) -> JSONResponse:
    """What the camera refuses is the person's to change; a camera that is away is not."""
    status = 422 if isinstance(fault, CameraConfigError) else 503
    kind = "lost" if isinstance(fault, CameraLost) else "refused"
    return JSONResponse({"detail": str(fault), "kind": kind}, status_code=status)
