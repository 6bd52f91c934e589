"""Reading the records: for screens, the watch, training and replay, while the line writes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, Table, exists, func, select, true

from inspection.errors import RecordsError
from inspection.records import schema
from inspection.records.images import load_picture
from inspection.records.record import Account, GateOutcome, PartRecord, RunStart, ViewRecord
from inspection.records.rows import record_of, view_of
from inspection.records.source import Source
from inspection.records.store import DESK_FILE, RECORDS_FILE

_RUNS = select(schema.runs, schema.recipes.c.toml).join(schema.recipes)
_PARTS = schema.parts.c
_REJECTED = _PARTS.outcome == "reject"
_DOUBTFUL = _PARTS.review.is_(True)
_VIEWS = schema.views.c
_HAS_PICTURE = exists().where(
    (_VIEWS.part_number == _PARTS.part_number) & _VIEWS.picture.is_not(None)
)
_ACCOUNT = ("run_id", "camera_id", "lot", "shift", "shift_began_utc_ns")
_ENTRIES = ("triggers", "judged", "late", "incomplete", "lost", "waiting")


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts recorded; `review` of those passed are to be looked at by a person."""

    parts: int
    passed: int
    rejected: int
    review: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The frame ledger: law 3 wants `difference` to be 0.

    waiting: triggers whose turn on the line has not come; none once a run has ended.
    """

    triggers: int
    judged: int
    late: int
    incomplete: int
    lost: int
    waiting: int = 0

    @property
    def difference(self) -> int:
        """Triggers that nobody accounts for; below 0, pictures that nobody triggered."""
        accounted = self.judged + self.late + self.incomplete + self.lost
        return self.triggers - accounted - self.waiting


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """The frame ledger of one account."""

    account: Account
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as recorded.

    pictures: paths of the kept pictures relative to the data folder, by the name of their view.
    gate: which way the gate says the part left, None where it has not said.
    """

    record: PartRecord
    pictures: Mapping[str, str]
    gate: GateOutcome | None

    @property
    def worst_picture(self) -> ViewRecord | None:
        """The worst view whose picture is kept; None where none is."""
        views = self.record.worst_views_first
        return next((view for view in views if view.view in self.pictures), None)


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


