"""The web of one station: screens that read the records, and reviews that go to the desk.

It knows the data folder and nothing of the line: either can die and come back alone.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from inspection.errors import PasslineError
from inspection.web.feed import Feed
from inspection.web.guard import Guard
from inspection.web.pages import WEB_FOLDER
from inspection.web.pictures import LivePictures
from inspection.web.records import StationRecords
from inspection.web.routes import (
    charts,
    events,
    health,
    labels,
    live,
    models,
    pictures,
    reports,
    reviews,
    screen,
    signals,
    study,
)
from inspection.web.state import ScreenState, screen_version
from inspection.web.station import WebStation
from models.errors import RegistryError

STATE_EVERY_S = 0.25
PICTURE_EVERY_S = 0.05


def create_app(folder: Path, own_names: Iterable[str] = ()) -> FastAPI:
    """The web application for the data folder `folder`, which need not exist yet.

    own_names: further host names that its page may be opened by; see `inspection.web.guard`.
    """
    records = StationRecords(folder)
    version = screen_version(WEB_FOLDER)
    station = WebStation(
        records=records,
        states=Feed(ScreenState(records, version).read, STATE_EVERY_S),
        pictures=Feed(LivePictures(folder).read, PICTURE_EVERY_S),
        screen=version,
    )
    # FastAPI's own documentation pages load scripts from elsewhere.
    app = FastAPI(title="Passline", docs_url=None, redoc_url=None, lifespan=_feeding)
    app.state.station = station
    app.state.fault = None
    app.add_middleware(Guard, own_names=frozenset(name.lower() for name in own_names))
    app.add_exception_handler(PasslineError, _say_fault)
    app.add_exception_handler(RegistryError, _say_fault)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    for part in (
        screen, charts, signals, study, labels, reports, models, events, live, reviews, pictures,
        health,
    ):  # fmt: skip
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=WEB_FOLDER / "static"), name="static")
    return app


@asynccontextmanager
async def _feeding(app: FastAPI) -> AsyncGenerator[None]:
    """Run the feeds while the application runs."""
    station: WebStation = app.state.station
    tasks = [asyncio.create_task(feed.run()) for feed in (station.states, station.pictures)]

    def end_web_with(feed: asyncio.Task[None]) -> None:
        """A web whose screens stand still must not look alive: it ends, to be started again."""
        if not feed.cancelled() and (fault := feed.exception()) is not None:
            app.state.fault = fault
            signal.raise_signal(signal.SIGTERM)

    for task in tasks:
        task.add_done_callback(end_web_with)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        station.records.close()


async def _say_fault(_request: Request, fault: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(fault)}, status_code=503)


async def _say_what_is_wrong(_request: Request, fault: Exception) -> JSONResponse:
    """One line of words; FastAPI's own answer repeats the input, and fails where that is NaN."""
    errors = fault.errors() if isinstance(fault, RequestValidationError) else []
    said = [f"{'.'.join(map(str, error['loc'][1:]))}: {error['msg']}" for error in errors]
    return JSONResponse({"detail": "; ".join(said)}, status_code=422)
