"""Reviews of a range of parts: for charts of what people say of rejects."""

from pathlib import Path

from sqlalchemy import func, select

from inspection.records import schema
from inspection.records.source import Source
from inspection.records.store import DESK_FILE


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
