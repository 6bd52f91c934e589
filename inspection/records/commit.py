"""The statements of a writer's commit, composed once: anew for every commit cost 2 ms a part."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import ClauseElement, Connection, Table, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inspection.judge import Outcome
from inspection.records import schema
from inspection.records.record import Account, LedgerEntry, PartRecord, TriggerCount
from inspection.records.rows import Row


def insert_rows(connection: Connection, rows: Mapping[str, list[Row]]) -> None:
    """Insert rows, by the name of their table; any of the lists may be empty."""
    for table, statement in _INSERTS.items():
        if rows[table]:
            connection.exec_driver_sql(statement, rows[table])


def count_parts(connection: Connection, records: Iterable[PartRecord]) -> None:
    """Count views into the ledger and parts into the tallies of their run, lot and shift."""
    accounts: dict[Account, dict[str, int]] = {}
    tallies: dict[tuple[int, str, str, int], dict[str, int]] = {}
    for record in records:
        verdict = record.verdict
        group = (record.run_id, record.lot, record.shift, record.shift_began_utc_ns)
        tally = tallies.setdefault(group, dict.fromkeys(_TALLIED, 0))
        tally["passed" if verdict.outcome is Outcome.PASS else "rejected"] += 1
        tally["review"] += verdict.review
        for view in record.views:
            account = Account(
                record.run_id, view.camera_id, record.lot, record.shift, record.shift_began_utc_ns
            )
            accounts.setdefault(account, dict.fromkeys(_ENTRIES, 0))[view.ledger.value] += 1
    for group, counts in tallies.items():
        keys = dict(zip(_TALLY_KEYS, group, strict=True))
        connection.exec_driver_sql(_ADD_TO_TALLY, keys | counts)
    for account, counts in accounts.items():
        connection.exec_driver_sql(_ADD_TO_LEDGER, asdict(account) | counts)


def set_triggers(connection: Connection, counts: Mapping[Account, TriggerCount]) -> None:
    """Set what the cameras counted."""
    for account, count in counts.items():
        connection.exec_driver_sql(_SET_TRIGGERS, asdict(account) | asdict(count))


def settle_dead_runs(connection: Connection) -> list[Row]:
    """Charge as lost what runs before left unaccounted, e.g. of a line that was killed.

    Gives for each such account its run, its camera and how many triggers were lost.
    """
    columns = schema.ledger.c
    accounted = columns.judged + columns.late + columns.incomplete + columns.lost
    missing = (columns.triggers - accounted).label("lost")
    query = select(columns.run_id, columns.camera_id, missing).where(missing > 0)
    found = [dict(row) for row in connection.execute(query).mappings()]
    if found:
        settled = update(schema.ledger).where(columns.triggers > accounted)
        connection.execute(settled.values(lost=columns.lost + missing, waiting=0))
    return found


def _add(table: Table, counted: tuple[str, ...]) -> ClauseElement:
    statement = sqlite_insert(table).values(_params(*(c.name for c in table.primary_key), *counted))
    summed = {name: table.c[name] + statement.excluded[name] for name in counted}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=summed)


def _set(table: Table, counted: tuple[str, ...]) -> ClauseElement:
    statement = sqlite_insert(table).values(_params(*(c.name for c in table.primary_key), *counted))
    newest = {name: statement.excluded[name] for name in counted}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=newest)


def _params(*names: str) -> dict[str, Any]:
    return {name: bindparam(name) for name in names}


def _compiled(statement: ClauseElement) -> str:
    """SQL with named parameters."""
    return str(statement.compile(dialect=sqlite_dialect(paramstyle="named")))


_ENTRIES = tuple(entry.value for entry in LedgerEntry)
_TALLIED = ("passed", "rejected", "review")
_TALLY_KEYS = tuple(column.name for column in schema.tallies.primary_key)
_ADD_TO_LEDGER = _compiled(_add(schema.ledger, _ENTRIES))
_ADD_TO_TALLY = _compiled(_add(schema.tallies, _TALLIED))
_SET_TRIGGERS = _compiled(_set(schema.ledger, ("triggers", "waiting")))
_INSERTS = {
    "parts": _compiled(insert(schema.parts)),
    "views": _compiled(insert(schema.views)),
    "events": _compiled(insert(schema.events).values(_params("at_utc_ns", "kind", "detail"))),
    "gate_log": _compiled(
        insert(schema.gate_log).values(_params("part_number", "outcome", "at_utc_ns"))
    ),
}
