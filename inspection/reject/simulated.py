"""A simulated conveyor with a gate: parts take their time to the gate, which says what left."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from inspection.errors import GateError
from inspection.reject.protocol import GateConfirmation, GateOutcome

_NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class _Travelling:
    part_number: int
    arrives_ns: int
    may_pass: bool = False


class SimulatedConveyor:
    """A part reaches the gate `travel_s` after its picture, and passes if it was let by then.

    The gate confirms every part once it has left. Exact, not timed by a thread: what left is
    worked out from the clock, so that a test with its own clock gets the same answer each time.
    """

    def __init__(
        self,
        travel_s: float,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """clock_ns: the monotonic clock of `Frame.captured_ns`; utc_ns: for confirmations."""
        self._travel_ns = round(travel_s * _NS_PER_S)
        self._clock_ns = clock_ns
        self._utc_ns = utc_ns
        self._belt: deque[_Travelling] = deque()
        self._last_tracked = -1
        self._safe = False
        self._closed = False
        self._lock = threading.Lock()

    def track(self, part_number: int, captured_ns: int) -> None:
        with self._lock:
            self._check_open()
            if part_number <= self._last_tracked:
                raise GateError(
                    f"part {part_number} was tracked after part {self._last_tracked}: "
                    "parts come in order of their numbers"
                )
            self._last_tracked = part_number
            self._belt.append(_Travelling(part_number, captured_ns + self._travel_ns))

    def let_pass(self, part_number: int) -> None:
        self._tell(part_number, may_pass=True)

    def reject(self, part_number: int) -> None:
        self._tell(part_number, may_pass=False)

    def confirmations(self) -> tuple[GateConfirmation, ...]:
        with self._lock:
            now_ns, now_utc_ns = self._clock_ns(), self._utc_ns()
            left: list[GateConfirmation] = []
            while self._belt and self._belt[0].arrives_ns <= now_ns:
                part = self._belt.popleft()
                outcome = GateOutcome.PASSED if part.may_pass else GateOutcome.REJECTED
                at_utc_ns = now_utc_ns - (now_ns - part.arrives_ns)
                left.append(GateConfirmation(part.part_number, outcome, at_utc_ns))
            return tuple(left)

    def safe_state(self) -> None:
        with self._lock:
            self._stop_passing()

    def close(self) -> None:
        with self._lock:
            self._stop_passing()
            self._closed = True

    def _tell(self, part_number: int, *, may_pass: bool) -> None:
        with self._lock:
            self._check_open()
            if part_number > self._last_tracked:
                raise GateError(f"part {part_number} was never tracked: its place is not known")
            if self._safe:
                return
            now_ns = self._clock_ns()
            for part in self._belt:
                if part.part_number == part_number and part.arrives_ns > now_ns:
                    part.may_pass = may_pass

    def _stop_passing(self) -> None:
        """Parts that reached the gate before now have left, and keep the way they went."""
        self._safe = True
        now_ns = self._clock_ns()
        for part in self._belt:
            if part.arrives_ns > now_ns:
                part.may_pass = False

    def _check_open(self) -> None:
        if self._closed:
            raise GateError("the simulated conveyor is closed: it rejects every part")
