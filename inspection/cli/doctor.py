"""`passline doctor`: is everything ready for the line?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app


@app.command("doctor")
def doctor(
    recipe: Annotated[Path | None, typer.Argument(help="The recipe, a TOML file.")] = None,
    data: Annotated[Path | None, typer.Argument(help="The station's data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Look at all that the line needs: cameras, links, model, gate, records, disk, clock.

    Each line says OK, WARN or FAIL, and what to do. Exit 1 when something fails.
    """
    from inspection.commissioning.diagnosis import State
    from inspection.commissioning.doctor import examine
    from inspection.recipe import load_recipe

    found = []
    for one in examine(None if recipe is None else load_recipe(recipe).recipe, data):
        found.append(one)
        if not as_json:
            typer.echo(f"{one.state:<5} {one.subject}: {one.found}")
            if one.to_do:
                typer.echo(f"      -> {one.to_do}")
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    if any(one.state is State.FAIL for one in found):
        raise typer.Exit(1)
