"""`POST /reviews`: a person confirms or overrules a verdict."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from inspection.web.routes.entries import Name, Words
from inspection.web.station import ThisStation

router = APIRouter()


class ReviewEntry(BaseModel):
    """A review as the page sends it; to overrule takes a reason."""

    model_config = ConfigDict(extra="forbid", strict=True)

    part_number: Annotated[int, Field(ge=0, lt=2**63)]
    agrees: bool
    reason: Words = ""
    who: Name

    @model_validator(mode="after")
    def _overrule_has_reason(self) -> "ReviewEntry":
        if not self.agrees and not self.reason:
            raise ValueError("overruling a verdict needs a reason")
        return self


@router.post("/reviews", status_code=201)
def review(entry: ReviewEntry, station: ThisStation, response: Response) -> dict[str, str]:
    """Enter the review at the desk: 201; or 200 when the same person said the same already.

    A second tap changes nothing; another word on the same part is entered too, and counts.
    404 for a part that is not on record.
    """
    if station.records.reader().part_by_number(entry.part_number) is None:
        raise HTTPException(404, f"part {entry.part_number} is not on record here")
    desk = station.records.desk()
    last = desk.review_of(entry.part_number)
    said = (entry.agrees, entry.reason, entry.who)
    if last is not None and (last.agrees, last.reason, last.who) == said:
        response.status_code = 200
        return {"status": "already entered"}
    desk.review(entry.part_number, entry.agrees, entry.reason, entry.who)
    return {"status": "entered"}
