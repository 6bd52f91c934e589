"""`passline data`: frozen data sets, their versions, and parts that go by two names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder
from inspection.cli.training_options import Groups, Layout, Records, Seed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training.data.dataset import Dataset
    from training.data.manifest import Manifest

data_app = typer.Typer(no_args_is_help=True, help="Data sets: freeze, compare, look for copies.")
app.add_typer(data_app, name="data")

ManifestFile = Annotated[Path, typer.Argument(help="A manifest, from `passline data freeze`.")]


@data_app.command("freeze")
def freeze_command(
    out: Annotated[Path, typer.Option(help="The manifest's new file.")],
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of labelled pictures.")
    ] = None,
    records: Records = None,
    layout: Layout = "auto",
    groups: Groups = None,
    parent: Annotated[
        Path | None, typer.Option(help="The version before: its parts keep their sides.")
    ] = None,
    who: Annotated[str, typer.Option(help="Whose labels the folders hold.")] = "",
    seed: Seed = 0,
    distinct: Annotated[
        bool, typer.Option("--distinct", help="Parts that look like one are two: I have looked.")
    ] = False,
) -> None:
    """Write down a data set: its files' hashes, labels, authors, parts, lots and sides."""
    from training.data.assign import assign
    from training.data.duplicates import find_duplicates
    from training.data.leaks import refuse_leaks
    from training.data.manifest import freeze, read_manifest

    before = None if parent is None else read_manifest(parent)
    dataset = _gathered(folders or [], layout, groups, records, who)
    assigned = assign(dataset, seed, None if before is None else before.sides())
    found = find_duplicates(assigned.dataset.samples)
    refuse_leaks(assigned.dataset, found, distinct)
    frozen = freeze(
        assigned.dataset, out, held_apart=assigned.held_apart, parent=before, notes=assigned.notes
    )
    _print_manifest(frozen, out)
    if found.alike:
        typer.echo(
            f"note: {len(found.alike)} pairs of parts look alike, such as {found.alike[0]}; "
            "they may be two parts of one product"
        )


@data_app.command("check")
def check_command(manifest: ManifestFile) -> None:
    """Say what a manifest holds, and whether every file is as it was frozen."""
    from training.data.manifest import open_manifest, read_manifest

    open_manifest(manifest)
    _print_manifest(read_manifest(manifest), manifest)
    typer.echo("every file is as it was frozen")


@data_app.command("diff")
def diff_command(before: ManifestFile, after: ManifestFile) -> None:
    """Say what came, went and changed from one manifest to another; exit 1 where they differ."""
    from training.data.manifest import read_manifest
    from training.data.manifest_diff import difference, labels_in_words

    found = difference(read_manifest(before), read_manifest(after))
    for sign, pictures in (("+", found.came), ("-", found.went)):
        _list(f"{sign} {each.file.path}: {labels_in_words(each)}" for each in pictures)
    _list(
        f"~ {each.after.file.path}: {labels_in_words(each.before)} by {each.before.author()} -> "
        f"{labels_in_words(each.after)} by {each.after.author()}"
        for each in found.relabelled
    )
    _list(f"> {e.after.file.path}: {e.before.side} -> {e.after.side}" for e in found.moved)
    _list(
        f"# {each.after.file.path}: part {each.before.part!r} of lot {each.before.lot!r} -> "
        f"{each.after.part!r} of {each.after.lot!r}"
        for each in found.regrouped
    )
    typer.echo(
        f"{len(found.came)} came, {len(found.went)} went, {len(found.relabelled)} relabelled, "
        f"{len(found.moved)} on another side, {len(found.regrouped)} of another part or lot"
    )
    if not found.is_empty:
        raise typer.Exit(1)


@data_app.command("duplicates")
def duplicates_command(
    folder: Annotated[Path, typer.Argument(help="Labelled pictures.")],
    layout: Layout = "auto",
    groups: Groups = None,
    write: Annotated[
        Path | None, typer.Option(help="Write a file that groups the pictures by part to here.")
    ] = None,
) -> None:
    """Look for parts that go by two names: the same file, or one part photographed twice."""
    from training.data.dataset import Format, open_dataset
    from training.data.duplicates import find_duplicates
    from training.data.leaks import write_groups

    dataset = open_dataset(folder, Format(layout), groups)
    found = find_duplicates(dataset.samples)
    _list(f"same part: {pair}" for pair in found.sure)
    _list(f"alike, may be two parts: {pair}" for pair in found.alike[:20])
    typer.echo(
        f"{len(found.sure)} pairs of one part by two names, {len(found.alike)} more that look "
        f"alike, among {len(dataset.samples)} pictures"
    )
    if write is not None:
        write_groups(dataset, found, folder, write)
        typer.echo(f"groups written to {write}: look at them, then give them with --groups")


@data_app.command("escapes")
def escapes_command(data: DataFolder) -> None:
    """List the parts that escaped, and which bundles of the station learnt from one before."""
    from datetime import UTC, datetime

    from inspection.records.escapes import EscapeReader
    from models.registry import station_registry
    from training.data.lineage import who_learnt

    reader = EscapeReader(data)
    escapes = reader.escapes()
    reader.close()
    learnt = who_learnt(station_registry(data), {escape.serial for escape in escapes})
    for escape in escapes:
        found = datetime.fromtimestamp(escape.at_utc_ns / 1e9, UTC)
        labels = ", ".join(learnt.get(escape.serial, ())) or "no bundle"
        typer.echo(
            f"{escape.serial}  lot {escape.lot or 'unknown'}  found {found:%Y-%m-%d %H:%M} by "
            f"{escape.found_by}  learnt from by {labels}"
        )
    typer.echo(f"{len(escapes)} escapes; they are locked and test every later model")


def _gathered(
    folders: list[Path], layout: str, groups: Path | None, records: Path | None, who: str
) -> Dataset:
    """Folders with their lots and the name of who labelled them, and records, as one data set."""
    from inspection.records.escapes import escaped_serials
    from models.registry import station_registry
    from training.data.authors import Author, Authority
    from training.data.dataset import Format, join, open_dataset, with_author, with_side
    from training.data.from_records import collect
    from training.data.lots import with_lots
    from training.data.sides import Side
    from training.errors import TrainingError

    author = Author(Authority.ENGINEER, who)
    datasets = [
        with_author(with_lots(open_dataset(each, Format(layout), groups), each, groups), author)
        for each in folders
    ]
    if records is not None:
        collected = collect(records, station_registry(records))
        for reason, count in collected.left_out.items():
            typer.echo(f"left out {count} parts on record: {reason}", err=True)
        datasets.append(collected.dataset)
    if not datasets:
        raise TrainingError("no pictures to freeze: name a folder, --records, or both")
    joined = join(datasets)
    return joined if records is None else with_side(joined, escaped_serials(records), Side.LOCKED)


def _print_manifest(manifest: Manifest, path: Path) -> None:
    from training.data.sides import Side

    typer.echo(f"{path}: manifest {manifest.digest[:12]}, held apart by {manifest.held_apart}")
    for side in Side:
        own = [picture for picture in manifest.pictures if picture.side is side]
        good = sum(not picture.labels for picture in own)
        parts = len({picture.part for picture in own})
        typer.echo(f"  {side}: {len(own)} pictures of {parts} parts, {good} pictures good")
    _list(f"  note: {note}" for note in manifest.notes)


def _list(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
