"""What `gate` and `promote` share: their options, the comparison that they ask for, its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli.training_options import gather

if TYPE_CHECKING:
    from inspection.recipe import Recipe
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
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe",
        help="The recipe that it is judged by, as on the line; that of the station's last run if "
        "left out, and the limits on the card where there is none.",
    ),
]
Page = Annotated[Path | None, typer.Option("--html", help="The report as a page, to be signed.")]
Json = Annotated[Path | None, typer.Option("--json", help="The report as JSON.")]


@dataclass(frozen=True, slots=True)
class GateOrder:
    """What a comparison is asked for on the command line. recipe: whose limits are in force."""

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
    recipe: Recipe | None


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
        recipe=order.recipe,
    )
    with Console(stderr=True).status("opening the models") as status:
        comparison = compare(challenger, champion, exam, status.update)
    _print(comparison)
    if order.page is not None:
        write_page(comparison, order.page)
    if order.json is not None:
        write_json(comparison, order.json)
    return comparison


def recipe_for(challenger: Bundle, named: Path | None, data: Path | None) -> Recipe | None:
    """The recipe that the line would run it under; None for a model of no station.

    named: the recipe's file; or else that of the last run in the data folder, if it is for a model
    of this name. Raises RecipeError.
    """
    from inspection.recipe import load_recipe

    if named is not None:
        return load_recipe(named).recipe
    recipe = None if data is None else last_recipe(data)
    if recipe is None or recipe.model.name != challenger.card.name:
        return None
    return recipe


def last_recipe(data: Path) -> Recipe | None:
    """What the station ran last; None in a folder where no line ever ran."""
    from inspection.recipe import parse_recipe
    from inspection.records.query import RecordReader
    from inspection.records.store import RECORDS_FILE

    if not (data / RECORDS_FILE).exists():
        return None
    reader = RecordReader(data)
    try:
        run = reader.latest_run()
    finally:
        reader.close()
    return None if run is None else parse_recipe(run.start.recipe_toml, f"run {run.run_id}")


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
    console.print(f"Held against {report.judged_by}.", highlight=False)
    for check in report.checks[:5]:
        for paired in check.rates:
            rates = [rate for rate in (paired.champion, paired.challenger) if rate is not None]
            shares = [
                f"{one.events} of {one.n} ({one.lower:.1%} to {one.upper:.1%})" for one in rates
            ]
            p_value = "" if paired.p_value is None else f", p {paired.p_value:.3f}"
            console.print(f"{paired.what}: {' -> '.join(shares)}{p_value}")
    console.print("yes" if report.passed else f"no: {'; '.join(report.against)}")
