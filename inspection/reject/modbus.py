"""A gate behind a PLC that reads verdicts from coils over Modbus TCP; see docs/modbus-gate.md."""

import logging
import threading
from typing import Any

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from inspection.errors import GateError
from inspection.reject.protocol import GateConfirmation

# pymodbus prints what it also raises; the one who stops the line says it once.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class ModbusRejector:
    """A ring of coils, one per part on the belt: True lets the part pass, False rejects it.

    The first part tracked has slot 0, the next slot 1, and so on around the ring. A slot is
    cleared when its part is tracked, so that no part inherits the pass of an earlier one. The coil
    after the ring says that the station is ready; on its rising edge the PLC starts to count.

    Each write must be echoed by the PLC within the time limit. Anything else is a GateError, and
    the gate stays failed: the PLC may have lost count, so only a new gate may let parts pass.
    Confirmations there are none: the PLC has no way to give them yet.
    """

    def __init__(
        self,
        host: str,
        port: int = 502,
        *,
        unit: int = 1,
        first_coil: int = 0,
        slots: int = 16,
        timeout_s: float = 0.2,
    ) -> None:
        """Connect, clear every slot and raise the ready coil.

        timeout_s: for connecting, and for the answer to each write.
        Raises GateError when the PLC cannot be reached or has not all of these coils.
        """
        self._name = f"Modbus gate {host}:{port}"
        self._unit = unit
        self._first_coil = first_coil
        self._slots = slots
        self._ready_coil = first_coil + slots
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)
        self._lock = threading.Lock()
        self._first_part: int | None = None
        self._last_part = -1
        self._fault: str | None = None
        self._safe = False
        self._closed = False
        with self._lock:
            self._clear_all()
            self._write(self._ready_coil, True)

    def track(self, part_number: int, captured_ns: int) -> None:
        """Clears the part's slot. The PLC times the way to the gate, so captured_ns goes unused."""
        with self._lock:
            self._check_usable()
            if self._first_part is None:
                self._first_part = part_number
            elif part_number != self._last_part + 1:
                raise self._failed(
                    f"part {part_number} was tracked after part {self._last_part}: the PLC counts "
                    "one by one and would take it for another part"
                )
            self._last_part = part_number
            self._write(self._coil(part_number), False)

    def let_pass(self, part_number: int) -> None:
        self._tell(part_number, True)

    def reject(self, part_number: int) -> None:
        self._tell(part_number, False)

    def confirmations(self) -> tuple[GateConfirmation, ...]:
        return ()

    def safe_state(self) -> None:
        """Clears every slot and the ready coil, and reads them back; connects anew if need be."""
        with self._lock:
            self._safe = True
            self._clear_all()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = self._safe = True
            try:
                self._clear_all()
            finally:
                self._client.close()

    def _tell(self, part_number: int, may_pass: bool) -> None:
        with self._lock:
            self._check_usable()
            if self._first_part is None or part_number > self._last_part:
                raise self._failed(f"part {part_number} was never tracked: it has no slot")
            slot_is_its_own = part_number > self._last_part - self._slots
            if slot_is_its_own and not self._safe:
                self._write(self._coil(part_number), may_pass)

    def _coil(self, part_number: int) -> int:
        first_part = 0 if self._first_part is None else self._first_part
        return self._first_coil + (part_number - first_part) % self._slots

    def _write(self, coil: int, value: bool) -> None:
        answer = self._ask(f"writing {value} to coil {coil}", self._client.write_coil, coil, value)
        if list(answer.bits[:1]) != [value] or answer.address != coil:
            raise self._failed(
                f"coil {coil} was to become {value}, the PLC answered "
                f"{list(answer.bits[:1])} for coil {answer.address}"
            )

    def _clear_all(self) -> None:
        first, count = self._first_coil, self._slots + 1
        self._ask(
            f"clearing coils {first} to {self._ready_coil}",
            self._client.write_coils,
            first,
            [False] * count,
        )
        answer = self._ask(
            f"reading coils {first} to {self._ready_coil}",
            self._client.read_coils,
            first,
            count=count,
        )
        still_set = [first + slot for slot, bit in enumerate(answer.bits[:count]) if bit]
        if still_set or len(answer.bits) < count:
            raise self._failed(f"coils {still_set} stay set although they were cleared")

    def _ask(self, what: str, request: Any, *arguments: Any, **options: Any) -> Any:
        """The PLC's answer. Raises GateError for no answer, a wrong one, or an exception code."""
        try:
            answer = request(*arguments, device_id=self._unit, **options)
        except (ModbusException, OSError) as error:
            raise self._failed(f"{what}: {error}") from error
        if answer.isError():
            raise self._failed(f"{what}: the PLC refuses: {answer}")
        return answer

    def _failed(self, why: str) -> GateError:
        """Remember the fault, and hang up: a late answer must not be taken for the next one's."""
        self._fault = self._fault or why
        self._client.close()
        return GateError(
            f"{self._name}: {why}; check the PLC and the network, then start the line again"
        )

    def _check_usable(self) -> None:
        if self._closed:
            raise GateError(f"{self._name}: is closed")
        if self._fault is not None:
            raise GateError(
                f"{self._name}: failed before and stays in its safe state: {self._fault}"
            )
