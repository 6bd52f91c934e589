"""The one writer of a station's records: a part may pass only after its record is on disk."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inspection.errors import LineStop, RecordsError
from inspection.judge import Limits
from inspection.records import schema
from inspection.records.commit import (
    count_parts,
    insert_rows,
    set_triggers,
    settle_dead_runs,
)
from inspection.records.images import picture_path, store_picture
from inspection.records.record import (
    Account,
    GateConfirmation,
    PartRecord,
    RunStart,
    TriggerCount,
    ViewRecord,
)
from inspection.records.rows import (
    Row,
    canonical_json,
    limits_json,
    part_row,
    text_sha256,
    view_row,
)
from inspection.records.store import RECORDS_FILE, explained, open_writer

OnDurable = Callable[[PartRecord], None]
Pictures = Mapping[str, NDArray[Any]]
"""Pictures to be kept, by the name of their view."""
Counts = Mapping[Account, TriggerCount]

NO_PICTURES: Pictures = {}
NO_COUNTS: Counts = {}

_LIMITS_KNOWN = 8  # of the latest limits, their digests: one per camera, and of the model before
_IDLE_S = 0.2  # how long gate confirmations and trigger counts may wait for a part to travel with


@dataclass(frozen=True, slots=True)
class _Submitted:
    record: PartRecord
    pictures: Pictures
    on_durable: OnDurable | None
    counts: Counts

    @property
    def picture_bytes(self) -> int:
        return sum(picture.nbytes for picture in self.pictures.values())


@dataclass(slots=True)
class _Batch:
    """What one transaction writes; `counts` are newer than those that came with the parts."""

    parts: list[_Submitted] = field(default_factory=list[_Submitted])
    events: list[Row] = field(default_factory=list[Row])
    gate: list[Row] = field(default_factory=list[Row])
    counts: dict[Account, TriggerCount] = field(default_factory=dict[Account, TriggerCount])

    def __bool__(self) -> bool:
        return bool(self.parts or self.events or self.gate or self.counts)


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
        self._known_limits: list[tuple[Limits, str]] = []
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
        """Record a start of the line, on disk when this returns; gives its run id.

        What runs before left unaccounted is charged as lost, with an event that says so.
        """
        self.check()
        recipe = {"digest": start.recipe_digest, "toml": start.recipe_toml}
        run = {
            "station": start.station,
            "recipe_digest": start.recipe_digest,
            "software": start.software,
            "started_utc_ns": start.started_utc_ns,
        }
        with explained(self._path), self._engine.begin() as connection:
            dead = settle_dead_runs(connection)
            connection.execute(sqlite_insert(schema.recipes).on_conflict_do_nothing(), recipe)
            inserted = connection.execute(insert(schema.runs).returning(schema.runs.c.run_id), run)
            run_id = int(inserted.scalar_one())
            cameras = [
                {"run_id": run_id, "position": position, "camera_id": camera_id}
                for position, camera_id in enumerate(start.cameras)
            ]
            connection.execute(insert(schema.run_cameras), cameras)
        for settled in dead:
            self.log_event("ledger_settled", settled)
        return run_id

    def record_camera(
        self, run_id: int, camera_id: str, device: str, settings: Mapping[str, Any]
    ) -> None:
        """Record what a camera of a run really has, on disk when this returns.

        device: its maker's names for it; settings: feature -> value.
        """
        self.check()
        cameras = schema.run_cameras
        this = (cameras.c.run_id == run_id) & (cameras.c.camera_id == camera_id)
        values = {"device": device, "settings": canonical_json(settings)}
        with explained(self._path), self._engine.begin() as connection:
            if connection.execute(update(cameras).where(this).values(values)).rowcount != 1:
                raise RecordsError(f"{self._path}: run {run_id} has no camera {camera_id!r}")

    def submit(
        self,
        record: PartRecord,
        pictures: Pictures = NO_PICTURES,
        on_durable: OnDurable | None = None,
        counts: Counts = NO_COUNTS,
    ) -> None:
        """Hand over a part's record, with the pictures that are to be kept.

        pictures: as judged, in the pixel format their view names; not to be changed before
            `on_durable`, or the next `flush`.
        counts: what the cameras had counted when the part was settled.
        Raises RecordsError (or the LineStop of an `on_durable`) when the writer has failed, and
        when it had no room within its time.
        """
        for name in pictures:
            view = record.view(name)
            if view is None or view.image_sha256 is None:
                raise ValueError(
                    f"{record.serial}: a picture {name!r} without a view that names its hash"
                )
        item = _Submitted(record, pictures, on_durable, counts)
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
            for account in counts:
                self._others.counts.pop(account, None)
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

    def update_triggers(self, counts: Counts) -> None:
        """Note what the cameras have counted by now, whatever was recorded of it."""
        with self._changed:
            self._check_open()
            self._others.counts.update(counts)

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
            if self._parts:  # the parts that were counted are still to come
                batch.counts, self._others.counts = self._others.counts, batch.counts
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
        kept = [self._keep_pictures(item) for item in batch.parts]
        counts: dict[Account, TriggerCount] = {}
        for item in batch.parts:
            counts.update(item.counts)
        with explained(self._path), self._engine.begin() as connection:
            views = [
                view_row(
                    item.record,
                    position,
                    self._limits_digest(connection, view),
                    paths.get(view.view),
                )
                for item, paths in zip(batch.parts, kept, strict=True)
                for position, view in enumerate(item.record.views)
            ]
            parts = [part_row(item.record) for item in batch.parts]
            rows = {"parts": parts, "views": views, "events": batch.events, "gate_log": batch.gate}
            insert_rows(connection, rows)
            count_parts(connection, (item.record for item in batch.parts))
            set_triggers(connection, counts | batch.counts)

    def _keep_pictures(self, item: _Submitted) -> dict[str, str]:
        """The paths of the pictures that are kept, by the name of their view."""
        paths: dict[str, str] = {}
        record = item.record
        for position, view in enumerate(record.views):
            picture = item.pictures.get(view.view)
            if picture is None or view.pixel_format is None:
                continue
            relative = picture_path(record.part_number, record.serial, position)
            with explained(self._folder / relative):
                store_picture(self._folder, relative, picture, view.pixel_format)
            paths[view.view] = relative
        return paths

    def _limits_digest(self, connection: Connection, view: ViewRecord) -> str | None:
        """The digest of a view's limits, which are written when they were not seen before."""
        if view.limits is None:
            return None
        for known, digest in self._known_limits:
            if known == view.limits:
                return digest
        text = limits_json(view.limits)
        digest = text_sha256(text)
        row = {"digest": digest, "json": text}
        connection.execute(sqlite_insert(schema.limits).on_conflict_do_nothing(), row)
        frozen = replace(view.limits, by_class=dict(view.limits.by_class))
        self._known_limits = [(frozen, digest), *self._known_limits[: _LIMITS_KNOWN - 1]]
        return digest

    def _read_next_part_number(self) -> int:
        with explained(self._path), self._engine.begin() as connection:
            highest = connection.scalar(select(func.max(schema.parts.c.part_number)))
        return 0 if highest is None else int(highest) + 1
