"""`passline run`, `commission` and `replay`: the line, what it starts with, what it did."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app

RecipeFile = Annotated[Path, typer.Argument(help="The recipe, a TOML file.")]
DataFolder = Annotated[Path, typer.Argument(help="The station's data folder.")]


@app.command("run")
def run(recipe: RecipeFile, data: DataFolder) -> None:
    """Run the line until Ctrl-C or SIGTERM: judge every part, move the gate, keep the records."""
    from inspection.compose import open_line
    from inspection.recipe import load_recipe

    stopping = stop_on_signals()
    with open_line(load_recipe(recipe), data) as line:
        typer.echo(f"passline: line runs on {data}; Ctrl-C stops it", err=True)
        line.run(stopping)
    typer.echo("passline: line stopped, gate in safe state, all records on disk", err=True)


@app.command("commission")
def commission(
    recipe: RecipeFile,
    data: DataFolder,
    bundle: Annotated[
        Path | None, typer.Option(help="The first model; one that ships with Passline if left out.")
    ] = None,
    who: Annotated[str, typer.Option(help="Who says that this model may judge.")] = "commissioning",
) -> None:
    """Give a station its first model: the recipe's model becomes champion, once."""
    from inspection.commission import commission_station
    from inspection.recipe import load_recipe

    champion = commission_station(load_recipe(recipe).recipe, data, bundle, who)
    typer.echo(
        f"{champion.label} is champion; escapes on its test parts: "
        f"{champion.card.metrics.escapes.events} of {champion.card.metrics.escapes.n}"
    )


@app.command("replay")
def replay(
    data: DataFolder,
    part: Annotated[str, typer.Argument(help="The part's serial number.")],
) -> None:
    """Judge a recorded part again from its picture: the same findings, the same verdict."""
    from inspection.replay import replay_part

    result = replay_part(data, part)
    typer.echo(result.summary())
    if not result.same:
        raise typer.Exit(1)


def stop_on_signals() -> Callable[[], bool]:
    """A `stop()` that turns true at the first SIGINT or SIGTERM."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: bool(asked)
