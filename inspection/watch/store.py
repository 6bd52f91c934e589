"""The watch's place, states and results, written together: one step, one transaction."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inspection.records import watch_schema as schema
from inspection.records.database import Database
from inspection.records.rows import canonical_json
from inspection.records.store import WATCH_FILE
from inspection.watch.board import DrawnChart, SavedChart
from inspection.watch.sheet import Raised, Sheet

Row = dict[str, Any]


class WatchStore:
    """Reads and writes the watch's own database; the watch holds the folder's watch lock."""

    def __init__(
        self,
        folder: Path,
        *,
        busy_timeout_s: float = 5.0,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Raises RecordsError when it cannot be opened."""
        self._utc_ns = utc_ns
        self._database = Database(folder, WATCH_FILE, busy_timeout_s)
        self._chart_ids: dict[str, int] = {}

    def close(self) -> None:
        self._database.close()

    def place(self) -> Mapping[str, Any] | None:
        """Where the watch stands, as `commit` was given it; None before the first step."""
        with self._database.reading() as connection:
            row = connection.execute(select(schema.place)).mappings().first()
        return None if row is None else dict(row)

    def charts(self) -> dict[str, SavedChart]:
        """All charts by name."""
        references = schema.reference_values.c
        with self._database.reading() as connection:
            rows = list(connection.execute(select(schema.charts)))
            kept = connection.execute(select(references.chart_id, references.reference))
            reference_of = {row.chart_id: tuple(json.loads(row.reference)) for row in kept}
        self._chart_ids = {row.name: row.chart_id for row in rows}
        return {
            row.name: SavedChart(
                row.class_name,
                row.camera_id,
                json.loads(row.settings),
                row.state,
                reference_of.get(row.chart_id, ()),
            )
            for row in rows
        }

    def rolled_up(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        """A row of the roll-ups by its primary key."""
        found = schema.watch.tables[table]
        query = select(found)
        for column, value in zip(found.primary_key.columns, key, strict=True):
            query = query.where(column == value)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else {str(name): value for name, value in row.items()}

    def told(self, output: str) -> int:
        """The id of the last signal that an output was told of; 0 at first."""
        outputs = schema.outputs.c
        with self._database.reading() as connection:
            last = connection.scalar(select(outputs.last_signal).where(outputs.name == output))
        return 0 if last is None else int(last)

    def tell(self, output: str, last_signal: int) -> None:
        """Remember how far an output was told."""
        with self._database.writing() as connection:
            _replace(connection, schema.outputs, [{"name": output, "last_signal": last_signal}])

    def commit(
        self,
        sheet: Sheet,
        drawn: Iterable[DrawnChart],
        place: Row,
        rolled_up: Iterable[tuple[str, Row]],
        diagnose: Callable[[Raised], Mapping[str, Any]],
    ) -> None:
        """Write all of a step; either all of it is on disk when this returns, or nothing."""
        raised = sorted(sheet.raised, key=lambda one: (one.known_part, one.chart, one.rule))
        signals = [(one, canonical_json(diagnose(one))) for one in raised]
        with self._database.writing() as connection:
            for chart in drawn:
                self._write_chart(connection, chart)
            self._write_stages(connection, sheet)
            _replace(connection, schema.points, self._point_rows(sheet))
            if signals:
                rows = [self._signal_row(one, diagnosis) for one, diagnosis in signals]
                connection.execute(insert(schema.signals), rows)
            if sheet.noted:
                connection.execute(
                    insert(schema.annotations), [asdict(noted) for noted in sheet.noted]
                )
            for table, row in rolled_up:
                _replace(connection, schema.watch.tables[table], [row])
            _replace(connection, schema.place, [{"id": 1} | place])

    def _write_chart(self, connection: Connection, chart: DrawnChart) -> None:
        section = chart.section
        row = {
            "name": chart.name,
            "kind": section.kind,
            "measure": chart.measure.value,
            "class_name": chart.class_name,
            "camera_id": chart.camera_id,
            "settings": canonical_json(section.model_dump(mode="json")),
            "alarm": section.alarm,
            "state": chart.state_json(),
        }
        chart_id = self._chart_ids.get(chart.name)
        if chart_id is not None:
            wanted = schema.charts.c.chart_id == chart_id
            connection.execute(update(schema.charts).where(wanted), row)
            return
        written = connection.execute(insert(schema.charts).returning(schema.charts.c.chart_id), row)
        self._chart_ids[chart.name] = int(written.scalar_one())

    def _write_stages(self, connection: Connection, sheet: Sheet) -> None:
        for stage in sheet.stages:
            row = asdict(stage)
            row["chart_id"] = self._chart_ids[row.pop("chart")]
            connection.execute(insert(schema.stages), row)
        stages = schema.stages.c
        for frozen in sheet.frozen:
            own = (stages.chart_id == self._chart_ids[frozen.chart]) & (
                stages.number == frozen.stage
            )
            values = {
                "frozen_part": frozen.part,
                "frozen_utc_ns": frozen.utc_ns,
                "limits": canonical_json(asdict(frozen.limits)),
            }
            connection.execute(update(schema.stages).where(own), values)
        kept = [
            {
                "chart_id": self._chart_ids[frozen.chart],
                "stage": frozen.stage,
                "reference": json.dumps(frozen.reference),
            }
            for frozen in sheet.frozen
            if frozen.reference
        ]
        for row in kept:
            _replace(connection, schema.reference_values, [row])

    def _point_rows(self, sheet: Sheet) -> list[Row]:
        return [
            {
                "chart_id": self._chart_ids[chart],
                "number": number,
                "stage": stage,
                "label": subgroup.label,
                "first_part": subgroup.first_part,
                "last_part": subgroup.last_part,
                "from_utc_ns": subgroup.from_utc_ns,
                "to_utc_ns": subgroup.to_utc_ns,
                "size": subgroup.size,
                "total": subgroup.total,
                "value": lines.value,
                "center": lines.center,
                "lower": _finite(lines.lower),
                "upper": _finite(lines.upper),
                "rules": " ".join(lines.rules) or None,
            }
            for (chart, number), (stage, subgroup, lines) in sheet.points.items()
        ]

    def _signal_row(self, raised: Raised, diagnosis: str) -> Row:
        lines = raised.lines
        return {
            "chart_id": self._chart_ids[raised.chart],
            "stage": raised.stage,
            "rule": raised.rule,
            "side": raised.side.value,
            "first_part": raised.first_part,
            "last_part": raised.last_part,
            "at_utc_ns": raised.at_utc_ns,
            "value": lines.value,
            "center": lines.center,
            "lower": _finite(lines.lower),
            "upper": _finite(lines.upper),
            "raised_utc_ns": self._utc_ns(),
            "diagnosis": diagnosis,
        }


def _replace(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Insert rows; those whose key is there replace it."""
    if not rows:
        return
    statement = sqlite_insert(table)
    others = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    connection.execute(statement.on_conflict_do_update(set_=others), rows)


def _finite(limit: float | None) -> float | None:
    return limit if limit is not None and isfinite(limit) else None
