"""`passline belt`: parts for a virtual camera, rendered as a belt file lets them come."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable

_FETCH_S = 0.2


@app.command("belt")
def belt_command(
    belt: Annotated[Path, typer.Argument(help="What the belt carries, a JSON file.")],
    frames: Annotated[Path, typer.Argument(help="The virtual camera's frames file; written anew.")],
    parts: Annotated[int, typer.Option(min=1, help="How many parts there is room for.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another series.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first part.")] = 0,
) -> None:
    """Render a simulated belt, part by part, for a camera with ReplayFrames at that file.

    The belt file is read again whenever it changes. Ends when the belt does, or with Ctrl-C.
    """
    carried = carry(belt, frames, parts, seed, stop_on_signals(), first)
    typer.echo(f"{carried} parts went by", err=True)


def carry(
    belt: Path, frames: Path, parts: int, seed: int, stop: "Callable[[], bool]", first: int = 0
) -> int:
    """Append each part's picture when it is due; gives how many there were.

    Raises CameraError for a belt that cannot be read or that loses pictures itself, and for a file
    that is full or cannot be written.
    """
    from camera.belt import PICTURE_PX, RenderedSource
    from camera.frame import CameraConfigError, Frame, MissedFrame, SourceEnded
    from camera.simulator.frames import FramesFile

    source = RenderedSource("belt", seed=seed, belt_file=belt, first_part=first)
    with FramesFile(frames, "Mono8", (PICTURE_PX, PICTURE_PX), parts) as file:
        source.start()
        while not stop():
            try:
                outcome = source.fetch(_FETCH_S)
            except SourceEnded:
                break
            if isinstance(outcome, MissedFrame):
                raise CameraConfigError(
                    f"{belt}: part {first + outcome.trigger_id} is to have no picture; only the "
                    "camera can lose one here: set its FaultTriggerLostEveryNth"
                )
            if isinstance(outcome, Frame):
                tag, at_ns = first + outcome.trigger_id, outcome.captured_ns
                file.append(outcome.pixels, timestamp_ns=at_ns, tag=tag)
        return file.count
