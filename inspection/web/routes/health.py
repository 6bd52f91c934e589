"""`/healthz`: whether the web speaks and can read the records."""

from fastapi import APIRouter

from inspection.web.station import ThisStation

router = APIRouter()


@router.get("/healthz")
def health(station: ThisStation) -> dict[str, str | int]:
    """200 with the parts on record; 503 with the fault when the records cannot be read."""
    return {"status": "ok", "parts": station.records.reader().counts().parts}