@dataclass(frozen=True, slots=True)
class RunCamera:
    """What a camera of a run really was and had; None and empty until it has started.

    device: its maker's names for it; settings: feature -> value.
    """

    camera_id: str
    device: str | None
    settings: Mapping[str, Any]


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
        passed, rejected, review = self._sums(
            schema.tallies, run_id, "passed", "rejected", "review"
        )
        return Counts(passed + rejected, passed, rejected, review)

    def ledger(self, run_id: int | None = None) -> Ledger:
        """The frame ledger, of one run or of all."""
        return Ledger(*self._sums(schema.ledger, run_id, *_ENTRIES))

    def accounts(self, run_id: int | None = None) -> list[AccountLedger]:
        """The frame ledger account by account, of one run or of all, in order of runs."""
        columns = schema.ledger.c
        query = select(schema.ledger).order_by(
            columns.run_id, columns.shift_began_utc_ns, columns.lot, columns.camera_id
        )
        if run_id is not None:
            query = query.where(columns.run_id == run_id)
        with self._records.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            AccountLedger(
                Account(**{key: row[key] for key in _ACCOUNT}),
                Ledger(*(row[entry] for entry in _ENTRIES)),
            )
            for row in rows
        ]

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
            cameras = connection.scalars(_cameras_of(row.run_id, schema.run_cameras.c.camera_id))
            start = RunStart(
                station=row.station,
                recipe_digest=row.recipe_digest,
                recipe_toml=row.toml,
                cameras=tuple(cameras),
                software=row.software,
                started_utc_ns=row.started_utc_ns,
            )
        return Run(row.run_id, start)

    def run_cameras(self, run_id: int) -> list[RunCamera]:
        """The cameras of a run in the recipe's order, with what they really had."""
        columns = schema.run_cameras.c
        query = _cameras_of(run_id, columns.camera_id, columns.device, columns.settings)
        with self._records.reading() as connection:
            return [
                RunCamera(row.camera_id, row.device, json.loads(row.settings or "{}"))
                for row in connection.execute(query)
            ]

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
        """Parts above number `after` of which pictures are kept, oldest first: for training."""
        wanted = _HAS_PICTURE & (_PARTS.part_number > after)
        query = _part_query(wanted).order_by(_PARTS.part_number).limit(limit)
        with self._records.reading() as connection:
            return _stored_parts(connection, query)

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

    def picture(self, part: StoredPart, view: str | None = None) -> NDArray[Any]:
        """A kept picture as it was judged, proved by the record's hash; the worst when not named.

        Raises RecordsError when none was kept, or when it is not the one on the record.
        """
        shown = part.worst_picture if view is None else part.record.view(view)
        path = None if shown is None else part.pictures.get(shown.view)
        if shown is None or path is None or not shown.image_sha256 or not shown.pixel_format:
            which = "part" if view is None else f"part's view {view!r}"
            raise RecordsError(f"{part.record.serial}: no picture of this {which} was kept")
        return load_picture(self._folder, path, shown.image_sha256, shown.pixel_format)

    def _sums(self, table: Table, run_id: int | None, *columns: str) -> list[int]:
        query = select(*(func.coalesce(func.sum(table.c[column]), 0) for column in columns))
        if run_id is not None:
            query = query.where(table.c.run_id == run_id)
        with self._records.reading() as connection:
            return [int(total) for total in connection.execute(query).one()]

    def _newest_part(self, wanted: ColumnElement[bool]) -> StoredPart | None:
        return next(iter(self._newest_parts(wanted, 1)), None)

    def _newest_parts(self, wanted: ColumnElement[bool], limit: int) -> list[StoredPart]:
        query = _newest_first(wanted, limit)
        with self._records.reading() as connection:
            return _stored_parts(connection, query)

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
            return _stored_parts(connection, _newest_first(_PARTS.part_number.in_(numbers), limit))


def _part_query(wanted: ColumnElement[bool]) -> Select[Any]:
    gate = schema.gate_log.c
    latest_word = (
        select(gate.outcome)
        .where(gate.part_number == _PARTS.part_number)
        .order_by(gate.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(schema.parts, latest_word.label("gate")).where(wanted)


def _newest_first(wanted: ColumnElement[bool], limit: int) -> Select[Any]:
    return _part_query(wanted).order_by(_PARTS.part_number.desc()).limit(limit)


def _stored_parts(connection: Connection, query: Select[Any]) -> list[StoredPart]:
    rows = connection.execute(query).mappings().all()
    views: dict[int, list[Mapping[Any, Any]]] = {row["part_number"]: [] for row in rows}
    for view in connection.execute(_views_of(views)).mappings():
        views[view["part_number"]].append(view)
    return [_stored_part(row, views[row["part_number"]]) for row in rows]


def _stored_part(row: Mapping[Any, Any], views: list[Mapping[Any, Any]]) -> StoredPart:
    pictures = {view["view"]: view["picture"] for view in views if view["picture"] is not None}
    record = record_of(row, (view_of(view, view["limits"]) for view in views))
    return StoredPart(record, pictures, None if row["gate"] is None else GateOutcome(row["gate"]))


def _views_of(part_numbers: Iterable[int]) -> Select[Any]:
    return (
        select(schema.views, schema.limits.c.json.label("limits"))
        .join(schema.limits, isouter=True)
        .where(_VIEWS.part_number.in_(list(part_numbers)))
        .order_by(_VIEWS.part_number, _VIEWS.position)
    )


def _cameras_of(run_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    cameras = schema.run_cameras.c
    return select(*columns).where(cameras.run_id == run_id).order_by(cameras.position)
