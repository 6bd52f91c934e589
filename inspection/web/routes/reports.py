"""`/reports`: the report of a shift, to open or to download."""

import re
import time
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from inspection.records.period import Shift
from inspection.report.figures import moment
from inspection.report.html import html_report
from inspection.report.pdf import pdf_report
from inspection.report.period import period_of
from inspection.report.shift import ReportReader, shift_report
from inspection.web.guard import NO_SCRIPTS
from inspection.web.pages import page
from inspection.web.station import ThisStation

SHIFTS_AT_MOST = 60

router = APIRouter()


@router.get("/reports", response_class=HTMLResponse)
def reports_page(request: Request, station: ThisStation) -> HTMLResponse:
    """The shifts that worked, the latest first, each with its report."""
    shifts = station.records.period().shifts()[:SHIFTS_AT_MOST]
    return page(request, station, "reports.html", shifts=[_listed(shift) for shift in shifts])


@router.get("/reports/{began_utc_ns}.{kind}", response_class=Response)
def report(
    began_utc_ns: int, kind: Literal["html", "pdf"], name: str, station: ThisStation
) -> Response:
    """The report of the shift of this name that began then; 404 where there is none.

    A page opens, a PDF is downloaded.
    """
    wanted = (name, began_utc_ns)
    shifts = station.records.period().shifts()
    shift = next((one for one in shifts if (one.name, one.began_utc_ns) == wanted), None)
    if shift is None:
        raise HTTPException(404, f"there is no shift {name!r} that began at {began_utc_ns}")
    reader = ReportReader(station.records.folder)
    try:
        document = shift_report(reader, period_of(shift, time.time_ns()))
    finally:
        reader.close()
    if kind == "html":
        return HTMLResponse(html_report(document), headers=NO_SCRIPTS)
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", f"{document.title}-{moment(began_utc_ns)}").strip("-")
    headers = {"Content-Disposition": f'attachment; filename="{plain.lower()}.pdf"'}
    return Response(pdf_report(document), media_type="application/pdf", headers=headers)


def _listed(shift: Shift) -> dict[str, Any]:
    return {
        "name": shift.name or "Without a name",
        "asked": shift.name,
        "began_utc_ns": shift.began_utc_ns,
        "span": _span(shift),
    }


def _span(shift: Shift) -> str:
    began = moment(shift.began_utc_ns) if shift.began_utc_ns else "the first part"
    if shift.until_utc_ns is None:
        return f"since {began}, the latest"
    return f"{began} to {moment(shift.until_utc_ns)}"
