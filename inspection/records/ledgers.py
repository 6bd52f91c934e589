"""The frame ledger by camera, shift, lot or run, from the accounts of all of them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from inspection.records.ledger_by import LedgerBy
from inspection.records.query import AccountLedger, Ledger
from inspection.records.record import Account


def ledgers_by(by: LedgerBy, accounts: Iterable[AccountLedger]) -> dict[str, Ledger]:
    """One ledger for each group, in order of its first account."""
    groups: dict[str, list[Ledger]] = {}
    for each in accounts:
        groups.setdefault(_NAMES[by](each.account), []).append(each.ledger)
    return {name: total(ledgers) for name, ledgers in groups.items()}


def total(ledgers: Iterable[Ledger]) -> Ledger:
    """The sum of ledgers, entry by entry."""
    entries = [
        (each.triggers, each.judged, each.late, each.incomplete, each.lost, each.waiting)
        for each in ledgers
    ]
    return Ledger(*(sum(column) for column in zip(*entries, strict=True))) if entries else _EMPTY


def _shift(account: Account) -> str:
    """Name and beginning; version 1 of the records knew no shifts."""
    if not account.shift:
        return "(no shift)"
    began = datetime.fromtimestamp(account.shift_began_utc_ns / 1e9, UTC).astimezone()
    return f"{account.shift} of {began:%Y-%m-%d %H:%M}"


_EMPTY = Ledger(0, 0, 0, 0, 0)
_NAMES: dict[LedgerBy, Callable[[Account], str]] = {
    LedgerBy.CAMERA: lambda account: account.camera_id,
    LedgerBy.SHIFT: _shift,
    LedgerBy.LOT: lambda account: account.lot or "(no lot)",
    LedgerBy.RUN: lambda account: f"run {account.run_id}",
}
