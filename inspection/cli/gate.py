"""`passline gate`: a challenger against the champion, check by check. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.training_options import (
    BundleFolder,
    Groups,
    Layout,
    Records,
    gather,
    open_folder,
)

if TYPE_CHECKING:
    from models.bundle import Bundle
    from training.data.dataset import Dataset, Sample
    from training.gate.compare import Comparison

SAID_NO = 1

Parts = Annotated[
    Path | None,
    typer.Option(help="Labelled pictures, or a manifest of some; the locked parts of them judge."),
]
Listed = Annotated[
    Path | None,
    typer.Option("--list", help="Text file with the pictures of --parts that judge, all of them."),
]
Strangers = Annotated[
    Path | None,
    typer.Option(help="Pictures of other products: what share of them passes is measured, too."),
]
Slower = Annotated[
    float, typer.Option(min=1.0, help="How many times the champion's time it may take.")
]
Larger = Annotated[
    float, typer.Option(min=1.0, help="How many times the champion's memory it may take.")
]
Page = Annotated[Path | None, typer.Option("--html", help="The report as a page, to be signed.")]
Json = Annotated[Path | None, typer.Option("--json", help="The report as JSON.")]


@dataclass(frozen=True, slots=True)
class GateOrder:
    """What a comparison is asked for on the command line."""

    parts: Path | None
    records: Path | None
    layout: str
    groups: Path | None
    listed: Path | None
    strangers: Path | None
    slower: float
    larger: float
    page: Path | None
    json: Path | None


@app.command("gate")
def gate_command(
    challenger: BundleFolder,
    registry: Annotated[
        Path | None, typer.Option(help="The registry with the champion, such as DATA/registry.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A bundle to compare with instead of the champion.")
    ] = None,
    parts: Parts = None,
    records: Records = None,
    layout: Layout = "auto",
    groups: Groups = None,
    listed: Listed = None,
    strangers: Strangers = None,
    slower: Slower = 1.5,
    larger: Larger = 1.5,
    page: Page = None,
    json: Json = None,
) -> None:
    """May this model take over? Every check, with its figures; exit 1 for no. Changes nothing."""
    from models.registry import Registry

    if (registry is None) == (against is None):
        raise typer.BadParameter("name the champion: --registry DATA/registry or --against BUNDLE")
    opened = open_folder(challenger)
    champion = (
        open_folder(against)
        if against is not None
        else Registry(registry or Path()).champion(opened.card.name)
    )
    order = GateOrder(parts, records, layout, groups, listed, strangers, slower, larger, page, json)
    if not hold(opened, champion, order).report.passed:
        raise typer.Exit(SAID_NO)


def hold(challenger: Bundle, champion: Bundle | None, order: GateOrder) -> Comparison:
    """Compare, print what was found, and write the files that were asked for."""
    from rich.console import Console

    from inspection.records.escapes import escaped_serials
    from training.gate.compare import Exam, compare
    from training.gate.cost import Allowance
    from training.gate.write import write_json, write_page

    exam = Exam(
        dataset=_judging_parts(order),
        escaped=frozenset() if order.records is None else escaped_serials(order.records),
        strangers=() if order.strangers is None else _strangers(order.strangers),
        allowed=Allowance(order.slower, order.larger),
    )
    with Console(stderr=True).status("opening the models") as status:
        comparison = compare(challenger, champion, exam, status.update)
    _print(comparison)
    if order.page is not None:
        write_page(comparison, order.page)
    if order.json is not None:
        write_json(comparison, order.json)
    return comparison


def _judging_parts(order: GateOrder) -> Dataset:
    """The data set whose locked parts judge; all that a list names are."""
    from inspection.cli.training_options import open_labelled
    from training.data.dataset import Dataset, join
    from training.data.manifest import open_manifest
    from training.data.sides import Side

    if order.parts is None or (order.listed is None and order.parts.is_dir()):
        folders = [] if order.parts is None else [order.parts]
        return gather(folders, order.layout, order.groups, order.records)
    if order.listed is None:
        parts = open_manifest(order.parts)
    else:
        named = open_labelled(order.parts, order.layout, order.groups, order.listed)
        locked = tuple(replace(sample, side=Side.LOCKED) for sample in named.samples)
        parts = Dataset(locked, f"{named.source}, list {order.listed}")
    if order.records is None:
        return parts
    return join([parts, gather([], order.layout, order.groups, order.records)])


def _strangers(folder: Path) -> tuple[Sample, ...]:
    """Every picture in a folder and below, each as a part of its own."""
    from training.data.dataset import Sample
    from training.data.pictures import is_picture
    from training.errors import TrainingError

    pictures = sorted(path for path in folder.rglob("*") if is_picture(path))
    if not pictures:
        raise TrainingError(f"{folder}: no pictures of other products in it")
    return tuple(Sample(path, path.relative_to(folder).as_posix()) for path in pictures)


def _print(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    report = comparison.report
    champion = "no champion" if report.champion is None else report.champion.label
    title = f"{report.challenger.label} against {champion} on {report.data.parts} locked parts"
    table = Table("check", "answer", "found", title=title)
    for check in report.checks:
        table.add_row(check.name, check.answer.value, check.found)
    console = Console()
    console.print(table)
    for check in report.checks[:5]:
        for paired in check.rates:
            rates = [rate for rate in (paired.champion, paired.challenger) if rate is not None]
            shares = [
                f"{one.events} of {one.n} ({one.lower:.1%} to {one.upper:.1%})" for one in rates
            ]
            p_value = "" if paired.p_value is None else f", p {paired.p_value:.3f}"
            console.print(f"{paired.what}: {' -> '.join(shares)}{p_value}")
    console.print("yes" if report.passed else f"no: {'; '.join(report.against)}")
