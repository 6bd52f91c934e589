"""`/events`: the state of the screens as server-sent events, with a beat twice a second."""

import time
from collections.abc import AsyncGenerator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from inspection.web.feed import Feed
from inspection.web.station import ThisStation

BEAT_EVERY_S = 0.5
RETRY_MS = 500

router = APIRouter()


@router.get("/events")
async def events(station: ThisStation) -> StreamingResponse:
    """`event: state` with JSON whenever it changed; `event: beat` with the server's time in ms."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _stream(station.states), media_type="text/event-stream", headers=headers
    )


async def _stream(states: Feed[str]) -> AsyncGenerator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    beat_at_s = time.monotonic()
    with states.screen() as screen:
        while not states.closing:
            state = await screen.next(max(0.0, beat_at_s - time.monotonic()))
            if state is not None:
                yield f"event: state\ndata: {state}\n\n"
            if time.monotonic() >= beat_at_s:
                beat_at_s = time.monotonic() + BEAT_EVERY_S
                yield f"event: beat\ndata: {time.time_ns() // 1_000_000}\n\n"
