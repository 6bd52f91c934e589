"""The report of a shift, or of any stretch of time: what was inspected, found and done."""

from pathlib import Path

from inspection.records.desk import Desk
from inspection.records.period import PartRange, PeriodReader
from inspection.records.query import RecordReader
from inspection.records.signal_desk import SignalDesk
from inspection.records.watch_reader import WatchReader
from inspection.report.chart_sections import chart_section, signal_section
from inspection.report.document import Document, Section
from inspection.report.errors import ReportError
from inspection.report.figures import moment, zone
from inspection.report.part_sections import (
    change_section,
    count_section,
    header_section,
    ledger_section,
    pareto_sections,
    review_section,
)
from inspection.report.period import Period


class ReportReader:
    """The databases of a data folder that a report is read from."""

    def __init__(self, folder: Path) -> None:
        """Raises ReportError where there is no such folder, RecordsError for an unfit database."""
        if not folder.is_dir():
            raise ReportError(f"{folder}: there is no such data folder; `passline run` makes one")
        self.folder = folder
        self.records = RecordReader(folder)
        self.period = PeriodReader(folder)
        self.watch = WatchReader(folder)
        self.desk = Desk(folder)
        self.signals = SignalDesk(folder)

    def close(self) -> None:
        for database in (self.records, self.period, self.watch, self.desk, self.signals):
            database.close()


def shift_report(reader: ReportReader, period: Period) -> Document:
    """Everything of the period, from records, watch and desk. Raises RecordsError."""
    parts = reader.period.between(period.since_utc_ns, period.until_utc_ns)
    run = reader.records.latest_run()
    station = "" if run is None else f"{run.start.station} · "
    span = f"{moment(period.since_utc_ns)} to {moment(period.until_utc_ns)}"
    if period.since_utc_ns == 0 and parts is not None:  # a shift that nobody began by the clock
        span = f"{moment(parts.first_utc_ns)} to {moment(parts.last_utc_ns)}"
    subtitle = f"{station}{span} ({zone(period.until_utc_ns)})"
    return Document(period.name, subtitle, tuple(_sections(reader, period, parts)))


def _sections(reader: ReportReader, period: Period, parts: PartRange | None) -> list[Section]:
    if parts is None:
        empty = Section("Parts", ("No part was recorded in this period.",), alarm=True)
        return [
            empty,
            *ledger_section(reader.records, reader.period, period, None),
            change_section(reader.records, reader.signals, period),
        ]
    rejects = reader.period.rejects(parts)
    return [
        header_section(reader.records, reader.period, parts),
        count_section(reader.period, parts),
        *ledger_section(reader.records, reader.period, period, parts),
        *pareto_sections(rejects),
        chart_section(reader.watch, reader.signals, period),
        signal_section(reader.watch, reader.signals, period),
        review_section(reader.desk, rejects, period),
        change_section(reader.records, reader.signals, period),
    ]
