"""`passline promote`: a challenger at the gate, and on the line when it gets a yes."""

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
    recipe: RecipeFile = None,
    page: Page = None,
    json: Json = None,
    who: Annotated[str, typer.Option(help="Who promotes.")] = "gate",
    why: Annotated[str, typer.Option(help="Why.")] = "passed the gate",
) -> None:
    """Put a challenger to the gate; on yes it is champion, on no (exit 1) nothing changes."""
    from inspection.recipe import check_fits
    from models.registry import Registry

    opened = open_folder(challenger)
    judged_by = recipe_for(opened, recipe, registry.parent)
    if judged_by is not None:
        check_fits(judged_by, opened)  # before the gate, which takes its time
    known = Registry(registry)
    order = GateOrder(
        parts, records, layout, groups, listed, strangers, slower, larger, page, json,
        judged_by,
    )  # fmt: skip
    report = hold(opened, known.champion(opened.card.name), order).report
    if not report.passed:
        raise typer.Exit(SAID_NO)
    known.add(challenger, who, why)
    known.promote(opened.label, who, why, report.evidence())
    typer.echo(f"promoted: {opened.label} is champion")
