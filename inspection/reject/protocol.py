"""What the line needs of a gate."""

from typing import Protocol

from inspection.records.record import GateConfirmation as GateConfirmation
from inspection.records.record import GateOutcome as GateOutcome


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
