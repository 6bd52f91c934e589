"""The sections of a report that come from the watch: charts as pictures, signals and acts."""

import math

import numpy as np

from inspection.quality.chart_words import (
    in_percent,
    kind_in_words,
    limits_in_words,
    origin_in_words,
    rule_in_words,
    step_in_words,
    title,
)
from inspection.records.charts import (
    Annotation,
    ChartKind,
    ChartPoint,
    ChartSignal,
    Stage,
    WatchedChart,
)
from inspection.records.signal_desk import STEP, SignalAct, SignalDesk
from inspection.records.watch_reader import WatchReader
from inspection.report import chart_picture
from inspection.report.chart_picture import Caption, chart_svg
from inspection.report.document import Picture, Section, Table
from inspection.report.figures import moment, time_of_day
from inspection.report.period import Period
from inspection.spc.arrays import Floats
from inspection.spc.result import ControlChart, Side, Signal, Standard

CHARTS_AT_MOST = 10
DAY_NS = 86_400 * 10**9

_NEVER_WATCHED = "The watch has not run in this data folder: start it with `passline watch DATA`."


def chart_section(watch: WatchReader, desk: SignalDesk, period: Period) -> Section:
    """The charts of the period as pictures, those that signalled first, at most ten."""
    charts = watch.charts()
    if not charts:
        return Section("Charts", (_NEVER_WATCHED,))
    ends = {"since_utc_ns": period.since_utc_ns, "until_utc_ns": period.until_utc_ns}
    drawn = [(chart, watch.points(chart.chart_id, **ends)) for chart in charts]
    drawn = [(chart, points) for chart, points in drawn if points]
    drawn.sort(key=lambda one: (not any(point.rules for point in one[1]), not one[0].alarm))
    if not drawn:
        return Section("Charts", ("No chart has a point in this period.",))
    changes = [*watch.annotations(*ends.values()), *desk.notes()]
    pictures = tuple(
        _picture(chart, points, watch.stages(chart.chart_id), changes)
        for chart, points in drawn[:CHARTS_AT_MOST]
    )
    left_out = len(drawn) - len(pictures)
    lines = (f"{left_out} more charts are on the chart page.",) if left_out else ()
    return Section("Charts", lines, pictures=pictures)


def signal_section(watch: WatchReader, desk: SignalDesk, period: Period) -> Section:
    """The signals of the period, what moved with them, and what people did."""
    signals = [
        signal
        for signal in watch.signals()
        if period.since_utc_ns <= signal.at_utc_ns < period.until_utc_ns
    ]
    if not signals:
        said = "No chart signalled in this period." if watch.charts() else _NEVER_WATCHED
        return Section("Signals and what was done", (said,))
    acts = desk.acts()
    rows = tuple(_signal_row(signal, acts) for signal in signals)
    states = desk.states()
    raised = [signal for signal in signals if signal.signal_id not in states]
    line = (
        f"{len(raised)} of {len(signals)} signals nobody has looked at."
        if raised
        else f"{len(signals)} signals, all of them looked at."
    )
    columns = ("time", "chart and rule", "parts", "process or camera?", "what was done")
    return Section("Signals and what was done", (line,), Table(columns, rows), alarm=bool(raised))


def as_control_chart(chart: WatchedChart, points: list[ChartPoint], stage: Stage) -> ControlChart:
    """Points that the watch has judged, as the chart that pictures are drawn of."""
    limits = stage.limits
    standard = (
        Standard(math.nan, math.nan)
        if limits is None
        else Standard(limits.center, limits.sigma, limits.subgroups)
    )
    signals = tuple(
        Signal(at, rule, _side(point), (at,))
        for at, point in enumerate(points)
        for rule in point.rules
    )
    return ControlChart(
        chart.kind.value.replace("_", " "),
        np.array([point.value for point in points]),
        _line([point.center for point in points], math.nan),
        _line([point.lower for point in points], -math.inf),
        _line([point.upper for point in points], math.inf),
        np.zeros(len(points)),
        np.array([point.size for point in points], np.float64),
        signals,
        standard,
    )


def _picture(
    chart: WatchedChart, points: list[ChartPoint], stages: list[Stage], changes: list[Annotation]
) -> Picture:
    stage = next(one for one in stages if one.number == points[-1].stage)
    span_ns = points[-1].to_utc_ns - points[0].from_utc_ns
    label = time_of_day if span_ns < DAY_NS else moment
    head = f"{title(chart)} · {kind_in_words(chart)}"
    drawn = as_control_chart(chart, points, stage)
    caption = Caption(
        head,
        labels=[label(point.to_utc_ns) for point in points],
        phase_one=_phase_one(points, stages),
        annotations=_annotations(points, changes),
        percent=in_percent(chart),
        about=f"{limits_in_words(chart, stage.limits)} · {_sizes(chart, points)}",
    )
    signals = sum(bool(point.rules) for point in points)
    return Picture(chart_svg(drawn, caption), f"{head}: {len(points)} points, {signals} signals")


def _sizes(chart: WatchedChart, points: list[ChartPoint]) -> str:
    if chart.kind is ChartKind.G:
        return f"{len(points)} gaps"
    least, most = min(point.size for point in points), max(point.size for point in points)
    of = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"{len(points)} points, n {of}"


def _phase_one(points: list[ChartPoint], stages: list[Stage]) -> int:
    """How many of the first points are phase I of the stage that the period begins in."""
    stage = next(one for one in stages if one.number == points[0].stage)
    own = [point for point in points if point.stage == stage.number]
    if stage.frozen_part is None:
        return len(own)
    return sum(point.last_part <= stage.frozen_part for point in own)


def _annotations(
    points: list[ChartPoint], changes: list[Annotation]
) -> list[chart_picture.Annotation]:
    marks: dict[int, list[str]] = {}
    for change in changes:
        at = next((i for i, one in enumerate(points) if one.to_utc_ns >= change.at_utc_ns), None)
        if at is not None and change.at_utc_ns >= points[0].from_utc_ns:
            marks.setdefault(at, []).append(change.text)
    return [chart_picture.Annotation(at, "; ".join(texts)[:60]) for at, texts in marks.items()]


def _signal_row(signal: ChartSignal, acts: list[SignalAct]) -> tuple[str, ...]:
    own = [act for act in acts if act.signal_id == signal.signal_id]
    reasons = "; ".join(signal.diagnosis.get("reasons", []))
    origin = origin_in_words(signal.diagnosis)
    return (
        moment(signal.at_utc_ns),
        f"{title(signal.chart)}: {rule_in_words(signal.rule)} ({signal.side})",
        f"{signal.first_part} to {signal.last_part}",
        f"{origin}: {reasons}" if reasons else origin,
        "; ".join(_act(signal, act) for act in own) or "nothing yet",
    )


def _act(signal: ChartSignal, act: SignalAct) -> str:
    text = f": {act.text}" if act.text else ""
    if act.act == STEP and act.step is not None:
        return f"{step_in_words(signal.chart.plan[act.step])} ({act.who}{text})"
    return f"{act.act} by {act.who}{text}"


def _side(point: ChartPoint) -> Side:
    return Side.BELOW if point.center is not None and point.value < point.center else Side.ABOVE


def _line(values: list[float | None], none: float) -> Floats:
    return np.array([none if value is None else value for value in values], np.float64)
