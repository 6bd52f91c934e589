"""The one writer of what a shadow says: answers, counts of its trial, and doubtful pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inspection.judge import Verdict
from inspection.line.shadow_wire import OfferedPart
from inspection.records import shadow_schema as schema
from inspection.records.database import Database
from inspection.records.images import SHADOW_FOLDER, picture_path, store_picture
from inspection.records.record import ViewRecord
from inspection.records.rows import canonical_json
from inspection.records.shadow_reader import ShadowPicture, view_json
from inspection.records.store import SHADOW_FILE, explained
from models.bundle import Bundle

Row = dict[str, Any]

MOST_PICTURES = 1000
"""Of one shadow's disagreements; a shadow that disagrees always must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shadow says of a part."""

    part: OfferedPart
    verdict: Verdict
    views: tuple[ViewRecord, ...]
    score: float | None
    took_ns: int
    at_utc_ns: int

    @property
    def disagrees(self) -> bool:
        """Whether it gives another verdict; no answer is none."""
        return self.verdict.inspected and self.verdict.outcome is not self.part.champion.outcome


class ShadowStore:
    """Writes DATA/shadow.sqlite and the pictures beside it; the caller holds the shadow's lock.

    Every method raises RecordsError when it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = Database(folder, SHADOW_FILE, busy_timeout_s=5.0)
        self._pictures: dict[str, int] = {}

    def close(self) -> None:
        self._database.close()

    def add(self, bundle: Bundle, answers: list[Answer]) -> None:
        """Append answers of this shadow, in one transaction, after the pictures they name.

        A part that is there already stays as it is: a line that was killed may show it again.
        """
        rows = [self._row(bundle, answer) for answer in answers]
        with self._database.writing() as connection:
            for answer, row in zip(answers, rows, strict=True):
                added = connection.execute(
                    sqlite_insert(schema.answers).on_conflict_do_nothing(), row
                )
                if added.rowcount == 1:
                    _count(connection, bundle, answer)

    def _row(self, bundle: Bundle, answer: Answer) -> Row:
        part, verdict = answer.part, answer.verdict
        return {
            "part_number": part.part_number,
            "digest": bundle.digest,
            "serial": part.serial,
            "champion_digest": part.champion.digest,
            "champion_outcome": part.champion.outcome.value,
            "champion_score": part.champion.score,
            "outcome": verdict.outcome.value,
            "inspected": verdict.inspected,
            "score": answer.score,
            "reasons": canonical_json([[r.kind.value, r.detail, r.view] for r in verdict.reasons]),
            "views": canonical_json(self._views(bundle, answer)),
            "disagrees": answer.disagrees,
            "took_ns": answer.took_ns,
            "at_utc_ns": answer.at_utc_ns,
        }

    def _views(self, bundle: Bundle, answer: Answer) -> list[Row]:
        keeps = answer.disagrees and not answer.part.kept and self._has_room(bundle.digest)
        return [
            view_json(self._view(answer.part, view, position, keeps))
            for position, view in enumerate(answer.views)
        ]

    def _view(
        self, part: OfferedPart, view: ViewRecord, position: int, keeps: bool
    ) -> ShadowPicture:
        path, frame = None, part.frames[view.view]
        if keeps:
            inside = picture_path(part.part_number, part.serial, position)
            folder = self._folder / SHADOW_FOLDER
            with explained(folder / inside):
                folder.mkdir(exist_ok=True)
                store_picture(folder, inside, frame.pixels, frame.pixel_format)
            path = f"{SHADOW_FOLDER}/{inside}"
        sha256 = view.image_sha256 or ""
        return ShadowPicture(view.view, view.findings, path, sha256, frame.pixel_format)

    def _has_room(self, digest: str) -> bool:
        if digest not in self._pictures:
            self._pictures[digest] = self._disagreements(digest)
        self._pictures[digest] += 1
        return self._pictures[digest] <= MOST_PICTURES

    def _disagreements(self, digest: str) -> int:
        """How many disagreements of a shadow are on record; each may have its pictures."""
        trials = schema.trials.c
        with self._database.reading() as connection:
            counted = connection.scalars(
                select(trials.disagreements).where(trials.digest == digest)
            )
            return sum(counted)


def _count(connection: Connection, bundle: Bundle, answer: Answer) -> None:
    champion = answer.part.champion
    row = {
        "digest": bundle.digest,
        "champion_digest": champion.digest,
        "label": bundle.label,
        "champion_label": champion.label,
        "parts": 1,
        "no_answer": int(not answer.verdict.inspected),
        "disagreements": int(answer.disagrees),
        "passed_over": answer.part.passed_over,
        "took_ns": answer.took_ns,
        "first_part": answer.part.part_number,
        "last_part": answer.part.part_number,
        "last_utc_ns": answer.at_utc_ns,
    }
    statement = sqlite_insert(schema.trials).values(row)
    summed = ("parts", "no_answer", "disagreements", "passed_over", "took_ns")
    newest = ("last_part", "last_utc_ns")
    added = {name: schema.trials.c[name] + statement.excluded[name] for name in summed}
    later = {name: statement.excluded[name] for name in newest}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(schema.trials.primary_key), set_=added | later
        )
    )
