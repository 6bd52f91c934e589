"""`/pictures/N.png`: the kept picture of a part, proved against its record."""

from typing import Annotated

import cv2
from fastapi import APIRouter, Header, HTTPException, Response

from inspection.live import for_screen
from inspection.web.station import ThisStation

FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

router = APIRouter()


@router.get("/pictures/{part_number}.png", response_class=Response)
def picture(
    part_number: int,
    station: ThisStation,
    sha256: str | None = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The picture in 8 bits a channel; 404 where none was kept, 503 where it was altered.

    Part numbers start anew in each data folder: a browser may keep a picture for ever only when
    it asked for it by its hash.
    """
    reader = station.records.reader()
    part = reader.part_by_number(part_number) if part_number < 2**63 else None
    judgement = None if part is None else part.record.judgement
    if part is None or judgement is None or part.picture is None:
        raise HTTPException(404, f"no picture of part {part_number} was kept")
    if sha256 not in {None, judgement.image_sha256}:
        raise HTTPException(404, f"part {part_number} has a picture, but not this one")
    tag = f'"{judgement.image_sha256}"'
    headers = {"ETag": tag, "Cache-Control": ASK_AGAIN if sha256 is None else FOR_EVER}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    shown = for_screen(reader.picture(part), judgement)
    _, png = cv2.imencode(".png", shown)
    return Response(png.tobytes(), media_type="image/png", headers=headers)
