"""`/study`: agreement studies, laid out, answered and read on the screen."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from inspection.quality.study import next_question, progress, study_result
from inspection.records.entries import DeskError
from inspection.records.studies import Call, Study, StudyPart
from inspection.web.pages import page
from inspection.web.parts import part_json, pictures_of
from inspection.web.records import StationRecords
from inspection.web.routes.entries import Name, Words
from inspection.web.station import ThisStation, WebStation
from inspection.web.study import result_table

Json = dict[str, Any]

CANDIDATES_OF_EACH = 40

router = APIRouter()

PartNumber = Annotated[int, Field(ge=0, lt=2**63)]
PartNumbers = Annotated[list[PartNumber], Field(max_length=300)]


class StudyEntry(BaseModel):
    """A study as the page sends it: which parts are bad in truth and which good, on whose word."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[Words, Field(min_length=1)]
    trials: Annotated[int, Field(ge=2, le=5)]
    bad: PartNumbers
    good: PartNumbers
    who: Name


class CallEntry(BaseModel):
    """An appraiser's word on a part."""

    model_config = ConfigDict(extra="forbid", strict=True)

    who: Name
    trial: Annotated[int, Field(ge=1)]
    part_number: PartNumber
    bad: bool


class EndEntry(BaseModel):
    """Somebody ends the study."""

    model_config = ConfigDict(extra="forbid", strict=True)

    who: Name


@router.get("/study", response_class=HTMLResponse)
def studies_page(request: Request, station: ThisStation) -> HTMLResponse:
    """The studies of the station, and the desk where one is laid out."""
    return page(request, station, "study.html")


@router.get("/study/list")
def studies(station: ThisStation) -> Json:
    """All studies, the newest first, with who has answered how much."""
    desk = station.records.study_desk()
    return {"studies": [_listed(study, desk.calls(study.study_id)) for study in desk.studies()]}


@router.get("/study/candidates")
def candidates(station: ThisStation) -> Json:
    """Parts with kept pictures that a study can take: returns first, then the newest of each kind.

    `truth`: what a return says of the part; null where nobody has told it.
    """
    records = station.records
    reader, period = records.reader(), records.period()
    returned = [entry.part_number for entry in records.desk().returns()]
    numbers = dict.fromkeys(returned)
    for rejected in (True, False):
        found = period.recent_with_pictures(rejected=rejected, limit=CANDIDATES_OF_EACH)
        numbers |= dict.fromkeys(found)
    parts = (reader.part_by_number(number) for number in numbers)
    return {
        "parts": [
            part_json(part) | {"truth": "bad" if part.record.part_number in returned else None}
            for part in parts
            if part is not None and part.pictures
        ]
    }


@router.post("/study", status_code=201)
def begin(entry: StudyEntry, station: ThisStation) -> Json:
    """Lay out a study: 201; 409 for one that could show nothing, 404 for a part without picture."""
    records = station.records
    returns = {one.part_number: one.who for one in records.desk().returns()}
    parts = [_study_part(records, number, True, entry.who, returns) for number in entry.bad]
    parts += [_study_part(records, number, False, entry.who, returns) for number in entry.good]
    try:
        study_id = records.study_desk().begin(
            entry.title, parts, trials=entry.trials, who=entry.who
        )
    except DeskError as error:
        raise HTTPException(409, str(error)) from error
    return {"study_id": study_id}


@router.get("/study/{study_id}", response_class=HTMLResponse)
def appraise_page(study_id: int, request: Request, station: ThisStation) -> HTMLResponse:
    """The page where an operator judges the study's parts."""
    return page(request, station, "appraise.html", study=_study(station, study_id))


@router.get("/study/{study_id}/next")
def question(study_id: int, who: str, station: ThisStation) -> Json:
    """The next part to judge, blind: its pictures and nothing else. `part` is null at the end."""
    study = _study(station, study_id)
    asked = next_question(study, station.records.study_desk().calls(study_id), who)
    if asked is None or study.ended_utc_ns is not None:
        return {"part": None, "ended": study.ended_utc_ns is not None}
    part = station.records.reader().part_by_number(asked.part_number)
    if part is None:
        raise HTTPException(404, f"part {asked.part_number} of the study is not on record any more")
    return {
        "part": {"part_number": asked.part_number, "pictures": sorted(pictures_of(part))},
        "trial": asked.trial,
        "trials": study.trials,
        "asked": asked.asked,
        "of": asked.of,
    }


@router.post("/study/{study_id}/calls", status_code=201)
def call(study_id: int, entry: CallEntry, station: ThisStation) -> dict[str, str]:
    """Enter a call: 201; 409 when it was made already or the study has ended."""
    _study(station, study_id)
    made = Call(entry.who, entry.trial, entry.part_number, entry.bad)
    try:
        station.records.study_desk().call(study_id, made)
    except DeskError as error:
        raise HTTPException(409, str(error)) from error
    return {"status": "entered"}


@router.post("/study/{study_id}/end", status_code=201)
def end(study_id: int, entry: EndEntry, station: ThisStation) -> dict[str, str]:
    """End a study: its result corrects the station's rates from now on."""
    _study(station, study_id)
    try:
        station.records.study_desk().end(study_id, entry.who)
    except DeskError as error:
        raise HTTPException(409, str(error)) from error
    return {"status": "ended"}


@router.get("/study/{study_id}/result", response_class=HTMLResponse)
def result_page(study_id: int, request: Request, station: ThisStation) -> HTMLResponse:
    """What the study says so far; final once it has ended."""
    study = _study(station, study_id)
    result = study_result(study, station.records.study_desk().calls(study_id))
    table = result_table(study, result)
    return page(request, station, "study-result.html", study=study, result=table)


def _study(station: WebStation, study_id: int) -> Study:
    found = station.records.study_desk().study(study_id) if 0 <= study_id < 2**63 else None
    if found is None:
        raise HTTPException(404, f"there is no study {study_id} here")
    return found


def _listed(study: Study, calls: list[Call]) -> Json:
    return {
        "study_id": study.study_id,
        "title": study.title,
        "trials": study.trials,
        "parts": len(study.parts),
        "bad": sum(part.bad for part in study.parts),
        "who": study.who,
        "begun_utc_ms": study.begun_utc_ns // 1_000_000,
        "ended_utc_ms": None if study.ended_utc_ns is None else study.ended_utc_ns // 1_000_000,
        "appraisers": progress(study, calls),
    }


def _study_part(
    records: StationRecords, number: int, bad: bool, who: str, returns: dict[int, str]
) -> StudyPart:
    part = records.reader().part_by_number(number)
    if part is None or not part.pictures:
        raise HTTPException(404, f"part {number} has no kept picture here")
    came_back = bad and number in returns
    truth_from = f"return registered by {returns[number]}" if came_back else who
    rejected = part.record.verdict.outcome.value == "reject"
    return StudyPart(number, bad, truth_from, rejected)
