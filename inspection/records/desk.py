"""The desk: what people add to the records, in a database of their own.

The line never waits for it. Entries are only ever added; of several about a part the latest counts.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select

from inspection.judge import Outcome
from inspection.records import schema
from inspection.records.database import Database
from inspection.records.entries import (
    DeskError,
    Label,
    Return,
    Review,
)
from inspection.records.query import RecordReader, StoredPart
from inspection.records.rows import canonical_json
from inspection.records.store import DESK_FILE


class Desk:
    """Reads and writes the desk of a data folder; many processes and threads may do so at once.

    Every method raises RecordsError when the desk cannot be read or written, and what takes an
    entry raises DeskError when the entry makes no sense.
    """

    def __init__(
        self,
        folder: Path,
        *,
        busy_timeout_s: float = 5.0,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._utc_ns = utc_ns
        self._database = Database(folder, DESK_FILE, busy_timeout_s)
        self._records = RecordReader(folder, busy_timeout_s=busy_timeout_s)

    def close(self) -> None:
        self._records.close()
        self._database.close()

    def review(self, part_number: int, agrees: bool, reason: str, who: str) -> None:
        """A person confirms or overrules the verdict on a part; to overrule takes a reason."""
        self._find(part_number)
        if not who.strip():
            raise DeskError(f"part {part_number}: a review needs the name of who reviewed")
        if not agrees and not reason.strip():
            raise DeskError(f"part {part_number}: overruling a verdict needs a reason")
        row = {"part_number": part_number, "agrees": agrees, "reason": reason, "who": who}
        self._add(schema.reviews, row | {"at_utc_ns": self._utc_ns()})

    def register_return(
        self, part: str | int, who: str, note: str = "", labels: tuple[Label, ...] = ()
    ) -> Return:
        """A part came back from the field; `part` is its serial or its part number."""
        record = self._find(part).record
        if not who.strip():
            raise DeskError(f"{record.serial}: a return needs the name of who registered it")
        for label in labels:
            if label.view and record.view(label.view) is None:
                views = ", ".join(view.view for view in record.views)
                raise DeskError(f"{record.serial}: has no view {label.view!r}; it has {views}")
        entry = Return(record.part_number, record.serial, who, note, labels, self._utc_ns())
        outlines = [[label.class_name, label.polygon_xy_px, label.view] for label in labels]
        row = {
            "part_number": entry.part_number,
            "serial": entry.serial,
            "who": who,
            "note": note,
            "labels": canonical_json(outlines),
            "at_utc_ns": entry.at_utc_ns,
        }
        self._add(schema.returns, row)
        return entry

    def reviews(self) -> dict[int, Review]:
        """The latest review of each part that has one, by part number."""
        return {row.part_number: _review(row) for row in self._latest(schema.reviews)}

    def review_of(self, part_number: int) -> Review | None:
        """The latest review of a part."""
        columns = schema.reviews.c
        query = select(schema.reviews).where(columns.part_number == part_number)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(columns.id.desc()).limit(1)).first()
        return None if row is None else _review(row)

    def returns(self) -> list[Return]:
        """The latest entry of each part that came back, in order of entry."""
        return [_return(row) for row in self._latest(schema.returns)]

    def escapes(self) -> list[Return]:
        """Of the parts that came back, those that the station had passed."""
        return [entry for entry in self.returns() if self._passed(entry.part_number)]

    def _add(self, table: Table, row: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(insert(table), row)

    def _latest(self, table: Table) -> list[Any]:
        latest = select(func.max(table.c.id)).group_by(table.c.part_number)
        query = select(table).where(table.c.id.in_(latest)).order_by(table.c.id)
        with self._database.reading() as connection:
            return list(connection.execute(query))

    def _find(self, part: str | int) -> StoredPart:
        by_number = isinstance(part, int)
        found = self._records.part_by_number(part) if by_number else self._records.part(part)
        if found is None:
            raise DeskError(f"part {part!r} is not in the records of {self._database.path.parent}")
        return found

    def _passed(self, part_number: int) -> bool:
        return self._find(part_number).record.verdict.outcome is Outcome.PASS


def _review(row: Any) -> Review:
    return Review(row.part_number, row.agrees, row.reason, row.who, row.at_utc_ns)


def _return(row: Any) -> Return:
    labels = tuple(
        Label(name, tuple((x, y) for x, y in corners), *view)  # older entries name no view
        for name, corners, *view in json.loads(row.labels)
    )
    return Return(row.part_number, row.serial, row.who, row.note, labels, row.at_utc_ns)
