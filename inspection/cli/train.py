"""`passline train` and `teach`: from pictures to a model."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inspection.cli import app
from inspection.cli.training_options import (
    Batch,
    ColourOption,
    Device,
    FalseRejects,
    Groups,
    Layout,
    Logs,
    Mixed,
    NewBundle,
    Painters,
    Records,
    Seed,
    Size,
    SkipBad,
    Threads,
    gather,
    held_apart,
    in_words,
    mixed_precision,
    need_torch,
    open_folder,
    print_figures,
    said_once,
    say_notes,
    share,
)
from inspection.cli.training_progress import followed

if TYPE_CHECKING:
    from models.bundle import Bundle
    from training.data.colour import Colour
    from training.train import Trained


FIRST_FALSE_REJECTS = "5%"
"""Of a model that saw no defective part: what it rejects is looked at, what it passes is not."""


@app.command("train")
def train_command(
    out: NewBundle,
    folder: Annotated[Path | None, typer.Argument(help="Labelled pictures.")] = None,
    layout: Layout = "auto",
    task: Annotated[
        str,
        typer.Option(help="segment, detect, pair or classify; auto: what the labels allow."),
    ] = "auto",
    groups: Groups = None,
    records: Records = None,
    skip_bad: SkipBad = False,
    base: Annotated[
        Path | None, typer.Option(help="More labelled pictures, such as the commissioning set.")
    ] = None,
    fine_tune: Annotated[Path | None, typer.Option(help="Bundle to start from.")] = None,
    name: Annotated[
        str | None, typer.Option(help="The model's name, as in the recipe; the parent's if any.")
    ] = None,
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Times each picture is seen; the task's usual length if left out."
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Take so long in all, instead of so many epochs.")
    ] = None,
    size: Size = None,
    colour: ColourOption = "auto",
    batch: Batch = None,
    seed: Seed = 0,
    learning_rate: Annotated[
        float | None, typer.Option(help="The task's usual one, 1e-3 from a bundle, if left out.")
    ] = None,
    painters: Annotated[
        str | None,
        typer.Option(
            help="What is painted on good parts to learn from first: all, none, or some by comma; "
            "not with --fine-tune."
        ),
    ] = None,
    threads: Threads = 1,
    device: Device = "auto",
    mixed: Mixed = "auto",
    precision: Annotated[
        str,
        typer.Option(help="auto: 8 bits where they lose nothing and are faster; fp32: never."),
    ] = "auto",
    patience: Annotated[
        int | None,
        typer.Option(
            min=1, help="Stop when so many exams, of twenty in all, were no better than the best."
        ),
    ] = None,
    false_rejects: FalseRejects = "1%",
    logs: Logs = None,
    about: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
) -> None:
    """Train a model from labelled pictures, or from a station's records, into a new bundle."""
    begun_s = time.monotonic()
    need_torch()
    from training.fitting.device import choose_device
    from training.fitting.ranks import together
    from training.order import Order, Task
    from training.painting.painters import USUAL, choose
    from training.tasks.choice import usual_plan
    from training.train import take_part, train

    if task not in list(Task):
        raise typer.BadParameter(f"--task: expected {', '.join(Task)}, got {task!r}")
    if precision not in ("auto", "fp32"):
        raise typer.BadParameter(f"--precision: expected auto or fp32, got {precision!r}")
    parent = None if fine_tune is None else open_folder(fine_tune)
    if parent and painters not in (None, "none"):
        raise typer.BadParameter("--painters: a bundle to start from has learnt to see already")
    painters = painters or ("none" if parent else USUAL)
    choose_device(device)
    folders = [path for path in (folder, base) if path]
    with said_once():
        dataset = held_apart(gather(folders, layout, groups, records, skip_bad))
    usual = usual_plan(dataset, Task(task), parent and parent.card)
    plan = replace(
        usual,
        seed=seed,
        epochs=epochs or usual.epochs,
        minutes=minutes,
        begun_s=begun_s if minutes else None,
        batch=batch or usual.batch,
        learning_rate=learning_rate or usual.learning_rate,
        device=device,
        mixed=mixed_precision(mixed),
        threads=threads,
        patience=patience,
    )
    options = {
        "out": out, "format": layout, "task": task, "groups": groups, "records": records,
        "skip-bad": skip_bad or None, "base": base,
        "fine-tune": fine_tune, "name": name, "version": version,
        "epochs": None if minutes else plan.epochs, "minutes": minutes, "size": size,
        "colour": colour, "batch": batch, "seed": seed, "learning-rate": plan.learning_rate,
        "painters": painters, "threads": threads, "device": device, "mixed-precision": mixed,
        "precision": precision, "patience": patience,
        "false-rejects": false_rejects, "about": about or None,
    }  # fmt: skip
    order = Order(
        name=name or (parent.card.name if parent else "model"),
        version=version,
        plan=plan,
        size_hw=size,
        colour=_colour(colour),
        painters={} if painters == "none" else choose(painters),
        parent=parent,
        about=about,
        command=_command("train", folder, options),
        task=Task(task),
        false_rejects=share("--false-rejects", false_rejects),
        may_quantise=precision == "auto",
    )
    with together(device) as ranks:
        if not ranks.is_first:
            take_part(dataset, order, ranks)
            return
        with followed("Training", out, order, dataset, ranks, logs, records) as along:
            trained = train(dataset, order, out, along.following)
            along.says(_print_trained(trained, out))
    _print_champion(trained, parent, records)


