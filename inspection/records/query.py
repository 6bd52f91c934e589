"""Reading the records: for screens, the watch, training and replay, while the line writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from inspection.errors import RecordsError
from inspection.records import schema
from inspection.records.images import load_picture
from inspection.records.record import GateOutcome, PartRecord, RunStart
from inspection.records.rows import record_of
from inspection.records.source import Source
from inspection.records.store import DESK_FILE, RECORDS_FILE

_RUNS = select(schema.runs, schema.recipes.c.toml).join(schema.recipes)
_PARTS = schema.parts.c
_REJECTED = _PARTS.outcome == "reject"
_DOUBTFUL = _PARTS.review.is_(True)


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts recorded; `review` of those passed are to be looked at by a person."""

    parts: int
    passed: int
    rejected: int
    review: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The frame ledger: law 3 wants `difference` to be 0."""

    triggers: int
    judged: int
    late: int
    incomplete: int
    lost: int

    @property
    def difference(self) -> int:
        """Triggers that nobody accounted for; below 0, parts that nobody triggered."""
        return self.triggers - self.judged - self.late - self.incomplete - self.lost


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as recorded.

    picture: path of the kept picture relative to the data folder, None where none is kept.
    gate: which way the gate says the part left, None where it has not said.
    """

    record: PartRecord
    picture: str | None
    gate: GateOutcome | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the station."""

    id: int
    at_utc_ns: int
    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A start of the line, with its number."""

    run_id: int
    start: RunStart


class PartVerdict(NamedTuple):
    """The little of a part that a chart needs."""

    part_number: int
    rejected: bool
    inspected: bool


