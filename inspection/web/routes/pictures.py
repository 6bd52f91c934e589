"""`/pictures/N.png`: the kept picture of a part, proved against its record."""

from typing import Annotated

import cv2
from fastapi import APIRouter, Header, HTTPException, Response

from inspection.live import for_screen
from inspection.records.seen_parts import part_to_see
from inspection.web.station import ThisStation

FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

router = APIRouter()


@router.get("/pictures/{part_number}.png", response_class=Response)
def picture(
    part_number: int,
    station: ThisStation,
    view: str | None = None,
    sha256: str | None = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The picture of a view, the part's worst when not named, in 8 bits a channel.

    404 where none was kept, 503 where it was altered. Part numbers start anew in each data folder:
    a browser may keep a picture for ever only when it asked for it by its hash.
    """
    reader = station.records.reader()
    known = part_number < 2**63
    part = part_to_see(part_number, reader, station.records.shadows()) if known else None
    shown = None if part is None else part.worst_picture
    if part is not None and view is not None:
        shown = part.record.view(view) if view in part.pictures else None
    if part is None or shown is None:
        raise HTTPException(404, f"no picture of part {part_number} was kept")
    if sha256 not in {None, shown.image_sha256}:
        raise HTTPException(404, f"part {part_number} has a picture, but not this one")
    tag = f'"{shown.image_sha256}"'
    headers = {"ETag": tag, "Cache-Control": ASK_AGAIN if sha256 is None else FOR_EVER}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    pixels = for_screen(reader.picture(part, shown.view), shown)
    _, png = cv2.imencode(".png", pixels)
    return Response(png.tobytes(), media_type="image/png", headers=headers)
