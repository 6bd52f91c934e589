"""Reviews by cursor, and of a range of parts: for charts of what people say of rejects."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import exists, func, select

from inspection.judge import Outcome
from inspection.records import schema
from inspection.records.source import Source
from inspection.records.store import DESK_FILE, RECORDS_FILE


@dataclass(frozen=True, slots=True)
class RejectReview:
    """The first review of a rejected part. review_id: counts up."""

    review_id: int
    part_number: int
    overruled: bool
    at_utc_ns: int


class ReviewReader:
    """Reads reviews at the desk of a data folder. Every method raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._desk = Source(folder, DESK_FILE, busy_timeout_s)
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)

    def close(self) -> None:
        self._desk.close()
        self._records.close()

    def newest(self) -> int:
        """The id of the newest review; 0 without any."""
        with self._desk.reading() as connection:
            return int(connection.scalar(select(func.max(schema.reviews.c.id))) or 0)

    def first_after(self, review_id: int, limit: int) -> tuple[list[RejectReview], int]:
        """First reviews of rejects among the next `limit` reviews, and the id of the last read."""
        reviews, earlier = schema.reviews, schema.reviews.alias()
        again = exists().where(
            (earlier.c.part_number == reviews.c.part_number) & (earlier.c.id < reviews.c.id)
        )
        query = select(reviews, again.label("again")).where(reviews.c.id > review_id)
        with self._desk.reading() as connection:
            rows = list(connection.execute(query.order_by(reviews.c.id).limit(limit)))
        rejects = self._rejects({row.part_number for row in rows})
        found = [
            RejectReview(row.id, row.part_number, not row.agrees, row.at_utc_ns)
            for row in rows
            if row.part_number in rejects and not row.again
        ]
        return found, rows[-1].id if rows else review_id

    def of_parts(self, first: int, last: int) -> dict[int, bool]:
        """Whether the latest review overruled the verdict, by part number, of reviewed parts."""
        reviews = schema.reviews.c
        query = select(reviews.part_number, reviews.agrees).where(
            reviews.part_number.between(first, last)
        )
        with self._desk.reading() as connection:
            rows = list(connection.execute(query.order_by(reviews.id)))
        return {row.part_number: not row.agrees for row in rows}

    def _rejects(self, numbers: set[int]) -> set[int]:
        parts = schema.parts.c
        query = select(parts.part_number).where(
            parts.part_number.in_(numbers), parts.outcome == Outcome.REJECT.value
        )
        with self._records.reading() as connection:
            return set(connection.scalars(query))
