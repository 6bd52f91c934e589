"""The simulated conveyor's time of flight and its confirmations."""

import pytest

from inspection.errors import GateError
from inspection.reject.protocol import GateConfirmation, GateOutcome
from inspection.reject.simulated import SimulatedConveyor


class Clocks:
    """Monotonic and world time that stand still until a test moves them."""

    def __init__(self) -> None:
        self.now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return 10**18 + self.now_ns


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def conveyor(clocks: Clocks) -> SimulatedConveyor:
    return SimulatedConveyor(0.5, clock_ns=clocks.monotonic_ns, utc_ns=clocks.utc_ns)


@pytest.mark.parametrize(
    ("told_ns", "outcome"),
    [
        (499_999_999, GateOutcome.PASSED),
        (500_000_000, GateOutcome.REJECTED),
        (500_000_001, GateOutcome.REJECTED),
    ],
)
def test_a_part_passes_only_if_it_was_let_before_it_arrived(
    conveyor: SimulatedConveyor, clocks: Clocks, told_ns: int, outcome: GateOutcome
) -> None:
    conveyor.track(0, captured_ns=0)
    clocks.now_ns = told_ns
    conveyor.let_pass(0)
    clocks.now_ns = 600_000_000
    assert conveyor.confirmations() == (GateConfirmation(0, outcome, 10**18 + 500_000_000),)


def test_the_gate_confirms_each_part_once_and_in_order(
    conveyor: SimulatedConveyor, clocks: Clocks
) -> None:
    for number in range(3):
        conveyor.track(number, captured_ns=number * 100)
    conveyor.let_pass(1)
    assert conveyor.confirmations() == ()
    clocks.now_ns = 500_000_100
    assert [(c.part_number, c.outcome.value) for c in conveyor.confirmations()] == [
        (0, "rejected"),
        (1, "passed"),
    ]
    clocks.now_ns = 500_000_200
    assert [c.part_number for c in conveyor.confirmations()] == [2]
    assert conveyor.confirmations() == ()


def test_a_part_that_left_before_the_safe_state_has_left(
    conveyor: SimulatedConveyor, clocks: Clocks
) -> None:
    conveyor.track(0, captured_ns=0)
    conveyor.track(1, captured_ns=100)
    conveyor.let_pass(0)
    conveyor.let_pass(1)
    clocks.now_ns = 500_000_000
    conveyor.safe_state()
    clocks.now_ns = 600_000_000
    assert [c.outcome.value for c in conveyor.confirmations()] == ["passed", "rejected"]


def test_parts_must_come_in_order(conveyor: SimulatedConveyor) -> None:
    conveyor.track(5, captured_ns=0)
    for number in (5, 4):
        with pytest.raises(GateError, match=f"part {number} was tracked after part 5"):
            conveyor.track(number, captured_ns=1)
