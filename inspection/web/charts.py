"""The watch's charts as the chart page shows them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from inspection.quality.chart_words import in_percent, kind_in_words, limits_in_words, title
from inspection.records.chart_history import ChartColumns
from inspection.records.charts import Annotation, SignalState, Stage, WatchedChart
from inspection.records.watch_reader import WatchReader

Json = dict[str, Any]

MARKS_AT_MOST = 200


def chart_list(watch: WatchReader, states: Mapping[int, SignalState]) -> list[Json]:
    """Every chart of the station with where it stands; charts with open signals first."""
    open_signals = Counter(
        signal.chart.chart_id
        for signal in watch.signals()
        if states.get(signal.signal_id, SignalState.RAISED) is not SignalState.CLOSED
    )
    listed = [_listed(watch, chart, open_signals[chart.chart_id]) for chart in watch.charts()]
    return sorted(listed, key=lambda chart: -chart["open"])


def chart_points(
    chart: WatchedChart,
    found: ChartColumns,
    stages: list[Stage],
    annotations: list[Annotation],
) -> Json:
    """Columns of points for the chart page, with phases and changes at the points they lie before.

    Times are milliseconds since 1970 (UTC).
    """
    columns = dict(found.columns)
    for ends in ("from", "to"):
        columns[f"{ends}_utc_ms"] = [ns // 1_000_000 for ns in columns.pop(f"{ends}_utc_ns")]
    columns["rules"] = [rules or "" for rules in columns["rules"]]
    return {
        "chart_id": chart.chart_id,
        "percent": in_percent(chart),
        "thinned": found.thinned,
        "first": found.first,
        "last": found.last,
        "columns": columns,
        "stages": [_stage_mark(stage, columns) for stage in stages if _starts(stage, columns)],
        "marks": _marks(annotations, columns)[-MARKS_AT_MOST:],
    }


def _listed(watch: WatchReader, chart: WatchedChart, open_signals: int) -> Json:
    stages = watch.stages(chart.chart_id)
    newest = watch.points(chart.chart_id, last=1)
    limits = stages[-1].limits if stages else None
    return {
        "chart_id": chart.chart_id,
        "name": chart.name,
        "title": title(chart),
        "kind": kind_in_words(chart),
        "limits": limits_in_words(chart, limits),
        "alarm": chart.alarm,
        "percent": in_percent(chart),
        "phase": stages[-1].phase if stages else 1,
        "points": newest[0].number + 1 if newest else 0,
        "value": newest[0].value if newest else None,
        "open": open_signals,
    }


def _starts(stage: Stage, columns: Mapping[str, list[Any]]) -> bool:
    return stage.number in columns["stage"]


def _stage_mark(stage: Stage, columns: Mapping[str, list[Any]]) -> Json:
    """A stage at its first point shown, and the last point of its phase I among those shown."""
    numbers = [
        number
        for number, of, last in zip(
            columns["number"], columns["stage"], columns["last_part"], strict=True
        )
        if of == stage.number and (stage.frozen_part is None or last <= stage.frozen_part)
    ]
    first = columns["number"][columns["stage"].index(stage.number)]
    return {
        "number": first,
        "phase_one": numbers[-1] if numbers else None,
        "text": stage.because if stage.number > 1 else "",
    }


def _marks(annotations: list[Annotation], columns: Mapping[str, list[Any]]) -> list[Json]:
    """Each change at the first point that ends after it; those of one point in one mark."""
    marks: dict[int, list[str]] = {}
    at = 0
    for change in sorted(annotations, key=lambda one: one.at_utc_ns):
        while at < len(columns["number"]) and columns["to_utc_ms"][at] < change.at_utc_ns // 10**6:
            at += 1
        if at == len(columns["number"]):
            break
        marks.setdefault(columns["number"][at], []).append(change.text)
    return [{"number": number, "text": "; ".join(texts)} for number, texts in marks.items()]
