"""`passline record` and `recording`: keep what a camera gave, look at it, play it back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import RecipeFile, stop_on_signals
from inspection.errors import RecipeError

if TYPE_CHECKING:
    from camera.session_file import Session
    from inspection.recipe import Recipe, View

SessionFolder = Annotated[Path, typer.Argument(help="The folder of a recorded session.")]


@app.command("record")
def record(
    recipe: RecipeFile,
    out: Annotated[Path, typer.Argument(help="A new folder for the session.")],
    camera: Annotated[
        str | None, typer.Option(help="The camera's id, where the recipe has several.")
    ] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="How many triggers to record.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="How long to record.")] = None,
) -> None:
    """Record a camera's frames and misses, until Ctrl-C or as many as were asked for."""
    from camera.recording import record_session
    from camera.worker import WorkerSource
    from inspection.compose import open_source, software_name
    from inspection.recipe import load_recipe

    source = open_source(_camera(load_recipe(recipe).recipe, camera), first_part=0)
    stopping = stop_on_signals()
    typer.echo(f"passline: records {source.camera_id} to {out}; Ctrl-C ends it", err=True)
    tally = record_session(
        source,
        out,
        software=software_name(),
        settings=lambda: source.settings if isinstance(source, WorkerSource) else {},
        frames=frames,
        seconds=seconds,
        stop=stopping,
    )
    typer.echo(
        f"{tally.triggers} triggers: {tally.frames} frames kept, {tally.missed} missed, "
        f"{tally.dropped} not kept since the disk could not keep up; ended: {tally.why}"
    )
    if tally.dropped:
        raise typer.Exit(1)


@app.command("recording")
def recording(
    session: SessionFolder,
    to_simulator: Annotated[
        Path | None, typer.Option(help="Write its frames for the camera simulator to this file.")
    ] = None,
) -> None:
    """Say what is in a recorded session, and whether it is whole and undamaged."""
    from camera.recorded import write_for_simulator
    from camera.session_file import Session

    with Session(session) as opened:
        undamaged = _describe(opened)
        whole = opened.end.tally is not None
    if to_simulator is not None:
        count = write_for_simulator(session, to_simulator)
        typer.echo(f"{count} frames written to {to_simulator}")
    if not (whole and undamaged):
        raise typer.Exit(1)


def _camera(recipe: "Recipe", camera_id: str | None) -> "View":
    """The camera of this id, or the only one. Raises RecipeError."""
    if camera_id is None and len(recipe.cameras) > 1:
        ids = ", ".join(camera.id for camera in recipe.cameras)
        raise RecipeError(f"the recipe has several cameras, {ids}: say which with --camera")
    return recipe.view(camera_id or recipe.cameras[0].id)


def _describe(session: "Session") -> bool:
    """Print what it holds; whether every frame's CRC fits."""
    from collections import Counter
    from datetime import UTC, datetime

    from camera.frame import Frame

    begun = datetime.fromtimestamp(session.about.started_utc_ns / 1e9, UTC)
    kinds: Counter[str] = Counter()
    damaged = 0
    for index in range(len(session)):
        outcome = session.outcome(index)
        if isinstance(outcome, Frame):
            height, width = outcome.size_hw
            kinds[f"{width}x{height} {outcome.pixel_format}"] += 1
        else:
            kinds[outcome.reason] += 1
            damaged += outcome.detail.startswith("damaged on disk")
    lasted_s = session.offset_ns(len(session) - 1) / 1e9 if len(session) else 0.0
    typer.echo(f"{session.about.camera_id}, {begun:%Y-%m-%d %H:%M:%S} UTC, {lasted_s:.1f} s")
    for name, count in kinds.items():
        typer.echo(f"  {count} {name}")
    typer.echo(f"  {len(session.about.settings)} camera settings on record")
    typer.echo(f"  end: {session.end.note}")
    if damaged:
        typer.echo(f"  {damaged} frames are damaged on disk")
    return not damaged
