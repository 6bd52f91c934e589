"""Parts as columns: what charts need of many parts at once, fast, while the line writes."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from json import loads
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ClauseElement, Connection, bindparam, case, literal_column, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from inspection.errors import RecordsError
from inspection.judge import Outcome, ReasonKind
from inspection.records import schema
from inspection.records.charts import HEALTH
from inspection.records.source import Source
from inspection.records.store import RECORDS_FILE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

Column = tuple[Any, ...]

_VIEW_WIDTH = 5 + len(HEALTH)

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

    score: NaN where there is none. finding_px: area of the largest finding, also of one below the
    limits, in pixels of its picture; NaN where there is none, or where health was not asked for.
    classes: by defect class, the indices of inspected parts that were rejected for it. health: by
    camera, of the pictures whose health was measured.
    """

    part_number: Ints
    captured_utc_ns: Ints
    rejected: Bools
    inspected: Bools
    review: Bools
    score: Floats
    finding_px: Floats
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

    def after(self, part_number: int, limit: int, *, health: bool = True) -> PartColumns:
        """The next `limit` parts above `part_number`; start with -1. Raises RecordsError.

        health: whether that of the pictures is wanted as well; it is half of the reading.
        """
        with self._records.reading() as connection:
            parts = _rows(connection, _PARTS_AFTER, after=part_number, most=limit)
            last = parts[-1][0] if parts else part_number
            wanted = _VIEWS_BETWEEN if health else _LIMITS_BETWEEN
            views = _rows(connection, wanted, after=part_number, last=last)
        return _columns(parts, views)


def _columns(parts: list[tuple[Any, ...]], views: list[tuple[Any, ...]]) -> PartColumns:
    columns = _transposed(parts, 13)
    numbers, captured, rejects, inspected, review, scores, reasons = columns[:7]
    runs, lots, shifts, begun, digests, labels = columns[7:]
    part_number = np.array(numbers, np.int64)
    was_inspected = np.array(inspected, np.bool_)
    rejected = np.array(rejects, np.bool_)
    view_columns = _transposed(views, _VIEW_WIDTH)
    changes = [
        *_changes(RUN, runs),
        *_changes(LOT, lots),
        *_changes(SHIFT, shifts, begun),
        *_changes(MODEL, digests, labels),
        *_limit_changes(part_number, view_columns[:3]),
    ]
    return PartColumns(
        part_number,
        np.array(captured, np.int64),
        rejected,
        was_inspected,
        np.array(review, np.bool_),
        np.array(scores, np.float64),
        _largest_findings(part_number, view_columns),
        _classes(np.flatnonzero(rejected & was_inspected), reasons),
        _health(part_number, view_columns),
        tuple(sorted(changes, key=lambda change: change.at)),
    )


def _transposed(rows: list[tuple[Any, ...]], width: int) -> list[Column]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _changes(what: str, *columns: Column) -> list[Change]:
    """Where values differ from the ones before; None in the first column is no value."""
    if all(column.count(column[0]) == len(column) for column in columns if column):
        columns = tuple(column[:1] for column in columns)  # nearly always: nothing changes
    found: list[Change] = []
    last: tuple[Any, ...] | None = None
    for at, row in enumerate(zip(*columns, strict=True)):
        if row[0] is not None and row != last:
            found.append(Change(at, what, row[0] if len(columns) == 1 else row))
            last = row
    return found


def _limit_changes(part_number: Ints, columns: list[Column]) -> list[Change]:
    numbers, views, digests = columns
    found: list[Change] = []
    for view in sorted(set(views)):
        rows = [at for at, name in enumerate(views) if name == view]
        for change in _changes(f"{LIMITS} {view}", tuple(digests[row] for row in rows)):
            at = int(np.searchsorted(part_number, numbers[rows[change.at]]))
            found.append(Change(at, change.what, change.value))
    return found


def _classes(rejects: Ints, reasons: Column) -> dict[str, Ints]:
    found: dict[str, list[int]] = {}
    for at in map(int, rejects):
        names = {detail for kind, detail in loads(reasons[at]) if kind == ReasonKind.DEFECT}
        for name in names:
            found.setdefault(name, []).append(at)
    return {name: np.array(at, np.int64) for name, at in sorted(found.items())}


def _largest_findings(part_number: Ints, columns: list[Column]) -> Floats:
    largest = np.full(len(part_number), np.nan)
    if len(columns) < _VIEW_WIDTH:
        return largest
    for number, findings in zip(columns[0], columns[4], strict=True):
        if findings is not None:  # of most parts it is
            at = np.searchsorted(part_number, number)
            largest[at] = np.fmax(largest[at], max(area_px for *_, area_px in loads(findings)))
    return largest


def _health(part_number: Ints, columns: list[Column]) -> dict[str, CameraHealth]:
    if len(columns) < _VIEW_WIDTH:
        return {}
    numbers, cameras = np.array(columns[0], np.int64), np.array(columns[3], np.str_)
    values = np.array(columns[5:], np.float64).T
    measured = ~np.isnan(values).any(axis=1)
    return {
        camera: CameraHealth(
            np.searchsorted(part_number, numbers[measured & (cameras == camera)]),
            values[measured & (cameras == camera)],
        )
        for camera in np.unique(cameras[measured]).tolist()
    }


def _rows(connection: Connection, statement: str, **values: int) -> list[tuple[Any, ...]]:
    """All rows as SQLite gives them, at once: SQLAlchemy's own take longer than the watch."""
    result = connection.exec_driver_sql(statement, values)
    try:
        return [] if result.cursor is None else list(result.cursor.fetchall())
    except sqlite3.Error as error:
        raise RecordsError(
            f"{RECORDS_FILE}: {error}; the file is damaged: restore a copy"
        ) from error


def _compiled(statement: ClauseElement) -> str:
    """SQL with named parameters: composed once, and its rows come as SQLite gives them."""
    return str(statement.compile(dialect=sqlite_dialect(paramstyle="named")))


_PARTS = schema.parts.c
_REJECTED = _PARTS.outcome == literal_column(f"'{Outcome.REJECT.value}'")
_VIEWS = schema.views.c
_PARTS_IN_ORDER = _compiled(
    select(
        _PARTS.part_number, _PARTS.captured_utc_ns, _REJECTED, _PARTS.inspected,
        _PARTS.review, _PARTS.score, case((_REJECTED, _PARTS.reasons)), _PARTS.run_id,
        _PARTS.lot, _PARTS.shift, _PARTS.shift_began_utc_ns, _PARTS.bundle_digest,
        _PARTS.bundle_label,
    )
    .where(_PARTS.part_number > bindparam("after"))
    .order_by(_PARTS.part_number)
)  # fmt: skip
_PARTS_AFTER = f"{_PARTS_IN_ORDER} LIMIT :most"  # SQLAlchemy's own adds an OFFSET
_BETWEEN = (_VIEWS.part_number > bindparam("after")) & (_VIEWS.part_number <= bindparam("last"))
_OF_A_VIEW = (_VIEWS.part_number, _VIEWS.view, _VIEWS.limits_digest)
_LIMITS_BETWEEN = _compiled(
    select(*_OF_A_VIEW).where(_BETWEEN).order_by(_VIEWS.part_number, _VIEWS.view)
)
_VIEWS_BETWEEN = _compiled(
    select(
        *_OF_A_VIEW,
        _VIEWS.camera_id,
        case((_VIEWS.findings != literal_column("'[]'"), _VIEWS.findings)),
        *(_VIEWS[measure.value] for measure in HEALTH),
    )
    .where(_BETWEEN)
    .order_by(_VIEWS.part_number, _VIEWS.view)
)
