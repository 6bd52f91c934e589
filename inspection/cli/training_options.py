"""What the commands about models share: their options, their data, and what they print."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.errors import PasslineError

if TYPE_CHECKING:
    from collections.abc import Generator

    from models.bundle import Bundle
    from training.data.dataset import Dataset
    from training.fitting.precision import MixedPrecision
    from training.measuring.evaluate import Figures

BundleFolder = Annotated[Path, typer.Argument(help="The bundle's folder.")]
Layout = Annotated[
    str,
    typer.Option("--format", help="auto, masks, coco, yolo, voc, deeppcb or classes."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out files that cannot be used; each is named.")
]
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
ColourOption = Annotated[
    str,
    typer.Option(
        "--colour", help="auto: colours where they vary over the pictures; grey or rgb: as said."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Another seed, another model.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto: a CUDA GPU where torch sees one.")]
Batch = Annotated[
    int | None,
    typer.Option(min=2, help="Crops a step, shared out among all processes; 8 if left out."),
]
Mixed = Annotated[
    str,
    typer.Option(
        "--mixed-precision",
        help="What the network computes in while it learns: no, bf16, fp16, or auto: bf16 on a "
        "GPU, fp16 on one without it, no on the processor.",
    ),
]
Logs = Annotated[
    Path | None, typer.Option(help="Folder for learning curves that TensorBoard reads.")
]
NewBundle = Annotated[Path, typer.Option(help="Folder of the new bundle; must not exist.")]
FalseRejects = Annotated[
    str,
    typer.Option(
        metavar="SHARE",
        help="Good validation pictures that the limits on the card may reject: 1% or 0.01.",
    ),
]


_NOTES_SHOWN = 10


class NotInstalled(PasslineError):
    """A command needs packages that the station itself does not."""


def need_torch() -> None:
    missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
    if missing:
        raise NotInstalled(
            f"this command needs {' and '.join(missing)}, which the station does without: "
            "pip install 'passline[training]'"
        )


@contextmanager
def said_once() -> Generator[None]:
    """What is noted within comes from the first of several processes alone, see torchrun."""
    from training.fitting.ranks import is_first

    with ExitStack() as stack:
        if not is_first():
            nowhere = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect_stderr(nowhere))
        yield


def mixed_precision(mixed: str) -> MixedPrecision:
    from training.fitting.precision import MixedPrecision

    if mixed not in list(MixedPrecision):
        known = ", ".join(MixedPrecision)
        raise typer.BadParameter(f"--mixed-precision: expected {known}, got {mixed!r}")
    return MixedPrecision(mixed)


def share(option: str, text: str) -> float:
    """A share as people write it: 1% or 0.01."""
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: expected 1% or 0.01, got {text!r}") from error
    if not 0.0 < value < 1.0:
        raise typer.BadParameter(f"{option}: expected a share between 0 and 100 %, got {text!r}")
    return value


def open_folder(folder: Path) -> Bundle:
    from models.bundle import open_bundle

    return open_bundle(folder)


def open_labelled(
    folder: Path,
    layout: str,
    groups: Path | None = None,
    listed: Path | None = None,
    skip_bad: bool = False,
) -> Dataset:
    """A folder of labelled pictures, every file looked into; what was found out goes to stderr."""
    from training.data.checking import checked
    from training.data.dataset import Format, open_dataset

    if layout not in list(Format):
        raise typer.BadParameter(f"--format: expected {', '.join(Format)}, got {layout!r}")
    opened = open_dataset(folder, Format(layout), groups, listed, skip_bad)
    return say_notes(checked(opened, skip_bad))


def say_notes(dataset: Dataset) -> Dataset:
    """Say on stderr what a person should know of how the files were read."""
    for note in dataset.notes:
        typer.echo(f"note: {note}", err=True)
    for message in dataset.left_out:
        typer.echo(f"left out: {message}", err=True)
    return dataset


def gather(
    folders: list[Path],
    layout: str,
    groups: Path | None,
    records: Path | None,
    skip_bad: bool = False,
) -> Dataset:
    """Folders and records as one data set."""
    from models.registry import station_registry
    from training.data.dataset import join
    from training.data.from_records import collect
    from training.errors import TrainingError

    datasets = [open_labelled(folder, layout, groups, None, skip_bad) for folder in folders]
    if records is not None:
        collected = collect(records, station_registry(records))
        for reason, count in collected.left_out.items():
            typer.echo(f"left out {count} parts on record: {reason}", err=True)
        datasets.append(collected.dataset)
    if not datasets:
        raise TrainingError("no pictures to work on: name a folder, --records, or both")
    return join(datasets)


def held_apart(dataset: Dataset) -> Dataset:
    """The data set with no part on two sides of a split, also when it goes by two names.

    A manifest was looked at when it was frozen.
    """
    from training.data.leaks import join_duplicates

    if dataset.manifest is not None:
        return dataset
    held = join_duplicates(dataset)
    news = held.notes[len(dataset.notes) :]
    for note in news[:_NOTES_SHOWN]:
        typer.echo(f"note: {note}", err=True)
    if len(news) > _NOTES_SHOWN:
        typer.echo(f"note: and {len(news) - _NOTES_SHOWN} more such pairs", err=True)
    return held


def print_figures(found: Figures) -> None:
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
    of = f"{found.escapes.n} defective and {found.false_rejects.n} good pictures"
    console.print(f"AUROC of the part score: {auroc} ({of}; its interval: passline evaluate)")


def in_words(found: Figures) -> str:
    """Escapes and false rejects with their intervals, in one line."""
    rates = {"escapes": found.escapes, "false rejects": found.false_rejects}
    return ", ".join(
        f"{name} {rate.events} of {rate.n} ({rate.lower:.1%} to {rate.upper:.1%})"
        for name, rate in rates.items()
    )
