"""`passline start`, `watch` and `rollback`: a station as a whole."""

import time
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder, RecipeFile, stop_on_signals


@app.command("start")
def start(
    recipe: RecipeFile,
    data: DataFolder,
    host: Annotated[str, typer.Option(help="Address of the screens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the screens.")] = 8000,
) -> None:
    """Run a whole station: line, screens, watch and shadow, each restarted when it dies."""
    from inspection.recipe import load_recipe
    from inspection.supervisor import Supervisor

    load_recipe(recipe)
    stopping = stop_on_signals()
    supervisor = Supervisor(say=lambda text: typer.echo(f"passline: {text}", err=True))
    supervisor.start("line", ["run", str(recipe), str(data)])
    supervisor.start("web", ["web", str(data), "--host", host, "--port", str(port)])
    supervisor.start("watch", ["watch", str(data)])
    supervisor.start("shadow", ["shadow", str(data)])
    try:
        while not stopping() and supervisor.ended("line") is None:
            supervisor.tend()
            time.sleep(0.2)
    finally:
        codes = supervisor.stop_all()
    raise typer.Exit(max(codes["line"], 0))


@app.command("watch")
def watch(data: DataFolder) -> None:
    """Watch the records: draw every chart of the recipe, raise signals, tell outputs of them."""
    from inspection.watch import Watch

    stopping = stop_on_signals()
    Watch(data).run(stopping)


@app.command("rollback")
def rollback(
    data: DataFolder,
    name: Annotated[str, typer.Argument(help="The model's name, as in the recipe.")],
    why: Annotated[str, typer.Option(help="Why the champion has to go.")],
    who: Annotated[str, typer.Option(help="Who says so.")],
) -> None:
    """Make the champion before this one champion again, also on the running line."""
    from models.registry import station_registry

    champion = station_registry(data).roll_back(name, who, why)
    typer.echo(f"{champion.label} is champion again")
