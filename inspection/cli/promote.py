"""`passline promote`: a challenger at the gate."""

from __future__ import annotations

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
    need_torch,
    open_folder,
)

if TYPE_CHECKING:
    from training.measuring.gate import GateReport


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
    need_torch()
    from models.registry import Registry
    from training.measuring.gate import compare

    opened = open_folder(challenger)
    known = Registry(registry)
    dataset = gather([] if parts is None else [parts], layout, groups, records)
    report = compare(opened, known.champion(opened.card.name), dataset)
    _print_report(report)
    if not report.passed:
        raise typer.Exit(1)
    known.add(challenger, who, why)
    known.promote(opened.label, who, why, report.to_dict())


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
