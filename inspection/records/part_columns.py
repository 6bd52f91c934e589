"""Parts as columns: what charts need of many parts at once, fast, while the line writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ClauseElement, Connection, bindparam, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from inspection.judge import Outcome, ReasonKind
from inspection.records import schema
from inspection.records.charts import HEALTH
from inspection.records.source import Source
from inspection.records.store import RECORDS_FILE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

RUN, LOT, SHIFT, MODEL, LIMITS = "run", "lot", "shift", "model", "limits"


@dataclass(frozen=True, slots=True)
class Change:
    """What holds from a part on; given at the first part of a page and wherever it changes.

    at: index of the part. what: `run` (its id), `lot`, `shift` (name and beginning), `model`
    (digest and label), or `limits VIEW` (their digest).
    """

    at: int
    what: str
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class CameraHealth:
    """Health of one camera's pictures.

    at: index of the part, shape (k,). values: shape (k, 5), in the order of `HEALTH`.
    """

    at: Ints
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PartColumns:
    """Consecutive parts on record, shape (n,), in order.

    score: NaN where there is none. classes: by defect class, the indices of inspected parts that
    were rejected for it. health: by camera, of the pictures whose health was measured.
    """

    part_number: Ints
    captured_utc_ns: Ints
    rejected: Bools
    inspected: Bools
    review: Bools
    score: Floats
    classes: Mapping[str, Ints]
    health: Mapping[str, CameraHealth]
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.part_number)


class PartReader:
    """Reads parts of a data folder by cursor; a folder without records is an empty one."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)

    def close(self) -> None:
        self._records.close()

    def after(self, part_number: int, limit: int) -> PartColumns:
        """The next `limit` parts above `part_number`; start with -1. Raises RecordsError."""
        with self._records.reading() as connection:
            parts = _rows(connection, _PARTS_AFTER, after=part_number, most=limit)
            last = parts[-1][0] if parts else part_number
            views = _rows(connection, _VIEWS_BETWEEN, after=part_number, last=last)
        return _columns(parts, views)


def _columns(parts: list[tuple[Any, ...]], views: list[tuple[Any, ...]]) -> PartColumns:
    columns: list[Any] = list(zip(*parts, strict=True)) if parts else [()] * 13
    numbers, captured, outcomes, inspected, review, scores, reasons = columns[:7]
    runs, lots, shifts, begun, digests, labels = columns[7:]
    part_number = np.array(numbers, np.int64)
    rejected = np.array([outcome == Outcome.REJECT.value for outcome in outcomes], np.bool_)
    changes = [
        *_changes(RUN, runs),
        *_changes(LOT, lots),
        *_changes(SHIFT, zip(shifts, begun, strict=True)),
        *_changes(MODEL, [_model(*pair) for pair in zip(digests, labels, strict=True)]),
        *_view_changes(part_number, views),
    ]
    return PartColumns(
        part_number,
        np.array(captured, np.int64),
        rejected,
        np.array(inspected, np.bool_),
        np.array(review, np.bool_),
        np.array(scores, np.float64),
        _classes(np.flatnonzero(rejected & np.array(inspected, np.bool_)), reasons),
        _health(part_number, views),
        tuple(sorted(changes, key=lambda change: change.at)),
    )


def _changes(what: str, values: Iterable[Any]) -> list[Change]:
    """Where values differ from the one before; None is no value."""
    found: list[Change] = []
    last: Any = None
    for at, value in enumerate(values):
        if value is not None and value != last:
            found.append(Change(at, what, value))
            last = value
    return found


def _model(digest: str | None, label: str | None) -> tuple[str, str] | None:
    return None if digest is None else (digest, label or digest)


def _view_changes(part_number: Ints, views: list[tuple[Any, ...]]) -> list[Change]:
    found: list[Change] = []
    last: dict[str, str] = {}
    for number, view, _, digest, *_ in views:
        if digest is not None and last.get(view) != digest:
            last[view] = digest
            at = int(np.searchsorted(part_number, number))
            found.append(Change(at, f"{LIMITS} {view}", digest))
    return found


def _classes(rejects: Ints, reasons: Sequence[str]) -> dict[str, Ints]:
    found: dict[str, list[int]] = {}
    for at in map(int, rejects):
        names = {detail for kind, detail in loads(reasons[at]) if kind == ReasonKind.DEFECT}
        for name in names:
            found.setdefault(name, []).append(at)
    return {name: np.array(at, np.int64) for name, at in sorted(found.items())}


def _health(part_number: Ints, views: list[tuple[Any, ...]]) -> dict[str, CameraHealth]:
    by_camera: dict[str, list[tuple[Any, ...]]] = {}
    for view in views:
        if None not in view[4:]:
            by_camera.setdefault(view[2], []).append(view)
    return {
        camera: CameraHealth(
            np.searchsorted(part_number, np.array([row[0] for row in rows], np.int64)),
            np.array([row[4:] for row in rows], np.float64),
        )
        for camera, rows in sorted(by_camera.items())
    }


def _rows(connection: Connection, statement: str, **values: int) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(statement, values)]


def _compiled(statement: ClauseElement) -> str:
    """SQL with named parameters: composed once, and its rows come as SQLite gives them."""
    return str(statement.compile(dialect=sqlite_dialect(paramstyle="named")))


_PARTS = schema.parts.c
_VIEWS = schema.views.c
_PARTS_IN_ORDER = _compiled(
    select(
        _PARTS.part_number, _PARTS.captured_utc_ns, _PARTS.outcome, _PARTS.inspected,
        _PARTS.review, _PARTS.score, _PARTS.reasons, _PARTS.run_id, _PARTS.lot, _PARTS.shift,
        _PARTS.shift_began_utc_ns, _PARTS.bundle_digest, _PARTS.bundle_label,
    )
    .where(_PARTS.part_number > bindparam("after"))
    .order_by(_PARTS.part_number)
)  # fmt: skip
_PARTS_AFTER = f"{_PARTS_IN_ORDER} LIMIT :most"  # SQLAlchemy's own adds an OFFSET
_VIEWS_BETWEEN = _compiled(
    select(
        _VIEWS.part_number, _VIEWS.view, _VIEWS.camera_id, _VIEWS.limits_digest,
        *(_VIEWS[measure.value] for measure in HEALTH),
    )
    .where(_VIEWS.part_number > bindparam("after"), _VIEWS.part_number <= bindparam("last"))
    .order_by(_VIEWS.part_number, _VIEWS.view)
)  # fmt: skip