@app.command("teach")
def teach_command(
    good: Annotated[Path, typer.Option(help="Pictures of good parts, 30 to 200 of them.")],
    out: NewBundle,
    groups: Groups = None,
    skip_bad: SkipBad = False,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long it takes in all.")] = 20.0,
    painters: Painters = None,
    pretrained: Annotated[
        Path | None,
        typer.Option(
            help="File with torchvision's resnet18 weights; those in torch's cache if left out. "
            "With them a memory of good patches is tried, too."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="The model's name, as in the recipe.")] = "model",
    version: Annotated[str, typer.Option(help="The model's version.")] = "1",
    size: Size = None,
    colour: ColourOption = "auto",
    batch: Batch = None,
    seed: Seed = 0,
    threads: Threads = 1,
    device: Device = "auto",
    mixed: Mixed = "auto",
    false_rejects: FalseRejects = FIRST_FALSE_REJECTS,
    logs: Logs = None,
    about: Annotated[str, typer.Option(help="How the data came about, for the card.")] = "",
) -> None:
    """Teach a first model with good parts alone: it learns to find defects painted on them."""
    begun_s = time.monotonic()
    need_torch()
    from training.data.checking import checked
    from training.data.dataset import open_good
    from training.fitting.fit import Plan
    from training.fitting.ranks import together
    from training.network.patch_memory import local_backbone
    from training.painting.painters import USUAL, choose
    from training.train import Order, take_part, teach

    painters = painters or USUAL
    pretrained = pretrained or local_backbone()
    options = {
        "good": good, "out": out, "groups": groups, "skip-bad": skip_bad or None,
        "minutes": minutes, "painters": painters, "pretrained": pretrained,
        "name": name, "version": version, "size": size, "colour": colour, "batch": batch,
        "seed": seed, "threads": threads, "device": device, "mixed-precision": mixed,
        "false-rejects": false_rejects, "about": about or None,
    }  # fmt: skip
    plan = Plan(
        seed=seed,
        minutes=minutes,
        begun_s=begun_s if minutes else None,
        batch=batch or Plan().batch,
        device=device,
        mixed=mixed_precision(mixed),
        threads=threads,
    )
    order = Order(
        name=name,
        version=version,
        plan=plan,
        size_hw=size,
        colour=_colour(colour),
        painters=choose(painters),
        pretrained=pretrained,
        false_rejects=share("--false-rejects", false_rejects),
        about=about,
        command=_command("teach", None, options),
    )
    with said_once():
        dataset = say_notes(checked(open_good(good, groups, skip_bad), skip_bad))
    with together(device) as ranks:
        if not ranks.is_first:
            take_part(dataset, order, ranks, good_only=True)
            return
        with followed("Teaching", out, order, dataset, ranks, logs) as along:
            taught = teach(dataset, order, out, along.following)
            along.says(_print_trained(taught, out))
    typer.echo("No defective part was seen: how many of them it misses is not known yet.")


def _colour(wanted: str) -> Colour:
    from training.data.colour import Colour

    if wanted not in list(Colour):
        raise typer.BadParameter(f"--colour: expected {', '.join(Colour)}, got {wanted!r}")
    return Colour(wanted)


def _print_trained(trained: Trained, out: Path) -> str:
    """Print what came of it; the same in one line."""
    card = trained.bundle.card
    height, width = card.input.size_hw
    sees = "colours" if card.input.channels > 1 else "grey values"
    typer.echo(f"{trained.bundle.label} in {out}, card {trained.bundle.digest[:12]}")
    typer.echo(f"{card.task} of {', '.join(card.classes)}, from {sees} of {height} x {width} px")
    if trained.unlearnt:
        typer.echo(f"not learnt, since only locked parts show it: {', '.join(trained.unlearnt)}")
    if trained.locked is None:
        unmeasured = "no locked part to measure it on"
        typer.echo(unmeasured)
        return unmeasured
    print_figures(trained.locked)
    if trained.locked.false_rejects.n == 0:
        typer.echo("No good part was measured: how many of them it rejects is not known.")
    return in_words(trained.locked)


def _print_champion(trained: Trained, parent: Bundle | None, records: Path | None) -> None:
    """Beside the new model: the champion, or else the parent, on the same locked pictures."""
    from models.registry import station_registry
    from models.session import ModelSession
    from training.measuring.evaluate import figures, measure_answered

    name = trained.bundle.card.name
    champion = None if records is None else station_registry(records).champion(name)
    before = champion or parent
    if before is None or trained.locked is None:
        return
    measured, unanswered = measure_answered(ModelSession(before), trained.split.locked)
    typer.echo(f"{trained.bundle.label}: {in_words(trained.locked)}")
    if unanswered:
        typer.echo(f"{before.label} has no answer to {len(unanswered)} of the same pictures")
    if measured:
        found = figures(measured, before.card.limits)
        typer.echo(f"{before.label} on the same pictures: {in_words(found)}")


def _command(command: str, folder: Path | None, options: dict[str, Any]) -> str:
    """The command line that says all this, for the card."""
    from training.fitting.ranks import launcher

    words = [*launcher(), "passline", command] + ([] if folder is None else [str(folder)])
    for option, value in options.items():
        if value is not None:
            values = value if isinstance(value, tuple) else () if value is True else (value,)
            words += [f"--{option}", *(str(each) for each in values)]
    return shlex.join(words)
