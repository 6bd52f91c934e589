"""Answers from the label queue: a person says what is on a part, with outlines where it is bad.

An answer is a review of the station's verdict like any other, and counts in the same charts; the
outlines are kept beside it, since a part that was looked at has not come back from the field.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, func, insert, select

from inspection.judge import Outcome
from inspection.records import schema
from inspection.records.database import Database
from inspection.records.entries import DeskError, Label, Review
from inspection.records.query import RecordReader, StoredPart
from inspection.records.rows import canonical_json
from inspection.records.seen_parts import part_to_see
from inspection.records.shadow_reader import ShadowReader
from inspection.records.store import DESK_FILE

outlines = Table(
    "outlines",
    schema.desk,
    Column("id", Integer, primary_key=True),
    Column("part_number", Integer, nullable=False, index=True),
    Column("who", String, nullable=False),
    Column("labels", Text, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Outlined:
    """Where a person saw the defects of a part that did not come back."""

    part_number: int
    who: str
    labels: tuple[Label, ...]
    at_utc_ns: int


class AnswerDesk:
    """Takes answers at the desk of a data folder; many threads and processes may at once.

    Every method raises RecordsError when the desk cannot be used.
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
        self._shadows = ShadowReader(folder, busy_timeout_s=busy_timeout_s)
        with self._database.writing() as connection:  # a desk may be older than answers
            outlines.create(connection, checkfirst=True)

    def close(self) -> None:
        self._shadows.close()
        self._records.close()
        self._database.close()

    def answer(self, part_number: int, who: str, labels: tuple[Label, ...] = ()) -> None:
        """Enter what a person sees on a part: its defects outlined, or nothing on a good one.

        Raises DeskError for a part that is not on record, one whose picture was not kept, an
        outline of a view that it has not, and an answer without a name.
        """
        part = part_to_see(part_number, self._records, self._shadows)
        if part is None or not part.pictures:
            raise DeskError(f"part {part_number}: has no kept picture here to be answered for")
        if not who.strip():
            raise DeskError(f"{part.record.serial}: an answer needs the name of who gives it")
        for label in labels:
            if label.view and label.view not in part.pictures:
                views = ", ".join(part.pictures)
                raise DeskError(
                    f"{part.record.serial}: no picture of a view {label.view!r} was kept; "
                    f"there are {views}"
                )
        stamp = {"part_number": part_number, "who": who, "at_utc_ns": self._utc_ns()}
        with self._database.writing() as connection:
            connection.execute(insert(schema.reviews), stamp | _review(part, labels))
            if labels:
                drawn = [[label.class_name, label.polygon_xy_px, label.view] for label in labels]
                connection.execute(insert(outlines), stamp | {"labels": canonical_json(drawn)})

    def outlines(self) -> dict[int, Outlined]:
        """The latest outlines of each part that has some, by part number."""
        latest = select(func.max(outlines.c.id)).group_by(outlines.c.part_number)
        query = select(outlines).where(outlines.c.id.in_(latest)).order_by(outlines.c.id)
        with self._database.reading() as connection:
            return {
                row.part_number: Outlined(
                    row.part_number,
                    row.who,
                    tuple(
                        Label(name, tuple((x, y) for x, y in corners), view)
                        for name, corners, view in json.loads(row.labels)
                    ),
                    row.at_utc_ns,
                )
                for row in connection.execute(query)
            }

    def words(self) -> dict[int, list[Review]]:
        """Every review of each part, in order of entry."""
        query = select(schema.reviews).order_by(schema.reviews.c.id)
        words: dict[int, list[Review]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                review = Review(row.part_number, row.agrees, row.reason, row.who, row.at_utc_ns)
                words.setdefault(row.part_number, []).append(review)
        return words


def _review(part: StoredPart, labels: tuple[Label, ...]) -> dict[str, bool | str]:
    """What the answer says of the station's verdict."""
    rejected = part.record.verdict.outcome is Outcome.REJECT
    if rejected == bool(labels):
        return {"agrees": True, "reason": ""}
    names = ", ".join(sorted({label.class_name for label in labels}))
    return {"agrees": False, "reason": f"bad: {names}" if labels else "good part"}
