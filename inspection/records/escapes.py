"""The escapes of a station: bad parts that it passed. Each of them tests every later model.

They follow from the entries at the desk, which are only ever added: a part that has once been an
escape stays one, whatever is entered about it later. A part that passed on doubt, and that the
station asked a person to look at, did not escape when that person found it bad.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, func, select

from inspection.records import schema
from inspection.records.source import Source
from inspection.records.store import DESK_FILE, RECORDS_FILE

_AT_ONCE = 500  # part numbers in one question; SQLite takes at least 999
_PARTS = schema.parts.c


class FoundBy(StrEnum):
    """Who found that a part had escaped."""

    RETURN = "return"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Escape:
    """A bad part that the station passed.

    serial: its name, also in data sets. at_utc_ns: when it was first entered.
    """

    part_number: int
    serial: str
    lot: str
    found_by: FoundBy
    at_utc_ns: int


class EscapeReader:
    """Reads the escapes of a data folder; for many threads. Raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)
        self._desk = Source(folder, DESK_FILE, busy_timeout_s)

    def close(self) -> None:
        self._records.close()
        self._desk.close()

    def escapes(self) -> list[Escape]:
        """All escapes, the first found first."""
        disagreed = _first_entries(schema.reviews).where(schema.reviews.c.agrees.is_(False))
        came_back = _first_entries(schema.returns)
        with self._desk.reading() as connection:
            by_review = {row.part_number: row.first for row in connection.execute(disagreed)}
            by_return = {row.part_number: row.first for row in connection.execute(came_back)}
        found = [
            *self._passed(FoundBy.RETURN, by_return),
            *self._passed(FoundBy.REVIEW, by_review),
        ]
        found.sort(key=lambda escape: (escape.at_utc_ns, escape.part_number))
        return list({escape.part_number: escape for escape in reversed(found)}.values())[::-1]

    def newest_entries(self) -> tuple[int, int]:
        """The ids of the newest review and the newest return; escapes follow from both."""
        with self._desk.reading() as connection:
            review, back = (
                connection.scalar(select(func.max(table.c.id))) or 0
                for table in (schema.reviews, schema.returns)
            )
        return int(review), int(back)

    def _passed(self, found_by: FoundBy, at_utc_ns: dict[int, int]) -> list[Escape]:
        """Of these parts, with when they were found bad, those that the station had passed."""
        passed = _PARTS.outcome == "pass"
        if found_by is FoundBy.REVIEW:
            passed &= _PARTS.review.is_(False)
        numbers = sorted(at_utc_ns)
        escapes: list[Escape] = []
        with self._records.reading() as connection:
            for start in range(0, len(numbers), _AT_ONCE):
                few = _PARTS.part_number.in_(numbers[start : start + _AT_ONCE])
                query = select(_PARTS.part_number, _PARTS.serial, _PARTS.lot).where(few & passed)
                escapes += [
                    Escape(
                        row.part_number, row.serial, row.lot, found_by, at_utc_ns[row.part_number]
                    )
                    for row in connection.execute(query)
                ]
        return escapes


def _first_entries(entries: Table) -> Select[Any, Any]:
    """Part number, and when it was `first` entered."""
    number, at_utc_ns = entries.c.part_number, entries.c.at_utc_ns
    return select(number, func.min(at_utc_ns).label("first")).group_by(number)


def escaped_serials(folder: Path) -> frozenset[str]:
    """The names of a data folder's escapes. Raises RecordsError."""
    reader = EscapeReader(folder)
    try:
        return frozenset(escape.serial for escape in reader.escapes())
    finally:
        reader.close()
