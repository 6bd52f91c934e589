"""`passline promote`: a challenger at the gate, and on the line when it gets a yes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.gate import (
    SAID_NO,
    GateOrder,
    Json,
    Larger,
    Listed,
    Page,
    Parts,
    Slower,
    Strangers,
    hold,
)
from inspection.cli.training_options import BundleFolder, Groups, Layout, Records, open_folder

if TYPE_CHECKING:
    from inspection.recipe import Recipe
    from models.bundle import Bundle


@app.command("promote")
def promote_command(
    challenger: BundleFolder,
    registry: Annotated[Path, typer.Option(help="The registry, such as DATA/registry.")],
    parts: Parts = None,
    records: Records = None,
    layout: Layout = "auto",
    groups: Groups = None,
    listed: Listed = None,
    strangers: Strangers = None,
    slower: Slower = 1.5,
    larger: Larger = 1.5,
    page: Page = None,
    json: Json = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="The recipe that it must fit; that of the station's last run if left out."
        ),
    ] = None,
    who: Annotated[str, typer.Option(help="Who promotes.")] = "gate",
    why: Annotated[str, typer.Option(help="Why.")] = "passed the gate",
) -> None:
    """Put a challenger to the gate; on yes it is champion, on no (exit 1) nothing changes."""
    from models.registry import Registry

    opened = open_folder(challenger)
    _check_recipe(opened, registry.parent, recipe)
    known = Registry(registry)
    order = GateOrder(parts, records, layout, groups, listed, strangers, slower, larger, page, json)
    report = hold(opened, known.champion(opened.card.name), order).report
    if not report.passed:
        raise typer.Exit(SAID_NO)
    known.add(challenger, who, why)
    known.promote(opened.label, who, why, report.evidence())
    typer.echo(f"promoted: {opened.label} is champion")


def _check_recipe(challenger: Bundle, data: Path, named: Path | None) -> None:
    """Refuse a bundle that the line would refuse; before the gate, which takes its time."""
    from inspection.recipe import check_fits, load_recipe

    if named is not None:
        check_fits(load_recipe(named).recipe, challenger)
    elif (last := _last_recipe(data)) is not None and last.model.name == challenger.card.name:
        check_fits(last, challenger)


def _last_recipe(data: Path) -> Recipe | None:
    """What the station ran last; None in a folder where no line ever ran."""
    from inspection.recipe import parse_recipe
    from inspection.records.query import RecordReader
    from inspection.records.store import RECORDS_FILE

    if not (data / RECORDS_FILE).exists():
        return None
    reader = RecordReader(data)
    try:
        run = reader.latest_run()
    finally:
        reader.close()
    return None if run is None else parse_recipe(run.start.recipe_toml, f"run {run.run_id}")
