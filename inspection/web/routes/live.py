"""`/live`: live pictures over a WebSocket, as `inspection.live` packs them."""

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from inspection.web.feed import Feed
from inspection.web.station import ThisStation

LOOK_EVERY_S = 0.5
GOING_AWAY = 1001

router = APIRouter()


@router.websocket("/live")
async def live(socket: WebSocket, station: ThisStation) -> None:
    """The station's pictures."""
    await send_pictures(socket, station.pictures)


async def send_pictures(socket: WebSocket, pictures: Feed[bytes]) -> None:
    """Send the newest picture whenever there is one; a slow screen gets fewer."""
    await socket.accept()
    gone = asyncio.create_task(_until_gone(socket))
    try:
        with pictures.screen() as screen:
            while not (gone.done() or pictures.closing):
                picture = await screen.next(LOOK_EVERY_S)
                if picture is not None and not gone.done():
                    await socket.send_bytes(picture)
        if not gone.done():
            await socket.close(GOING_AWAY)
    except WebSocketDisconnect:
        pass  # it went while a picture was on its way
    finally:
        gone.cancel()


async def _until_gone(socket: WebSocket) -> None:
    """Screens say nothing here; whatever they send is read and dropped until they go."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
