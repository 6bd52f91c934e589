"""What the line may expect of any gate, held against every gate there is."""

import threading
from collections.abc import Callable, Generator
from typing import Any, Protocol

import pytest

from inspection.errors import GateError
from inspection.reject.modbus import ModbusRejector
from inspection.reject.protocol import GateOutcome, Rejector
from inspection.reject.simulated import SimulatedConveyor

PASSED, REJECTED = GateOutcome.PASSED, GateOutcome.REJECTED
TRAVEL_NS = 500_000_000
FIRST_COIL = 96
SLOTS = 4


class Belt(Protocol):
    """A gate, and a belt that carries parts to it when the test says so."""

    gate: Rejector

    def track(self, part_number: int) -> None: ...

    def leave(self) -> GateOutcome:
        """The oldest part on the belt reaches the gate; which way does it physically leave?"""
        ...


class SimulatedBelt:
    def __init__(self) -> None:
        self._now_ns = 0
        self._left: list[GateOutcome] = []
        self._arrivals: list[int] = []
        self.gate: Rejector = SimulatedConveyor(
            TRAVEL_NS / 1e9, clock_ns=lambda: self._now_ns, utc_ns=lambda: self._now_ns
        )

    def track(self, part_number: int) -> None:
        self._now_ns += 1_000
        self.gate.track(part_number, self._now_ns)
        self._arrivals.append(self._now_ns + TRAVEL_NS)

    def leave(self) -> GateOutcome:
        self._now_ns = max(self._now_ns, self._arrivals.pop(0))
        (confirmation,) = self.gate.confirmations()
        return confirmation.outcome


class ModbusBelt:
    """Reads the coil of each part as the PLC's program would, by its own count."""

    def __init__(self, plc: Any) -> None:
        self._plc = plc
        self._left = 0
        self.gate: Rejector = ModbusRejector(
            "127.0.0.1", plc.port, first_coil=FIRST_COIL, slots=SLOTS, timeout_s=5.0
        )

    def track(self, part_number: int) -> None:
        self.gate.track(part_number, 0)

    def leave(self) -> GateOutcome:
        slot = self._left % SLOTS
        self._left += 1
        return PASSED if self._plc.coils(SLOTS)[slot] else REJECTED


BELTS: dict[str, Callable[[pytest.FixtureRequest], Belt]] = {
    "simulated": lambda request: SimulatedBelt(),
    "modbus": lambda request: ModbusBelt(request.getfixturevalue("plc")),
}


@pytest.fixture(params=BELTS)
def belt(request: pytest.FixtureRequest) -> Generator[Belt]:
    belt = BELTS[request.param](request)
    yield belt
    belt.gate.close()


def test_a_part_that_nobody_spoke_of_is_rejected(belt: Belt) -> None:
    belt.track(0)
    assert belt.leave() is REJECTED


def test_a_part_passes_when_it_was_let_pass(belt: Belt) -> None:
    belt.track(0)
    belt.gate.let_pass(0)
    assert belt.leave() is PASSED


def test_each_part_goes_its_own_way(belt: Belt) -> None:
    for number in range(100, 104):
        belt.track(number)
    belt.gate.reject(101)
    belt.gate.let_pass(100)
    belt.gate.let_pass(103)
    assert [belt.leave() for _ in range(4)] == [PASSED, REJECTED, REJECTED, PASSED]


def test_a_pass_is_never_inherited_by_a_later_part(belt: Belt) -> None:
    for number in range(3 * SLOTS):
        belt.track(number)
        if number < SLOTS:
            belt.gate.let_pass(number)
        assert belt.leave() is (PASSED if number < SLOTS else REJECTED)


def test_a_verdict_that_comes_too_late_changes_nothing(belt: Belt) -> None:
    for number in range(SLOTS):
        belt.track(number)
        belt.leave()
    belt.track(SLOTS)
    belt.gate.let_pass(0)
    belt.gate.reject(1)
    assert belt.leave() is REJECTED


def test_in_the_safe_state_everything_is_rejected(belt: Belt) -> None:
    for number in range(3):
        belt.track(number)
    belt.gate.let_pass(0)
    belt.gate.safe_state()
    belt.gate.let_pass(1)
    belt.track(3)
    belt.gate.let_pass(3)
    assert [belt.leave() for _ in range(4)] == [REJECTED] * 4


def test_a_part_that_never_came_by_cannot_be_let_pass(belt: Belt) -> None:
    belt.track(0)
    with pytest.raises(GateError, match="part 1 was never tracked"):
        belt.gate.let_pass(1)


def test_a_closed_gate_rejects_and_says_so(belt: Belt) -> None:
    belt.track(0)
    belt.gate.let_pass(0)
    belt.gate.close()
    belt.gate.close()
    assert belt.leave() is REJECTED
    with pytest.raises(GateError, match="closed"):
        belt.track(1)
    with pytest.raises(GateError, match="closed"):
        belt.gate.let_pass(0)


def test_the_line_rejects_while_the_writer_lets_pass(belt: Belt) -> None:
    for number in range(SLOTS):
        belt.track(number)
    threads = [
        threading.Thread(target=belt.gate.let_pass, args=(0,)),
        threading.Thread(target=belt.gate.reject, args=(1,)),
        threading.Thread(target=belt.gate.let_pass, args=(2,)),
        threading.Thread(target=belt.gate.reject, args=(3,)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [belt.leave() for _ in range(SLOTS)] == [PASSED, REJECTED, PASSED, REJECTED]
