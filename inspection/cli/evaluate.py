"""`passline evaluate` and `inspect`: what a model does on pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from inspection.cli import app
from inspection.cli.training_options import (
    BundleFolder,
    Groups,
    Layout,
    need_torch,
    open_folder,
    print_figures,
)


@app.command("evaluate")
def evaluate_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Labelled pictures.")],
    layout: Layout = "auto",
    groups: Groups = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Measure on all parts, not on the locked ones alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure a bundle on labelled pictures: escapes and false rejects, with intervals."""
    need_torch()
    from models.session import ModelSession
    from training.data.dataset import Format, open_dataset
    from training.data.split import locked
    from training.measuring.evaluate import figures, measure

    opened = open_folder(bundle)
    dataset = open_dataset(folder, Format(layout), groups)
    samples = dataset.samples if everything else locked(dataset.samples)
    found = figures(measure(ModelSession(opened), samples), opened.card.limits)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        print_figures(found)


@app.command("inspect")
def inspect_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Pictures, in this folder or below.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a header.")] = False,
) -> None:
    """Judge every picture in a folder, one line each. What cannot be judged is a reject."""
    import csv
    import sys

    from training.measuring.survey import survey

    if as_csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(["picture", "verdict", "score", "findings", "reason"])
        for line in survey(open_folder(bundle), folder):
            table.writerow(line.cells())
    else:
        for line in survey(open_folder(bundle), folder):
            typer.echo("  ".join(cell for cell in line.cells() if cell))
