"""Parts between their verdict and the gate's word on which way they left."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from inspection.errors import GateError
from inspection.judge import Outcome
from inspection.records.record import GateOutcome
from inspection.records.writer import RecordWriter
from inspection.reject.protocol import Rejector

_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A part between camera and gate."""

    outcome: Outcome
    judged_ns: int


class Exits:
    """Holds the gate to its verdicts, and puts on record which way parts left.

    within_s: how long after its verdict a part's way out must be confirmed; None for a gate that
        confirms nothing.
    """

    def __init__(
        self,
        gate: Rejector,
        writer: RecordWriter,
        within_s: float | None,
        now_ns: Callable[[], int],
    ) -> None:
        self._gate = gate
        self._writer = writer
        self._within_s = within_s
        self._now_ns = now_ns
        self._leaving: dict[int, _Leaving] = {}

    def add(self, part_number: int, outcome: Outcome) -> None:
        """A part was judged; to be called before the gate is told."""
        if self._within_s is not None:
            self._leaving[part_number] = _Leaving(outcome, self._now_ns())

    def book(self) -> None:
        """Put on record what the gate says by now.

        Raises GateError for a reject that went through, and for a part not confirmed in time.
        """
        for confirmation in self._gate.confirmations():
            leaving = self._leaving.pop(confirmation.part_number, None)
            self._writer.confirm_gate(confirmation)
            told = None if leaving is None else leaving.outcome
            if confirmation.outcome is GateOutcome.PASSED and told is not Outcome.PASS:
                raise GateError(
                    f"part {confirmation.part_number} left as passed, the verdict was {told}; "
                    "check the gate, and take the part out by hand"
                )
        self._check_in_time()

    def wait_until_empty(self) -> None:
        """Wait until what was recorded is signalled, and what is on the way has left."""
        self._writer.flush()
        self.book()
        while self._leaving:
            time.sleep(_POLL_S)
            self._writer.check()
            self.book()

    def _check_in_time(self) -> None:
        oldest = next(iter(self._leaving.items()), None)
        if oldest is None or self._within_s is None:
            return
        part_number, leaving = oldest
        waited_s = (self._now_ns() - leaving.judged_ns) / 1e9
        if waited_s > self._within_s:
            raise GateError(
                f"part {part_number}: the gate did not confirm which way it left, "
                f"{waited_s:.1f} s after its verdict, at most {self._within_s:.1f} s expected"
            )
