"""The watch's charts as the chart page shows them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from inspection.records.chart_history import ChartColumns
from inspection.records.charts import (
    Annotation,
    ChartKind,
    Measure,
    SignalState,
    Stage,
    StageLimits,
    WatchedChart,
)
from inspection.records.watch_reader import WatchReader
from inspection.web.words import class_in_words

Json = dict[str, Any]

SHARES = frozenset({Measure.REJECTS, Measure.REVIEWED_REJECTS, Measure.FALSE_REJECTS})
SHARE_KINDS = frozenset({ChartKind.P, ChartKind.LANEY_P})
MARKS_AT_MOST = 200

_KINDS = {
    ChartKind.BERNOULLI: "Bernoulli CUSUM of every verdict",
    ChartKind.P: "p chart",
    ChartKind.LANEY_P: "Laney p′ chart",
    ChartKind.G: "g chart",
    ChartKind.EWMA: "EWMA chart",
    ChartKind.CUSUM: "CUSUM chart",
}
_MEASURES = {
    Measure.REJECTS: "rejects",
    Measure.REVIEWED_REJECTS: "rejects after review",
    Measure.FALSE_REJECTS: "false rejects among reviewed ones",
    Measure.CLASSES: "rejects for",
    Measure.SCORE: "the model's score",
    Measure.BRIGHTNESS: "brightness of the picture",
    Measure.SHARPNESS: "sharpness of the picture",
    Measure.NOISE: "noise of the picture",
    Measure.VIGNETTING: "vignetting of the picture",
    Measure.SATURATED: "saturated pixels",
}


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


def in_percent(chart: WatchedChart) -> bool:
    """Whether the values of a chart are shares of parts."""
    return chart.kind in SHARE_KINDS and chart.measure in SHARES | {Measure.CLASSES}


def title(chart: WatchedChart) -> str:
    """What a chart is of, in words."""
    said = _MEASURES[chart.measure]
    if chart.class_name:
        said += f" {class_in_words(chart.class_name)}"
    if chart.camera_id:
        said += f", {chart.camera_id}"
    return f"{said[0].upper()}{said[1:]}"


def kind_in_words(chart: WatchedChart) -> str:
    """How a chart is drawn, and of what subgroups."""
    subgroup = chart.settings.get("subgroup")
    if chart.kind in (ChartKind.BERNOULLI, ChartKind.G) or subgroup is None:
        return _KINDS[chart.kind]
    per = f"{subgroup} parts each" if isinstance(subgroup, int) else f"per {subgroup}"
    return f"{_KINDS[chart.kind]}, {per}"


def limits_in_words(chart: WatchedChart, limits: StageLimits | None) -> str:
    """What the limits rest on, how often they alarm falsely, how fast they see the change."""
    if limits is None:
        return "phase I: limits are being estimated"
    of = "parts" if chart.kind is ChartKind.BERNOULLI else "points"
    said = [f"limits from {limits.subgroups:,} {of}{', provisional' if limits.provisional else ''}"]
    if chart.kind is ChartKind.LANEY_P:
        wanders = ": the rate wanders" if limits.sigma > 1.5 else ""
        said.append(f"σz {limits.sigma:.2f}{wanders}")
    if limits.false_alarm_parts is not None:
        said.append(f"a false alarm about every {_parts(limits.false_alarm_parts, limits)}")
    if limits.seen_after_parts is not None:
        said.append(f"the change is seen after {limits.seen_after_parts:,.0f} parts on average")
    return " · ".join(said)


def _parts(parts: float, limits: StageLimits) -> str:
    if not limits.parts_per_day:
        return f"{parts:,.0f} parts"
    days = parts / limits.parts_per_day
    return f"{days:.1f} days" if days < 10 else f"{days:,.0f} days"


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
