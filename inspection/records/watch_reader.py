"""Reading what the watch keeps: for screens, reports and the command line, while it writes."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from inspection.records import watch_schema as schema
from inspection.records.charts import (
    Annotation,
    ChartKind,
    ChartPoint,
    ChartSignal,
    HourTotals,
    Measure,
    Stage,
    StageLimits,
    WatchedChart,
)
from inspection.records.source import Source
from inspection.records.store import WATCH_FILE


class WatchReader:
    """Reads the watch's database of a data folder; never blocks the watch; for many threads.

    A folder that was never watched is answered as an empty one. Times bound a selection from
    `since_utc_ns` up to before `until_utc_ns`. Every method raises RecordsError when the database
    cannot be read.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._source = Source(folder, WATCH_FILE, busy_timeout_s)

    def close(self) -> None:
        self._source.close()

    def last_part(self) -> int:
        """The last part that was watched; -1 before the first."""
        rows = self._rows(select(schema.place.c.last_part))
        return rows[0].last_part if rows else -1

    def charts(self) -> list[WatchedChart]:
        """All charts, in the order in which they were begun."""
        return [_chart(row) for row in self._rows(_CHARTS.order_by(schema.charts.c.chart_id))]

    def chart(self, name: str) -> WatchedChart | None:
        """The chart of this name."""
        rows = self._rows(_CHARTS.where(schema.charts.c.name == name))
        return _chart(rows[0]) if rows else None

    def stages(self, chart_id: int) -> list[Stage]:
        """The stages of a chart; the last one is the present."""
        columns = schema.stages.c
        query = select(schema.stages).where(columns.chart_id == chart_id)
        return [_stage(row) for row in self._rows(query.order_by(columns.number))]

    def points(
        self,
        chart_id: int,
        *,
        last: int | None = None,
        since_utc_ns: int | None = None,
        until_utc_ns: int | None = None,
    ) -> list[ChartPoint]:
        """The points of a chart in order of parts; `last` takes the newest so many."""
        columns = schema.points.c
        query = select(schema.points).where(columns.chart_id == chart_id)
        if since_utc_ns is not None:
            query = query.where(columns.to_utc_ns >= since_utc_ns)
        if until_utc_ns is not None:
            query = query.where(columns.from_utc_ns < until_utc_ns)
        rows = self._rows(query.order_by(columns.number.desc()).limit(last))
        return [_point(row) for row in reversed(rows)]

    def signals(self, *, chart_id: int | None = None, after: int = 0) -> list[ChartSignal]:
        """Signals above id `after`, of one chart or of all, in order of raising."""
        columns = schema.signals.c
        query = _SIGNALS.where(columns.signal_id > after)
        if chart_id is not None:
            query = query.where(columns.chart_id == chart_id)
        return [_signal(row) for row in self._rows(query.order_by(columns.signal_id))]

    def signal(self, signal_id: int) -> ChartSignal | None:
        """The signal with this id."""
        rows = self._rows(_SIGNALS.where(schema.signals.c.signal_id == signal_id))
        return _signal(rows[0]) if rows else None

    def annotations(
        self, since_utc_ns: int | None = None, until_utc_ns: int | None = None
    ) -> list[Annotation]:
        """What changed at the station, by time; notes of the staff are at the desk."""
        columns = schema.annotations.c
        query = _between(select(schema.annotations), columns.at_utc_ns, since_utc_ns, until_utc_ns)
        return [
            Annotation(row.at_utc_ns, row.part_number, row.kind, row.text)
            for row in self._rows(query.order_by(columns.at_utc_ns, columns.id))
        ]

    def hours(
        self, since_utc_ns: int | None = None, until_utc_ns: int | None = None
    ) -> list[HourTotals]:
        """Roll-ups of parts, by hour, lot and shift."""
        hour = schema.hours.c.hour_utc_ns
        query = _between(_HOURS, hour, since_utc_ns, until_utc_ns)
        return [HourTotals(*row) for row in self._rows(query.order_by(hour))]

    def _rows(self, query: Select[Any]) -> list[Any]:
        with self._source.reading() as connection:
            return list(connection.execute(query))


_CHARTS = select(*(column for column in schema.charts.c if column.name != "state"))
_SIGNALS = select(
    schema.signals, *(c for c in _CHARTS.selected_columns if c.name != "chart_id")
).join(schema.charts)
_HOURS = select(schema.hours)


def _between(query: Select[Any], column: Any, since: int | None, until: int | None) -> Select[Any]:
    if since is not None:
        query = query.where(column >= since)
    return query if until is None else query.where(column < until)


def _chart(row: Any) -> WatchedChart:
    return WatchedChart(
        row.chart_id,
        row.name,
        ChartKind(row.kind),
        Measure(row.measure),
        row.class_name,
        row.camera_id,
        row.alarm,
        json.loads(row.settings),
    )


def _stage(row: Any) -> Stage:
    return Stage(
        row.chart_id,
        row.number,
        row.first_part,
        row.begun_utc_ns,
        row.because,
        row.frozen_part,
        row.frozen_utc_ns,
        None if row.limits is None else StageLimits(**json.loads(row.limits)),
    )


def _point(row: Any) -> ChartPoint:
    return ChartPoint(
        row.number,
        row.stage,
        row.label,
        row.first_part,
        row.last_part,
        row.from_utc_ns,
        row.to_utc_ns,
        row.size,
        row.total,
        row.value,
        row.center,
        row.lower,
        row.upper,
        tuple(row.rules.split()) if row.rules else (),
    )


def _signal(row: Any) -> ChartSignal:
    return ChartSignal(
        row.signal_id,
        _chart(row),
        row.stage,
        row.rule,
        row.side,
        row.first_part,
        row.last_part,
        row.at_utc_ns,
        row.value,
        row.center,
        row.lower,
        row.upper,
        row.raised_utc_ns,
        json.loads(row.diagnosis),
    )
