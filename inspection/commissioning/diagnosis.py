"""What `passline doctor` finds: one line for each thing it looked at, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """OK; WARN: the line runs, but not for long or not at its best; FAIL: it will not start."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: what was found, and what a person has to do."""

    subject: str
    state: State
    found: str
    to_do: str = ""


def ok(subject: str, found: str) -> Diagnosis:
    return Diagnosis(subject, State.OK, found)


def warn(subject: str, found: str, to_do: str) -> Diagnosis:
    return Diagnosis(subject, State.WARN, found, to_do)


def fail(subject: str, found: str, to_do: str) -> Diagnosis:
    return Diagnosis(subject, State.FAIL, found, to_do)
