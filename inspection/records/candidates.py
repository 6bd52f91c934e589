"""Parts that somebody or something proposes for labelling: files that the label queue reads.

Each source has a file of its own, DATA/candidates/SOURCE.jsonl, one line a candidate: what runs
beside the line appends to its file, what looks through all records replaces its own.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from inspection.errors import RecordsError

FOLDER = "candidates"


class Why(StrEnum):
    """Why a part is worth a person's look, the most worth first."""

    ESCAPE = "escape"
    DISAGREEMENT = "disagreement"
    SHADOW = "shadow"
    NEAR_LIMIT = "near_limit"
    NOVEL = "novel"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that may be worth a label.

    strength: how much speaks for it among those of its kind, 0 to 1. said: why, in words.
    since_utc_ns: when the reason arose; an answer given later settles it, and any answer does at 0.
    """

    part_number: int
    why: Why
    strength: float
    said: str
    since_utc_ns: int

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:
            raise ValueError(f"part {self.part_number}: strength {self.strength} is not 0 to 1")


class CandidateFile:
    """The candidates of one source in a data folder. Every method raises RecordsError."""

    def __init__(self, data: Path, source: str) -> None:
        self._path = data / FOLDER / f"{source}.jsonl"

    def append(self, candidate: Candidate) -> None:
        """Add a candidate."""
        _write(self._path, "a", [candidate])

    def replace(self, candidates: Iterable[Candidate]) -> None:
        """Put these in place of all that were proposed before, whole or not at all."""
        unfinished = self._path.with_suffix(".part")
        _write(unfinished, "w", candidates)
        try:
            unfinished.replace(self._path)
        except OSError as error:
            raise RecordsError(f"{self._path}: cannot be written: {error}") from error


def proposed(data: Path) -> list[Candidate]:
    """What all sources of a data folder propose, source by source.

    A last line without its end is an append in progress, and not read. Raises RecordsError for a
    file that is damaged.
    """
    found: list[Candidate] = []
    for path in sorted((data / FOLDER).glob("*.jsonl")):
        try:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError) as error:
            raise RecordsError(f"{path}: cannot be read: {error}") from error
        whole = (line for line in lines if line.endswith("\n"))
        found += [_candidate(line, path, number) for number, line in enumerate(whole, 1)]
    return found


def _write(path: Path, mode: str, candidates: Iterable[Candidate]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(candidate)) + "\n" for candidate in candidates)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordsError(f"{path}: cannot be written: {error}") from error


def _candidate(line: str, path: Path, number: int) -> Candidate:
    try:
        values = json.loads(line)
        return Candidate(**(values | {"why": Why(values["why"])}))
    except (ValueError, TypeError, KeyError) as error:
        raise RecordsError(f"{path}, line {number}: no candidate: {error}") from error
