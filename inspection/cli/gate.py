"""`passline gate`: a challenger against the champion, check by check. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.gate_options import (
    SAID_NO,
    GateOrder,
    Json,
    Larger,
    Listed,
    Page,
    Parts,
    RecipeFile,
    Slower,
    Strangers,
    hold,
    recipe_for,
)
from inspection.cli.training_options import BundleFolder, Groups, Layout, Records, open_folder


@app.command("gate")
def gate_command(
    challenger: BundleFolder,
    registry: Annotated[
        Path | None, typer.Option(help="The registry with the champion, such as DATA/registry.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A bundle to compare with instead of the champion.")
    ] = None,
    parts: Parts = None,
    records: Records = None,
    layout: Layout = "auto",
    groups: Groups = None,
    listed: Listed = None,
    strangers: Strangers = None,
    slower: Slower = 1.5,
    larger: Larger = 1.5,
    recipe: RecipeFile = None,
    page: Page = None,
    json: Json = None,
) -> None:
    """May this model take over? Every check, with its figures; exit 1 for no. Changes nothing."""
    from models.registry import Registry

    if (registry is None) == (against is None):
        raise typer.BadParameter("name the champion: --registry DATA/registry or --against BUNDLE")
    opened = open_folder(challenger)
    champion = (
        open_folder(against)
        if against is not None
        else Registry(registry or Path()).champion(opened.card.name)
    )
    data = records or (None if registry is None else registry.parent)
    order = GateOrder(
        parts, records, layout, groups, listed, strangers, slower, larger, page, json,
        recipe_for(opened, recipe, data),
    )  # fmt: skip
    if not hold(opened, champion, order).report.passed:
        raise typer.Exit(SAID_NO)
