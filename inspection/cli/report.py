"""`passline report`: what happened in a shift, as a page or a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder

if TYPE_CHECKING:
    from inspection.records.period import PeriodReader
    from inspection.report.period import Period


@app.command("report")
def report_command(
    data: DataFolder,
    shift: Annotated[str, typer.Option(help="A shift's name; the latest of it.")] = "latest",
    on: Annotated[str, typer.Option(help="The day on which it began: 2026-11-22.")] = "",
    since: Annotated[str, typer.Option("--from", help="Or: from 2026-11-22T06:00 on ...")] = "",
    until: Annotated[str, typer.Option("--to", help="... to this time.")] = "",
    out: Annotated[Path, typer.Option(help="The file: .html or .pdf.")] = Path("report.html"),
) -> None:
    """Report a shift, or any time: counts, ledger, charts, causes, signals and what was done."""
    from inspection.report.shift import ReportReader, shift_report
    from inspection.report.write import check_suffix, write_report

    check_suffix(out)
    reader = ReportReader(data)
    try:
        period = _period(reader.period, shift, on, since, until)
        document = shift_report(reader, period)
    finally:
        reader.close()
    write_report(document, out)
    typer.echo(f"{document.title}, {document.subtitle}: {out}")


def _period(reader: PeriodReader, shift: str, on: str, since: str, until: str) -> Period:
    import time

    from inspection.report.errors import ReportError
    from inspection.report.period import day_of, shift_period, times_period

    if bool(since) != bool(until):
        raise ReportError("--from and --to go together: give both, or a shift")
    if since:
        return times_period(since, until)
    return shift_period(reader, shift, time.time_ns(), day_of(on) if on else None)
