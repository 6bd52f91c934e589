"""`passline shadow`: a challenger that judges beside the champion."""

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder, stop_on_signals


@app.command("shadow")
def shadow(
    data: DataFolder,
    start: Annotated[
        str | None, typer.Option(help="Make this challenger the shadow (name-version), and end.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End the shadow of this model, and end.")] = None,
    who: Annotated[str, typer.Option(help="Who says so.")] = "",
    why: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Let the registry's shadow judge beside the running line, in the time that nobody wants.

    `passline start` runs this. With --start or --end it only says in the registry who is shadow.
    """
    if start is None and end is None:
        _judge_beside_the_line(data)
        return
    from models.registry import station_registry

    registry = station_registry(data)
    if start is not None:
        registry.shadow(start, who, why)
        typer.echo(f"{start} is the shadow now; it judges beside the champion, without a say")
    elif end is not None:
        typer.echo(f"{registry.end_shadow(end, who, why)} is a challenger again")


def _judge_beside_the_line(data: Path) -> None:
    from inspection.shadow.spare_time import run_in_spare_time

    run_in_spare_time()
    from inspection.shadow.process import ShadowProcess

    ShadowProcess(data).run(stop_on_signals())
