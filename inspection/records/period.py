"""Reading a stretch of the records: the parts of a shift or a chart's point, counted and listed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from inspection.judge import Reason, ReasonKind
from inspection.records import schema
from inspection.records.source import Source
from inspection.records.store import RECORDS_FILE

_PARTS = schema.parts.c
_VIEWS = schema.views.c
_REJECTED = _PARTS.outcome == "reject"
_LOOK_BACK_PARTS = 50_000


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift that worked: its name, when it began, and when the next one did (None: never)."""

    name: str
    began_utc_ns: int
    until_utc_ns: int | None


@dataclass(frozen=True, slots=True)
class PartRange:
    """Consecutive part numbers, both ends included, and when the outer two were captured."""

    first_part: int
    last_part: int
    first_utc_ns: int
    last_utc_ns: int


@dataclass(frozen=True, slots=True)
class PartCounts:
    """Parts of a stretch. rejected: of all; rejected_inspected: of those that were inspected.

    review: passed on doubt.
    """

    parts: int
    inspected: int
    rejected: int
    rejected_inspected: int
    review: int


@dataclass(frozen=True, slots=True)
class Entries:
    """How the triggers of one camera in a stretch were accounted for."""

    camera_id: str
    judged: int
    late: int
    incomplete: int
    lost: int


@dataclass(frozen=True, slots=True)
class Reject:
    """The little of a reject that a Pareto needs. camera_id: of its worst view."""

    part_number: int
    lot: str
    shift: str
    camera_id: str
    reasons: tuple[Reason, ...]


