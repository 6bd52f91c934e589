"""The log of retraining: what each run did, step by step; screens and the next run read it.

`DATA/retrain/log.jsonl` is only ever appended to. A run whose last step is not `ended` was cut off,
or is under way.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from inspection.errors import RecordsError

RETRAIN_FOLDER = "retrain"
LOG_FILE = "log.jsonl"


class Step(StrEnum):
    """What a run has done, in this order."""

    BEGUN = "begun"
    TRAINED = "trained"
    GATED = "gated"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a run ended."""

    NOTHING_NEW = "nothing new"
    REFUSED = "refused"
    SHADOW = "shadow"
    PROPOSED = "proposed"
    PROMOTED = "promoted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RetrainEvent:
    """One line of the log: a step of a run, counted from 1, and what there is to say of it."""

    run: int
    at_utc: str
    step: Step
    detail: Mapping[str, Any]


class RetrainLog:
    """Appends to and reads the log of one data folder; the writer holds the retraining's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / RETRAIN_FOLDER
        self._path = self.folder / LOG_FILE

    def append(self, run: int, step: Step, detail: Mapping[str, Any]) -> None:
        """Add a line; it is on disk when this returns. Raises RecordsError."""
        now_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps(asdict(RetrainEvent(run, now_utc, step, detail)), sort_keys=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._cut_torn_line()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RecordsError(f"{self._path}: cannot be written: {error}") from error

    def events(self) -> list[RetrainEvent]:
        """Every step, oldest first. Raises RecordsError for a damaged log."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise RecordsError(f"{self._path}: cannot be read: {error}") from error
        whole = [line for line in lines if line.endswith("\n")]
        return [_event(line, self._path, number) for number, line in enumerate(whole, 1)]

    def _cut_torn_line(self) -> None:
        """Cut off what a crash left of a line that was never acknowledged."""
        content = self._path.read_bytes() if self._path.exists() else b""
        if content and not content.endswith(b"\n"):
            os.truncate(self._path, content.rfind(b"\n") + 1)


def steps_of(events: list[RetrainEvent], run: int) -> dict[Step, RetrainEvent]:
    """The steps of a run that were done."""
    return {event.step: event for event in events if event.run == run}


def taken_until_utc_ns(events: list[RetrainEvent]) -> int:
    """What people said up to then has been learnt from, or turned down at the gate."""
    ruled = {
        event.run
        for event in events
        if event.step is Step.ENDED and event.detail["outcome"] != Outcome.FAILED
    }
    until = [
        int(event.detail["until_utc_ns"])
        for event in events
        if event.step is Step.BEGUN and event.run in ruled
    ]
    return max(until, default=0)


def _event(line: str, path: Path, number: int) -> RetrainEvent:
    try:
        values: dict[str, Any] = json.loads(line)
        values["step"] = Step(values["step"])
        return RetrainEvent(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise RecordsError(f"{path}, line {number}: damaged: {error}") from error
