"""`passline label`: which parts a person should look at next, and where labels may be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder
from inspection.cli.training_options import (
    BundleFolder,
    Groups,
    Layout,
    Records,
    gather,
    open_folder,
)

if TYPE_CHECKING:
    from inspection.quality.label_queue import QueuedPart
    from training.measuring.disagreement import Disagreement

label_app = typer.Typer(no_args_is_help=True, help="What to label next, and which labels to doubt.")
app.add_typer(label_app, name="label")


@label_app.command("queue")
def queue_command(
    data: DataFolder,
    limit: Annotated[int, typer.Option(min=1, help="How many parts at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the queue as JSON.")] = False,
) -> None:
    """List the parts whose labels are worth most: escapes first, then what is in dispute."""
    from inspection.quality.label_queue import LabelQueue

    queue = LabelQueue(data)
    parts = queue.read(limit)
    queue.close()
    if as_json:
        typer.echo(json.dumps([_row(each) for each in parts], indent=1))
        return
    for each in parts:
        record, queued = each.part.record, each.queued
        said = "; ".join(reason.said for reason in queued.reasons)
        typer.echo(
            f"{record.serial}  {record.verdict.outcome}  {queued.why} {queued.strength:.2f}  {said}"
        )
    typer.echo(f"{len(parts)} parts to label; answer on the page /labels of `passline web {data}`")


def _row(each: QueuedPart) -> dict[str, Any]:
    return {
        "part_number": each.queued.part_number,
        "serial": each.part.record.serial,
        "verdict": each.part.record.verdict.outcome.value,
        "why": each.queued.why.value,
        "strength": round(each.queued.strength, 3),
        "said": [reason.said for reason in each.queued.reasons],
    }


@label_app.command("check")
def check_command(
    bundle: BundleFolder,
    folder: Annotated[Path | None, typer.Argument(help="Labelled pictures, or a manifest.")] = None,
    layout: Layout = "auto",
    groups: Groups = None,
    records: Records = None,
) -> None:
    """Find labels that a model doubts, on parts that it did not learn from.

    What it doubts of a station's own parts goes to that station's label queue.
    """
    from training.measuring.disagreement import disagreements

    dataset = gather([] if folder is None else [folder], layout, groups, records)
    found = disagreements(open_folder(bundle), dataset)
    for each in found:
        typer.echo(f"{each.strength:.2f}  {each.kind}  {each.class_name}  {each.sample.picture}")
    typer.echo(f"{len(found)} disagreements on {len(dataset.samples)} pictures")
    if records is not None:
        queued = _queue(records, found)
        typer.echo(f"{queued} parts of {records} are in its label queue")


def _queue(data: Path, found: list[Disagreement]) -> int:
    """Propose the station's parts among these for labelling; gives how many."""
    import time

    from inspection.records.candidates import Candidate, CandidateFile, Why
    from inspection.records.query import RecordReader

    now_utc_ns = time.time_ns()
    reader = RecordReader(data)
    candidates = [
        Candidate(
            part.record.part_number,
            Why.DISAGREEMENT,
            each.strength,
            f"{each.kind}: {each.class_name}",
            now_utc_ns,
        )
        for each in found
        if (part := reader.part(each.sample.part)) is not None
    ]
    reader.close()
    CandidateFile(data, "labels_doubted").replace(candidates)
    return len({each.part_number for each in candidates})
