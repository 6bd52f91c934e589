"""`passline demo`: the whole loop on one machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.line import stop_on_signals


@app.command("demo")
def demo(
    headless: Annotated[bool, typer.Option(help="Without the screen, and at full pace.")] = False,
    parts: Annotated[int, typer.Option(help="Parts in the whole story, at least 200.")] = 900,
    pace: Annotated[
        float | None, typer.Option(help="Parts a second; 6 with the screen, 15 without.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the screen.")] = 8000,
    data: Annotated[Path, typer.Option(help="Where to keep the records.")] = Path("demo-data"),
    base_parts: Annotated[
        int,
        typer.Option(help="Parts of the commissioning set that the challenger learns from too."),
    ] = 600,
    training_minutes: Annotated[
        float, typer.Option(help="How long the challenger is fitted.")
    ] = 2.0,
) -> None:
    """Tell the story: parts flow, the process drifts, a new model earns its place on the line."""
    from rich.console import Console

    from inspection.demo.story import Telling, tell_story

    folder = data / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    telling = Telling(
        folder=folder,
        parts=parts,
        pace_hz=pace or (15.0 if headless else 6.0),
        port=None if headless else port,
        base_parts=base_parts,
        training_minutes=training_minutes,
    )
    tell_story(telling, Console(), stop_on_signals())
