"""Roll-ups by the hour: what a year of a line is drawn and counted from."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from inspection.records import watch_schema as schema
from inspection.records.charts import HEALTH
from inspection.watch.memory import Memory
from inspection.watch.observed import HOUR_NS
from inspection.watch.stretch import Stretch
from inspection.watch.subgroups import in_order

Row = dict[str, Any]
Key = tuple[str, tuple[Any, ...]]
Load = Callable[[str, tuple[Any, ...]], Mapping[str, Any] | None]

_SUMS = tuple(f"{measure.value}_sum" for measure in HEALTH)


class Hours:
    """Adds stretches to the rows of their hours.

    load: the row of a table by its key, from the database. Rows are kept while they are added to,
    and sums go on part by part, so that they come out the same in any batches.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._rows: dict[Key, Row] = {}
        self._touched: set[Key] = set()

    def take(self, stretch: Stretch, memory: Memory) -> None:
        """Add the parts of a stretch, which are of one lot and shift."""
        hours = stretch.utc_ns[stretch.start : stretch.end] // HOUR_NS
        cuts = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), len(hours)]
        for start, end in pairwise(cuts):
            hour_utc_ns = int(hours[start]) * HOUR_NS
            key = (hour_utc_ns, memory.lot or "", memory.shift or "")
            within = slice(stretch.start + start, stretch.start + end)
            self._add_parts(key, stretch, within)
            self._add_classes(key, stretch, within)
            self._add_cameras(key, stretch, within)

    def touched(self) -> list[tuple[str, Row]]:
        """The rows that were added to since this was last asked, with their table."""
        rows = [(key[0], self._rows[key]) for key in sorted(self._touched)]
        self._rows = {key: self._rows[key] for key in self._touched}
        self._touched = set()
        return rows

    def _add_parts(self, key: tuple[Any, ...], stretch: Stretch, within: slice) -> None:
        parts = stretch.parts
        inspected = parts.inspected[within]
        scores = parts.score[within][inspected]
        scores = scores[~np.isnan(scores)]
        row = self._row(schema.hours.name, key)
        if row["parts"] == 0:
            row["first_part"] = int(parts.part_number[within][0])
        row["last_part"] = int(parts.part_number[within][-1])
        row["parts"] += len(inspected)
        row["inspected"] += int(inspected.sum())
        row["rejected"] += int((parts.rejected[within] & inspected).sum())
        row["review"] += int(parts.review[within].sum())
        row["scored"] += len(scores)
        row["score_sum"] = in_order(row["score_sum"], scores)

    def _add_classes(self, key: tuple[Any, ...], stretch: Stretch, within: slice) -> None:
        for name, at in stretch.parts.classes.items():
            rejected = int(((at >= within.start) & (at < within.stop)).sum())
            if rejected:
                self._row(schema.hour_classes.name, (*key, name))["rejected"] += rejected

    def _add_cameras(self, key: tuple[Any, ...], stretch: Stretch, within: slice) -> None:
        for camera, health in stretch.parts.health.items():
            values = health.values[(health.at >= within.start) & (health.at < within.stop)]
            if len(values):
                row = self._row(schema.hour_cameras.name, (*key, camera))
                row["pictures"] += len(values)
                for column, name in enumerate(_SUMS):
                    row[name] = in_order(row[name], values[:, column])

    def _row(self, table: str, key: tuple[Any, ...]) -> Row:
        place = (table, key)
        if place not in self._rows:
            found = self._load(table, key)
            columns = schema.watch.tables[table].columns
            zeros = {column.name: 0 for column in columns if not column.primary_key}
            names = [column.name for column in columns if column.primary_key]
            fresh = dict(zip(names, key, strict=True)) | zeros
            self._rows[place] = fresh if found is None else dict(found)
        self._touched.add(place)
        return self._rows[place]
