"""`passline evaluate` and `inspect`: what a model does on pictures. Neither needs torch."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.training_options import (
    BundleFolder,
    Groups,
    Layout,
    SkipBad,
    open_folder,
    open_labelled,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from models.bundle import Bundle
    from models.card import Rate
    from training.measuring.evaluation import BoxFigures, Evaluation, Ranking
    from training.measuring.trial import Chosen, Trial


class Baseline(StrEnum):
    """What a model is compared with."""

    XOR = "xor"


Everything = Annotated[
    bool, typer.Option("--all", help="Measure on the parts that the bundle learnt from, too.")
]


@app.command("evaluate")
def evaluate_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Labelled pictures.")],
    layout: Layout = "auto",
    listed: Annotated[
        Path | None, typer.Option("--list", help="Text file with the pictures that count.")
    ] = None,
    groups: Groups = None,
    everything: Everything = False,
    skip_bad: SkipBad = False,
    baseline: Annotated[
        Baseline | None,
        typer.Option(help="Measure rules without a model, too; xor: difference from templates."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure a bundle on labelled pictures that it did not learn from, each figure with its n."""
    from training.measuring.evaluation import evaluated
    from training.measuring.trial import choose
    from training.measuring.xor import try_xor

    opened = open_folder(bundle)
    chosen = choose(opened, open_labelled(folder, layout, groups, listed, skip_bad), everything)
    found = evaluated(opened, chosen, _tried(opened, chosen))
    rules = None if baseline is None else try_xor(chosen.dataset.samples)
    if as_json:
        said = found.to_dict() | ({} if rules is None else {"baseline": rules.to_dict()})
        typer.echo(json.dumps(said, indent=2))
        return
    _print(found)
    if rules is not None:
        typer.echo(f"rules without a model: {rules.summary()}")


def _tried(opened: Bundle, chosen: Chosen) -> Trial:
    """The trial, with a bar on stderr where that is a screen."""
    from rich.console import Console
    from rich.progress import Progress

    from training.measuring.trial import try_out

    samples = chosen.dataset.samples
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Judging", total=len(samples))
        return try_out(opened, samples, lambda: progress.advance(task))


def _print(found: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    title = f"{found.bundle.label}: {found.pictures} pictures of {found.parts} parts"
    table = Table("", "of", "share", "95 % interval", title=title)
    rows = {"escapes": found.escapes, "false rejects": found.false_rejects}
    rows |= {f"escapes, {name}": rate for name, rate in found.escapes_by_class.items()}
    for each in found.at_shares:
        rows[f"escapes at {each.share:.0%} false rejects*"] = each.escapes
    for name, rate in rows.items():
        table.add_row(name, *_shares(rate))
    console.print(table)
    figures = Table("", "value", "95 % interval")
    for name, value, interval in _figures(found):
        figures.add_row(name, value, interval)
    console.print(figures)
    for line in _remarks(found):
        console.print(line)


def _figures(found: Evaluation) -> Generator[tuple[str, str, str]]:
    for what, ranking in (("picture", found.by_picture), ("part, mean score", found.by_part)):
        yield from _ranking(what, ranking)
    if found.overlap is not None:
        yield "AUPRO up to 30 %", _figure(found.overlap.aupro), ""
        yield "AUROC by pixel", _figure(found.overlap.pixel_auroc), ""
    if found.boxes is not None:
        yield from _box_figures(found.boxes)
    p50, p99 = found.judging_ms
    yield "ms a picture, p50 and p99", f"{p50:.1f}, {p99:.1f}", ""


def _ranking(what: str, ranking: Ranking) -> Generator[tuple[str, str, str]]:
    interval = "" if ranking.interval is None else "{:.4f} to {:.4f}".format(*ranking.interval)
    yield f"AUROC by {what} ({ranking.n})", _figure(ranking.auroc), interval
    yield f"AP by {what} ({ranking.n})", _figure(ranking.ap), ""


def _box_figures(boxes: BoxFigures) -> Generator[tuple[str, str, str]]:
    yield f"mAP at IoU 0.5 ({boxes.boxes} boxes)", _figure(boxes.map50), ""
    for name, value in boxes.ap50.items():
        yield f"AP at IoU 0.5, {name}", _figure(value), ""
    yield "AP at IoU 0.33, all classes pooled", _figure(boxes.pooled_ap33), ""
    if boxes.best is not None:
        best = boxes.best
        yield f"best F, from score {best.score:.3f}", _figure(best.f), ""


def _remarks(found: Evaluation) -> Generator[str]:
    chosen = found.chosen
    if found.at_shares:
        yield "* with the limit that these very data give, not the card's"
    if found.healed:
        yield f"no good parts: {found.healed} healed ones, the template where the defects were"
    if chosen.learnt:
        what = "measured, too (--all)" if chosen.included else "left out"
        yield f"{chosen.learnt} pictures of parts that the bundle learnt from: {what}"
    if chosen.note:
        yield chosen.note
    if found.unjudged:
        yield f"{found.unjudged} pictures could not be judged and count as rejected"


def _shares(rate: Rate) -> tuple[str, str, str]:
    if rate.n == 0:
        return "0", "none", ""
    interval = f"{rate.lower:.2%} to {rate.upper:.2%}"
    return f"{rate.events} of {rate.n}", f"{rate.rate:.2%}", interval


def _figure(value: float | None) -> str:
    return "none (one kind alone)" if value is None else f"{value:.4f}"


@app.command("inspect")
def inspect_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Pictures, in this folder or below.")],
    template: Annotated[
        Path | None,
        typer.Option(
            help="What to compare with, where the bundle does; X_temp beside X_test else."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a header.")] = False,
) -> None:
    """Judge every picture in a folder, one line each. What cannot be judged is a reject."""
    import csv
    import sys

    from training.measuring.survey import survey

    if as_csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(["picture", "verdict", "score", "findings", "reason"])
        for line in survey(open_folder(bundle), folder, template):
            table.writerow(line.cells())
    else:
        for line in survey(open_folder(bundle), folder, template):
            typer.echo("  ".join(cell for cell in line.cells() if cell))
