"""What people said that charts go by: reviews of rejects, and points left out of limits."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from inspection.records import schema
from inspection.records.source import Source
from inspection.records.store import DESK_FILE


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A point that is left out of its stage's limits, and why; ids count up."""

    id: int
    chart: str
    point: int
    who: str
    reason: str
    at_utc_ns: int


class ReviewReader:
    """Reads reviews at the desk of a data folder. Every method raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._desk = Source(folder, DESK_FILE, busy_timeout_s)

    def close(self) -> None:
        self._desk.close()

    def newest(self) -> int:
        """The id of the newest review; 0 without any."""
        with self._desk.reading() as connection:
            return int(connection.scalar(select(func.max(schema.reviews.c.id))) or 0)

    def of_parts(self, first: int, last: int) -> dict[int, bool]:
        """Whether the latest review overruled the verdict, by part number, of reviewed parts."""
        reviews = schema.reviews.c
        query = select(reviews.part_number, reviews.agrees).where(
            reviews.part_number.between(first, last)
        )
        with self._desk.reading() as connection:
            rows = list(connection.execute(query.order_by(reviews.id)))
        return {row.part_number: not row.agrees for row in rows}


class ExclusionReader:
    """Reads what people left out of limits. Raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._desk = Source(folder, DESK_FILE, busy_timeout_s)

    def close(self) -> None:
        self._desk.close()

    def after(self, exclusion_id: int) -> list[Exclusion]:
        """Exclusions above this id, in order of entry."""
        table = schema.exclusions
        query = select(table).where(table.c.id > exclusion_id).order_by(table.c.id)
        with self._desk.reading() as connection:
            return [
                Exclusion(row.id, row.chart, row.point, row.who, row.reason, row.at_utc_ns)
                for row in connection.execute(query)
            ]
