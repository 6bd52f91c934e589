"""Pictures as rows around a change: what a diagnosis holds against each other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, func, select

from inspection.judge import Outcome, ReasonKind
from inspection.records import schema
from inspection.records.charts import HEALTH
from inspection.records.source import Source
from inspection.records.store import RECORDS_FILE


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One view of an inspected part, with what held for it.

    rejected: whether the part was rejected and this view is its worst. classes: rejected for.
    health: in the order of `HEALTH`, None where it was not measured.
    """

    part_number: int
    camera_id: str
    rejected: bool
    classes: frozenset[str]
    score: float | None
    health: tuple[float | None, ...]
    run_id: int
    lot: str
    shift: str
    model: str
    limits: str


class PictureReader:
    """Reads the pictures of parts. Every method raises RecordsError."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._records = Source(folder, RECORDS_FILE, busy_timeout_s)

    def close(self) -> None:
        self._records.close()

    def before(self, part_number: int, parts: int) -> list[PictureRow]:
        """Pictures of the last so many inspected parts below this number, in order."""
        numbers = select(_PARTS.part_number).where(
            _PARTS.part_number < part_number, _PARTS.inspected.is_(True)
        )
        return self._read(numbers.order_by(_PARTS.part_number.desc()).limit(parts))

    def between(self, first: int, last: int, parts: int) -> list[PictureRow]:
        """Pictures of inspected parts from `first` to `last`: of the last so many of them."""
        numbers = select(_PARTS.part_number).where(
            _PARTS.part_number.between(first, last), _PARTS.inspected.is_(True)
        )
        return self._read(numbers.order_by(_PARTS.part_number.desc()).limit(parts))

    def _read(self, numbers: Select[Any]) -> list[PictureRow]:
        wanted = numbers.subquery()
        query = (
            select(
                _PARTS.part_number, _PARTS.outcome, _PARTS.reasons, _PARTS.run_id, _PARTS.lot,
                _PARTS.shift, _PARTS.bundle_label, _WORST.label("worst_score"),
                _VIEWS.camera_id, _VIEWS.limits_digest, _VIEWS.score,
                *(_VIEWS[measure.value] for measure in HEALTH),
            )
            .select_from(wanted)
            .join(schema.parts, _PARTS.part_number == wanted.c.part_number)
            .join(
                schema.views,
                and_(_VIEWS.part_number == _PARTS.part_number, _VIEWS.limits_digest.is_not(None)),
            )
            .order_by(_PARTS.part_number, _VIEWS.position)
        )  # fmt: skip
        with self._records.reading() as connection:
            return [_row(row) for row in connection.execute(query)]


def _row(row: Any) -> PictureRow:
    rejected = row.outcome == Outcome.REJECT.value and row.score == row.worst_score
    kinds = json.loads(row.reasons) if rejected else []
    return PictureRow(
        row.part_number,
        row.camera_id,
        rejected,
        frozenset(detail for kind, detail in kinds if kind == ReasonKind.DEFECT.value),
        row.score,
        tuple(getattr(row, measure.value) for measure in HEALTH),
        row.run_id,
        row.lot,
        row.shift,
        row.bundle_label or "",
        row.limits_digest,
    )


_PARTS = schema.parts.c
_VIEWS = schema.views.c
_WORST = func.max(_VIEWS.score).over(partition_by=_VIEWS.part_number)
