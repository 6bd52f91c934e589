"""`passline ledger` and `lot`: where every trigger went, and on whose account the next ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder
from inspection.records.ledger_by import LedgerBy

if TYPE_CHECKING:
    from inspection.records.query import Ledger


@app.command("ledger")
def ledger(
    data: DataFolder,
    by: Annotated[LedgerBy | None, typer.Option(help="Show one line for each of these.")] = None,
) -> None:
    """Show the frame ledger: triggers = judged + late + incomplete + lost. Exit 1 if it differs.

    On a running line some triggers may be waiting for their turn.
    """
    from inspection.records.ledgers import ledgers_by
    from inspection.records.query import RecordReader

    reader = RecordReader(data)
    found = {"": reader.ledger()} if by is None else ledgers_by(by, reader.accounts())
    differing = [each for each in reader.accounts() if each.ledger.difference]
    reader.close()
    for name, each in found.items():
        typer.echo((f"{name}: " if name else "") + _in_words(each))
    for each in differing:
        account = each.account
        typer.echo(
            f"NOT balanced: {each.ledger.difference} triggers are unaccounted for, of "
            f"{account.camera_id} in run {account.run_id}, lot {account.lot!r}, "
            f"shift {account.shift!r}"
        )
    if differing:
        raise typer.Exit(1)


@app.command("lot")
def lot(
    data: DataFolder,
    name: Annotated[str, typer.Argument(help="The lot that begins now.")],
    who: Annotated[str, typer.Option(help="Who says so.")],
) -> None:
    """Begin another lot on the running line: parts whose pictures are taken from now on are in it.

    It stays the lot until another one is begun, also after a restart.
    """
    from inspection.records.lot_order import order_lot

    order = order_lot(data, name, who)
    typer.echo(f"lot {order.lot} begins with the next part")


def _in_words(found: Ledger) -> str:
    waiting = f" + waiting {found.waiting}" if found.waiting else ""
    return (
        f"triggers {found.triggers} = judged {found.judged} + late {found.late} "
        f"+ incomplete {found.incomplete} + lost {found.lost}{waiting}"
    )
