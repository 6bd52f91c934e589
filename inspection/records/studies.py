"""Agreement studies on the desk: which parts, whose truth, and every call that was made."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from inspection.records import study_schema as tables
from inspection.records.database import Database
from inspection.records.entries import DeskError
from inspection.records.store import DESK_FILE

STATION = "station"
"""The appraiser whose calls are the verdicts on record."""


@dataclass(frozen=True, slots=True)
class StudyPart:
    """A part of a study.

    bad: the truth. truth_from: the person who told it, or what it was taken from.
    station_bad: whether the station had rejected it.
    """

    part_number: int
    bad: bool
    truth_from: str
    station_bad: bool


@dataclass(frozen=True, slots=True)
class Study:
    """A study as it was laid out; `ended_utc_ns` is None while it runs."""

    study_id: int
    title: str
    trials: int
    seed: int
    who: str
    begun_utc_ns: int
    parts: tuple[StudyPart, ...]
    ended_utc_ns: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """An appraiser's word on a part in one trial; trials count from 1."""

    appraiser: str
    trial: int
    part_number: int
    bad: bool


class StudyDesk:
    """Reads and writes the studies of a data folder; many threads and processes may at once.

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
        with self._database.writing() as connection:  # a desk may be older than studies
            tables.desk.create_all(connection)

    def close(self) -> None:
        self._database.close()

    def begin(
        self,
        title: str,
        parts: Sequence[StudyPart],
        *,
        trials: int,
        who: str,
        seed: int | None = None,
    ) -> int:
        """Lay out a study; gives its number. seed: of the random order; drawn where None.

        Raises DeskError for a study that could show nothing.
        """
        _check_layout(title, parts, trials, who)
        row = {
            "title": title,
            "trials": trials,
            "seed": secrets.randbits(32) if seed is None else seed,
            "who": who,
            "begun_utc_ns": self._utc_ns(),
        }
        with self._database.writing() as connection:
            [study_id] = connection.execute(insert(tables.studies), row).inserted_primary_key or (
                0,
            )
            connection.execute(
                insert(tables.study_parts),
                [
                    {
                        "study_id": study_id,
                        "part_number": part.part_number,
                        "bad": part.bad,
                        "truth_from": part.truth_from,
                        "station_bad": part.station_bad,
                    }
                    for part in parts
                ],
            )
        return int(study_id)

    def call(self, study_id: int, call: Call) -> None:
        """Enter a call. Raises DeskError when it was made already, or does not belong here."""
        study = self.study(study_id)
        if study is None:
            raise DeskError(f"study {study_id} is not on the desk")
        if study.ended_utc_ns is not None:
            raise DeskError(f"study {study_id} ({study.title}) has ended; begin another one")
        if not call.appraiser.strip() or call.appraiser == STATION:
            raise DeskError(f"an appraiser needs a name of their own, got {call.appraiser!r}")
        if not 1 <= call.trial <= study.trials:
            raise DeskError(f"trial {call.trial}: study {study_id} has trials 1 to {study.trials}")
        if all(part.part_number != call.part_number for part in study.parts):
            raise DeskError(f"part {call.part_number} is not in study {study_id}")
        row = {
            "study_id": study_id,
            "appraiser": call.appraiser,
            "trial": call.trial,
            "part_number": call.part_number,
            "bad": call.bad,
            "at_utc_ns": self._utc_ns(),
        }
        self._add_once(
            tables.study_calls,
            row,
            f"{call.appraiser} has judged part {call.part_number} in trial {call.trial} already",
        )

    def end(self, study_id: int, who: str) -> None:
        """End a study: from now on it counts. Raises DeskError when it cannot be ended."""
        study = self.study(study_id)
        if study is None:
            raise DeskError(f"study {study_id} is not on the desk")
        if not who.strip():
            raise DeskError(f"study {study_id}: ending it needs the name of who ends it")
        row = {"study_id": study_id, "who": who, "ended_utc_ns": self._utc_ns()}
        self._add_once(
            tables.study_ends, row, f"study {study_id} ({study.title}) has ended already"
        )

    def studies(self) -> list[Study]:
        """All studies, the newest first."""
        with self._database.reading() as connection:
            return _studies(connection)

    def study(self, study_id: int) -> Study | None:
        return next((one for one in self.studies() if one.study_id == study_id), None)

    def calls(self, study_id: int) -> list[Call]:
        """Every call of a study, in order of entry."""
        columns = tables.study_calls.c
        query = select(tables.study_calls).where(columns.study_id == study_id).order_by(columns.id)
        with self._database.reading() as connection:
            return [
                Call(row.appraiser, row.trial, row.part_number, row.bad)
                for row in connection.execute(query)
            ]

    def _add_once(self, table: Table, row: dict[str, Any], twice: str) -> None:
        """Enter a row of which there may be one. Raises DeskError saying `twice` for a second."""
        with self._database.writing() as connection:
            try:
                connection.execute(insert(table), row)
            except IntegrityError as error:
                raise DeskError(twice) from error


def _studies(connection: Connection) -> list[Study]:
    parts: dict[int, list[StudyPart]] = {}
    order = tables.study_parts.c
    for row in connection.execute(select(tables.study_parts).order_by(order.part_number)):
        part = StudyPart(row.part_number, row.bad, row.truth_from, row.station_bad)
        parts.setdefault(row.study_id, []).append(part)
    ends: Mapping[int, int] = {
        row.study_id: row.ended_utc_ns for row in connection.execute(select(tables.study_ends))
    }
    newest_first = select(tables.studies).order_by(tables.studies.c.study_id.desc())
    return [
        Study(
            study_id=row.study_id,
            title=row.title,
            trials=row.trials,
            seed=row.seed,
            who=row.who,
            begun_utc_ns=row.begun_utc_ns,
            parts=tuple(parts[row.study_id]),
            ended_utc_ns=ends.get(row.study_id),
        )
        for row in connection.execute(newest_first)
    ]


def _check_layout(title: str, parts: Sequence[StudyPart], trials: int, who: str) -> None:
    if not title.strip() or not who.strip():
        raise DeskError("a study needs a title and the name of who lays it out")
    if trials < 2:
        raise DeskError(
            f"a study takes 2 trials or more to see who agrees with himself; got {trials}"
        )
    numbers = [part.part_number for part in parts]
    if len(set(numbers)) != len(numbers):
        raise DeskError("a study holds each part once; one of them came twice")
    bad = sum(part.bad for part in parts)
    if bad == 0 or bad == len(parts):
        raise DeskError(
            f"a study needs bad parts and good ones, best half of each; got {bad} bad and "
            f"{len(parts) - bad} good"
        )