class PeriodReader:
    """Reads stretches of the records of a data folder; never blocks the line; for many threads.

    Parts are found by their numbers, which follow time as long as the clock is not set back: no
    question reads more than the stretch it is about. Every method raises RecordsError.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)

    def close(self) -> None:
        self._records.close()

    def shifts(self) -> list[Shift]:
        """The shifts that worked, the latest first."""
        columns = schema.tallies.c
        query = select(columns.shift, columns.shift_began_utc_ns).distinct()
        with self._records.reading() as connection:
            rows = list(connection.execute(query.order_by(columns.shift_began_utc_ns)))
        later = [*(row.shift_began_utc_ns for row in rows), None][1:]
        found = [
            Shift(row.shift, row.shift_began_utc_ns, until)
            for row, until in zip(rows, later, strict=True)
        ]
        return found[::-1]

    def between(self, since_utc_ns: int, until_utc_ns: int) -> PartRange | None:
        """The parts captured from `since` to before `until`; None where there are none."""
        numbers = select(_PARTS.part_number, _PARTS.captured_utc_ns)
        with self._records.reading() as connection:
            first = _first_at_or_after(connection, since_utc_ns)
            if first is None:
                return None
            end = _first_at_or_after(connection, until_utc_ns)
            inside = _PARTS.part_number >= first
            if end is not None:
                inside &= _PARTS.part_number < end
            query = numbers.where(inside).limit(1)
            one = connection.execute(query.order_by(_PARTS.part_number)).first()
            last = connection.execute(query.order_by(_PARTS.part_number.desc())).first()
        if one is None or last is None:
            return None
        return PartRange(
            one.part_number, last.part_number, one.captured_utc_ns, last.captured_utc_ns
        )

    def counts(self, parts: PartRange) -> PartCounts:
        """The parts of the stretch by verdict."""

        def many(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

        query = select(
            func.count(),
            many(_PARTS.inspected.is_(True)),
            many(_REJECTED),
            many(_REJECTED & _PARTS.inspected.is_(True)),
            many(_PARTS.review.is_(True)),
        ).where(_inside(parts))
        with self._records.reading() as connection:
            return PartCounts(*(int(total) for total in connection.execute(query).one()))

    def entries(self, parts: PartRange) -> list[Entries]:
        """How triggers were accounted for, camera by camera."""
        query = (
            select(_VIEWS.camera_id, _VIEWS.ledger, func.count().label("many"))
            .where(_VIEWS.part_number.between(parts.first_part, parts.last_part))
            .group_by(_VIEWS.camera_id, _VIEWS.ledger)
        )
        with self._records.reading() as connection:
            rows = list(connection.execute(query))
        by_camera: dict[str, dict[str, int]] = {}
        for row in rows:
            by_camera.setdefault(row.camera_id, {})[row.ledger] = row.many
        kinds = ("judged", "late", "incomplete", "lost")
        return [
            Entries(camera_id, *(entries.get(kind, 0) for kind in kinds))
            for camera_id, entries in sorted(by_camera.items())
        ]

    def rejects(self, parts: PartRange) -> list[Reject]:
        """All rejects of the stretch, in order."""
        worst = (
            select(_VIEWS.camera_id)
            .where(_VIEWS.part_number == _PARTS.part_number)
            .order_by(_VIEWS.score.desc().nulls_last(), _VIEWS.position)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(
                _PARTS.part_number, _PARTS.lot, _PARTS.shift, _PARTS.reasons, worst.label("camera")
            )
            .where(_REJECTED & _inside(parts))
            .order_by(_PARTS.part_number)
        )
        with self._records.reading() as connection:
            return [_reject(row) for row in connection.execute(query).mappings()]

    def models(self, parts: PartRange) -> list[tuple[str, int]]:
        """The models that judged parts of the stretch, with how many, in order of appearance."""
        query = (
            select(_PARTS.bundle_label, func.count().label("many"))
            .where(_inside(parts) & _PARTS.bundle_label.is_not(None))
            .group_by(_PARTS.bundle_label)
            .order_by(func.min(_PARTS.part_number))
        )
        with self._records.reading() as connection:
            return [(row.bundle_label, row.many) for row in connection.execute(query)]

    def lots(self, parts: PartRange) -> list[str]:
        """The lots of the stretch, in order of appearance."""
        first = func.min(_PARTS.part_number)
        query = select(_PARTS.lot).where(_inside(parts)).group_by(_PARTS.lot).order_by(first)
        with self._records.reading() as connection:
            return list(connection.scalars(query))

    def runs(self, parts: PartRange) -> list[int]:
        """The runs of the line that the stretch touches, in order."""
        query = select(_PARTS.run_id).where(_inside(parts)).distinct().order_by(_PARTS.run_id)
        with self._records.reading() as connection:
            return list(connection.scalars(query))

    def numbers(self, first_part: int, last_part: int, limit: int) -> list[int]:
        """Parts between two numbers, at most `limit`: rejects first, then parts with a picture."""
        inside = _PARTS.part_number.between(first_part, last_part)
        pictured = (
            select(_VIEWS.part_number)
            .where(_VIEWS.part_number.between(first_part, last_part) & _VIEWS.picture.is_not(None))
            .distinct()
            .order_by(_VIEWS.part_number)
            .limit(limit)
        )
        rejects = select(_PARTS.part_number).where(_REJECTED & inside)
        with self._records.reading() as connection:
            found = list(connection.scalars(rejects.order_by(_PARTS.part_number).limit(limit)))
            found += [number for number in connection.scalars(pictured) if number not in found]
        return found[:limit]

    def recent_with_pictures(self, *, rejected: bool, limit: int) -> list[int]:
        """The newest parts of one verdict whose pictures are kept, of the last 50,000 parts."""
        newest = select(func.max(_PARTS.part_number)).scalar_subquery()
        query = (
            select(_PARTS.part_number)
            .join(schema.views, _VIEWS.part_number == _PARTS.part_number)
            .where(_VIEWS.picture.is_not(None) & (_REJECTED if rejected else ~_REJECTED))
            .where(_PARTS.part_number > newest - _LOOK_BACK_PARTS)
            .distinct()
            .order_by(_PARTS.part_number.desc())
            .limit(limit)
        )
        with self._records.reading() as connection:
            return list(connection.scalars(query))


def classes_of(rejects: Iterable[Reject]) -> dict[str, int]:
    """Rejects by defect class; what was not inspected goes by why. A part may count in several."""
    counts: dict[str, int] = {}
    for reject in rejects:
        for name in {_cause(reason) for reason in reject.reasons}:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _cause(reason: Reason) -> str:
    if reason.kind in (ReasonKind.DEFECT, ReasonKind.DOUBT):
        return reason.detail
    return f"not inspected: {reason.kind.value.replace('_', ' ')}"


def _inside(parts: PartRange) -> ColumnElement[bool]:
    return _PARTS.part_number.between(parts.first_part, parts.last_part)


def _reject(row: Mapping[Any, Any]) -> Reject:
    reasons = tuple(Reason(ReasonKind(kind), detail) for kind, detail in json.loads(row["reasons"]))
    return Reject(row["part_number"], row["lot"], row["shift"], row["camera"], reasons)


def _first_at_or_after(connection: Connection, utc_ns: int) -> int | None:
    """The first part captured at `utc_ns` or later, by halving; None where there is none."""
    ends = connection.execute(
        select(func.min(_PARTS.part_number), func.max(_PARTS.part_number))
    ).one()
    if ends[0] is None:
        return None
    low, high = int(ends[0]), int(ends[1]) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(_PARTS.captured_utc_ns).where(_PARTS.part_number >= middle)
        captured = connection.scalar(query.order_by(_PARTS.part_number).limit(1))
        if captured is not None and captured < utc_ns:
            low = middle + 1
        else:
            high = middle
    return low if low <= ends[1] else None
