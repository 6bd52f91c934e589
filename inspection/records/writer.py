"""The one writer of a station's records: a part may pass only after its record is on disk."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inspection.errors import LineStop, RecordsError
from inspection.judge import Limits
from inspection.records import schema
from inspection.records.commit import count_parts, insert_rows, set_triggers
from inspection.records.images import picture_path, store_picture
from inspection.records.record import GateConfirmation, PartRecord, RunStart
from inspection.records.rows import Row, canonical_json, limits_json, row_of, text_sha256
from inspection.records.store import RECORDS_FILE, explained, open_writer

OnDurable = Callable[[PartRecord], None]

_IDLE_S = 0.2  # how long gate confirmations and trigger counts may wait for a part to travel with


@dataclass(frozen=True, slots=True)
class _Submitted:
    record: PartRecord
    picture: NDArray[Any] | None
    on_durable: OnDurable | None

    @property
    def picture_bytes(self) -> int:
        return 0 if self.picture is None else self.picture.nbytes


@dataclass(slots=True)
class _Batch:
    """What one transaction writes."""

    parts: list[_Submitted] = field(default_factory=list[_Submitted])
    events: list[Row] = field(default_factory=list[Row])
    gate: list[Row] = field(default_factory=list[Row])
    triggers: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])

    def __bool__(self) -> bool:
        return bool(self.parts or self.events or self.gate or self.triggers)


class RecordWriter:
    """Writes records from a thread of its own, many to a commit.

    Law 2: `on_durable` of a part is called, in order of submission and from the writer's thread,
    after its picture and then its row are on disk. Once anything fails, nothing pending is
    confirmed and the writer stays failed: `check`, `submit`, `flush` and `close` raise what
    failed, so that the line stops safe. An error raised by an `on_durable` counts as such a
    failure.

    Only one may exist per data folder: hold `hold_data_folder` around it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        batch: int = 64,
        busy_timeout_s: float = 2.0,
        submit_timeout_s: float = 5.0,
        pending_picture_bytes: int = 64 * 1024 * 1024,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open or make the records in `folder`; all limits bound what may wait in memory.

        batch: most parts to one commit; four times as many may wait.
        busy_timeout_s: how long another program may hold the database before that is a failure.
        submit_timeout_s: how long `submit` waits for room before that is a failure.
        Raises RecordsError.
        """
        self._folder = folder
        self._path = folder / RECORDS_FILE
        self._batch_parts = batch
        self._submit_timeout_s = submit_timeout_s
        self._picture_budget = pending_picture_bytes
        self._utc_ns = utc_ns
        self._engine = open_writer(folder, RECORDS_FILE, busy_timeout_s)
        self._next_part_number = self._read_next_part_number()
        self._known_limits: tuple[Limits, str] | None = None
        self._parts: deque[_Submitted] = deque()
        self._others = _Batch()
        self._picture_bytes = 0
        self._writing = False
        self._flushes = 0
        self._closing = False
        self._fault: BaseException | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="record-writer", daemon=True)
        self._thread.start()

    @property
    def next_part_number(self) -> int:
        """One more than the highest part number ever submitted or recorded; 0 at first."""
        return self._next_part_number

    def begin_run(self, start: RunStart) -> int:
        """Record a start of the line, on disk when this returns; gives its run id."""
        self.check()
        with explained(self._path), self._engine.begin() as connection:
            recipe = {"digest": start.recipe_digest, "toml": start.recipe_toml}
            connection.execute(sqlite_insert(schema.recipes).on_conflict_do_nothing(), recipe)
            run = connection.execute(
                insert(schema.runs).returning(schema.runs.c.run_id),
                {
                    "station": start.station,
                    "recipe_digest": start.recipe_digest,
                    "camera_id": start.camera_id,
                    "software": start.software,
                    "started_utc_ns": start.started_utc_ns,
                },
            )
            run_id = int(run.scalar_one())
            ledger = {"run_id": run_id, "camera_id": start.camera_id}
            connection.execute(insert(schema.ledger), ledger)
        return run_id

    def submit(
        self,
        record: PartRecord,
        picture: NDArray[Any] | None = None,
        on_durable: OnDurable | None = None,
    ) -> None:
        """Hand over a part's record, with the picture where it is to be kept.

        picture: as judged, in the pixel format its judgement names; not to be changed any more.
        Raises RecordsError (or the LineStop of an `on_durable`) when the writer has failed, and
        when it had no room within its time.
        """
        if picture is not None and record.judgement is None:
            raise ValueError(f"{record.serial}: a picture without a judgement that names its hash")
        item = _Submitted(record, picture, on_durable)
        with self._changed:
            self._check_open()
            if not self._changed.wait_for(lambda: self._has_room(item), self._submit_timeout_s):
                raise RecordsError(
                    f"{self._path}: no room for {record.serial} within {self._submit_timeout_s} s: "
                    "the disk cannot keep up; use a faster one or keep fewer pictures"
                )
            self.check()
            self._parts.append(item)
            self._picture_bytes += item.picture_bytes
            self._next_part_number = max(self._next_part_number, record.part_number + 1)
            self._changed.notify_all()

    def log_event(self, kind: str, detail: dict[str, Any]) -> None:
        """Record that something happened, e.g. a bundle taken into use; `detail` is JSON."""
        row = {"at_utc_ns": self._utc_ns(), "kind": kind, "detail": canonical_json(detail)}
        with self._changed:
            self._check_open()
            self._others.events.append(row)
            self._changed.notify_all()

    def confirm_gate(self, *confirmations: GateConfirmation) -> None:
        """Record the gate's own word on which way parts left."""
        rows = [
            {"part_number": c.part_number, "outcome": c.outcome.value, "at_utc_ns": c.at_utc_ns}
            for c in confirmations
        ]
        with self._changed:
            self._check_open()
            self._others.gate.extend(rows)

    def update_triggers(self, run_id: int, camera_id: str, triggers: int) -> None:
        """Note how many triggers the camera counted in this run, whatever was recorded of them."""
        with self._changed:
            self._check_open()
            self._others.triggers[run_id, camera_id] = triggers

    def check(self) -> None:
        """Raise the failure of the writer, if it has one: RecordsError, or an on_durable's own."""
        fault = self._fault
        if fault is None:
            return
        if isinstance(fault, LineStop):
            raise type(fault)(str(fault)) from fault
        raise RecordsError(f"{self._path}: the writer failed: {fault!r}") from fault

    def flush(self) -> None:
        """Wait until everything handed over so far is on disk and confirmed. Raises as `check`."""
        with self._changed:
            self._flushes += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._fault is not None or self._is_idle())
            self._flushes -= 1
        self.check()

    def close(self) -> None:
        """Write everything handed over and free the database; raises as `check`.

        May be called twice. The fault of a failed writer is raised each time.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._engine.dispose()
        self.check()

    def _check_open(self) -> None:
        self.check()
        if self._closing:
            raise RecordsError(f"{self._path}: the writer is closed, nothing more can be recorded")

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._write(batch)
                for item in batch.parts:
                    if item.on_durable is not None:
                        item.on_durable(item.record)
        except BaseException as fault:  # noqa: BLE001 top of the thread: `check` raises it
            with self._changed:
                self._fault = fault
                self._parts.clear()
                self._changed.notify_all()

    def _next_batch(self) -> _Batch:
        """The next batch when there is one; an empty one when all is written and closing."""
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            while not self._changed.wait_for(self._is_urgent, _IDLE_S) and not self._others:
                pass
            batch, self._others = self._others, _Batch()
            while self._parts and len(batch.parts) < self._batch_parts:
                item = self._parts.popleft()
                self._picture_bytes -= item.picture_bytes
                batch.parts.append(item)
            self._writing = bool(batch)
            self._changed.notify_all()
            return batch

    def _is_urgent(self) -> bool:
        if self._parts or self._others.events or self._closing:
            return True
        return self._flushes > 0 and bool(self._others)

    def _is_idle(self) -> bool:
        return not (self._writing or self._parts or self._others)

    def _has_room(self, item: _Submitted) -> bool:
        if self._fault is not None or not self._parts:
            return True
        return (
            len(self._parts) < 4 * self._batch_parts
            and self._picture_bytes + item.picture_bytes <= self._picture_budget
        )

    def _write(self, batch: _Batch) -> None:
        """Pictures first, then one transaction: a row never names a picture that is not there."""
        pictures = [self._keep_picture(item) for item in batch.parts]
        with explained(self._path), self._engine.begin() as connection:
            rows = [
                row_of(item.record, self._limits_digest(connection, item.record), picture)
                for item, picture in zip(batch.parts, pictures, strict=True)
            ]
            insert_rows(connection, rows, batch.events, batch.gate)
            count_parts(connection, (item.record for item in batch.parts))
            for (run_id, camera_id), triggers in batch.triggers.items():
                set_triggers(connection, run_id, camera_id, triggers)

    def _keep_picture(self, item: _Submitted) -> str | None:
        judgement = item.record.judgement
        if item.picture is None or judgement is None:
            return None
        relative = picture_path(item.record.part_number, item.record.serial)
        with explained(self._folder / relative):
            store_picture(self._folder, relative, item.picture, judgement.pixel_format)
        return relative

    def _limits_digest(self, connection: Connection, record: PartRecord) -> str | None:
        """The digest of a record's limits, which are written when they were not seen before."""
        if record.judgement is None:
            return None
        limits = record.judgement.limits
        if self._known_limits is None or self._known_limits[0] != limits:
            text = limits_json(limits)
            row = {"digest": text_sha256(text), "json": text}
            connection.execute(sqlite_insert(schema.limits).on_conflict_do_nothing(), row)
            frozen = Limits(dict(limits.by_class), limits.on_doubt)
            self._known_limits = (frozen, row["digest"])
        return self._known_limits[1]

    def _read_next_part_number(self) -> int:
        with explained(self._path), self._engine.begin() as connection:
            highest = connection.scalar(select(func.max(schema.parts.c.part_number)))
        return 0 if highest is None else int(highest) + 1
