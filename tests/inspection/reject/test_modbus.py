"""The Modbus gate against a real PLC process that is killed, hangs, refuses and lies."""

import inspect
import socket
import threading
import time
from typing import Any

import pymodbus.exceptions
import pytest

from inspection.errors import GateError
from inspection.reject.modbus import ModbusRejector

FIRST_COIL = 96
SLOTS = 16
READY = SLOTS
CLEAR = [False] * SLOTS


def _gate(plc: Any, **changes: Any) -> ModbusRejector:
    settings: dict[str, Any] = {"first_coil": FIRST_COIL, "slots": SLOTS, "timeout_s": 5.0}
    return ModbusRejector("127.0.0.1", plc.port, **(settings | changes))


def test_opening_clears_every_slot_then_says_ready_and_touches_nothing_else(plc: Any) -> None:
    assert plc.coils(32) == [True] * 32
    gate = _gate(plc)
    assert plc.coils(32) == [*CLEAR, True, *[True] * 15]
    gate.close()
    assert plc.coils(32) == [*CLEAR, False, *[True] * 15]


def test_the_first_part_of_a_run_has_slot_0_whatever_its_number(plc: Any) -> None:
    gate = _gate(plc)
    gate.track(70_001, 0)
    gate.let_pass(70_001)
    gate.track(70_002, 0)
    gate.track(70_003, 0)
    gate.let_pass(70_003)
    assert plc.coils(4) == [True, False, True, False]
    gate.close()


def test_the_slot_is_cleared_before_its_next_part_is_on_the_way(plc: Any) -> None:
    gate = _gate(plc)
    for number in range(SLOTS):
        gate.track(number, 0)
        gate.let_pass(number)
    assert plc.coils(SLOTS) == [True] * SLOTS
    gate.track(SLOTS, 0)
    assert plc.coils(SLOTS) == [False, *[True] * (SLOTS - 1)]
    gate.let_pass(0)
    assert plc.coils(1) == [False], "the pass of part 0 leaked to the part in its slot"
    gate.close()


def test_a_number_left_out_would_shift_every_verdict_and_is_a_fault(plc: Any) -> None:
    gate = _gate(plc)
    gate.track(0, 0)
    with pytest.raises(GateError, match="part 2 was tracked after part 0: the PLC counts one by"):
        gate.track(2, 0)
    gate.close()


def test_the_gate_says_nothing_of_what_left(plc: Any) -> None:
    gate = _gate(plc)
    gate.track(0, 0)
    assert gate.confirmations() == ()
    gate.close()


def test_a_plc_that_dies_mid_way_is_a_gate_error_at_once_and_ever_after(plc: Any) -> None:
    gate = _gate(plc)
    gate.track(0, 0)
    plc.kill()
    with pytest.raises(GateError, match=r"writing True to coil 96: .*; check the PLC"):
        gate.let_pass(0)
    with pytest.raises(GateError, match="failed before and stays in its safe state"):
        gate.track(1, 0)
    with pytest.raises(GateError, match="clearing coils 96 to 112"):
        gate.safe_state()
    with pytest.raises(GateError, match="clearing coils"):
        gate.close()
    gate.close()


def test_a_plc_that_hangs_is_a_gate_error_within_the_time_limit(plc: Any) -> None:
    gate = _gate(plc, timeout_s=1.0)
    gate.track(0, 0)
    plc.hang()
    started = time.monotonic()
    with pytest.raises(GateError, match="writing True to coil 96"):
        gate.let_pass(0)
    assert time.monotonic() - started < 60, "the line waited for a PLC that does not answer"
    plc.wake()
    gate.safe_state()
    assert plc.coils(SLOTS + 1) == [*CLEAR, False]
    with pytest.raises(GateError, match="failed before"):
        gate.let_pass(0)
    gate.close()


def test_a_plc_that_hangs_until_the_next_question_does_not_answer_the_wrong_one(plc: Any) -> None:
    """The late answer to let_pass must not be taken for that of the safe state."""
    gate = _gate(plc, timeout_s=1.0)
    gate.track(0, 0)
    plc.hang()
    with pytest.raises(GateError):
        gate.let_pass(0)
    plc.wake()
    gate.close()
    assert plc.coils(SLOTS + 1) == [*CLEAR, False]


def test_coils_that_the_plc_does_not_have_are_refused_when_the_gate_opens(plc: Any) -> None:
    with pytest.raises(GateError, match="clearing coils 120 to 136: the PLC refuses"):
        _gate(plc, first_coil=120)


def test_a_plc_that_says_yes_and_does_nothing_is_found_out(plc: Any) -> None:
    with pytest.raises(GateError, match=r"coils \[96, 97.*\] stay set although they were cleared"):
        _gate(plc, unit=2)


def test_a_plc_that_is_not_there_is_a_gate_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(GateError, match=f"Modbus gate 127.0.0.1:{port}: clearing coils"):
            ModbusRejector("127.0.0.1", port, timeout_s=0.2)


def test_something_else_on_the_port_is_a_gate_error() -> None:
    """A server that sends garbage, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(GateError, match="clearing coils 0 to 16"):
            ModbusRejector("127.0.0.1", server.getsockname()[1], timeout_s=0.5)
        thread.join()


def test_every_error_of_pymodbus_is_one_that_the_gate_catches() -> None:
    errors = [
        error
        for _, error in inspect.getmembers(pymodbus.exceptions, inspect.isclass)
        if issubclass(error, Exception)
    ]
    assert len(errors) >= 6
    assert all(issubclass(error, pymodbus.exceptions.ModbusException) for error in errors)
