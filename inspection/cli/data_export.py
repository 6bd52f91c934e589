"""`passline data export`: labelled pictures in another layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli.data import data_app
from inspection.cli.training_options import Groups, SkipBad, open_labelled


@data_app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(help="Labelled pictures, in any layout.")],
    out: Annotated[Path, typer.Option(help="The new folder; must not exist.")],
    layout: Annotated[
        str, typer.Option("--format", help="masks, coco, yolo, voc, deeppcb or classes.")
    ],
    source: Annotated[
        str, typer.Option("--from", help="The layout that the pictures are in now.")
    ] = "auto",
    listed: Annotated[
        Path | None, typer.Option("--list", help="Text file with the pictures that count.")
    ] = None,
    groups: Groups = None,
    how: Annotated[
        str, typer.Option("--place", help="link: one file, two names; symlink; or copy.")
    ] = "link",
    skip_bad: SkipBad = False,
) -> None:
    """Write labelled pictures in another layout. The pictures stay as they are, byte for byte."""
    from training.data.dataset import Format
    from training.data.export.placing import Place
    from training.data.export.write import WRITERS, export

    if layout not in list(WRITERS):
        raise typer.BadParameter(f"--format: expected {', '.join(WRITERS)}, got {layout!r}")
    if how not in list(Place):
        raise typer.BadParameter(f"--place: expected {', '.join(Place)}, got {how!r}")
    dataset = open_labelled(folder, source, groups, listed, skip_bad)
    lost = export(dataset, Format(layout), out, Place(how))
    typer.echo(f"{len(dataset.samples)} pictures as {layout} in {out}")
    for words in lost:
        typer.echo(f"lost: {words}")