class RecordReader:
    """Reads the records of a data folder; never blocks the line, and may be used by many threads.

    A folder without records is answered as an empty one, until there are some. Every method
    raises RecordsError when the records cannot be read.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._folder = folder
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)
        self._desk = Source(folder, DESK_FILE, busy_timeout_s)

    def close(self) -> None:
        self._records.close()
        self._desk.close()

    def counts(self, run_id: int | None = None) -> Counts:
        """Parts by verdict, of one run or of all."""
        columns = schema.ledger.c
        passed, rejected, review = self._ledger_sums(
            run_id, columns.passed, columns.rejected, columns.review
        )
        return Counts(passed + rejected, passed, rejected, review)

    def ledger(self, run_id: int | None = None) -> Ledger:
        """The frame ledger, of one run or of all."""
        columns = schema.ledger.c
        return Ledger(
            *self._ledger_sums(
                run_id,
                columns.triggers, columns.judged, columns.late, columns.incomplete, columns.lost,
            )
        )  # fmt: skip

    def latest_run(self) -> Run | None:
        """The last start of the line."""
        return self._run(_RUNS.order_by(schema.runs.c.run_id.desc()).limit(1))

    def run(self, run_id: int) -> Run | None:
        """The start of the line with this number."""
        return self._run(_RUNS.where(schema.runs.c.run_id == run_id))

    def _run(self, query: Select[Any]) -> Run | None:
        with self._records.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        start = RunStart(
            station=row.station,
            recipe_digest=row.recipe_digest,
            recipe_toml=row.toml,
            camera_id=row.camera_id,
            software=row.software,
            started_utc_ns=row.started_utc_ns,
        )
        return Run(row.run_id, start)

    def recipe_toml(self, digest: str) -> str | None:
        """The text of a recipe that was run with."""
        recipes = schema.recipes.c
        with self._records.reading() as connection:
            return connection.scalar(select(recipes.toml).where(recipes.digest == digest))

    def part(self, serial: str) -> StoredPart | None:
        """The part of this serial; the newest, should a serial have come twice."""
        return self._newest_part(_PARTS.serial == serial)

    def part_by_number(self, part_number: int) -> StoredPart | None:
        return self._newest_part(_PARTS.part_number == part_number)

    def last_part(self) -> StoredPart | None:
        """The part with the highest number."""
        return self._newest_part(true())

    def last_reject(self) -> StoredPart | None:
        return self._newest_part(_REJECTED)

    def recent_rejects(self, limit: int) -> list[StoredPart]:
        """The latest rejects, newest first."""
        return self._newest_parts(_REJECTED, limit)

    def parts_with_pictures(self, after: int, limit: int) -> list[StoredPart]:
        """Parts above number `after` whose pictures are kept, oldest first: for training."""
        wanted = _PARTS.picture.is_not(None) & (_PARTS.part_number > after)
        with self._records.reading() as connection:
            rows = connection.execute(_part_query(wanted).order_by(_PARTS.part_number).limit(limit))
            return [_stored_part(row) for row in rows.mappings()]

    def rejects_waiting(self, limit: int) -> list[StoredPart]:
        """The latest rejects that nobody has reviewed, newest first."""
        return self._waiting(_REJECTED, limit)

    def doubtful_waiting(self, limit: int) -> list[StoredPart]:
        """The latest parts that passed on doubt and that nobody has reviewed, newest first."""
        return self._waiting(_DOUBTFUL, limit)

    def verdicts_after(self, part_number: int, limit: int) -> list[PartVerdict]:
        """The next `limit` parts above `part_number`, in order; start with -1."""
        query = (
            select(_PARTS.part_number, _REJECTED, _PARTS.inspected)
            .where(_PARTS.part_number > part_number)
            .order_by(_PARTS.part_number)
            .limit(limit)
        )
        with self._records.reading() as connection:
            return [PartVerdict._make(row) for row in connection.execute(query)]

    def events_after(self, event_id: int, limit: int) -> list[Event]:
        """The next `limit` events above `event_id`, in order; start with 0."""
        events = schema.events.c
        query = select(schema.events).where(events.id > event_id).order_by(events.id).limit(limit)
        with self._records.reading() as connection:
            return [
                Event(row.id, row.at_utc_ns, row.kind, json.loads(row.detail))
                for row in connection.execute(query)
            ]

    def gate_outcome(self, part_number: int) -> GateOutcome | None:
        """Which way the gate last said the part left; None when it has said nothing."""
        gate = schema.gate_log.c
        query = select(gate.outcome).where(gate.part_number == part_number)
        with self._records.reading() as connection:
            outcome = connection.scalar(query.order_by(gate.id.desc()).limit(1))
        return None if outcome is None else GateOutcome(outcome)

    def picture(self, part: StoredPart) -> NDArray[Any]:
        """The kept picture as it was judged, proved by the record's hash.

        Raises RecordsError when none was kept, or when it is not the one on the record.
        """
        judgement = part.record.judgement
        if part.picture is None or judgement is None:
            raise RecordsError(f"{part.record.serial}: no picture of this part was kept")
        return load_picture(
            self._folder, part.picture, judgement.image_sha256, judgement.pixel_format
        )

    def _ledger_sums(self, run_id: int | None, *columns: ColumnElement[int]) -> list[int]:
        query = select(*(func.coalesce(func.sum(column), 0) for column in columns))
        if run_id is not None:
            query = query.where(schema.ledger.c.run_id == run_id)
        with self._records.reading() as connection:
            return [int(total) for total in connection.execute(query).one()]

    def _newest_part(self, wanted: ColumnElement[bool]) -> StoredPart | None:
        return next(iter(self._newest_parts(wanted, 1)), None)

    def _newest_parts(self, wanted: ColumnElement[bool], limit: int) -> list[StoredPart]:
        with self._records.reading() as connection:
            return list(_newest_first(connection, wanted, limit))

    def _waiting(self, wanted: ColumnElement[bool], limit: int) -> list[StoredPart]:
        with self._desk.reading() as connection:
            reviewed = set(connection.scalars(select(schema.reviews.c.part_number).distinct()))
        query = select(_PARTS.part_number).where(wanted).order_by(_PARTS.part_number.desc())
        with self._records.reading() as connection:
            numbers: list[int] = []
            for number in connection.scalars(query.execution_options(yield_per=1000)):
                if len(numbers) == limit:
                    break
                if number not in reviewed:
                    numbers.append(number)
            return list(_newest_first(connection, _PARTS.part_number.in_(numbers), limit))


def _part_query(wanted: ColumnElement[bool]) -> Select[Any]:
    gate = schema.gate_log.c
    latest_word = (
        select(gate.outcome)
        .where(gate.part_number == _PARTS.part_number)
        .order_by(gate.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(schema.parts, schema.limits.c.json.label("limits"), latest_word.label("gate"))
        .join(schema.limits, isouter=True)
        .where(wanted)
    )


def _newest_first(
    connection: Connection, wanted: ColumnElement[bool], limit: int
) -> Iterator[StoredPart]:
    query = _part_query(wanted).order_by(_PARTS.part_number.desc()).limit(limit)
    for row in connection.execute(query).mappings():
        yield _stored_part(row)


def _stored_part(row: Mapping[Any, Any]) -> StoredPart:
    gate = row["gate"]
    return StoredPart(
        record_of(row, row["limits"]), row["picture"], None if gate is None else GateOutcome(gate)
    )
