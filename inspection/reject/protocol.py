"""What the line needs of a gate."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class GateOutcome(StrEnum):
    """Which way a part physically left."""

    PASSED = "passed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class GateConfirmation:
    """The gate's own word on which way a part left."""

    part_number: int
    outcome: GateOutcome
    at_utc_ns: int


class Rejector(Protocol):
    """A gate that rejects every part it was not told to pass: pass is the only active signal.

    For each part in order: `track` once, then at most one of `let_pass` and `reject`. A verdict
    that comes after the part has reached the gate changes nothing: the part was rejected. All
    methods may be called from two threads (the line rejects, the record writer lets pass).
    Every method raises GateError when the gate cannot be reached or answers wrongly; whatever
    the gate last was told then, its outputs must fall to reject.
    """

    def track(self, part_number: int, captured_ns: int) -> None:
        """A part left the camera at `captured_ns` (monotonic) and is on its way to the gate."""
        ...

    def let_pass(self, part_number: int) -> None:
        """Let the part through. The caller has its record on disk (law 2)."""
        ...

    def reject(self, part_number: int) -> None:
        """Take the part out."""
        ...

    def confirmations(self) -> tuple[GateConfirmation, ...]:
        """What left since the last call, in order; empty for a gate without confirmation."""
        ...

    def safe_state(self) -> None:
        """Reject everything from now on, also parts already let pass but not yet gone."""
        ...

    def close(self) -> None:
        """Safe state, then free the output; may be called twice."""
        ...
