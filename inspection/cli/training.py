"""`passline teach`, `train`, `evaluate`, `inspect` and `promote`: from pictures to a model."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inspection.cli import app
from inspection.errors import PasslineError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from models.bundle import Bundle
    from training.dataset import Dataset
    from training.evaluate import Figures
    from training.gate import GateReport
    from training.retrain import Trained

BundleFolder = Annotated[Path, typer.Argument(help="The bundle's folder.")]
Layout = Annotated[str, typer.Option("--format", help="auto, masks or coco.")]
Groups = Annotated[
    Path | None, typer.Option(help="CSV file with image,part; parts.csv in the folder if left out.")
]
Records = Annotated[
    Path | None, typer.Option(help="A station's data folder: reviews and field returns.")
]


Painters = Annotated[
    str | None,
    typer.Option(help="What is painted on good parts to learn from: all, or some by comma."),
]
Size = Annotated[
    tuple[int, int] | None,
    typer.Option(help="Height and width of the network's input; the pictures' own if left out."),
]
Seed = Annotated[int, typer.Option(min=0, help="Another seed, another model.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch.")]
NewBundle = Annotated[Path, typer.Option(help="Folder of the new bundle; must not exist.")]


class NotInstalled(PasslineError):
    """A command needs packages that the station itself does not."""


@app.command("train")
def train_command(
    out: NewBundle,
    folder: Annotated[Path | None, typer.Argument(help="Labelled pictures.")] = None,
    layout: Layout = "auto",
    groups: Groups = None,
    records: Records = None,
    base: Annotated[
        Path | None, typer.Option(help="More labelled pictures, such as the commissioning set.")
    ] = None,
    fine_tune: Annotated[Path | None, typer.Option(help="Bundle to start from.")] = None,
    name: Annotated[
        str | None, typer.Option(help="The model's name, as in the recipe; the parent's if any.")
    ] = None,
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    epochs: Annotated[int, typer.Option(min=1, help="Times each picture is seen.")] = 60,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Fit for so long instead of so many epochs.")
    ] = None,
    size: Size = None,
    seed: Seed = 0,
    learning_rate: Annotated[
        float | None, typer.Option(help="3e-3 from scratch, 1e-3 from a bundle, if left out.")
    ] = None,
    painters: Annotated[
        str | None,
        typer.Option(
            help="What is painted on good parts to learn from first: all, none, or some by comma; "
            "not with --fine-tune."
        ),
    ] = None,
    threads: Threads = 1,
    about: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
) -> None:
    """Train a model from labelled pictures, or from a station's records, into a new bundle."""
    _need_torch()
    from training.fit import FINE_TUNE_RATE, FROM_SCRATCH_RATE, Plan
    from training.painters import USUAL, choose
    from training.retrain import Order, train

    parent = None if fine_tune is None else _open(fine_tune)
    if parent and painters not in (None, "none"):
        raise typer.BadParameter("--painters: a bundle to start from has learnt to see already")
    painters = painters or ("none" if parent else USUAL)
    if learning_rate is None:
        learning_rate = FROM_SCRATCH_RATE if parent is None else FINE_TUNE_RATE
    options = {
        "out": out, "format": layout, "groups": groups, "records": records, "base": base,
        "fine-tune": fine_tune, "name": name, "version": version,
        "epochs": None if minutes else epochs, "minutes": minutes, "size": size, "seed": seed,
        "learning-rate": learning_rate, "painters": painters,
        "threads": threads, "about": about or None,
    }  # fmt: skip
    order = Order(
        name=name or (parent.card.name if parent else "model"),
        version=version,
        plan=Plan(
            seed=seed,
            epochs=epochs,
            minutes=minutes,
            learning_rate=learning_rate,
            threads=threads,
        ),
        size_hw=size,
        painters={} if painters == "none" else choose(painters),
        parent=parent,
        about=about,
        command=_command("train", folder, options),
    )
    dataset = _gather([path for path in (folder, base) if path], layout, groups, records)
    with _progress("Training") as report:
        trained = train(dataset, order, out, report)
    _print_trained(trained, out)


@app.command("teach")
def teach_command(
    good: Annotated[Path, typer.Option(help="Pictures of good parts, 30 to 200 of them.")],
    out: NewBundle,
    groups: Groups = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long to learn.")] = 20.0,
    painters: Painters = None,
    name: Annotated[str, typer.Option(help="The model's name, as in the recipe.")] = "model",
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    size: Size = None,
    seed: Seed = 0,
    threads: Threads = 1,
    about: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
) -> None:
    """Teach a first model with good parts alone: it learns to find defects painted on them."""
    _need_torch()
    from training.dataset import open_good
    from training.fit import Plan
    from training.painters import USUAL, choose
    from training.retrain import Order, teach

    painters = painters or USUAL
    options = {
        "good": good, "out": out, "groups": groups, "minutes": minutes, "painters": painters,
        "name": name, "version": version, "size": size, "seed": seed, "threads": threads,
        "about": about or None,
    }  # fmt: skip
    order = Order(
        name=name,
        version=version,
        plan=Plan(seed=seed, minutes=minutes, threads=threads),
        size_hw=size,
        painters=choose(painters),
        about=about,
        command=_command("teach", None, options),
    )
    dataset = open_good(good, groups)
    with _progress("Teaching") as report:
        taught = teach(dataset, order, out, report)
    _print_trained(taught, out)
    typer.echo("No defective part was seen: how many of them it misses is not known yet.")


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
    _need_torch()
    from models.session import ModelSession
    from training.dataset import Format, open_dataset
    from training.evaluate import figures, measure
    from training.split import is_locked

    opened = _open(bundle)
    dataset = open_dataset(folder, Format(layout), groups)
    samples = [each for each in dataset.samples if everything or is_locked(each.part)]
    found = figures(measure(ModelSession(opened), samples), opened.card.limits)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        _print_figures(found)


