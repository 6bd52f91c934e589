"""`passline return`: a part comes back from the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder

if TYPE_CHECKING:
    from inspection.records.entries import Label


@app.command("return")
def return_command(
    data: DataFolder,
    serial: Annotated[str, typer.Argument(help="The part's serial number.")],
    who: Annotated[str, typer.Option(help="Who registers the return.")],
    note: Annotated[str, typer.Option(help="What the customer says.")] = "",
    outline: Annotated[
        list[str] | None,
        typer.Option(
            help="A defect: CLASS:x,y x,y x,y in pixels of its picture, or VIEW/CLASS:... where a "
            "part has several; may be repeated."
        ),
    ] = None,
) -> None:
    """Register a part that came back; with outlines, the next training learns from it."""
    from inspection.records.desk import Desk

    labels = tuple(_label(text) for text in outline or ())
    desk = Desk(data)
    entry = desk.register_return(serial, who=who, note=note, labels=labels)
    escaped = any(escape.part_number == entry.part_number for escape in desk.escapes())
    desk.close()
    typer.echo(f"{entry.serial} came back: {'an escape' if escaped else 'it had been rejected'}")


def _label(text: str) -> Label:
    from inspection.records.entries import Label

    where, _, corners = text.partition(":")
    view, _, class_name = where.rpartition("/")
    try:
        polygon = tuple(
            (float(x), float(y)) for x, y in (corner.split(",") for corner in corners.split())
        )
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r}: expected CLASS:x,y x,y x,y or VIEW/CLASS:..."
        ) from error
    return Label(class_name, polygon, view)
