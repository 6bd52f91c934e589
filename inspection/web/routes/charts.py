"""`/charts`: the chart page, the charts of the station, and points with what lies behind them."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from inspection.records.charts import WatchedChart
from inspection.records.store import WATCH_FILE
from inspection.web.charts import chart_list, chart_points
from inspection.web.pages import page
from inspection.web.parts import part_json
from inspection.web.rates import honest_rate
from inspection.web.station import ThisStation, WebStation

Json = dict[str, Any]

POINTS_AT_MOST = 2500
PARTS_AT_MOST = 24

router = APIRouter()


@router.get("/charts", response_class=HTMLResponse)
def charts_page(request: Request, station: ThisStation) -> HTMLResponse:
    """The chart page, without figures."""
    return page(request, station, "charts.html")


@router.get("/charts/list")
def charts(station: ThisStation) -> Json:
    """All charts, and the rate of defective parts corrected for the station's own errors.

    watched: whether a watch has ever run here.
    """
    states = station.records.signal_desk().states()
    return {
        "watched": (station.records.folder / WATCH_FILE).exists(),
        "charts": chart_list(station.records.watch(), states),
        "rate": honest_rate(station.records),
    }


@router.get("/charts/{chart_id}/points")
def points(
    chart_id: int,
    station: ThisStation,
    since: int | None = None,
    until: int | None = None,
    since_ms: int | None = None,
    most: Annotated[int, Query(ge=10, le=20_000)] = POINTS_AT_MOST,
) -> Json:
    """Points numbered `since` to `until`, or from a time on; thinned where they are more than fit.

    404 for a chart that is not there.
    """
    records = station.records
    chart = _chart(station, chart_id)
    history = records.chart_history()
    if since_ms is not None:
        since = history.number_at(chart_id, since_ms * 1_000_000)
    found = history.points(chart_id, since=since, until=until, most=most)
    if found is None:
        return {"chart_id": chart_id, "columns": None}
    shown = found.columns
    span = (shown["from_utc_ns"][0], shown["to_utc_ns"][-1]) if shown["number"] else (0, 0)
    changes = records.watch().annotations(*span)
    notes = [note for note in records.signal_desk().notes() if span[0] <= note.at_utc_ns <= span[1]]
    return chart_points(chart, found, records.watch().stages(chart_id), [*changes, *notes])


@router.get("/parts")
def parts(station: ThisStation, first: int, last: int) -> Json:
    """Parts between two numbers, rejects first, with their pictures; at most 24 of them."""
    if not 0 <= first <= last < 2**63:
        raise HTTPException(422, f"parts {first} to {last}: expected 0 <= first <= last")
    reader = station.records.reader()
    numbers = station.records.period().numbers(first, last, PARTS_AT_MOST)
    found = (reader.part_by_number(number) for number in numbers)
    return {"parts": [part_json(part) for part in found if part is not None]}


def _chart(station: WebStation, chart_id: int) -> WatchedChart:
    for chart in station.records.watch().charts():
        if chart.chart_id == chart_id:
            return chart
    raise HTTPException(404, f"there is no chart {chart_id} here")
