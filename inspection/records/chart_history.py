"""A chart's points for a screen: as many as fit, with every extreme and every signal among them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from inspection.records import watch_schema as schema
from inspection.records.source import Source
from inspection.records.store import WATCH_FILE

_POINTS = schema.points.c
_COLUMNS = (
    "number", "stage", "label", "first_part", "last_part", "from_utc_ns", "to_utc_ns", "size",
    "total", "value", "center", "lower", "upper", "rules",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChartColumns:
    """Points of a chart as columns of equal length, named as the table's, in order of `number`.

    thinned: whether points between the lowest, the highest and the signals were left out.
    first, last: the numbers of the chart's whole history.
    """

    columns: dict[str, list[Any]]
    thinned: bool
    first: int
    last: int


class ChartHistory:
    """Reads points of the watch's charts; for many threads. Every method raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._source = Source(folder, WATCH_FILE, busy_timeout_s)

    def close(self) -> None:
        self._source.close()

    def number_at(self, chart_id: int, utc_ns: int) -> int | None:
        """The first point that ends at this time or later."""
        query = select(func.min(_POINTS.number)).where(
            (_POINTS.chart_id == chart_id) & (_POINTS.to_utc_ns >= utc_ns)
        )
        with self._source.reading() as connection:
            return connection.scalar(query)

    def points(
        self, chart_id: int, *, since: int | None = None, until: int | None = None, most: int = 2500
    ) -> ChartColumns | None:
        """The points numbered `since` to `until`, all of them where they are at most `most`.

        Of more, each stretch of neighbours gives its lowest and its highest point, and every
        signal stays. None for a chart without points.
        """
        whole = _POINTS.chart_id == chart_id
        ends = select(func.min(_POINTS.number), func.max(_POINTS.number)).where(whole)
        with self._source.reading() as connection:
            first, last = connection.execute(ends).one()
            if first is None:
                return None
            low = first if since is None else max(first, since)
            high = last if until is None else min(last, until)
            inside = and_(whole, _POINTS.number.between(low, high))
            thinned = high - low + 1 > most
            wanted = _extremes(inside, low, high, most) if thinned else inside
            query = select(*(_POINTS[name] for name in _COLUMNS)).where(wanted)
            rows = list(connection.execute(query.order_by(_POINTS.number)))
        by_column = zip(*rows, strict=True) if rows else ([] for _ in _COLUMNS)
        columns = {name: list(values) for name, values in zip(_COLUMNS, by_column, strict=True)}
        return ChartColumns(columns, thinned, first, last)


def _extremes(inside: ColumnElement[bool], low: int, high: int, most: int) -> ColumnElement[bool]:
    """Points that show the whole: with max() or min(), SQLite gives the row that has it."""
    stretch = (_POINTS.number - low) // max(1, -(-2 * (high - low + 1) // most))
    picked: list[ColumnElement[bool]] = []
    for extreme in (func.min, func.max):
        rows = select(_POINTS.number, extreme(_POINTS.value)).where(inside).group_by(stretch)
        picked.append(_POINTS.number.in_(select(rows.subquery().c.number)))
    signals = _POINTS.rules.is_not(None) & (_POINTS.rules != "")
    return and_(inside, or_(_POINTS.number.in_([low, high]), signals, *picked))
