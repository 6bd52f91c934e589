"""Which lot a part belongs to: follows the orders of people, between two parts."""

from pathlib import Path
from typing import Any

from inspection.line.champion import LogEvent
from inspection.records.lot_order import LOT_FILE, LotError, LotOrder, read_order

_Stamp = tuple[int, int, int]


class LotFollower:
    """Holds the lot in force: the last one ordered, the recipe's until there is an order.

    An order holds from the moment it was given: parts whose pictures are older belong to the lot
    before, however late they are judged.
    """

    def __init__(self, folder: Path, first_lot: str, log_event: LogEvent) -> None:
        self._folder = folder
        self._lot = first_lot
        self._log_event = log_event
        self._stamp: _Stamp | None = None
        self._next: LotOrder | None = None

    def lot_at(self, captured_utc_ns: int, part_number: int) -> str:
        """The lot of this part; costs one stat of the order's file."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read()
        if self._next is not None and captured_utc_ns >= self._next.from_utc_ns:
            self._take_up(self._next, part_number)
        return self._lot

    def _look(self) -> _Stamp | None:
        try:
            found = (self._folder / LOT_FILE).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> None:
        try:
            self._next = read_order(self._folder)
        except LotError as fault:
            self._log_event("lot_refused", {"kept": self._lot, "fault": str(fault)})

    def _take_up(self, order: LotOrder, part_number: int) -> None:
        self._next = None
        if order.lot == self._lot:
            return
        detail: dict[str, Any] = {"from": self._lot, "to": order.lot}
        self._lot = order.lot
        self._log_event("lot_changed", detail | {"who": order.who, "first_part": part_number})
