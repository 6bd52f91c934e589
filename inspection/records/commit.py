"""The statements of a writer's commit, composed once: anew for every commit cost 2 ms a part."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ClauseElement, Connection, bindparam, insert, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from inspection.errors import RecordsError
from inspection.judge import Outcome
from inspection.records import schema
from inspection.records.record import LedgerEntry, PartRecord
from inspection.records.rows import Row


def insert_rows(
    connection: Connection, parts: list[Row], events: list[Row], gate: list[Row]
) -> None:
    """Insert rows of the three tables of the same names; any of the lists may be empty."""
    for statement, rows in (
        (_INSERT_PART, parts),
        (_INSERT_EVENT, events),
        (_INSERT_GATE, gate),
    ):
        if rows:
            connection.exec_driver_sql(statement, rows)


def count_parts(connection: Connection, records: Iterable[PartRecord]) -> None:
    """Count parts into the ledgers of their runs. Raises RecordsError when a run has none."""
    tallies: dict[tuple[int, str], dict[str, Any]] = {}
    for record in records:
        key = (record.run_id, record.camera_id)
        tally = tallies.setdefault(key, dict.fromkeys(_COUNTED, 0))
        tally[record.ledger.value] += 1
        tally["passed" if record.verdict.outcome is Outcome.PASS else "rejected"] += 1
        tally["review"] += record.verdict.review
    for (run_id, camera_id), tally in tallies.items():
        _update_ledger(connection, _ADD_TO_LEDGER, run_id, camera_id, tally)


def set_triggers(connection: Connection, run_id: int, camera_id: str, triggers: int) -> None:
    """Set what the camera counted in a run. Raises RecordsError when there is no such run."""
    _update_ledger(connection, _SET_TRIGGERS, run_id, camera_id, {"triggers": triggers})


def _update_ledger(
    connection: Connection, statement: str, run_id: int, camera_id: str, values: Row
) -> None:
    keys = {"of_run": run_id, "of_camera": camera_id}
    if connection.exec_driver_sql(statement, values | keys).rowcount != 1:
        raise RecordsError(
            f"no ledger of run {run_id}, camera {camera_id!r}: begin_run must come first"
        )


def _params(*names: str) -> dict[str, Any]:
    return {name: bindparam(name) for name in names}


def _compiled(statement: ClauseElement) -> str:
    """SQL with named parameters."""
    return str(statement.compile(dialect=sqlite_dialect(paramstyle="named")))


_COUNTED = (*(entry.value for entry in LedgerEntry), "passed", "rejected", "review")
_OF_RUN = (schema.ledger.c.run_id == bindparam("of_run")) & (
    schema.ledger.c.camera_id == bindparam("of_camera")
)
_ADD_TO_LEDGER = _compiled(
    update(schema.ledger)
    .where(_OF_RUN)
    .values({name: schema.ledger.c[name] + bindparam(name) for name in _COUNTED})
)
_SET_TRIGGERS = _compiled(
    update(schema.ledger).where(_OF_RUN).values(triggers=bindparam("triggers"))
)
_INSERT_PART = _compiled(insert(schema.parts))
_INSERT_EVENT = _compiled(insert(schema.events).values(_params("at_utc_ns", "kind", "detail")))
_INSERT_GATE = _compiled(
    insert(schema.gate_log).values(_params("part_number", "outcome", "at_utc_ns"))
)