@app.command("inspect")
def inspect_command(
    bundle: BundleFolder,
    folder: Annotated[Path, typer.Argument(help="Pictures, in this folder or below.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a header.")] = False,
) -> None:
    """Judge every picture in a folder, one line each. What cannot be judged is a reject."""
    import csv
    import sys

    from training.survey import survey

    if as_csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(["picture", "verdict", "score", "findings", "reason"])
        for line in survey(_open(bundle), folder):
            table.writerow(line.cells())
    else:
        for line in survey(_open(bundle), folder):
            typer.echo("  ".join(cell for cell in line.cells() if cell))


@app.command("promote")
def promote_command(
    challenger: BundleFolder,
    registry: Annotated[Path, typer.Option(help="The registry, such as DATA/registry.")],
    parts: Annotated[
        Path | None, typer.Option(help="Labelled pictures; the locked parts of them judge.")
    ] = None,
    records: Records = None,
    layout: Layout = "auto",
    groups: Groups = None,
    who: Annotated[str, typer.Option(help="Who promotes.")] = "gate",
    why: Annotated[str, typer.Option(help="Why.")] = "passed the gate",
) -> None:
    """Put a challenger to the gate; on yes it is champion, on no (exit 1) nothing changes."""
    _need_torch()
    from models.registry import Registry
    from training.gate import compare

    opened = _open(challenger)
    known = Registry(registry)
    dataset = _gather([] if parts is None else [parts], layout, groups, records)
    report = compare(opened, known.champion(opened.card.name), dataset)
    _print_report(report)
    if not report.passed:
        raise typer.Exit(1)
    known.add(challenger, who, why)
    known.promote(opened.label, who, why, report.to_dict())


def _print_trained(trained: Trained, out: Path) -> None:
    typer.echo(f"{trained.bundle.label} in {out}, card {trained.bundle.digest[:12]}")
    if trained.locked is not None:
        _print_figures(trained.locked)


def _need_torch() -> None:
    missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"this command needs {' and '.join(missing)}, which the station does without: "
            "pip install 'passline[training]'"
        )


def _open(folder: Path) -> Bundle:
    from models.bundle import open_bundle

    return open_bundle(folder)


def _gather(folders: list[Path], layout: str, groups: Path | None, records: Path | None) -> Dataset:
    """Folders and records as one data set."""
    from models.registry import station_registry
    from training.dataset import Format, join, open_dataset
    from training.errors import TrainingError
    from training.from_records import collect

    if layout not in list(Format):
        raise typer.BadParameter(f"--format: expected {', '.join(Format)}, got {layout!r}")
    datasets = [open_dataset(folder, Format(layout), groups) for folder in folders]
    if records is not None:
        collected = collect(records, station_registry(records))
        for reason, count in collected.left_out.items():
            typer.echo(f"left out {count} parts on record: {reason}", err=True)
        datasets.append(collected.dataset)
    if not datasets:
        raise TrainingError("no pictures to work on: name a folder, --records, or both")
    return join(datasets)


def _command(command: str, folder: Path | None, options: dict[str, Any]) -> str:
    """The command line that says all this, for the card."""
    words = ["passline", command] + ([] if folder is None else [str(folder)])
    for option, value in options.items():
        if value is not None:
            values = value if isinstance(value, tuple) else (value,)
            words += [f"--{option}", *(str(each) for each in values)]
    return shlex.join(words)


@contextmanager
def _progress(what: str) -> Generator[Callable[[float, float], None]]:
    """A bar on stderr with the loss and the time that is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what), BarColumn(), TextColumn("loss {task.fields[loss]:.3f}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=1.0, loss=0.0)

        def report(share: float, loss: float) -> None:
            progress.update(task, completed=share, loss=loss)

        yield report


def _print_figures(found: Figures) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "of", "share", "95 % interval", title=f"{found.parts} parts")
    rows = {"escapes": found.escapes, "false rejects": found.false_rejects}
    rows |= {f"escapes, {name}": rate for name, rate in found.escapes_by_class.items()}
    for name, rate in rows.items():
        interval = f"{rate.lower:.2%} to {rate.upper:.2%}"
        table.add_row(name, f"{rate.events} of {rate.n}", f"{rate.rate:.2%}", interval)
    auroc = "none (one kind of part only)" if found.auroc is None else f"{found.auroc:.4f}"
    console = Console()
    console.print(table)
    console.print(f"AUROC of the part score: {auroc}")


def _print_report(report: GateReport) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{report.challenger} against {report.champion} on {report.locked_parts} locked parts"
    table = Table("", "champion", "challenger", "McNemar p", title=title)
    rows = {"escapes": report.escapes, "false rejects": report.false_rejects}
    rows |= {f"escapes, {name}": paired for name, paired in report.escapes_by_class.items()}
    for name, paired in rows.items():
        sides = [
            f"{rate.events} of {rate.n} ({rate.lower:.1%} to {rate.upper:.1%})"
            for rate in (paired.champion, paired.challenger)
        ]
        table.add_row(name, *sides, f"{paired.p_value:.3f}")
    console = Console()
    console.print(table)
    if report.passed:
        console.print("yes: promoted")
    for reason in report.against:
        console.print(f"no: {reason}")
