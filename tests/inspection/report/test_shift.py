"""What the report of a shift says, held against the records."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from inspection.records.desk import Desk
from inspection.records.signal_desk import SignalDesk
from inspection.report.document import Document, Section
from inspection.report.errors import ReportError
from inspection.report.period import shift_period, times_period
from inspection.report.shift import ReportReader, shift_report
from inspection.watch import Watch

HOUR_NS = 3_600_000_000_000
BASELINE = "pppppppppr" * 4
OUT_OF_CONTROL = "rrrrprrrrb"

Report = Callable[..., Document]


@pytest.fixture
def reader(tmp_path: Path) -> Generator[ReportReader]:
    opened = ReportReader(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def report(reader: ReportReader, line: Any) -> Report:
    """The report of a shift by name; its end is the clock of the line where it still works."""

    def of(name: str = "latest") -> Document:
        return shift_report(reader, shift_period(reader.period, name, line.now_ns))

    return of


def section(document: Document, title: str) -> Section:
    [found] = [one for one in document.sections if one.title == title]
    return found


def rows(document: Document, title: str) -> list[tuple[str, ...]]:
    table = section(document, title).table
    return [] if table is None else list(table.rows)


def counts(document: Document) -> dict[str, str]:
    return {row[0]: row[1] for row in rows(document, "Parts")}


def watch_all(folder: Path) -> None:
    watch = Watch(folder)
    watch.step()
    watch.close()


def test_a_shift_that_never_was_is_said_with_those_that_were(reader: Any, line: Any) -> None:
    line.judge("p")
    with pytest.raises(ReportError, match=r"no shift 'night' on record; there are: early \(20"):
        shift_period(reader.period, "night", line.now_ns)


def test_a_folder_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no such data folder"):
        ReportReader(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_station_without_records_has_no_shift(reader: Any) -> None:
    with pytest.raises(ReportError, match="none yet"):
        shift_period(reader.period, "latest", 0)


@pytest.mark.parametrize(
    ("since", "until", "complaint"),
    [
        ("yesterday", "2026-11-22T06:00", "--from: expected a time such as"),
        ("2026-11-22T06:00", "2026-11-22T06:00", "is not before"),
    ],
)
def test_times_that_make_no_sense_are_refused(since: str, until: str, complaint: str) -> None:
    with pytest.raises(ReportError, match=complaint):
        times_period(since, until)


def test_an_empty_period_is_a_report_that_says_so(reader: Any, line: Any) -> None:
    line.judge("pp")
    document = shift_report(reader, times_period("2001-01-01", "2001-01-02"))
    assert section(document, "Parts").lines == ("No part was recorded in this period.",)
    assert section(document, "Parts").alarm


def test_an_unbalanced_ledger_is_an_alarm_that_names_the_camera(report: Report, line: Any) -> None:
    line.judge("pprp-", unaccounted=2)
    document = report()
    ledger = section(document, "Frame ledger")
    assert ledger.alarm
    assert ledger.lines[0].startswith("The ledger does not balance: cam0.")
    assert rows(document, "Frame ledger") == [
        ("cam0", "7", "4", "1", "0", "0", "0", "2 missing"),
    ]


def test_a_balanced_ledger_is_said_camera_by_camera(report: Report, line: Any) -> None:
    line.judge("pp-")
    document = report()
    assert not section(document, "Frame ledger").alarm
    assert rows(document, "Frame ledger") == [("cam0", "3", "2", "1", "0", "0", "0", "balanced")]


def test_a_station_that_was_never_watched_still_has_a_report(report: Report, line: Any) -> None:
    line.judge("pr")
    document = report()
    for title in ("Charts", "Signals and what was done"):
        assert "passline watch DATA" in section(document, title).lines[0]


def test_counts_carry_n_and_the_interval_of_another_package(report: Report, line: Any) -> None:
    line.judge("p" * 37 + "rr" + "-")
    found = counts(report())
    lower, upper = np.asarray(proportion_confint(3, 40, method="beta"), np.float64).tolist()
    assert found["Parts"] == "40"
    assert found["Rejected"] == (f"7.50 % ({100 * lower:.2f} to {100 * upper:.2f} %), 3 of 40")
    assert found["of these inspected"].endswith("2 of 39")
    assert found["Not inspected"].endswith("1 of 40")


def test_a_report_is_of_its_own_shift_alone(report: Report, line: Any) -> None:
    line.judge("pppr")
    line.next_shift()
    line.judge("pprrr")
    assert counts(report("early"))["Rejected"].endswith("1 of 4")
    assert counts(report("late"))["Rejected"].endswith("3 of 5")
    assert report().title == "Shift late"
    assert rows(report("early"), "Frame ledger")[0][1] == "4"


def test_the_same_shift_of_another_day_is_found_by_its_day(reader: Any, line: Any) -> None:
    line.judge("pp")
    began = datetime.fromtimestamp(line.shift_began_utc_ns / 1e9, UTC).astimezone().date()
    assert shift_period(reader.period, "early", line.now_ns, began).shift is not None
    with pytest.raises(ReportError, match="that began on 2001-01-01"):
        shift_period(reader.period, "early", line.now_ns, began.replace(2001, 1, 1))


def test_times_of_any_length_count_the_parts_between_them(reader: Any, line: Any) -> None:
    line.judge("p" * 30 + "r" * 30)
    ends = [
        datetime.fromtimestamp(line.shift_began_utc_ns / 1e9 + second, UTC).isoformat()
        for second in (20, 40)
    ]
    document = shift_report(reader, times_period(*ends))
    assert counts(document)["Rejected"].endswith("10 of 20")
    assert rows(document, "Frame ledger") == [("cam0", "20", "0", "0", "0")]
    assert "by shift" in section(document, "Frame ledger").lines[0]


def test_causes_are_counted_by_class_camera_and_lot(report: Report, line: Any) -> None:
    line.judge("rrb-")
    line.lot, line.camera = "L8", "cam1"
    line.judge("r")
    document = report()
    assert rows(document, "Causes of rejects") == [
        ("scratch", "4", "66.7 %", "66.7 %"),
        ("dent deep", "1", "16.7 %", "83.3 %"),
        ("not inspected: late", "1", "16.7 %", "100.0 %"),
    ]
    assert [row[:2] for row in rows(document, "Rejects by lot")] == [("L7", "4"), ("L8", "1")]
    cameras = rows(document, "Rejects by camera of the worst view")
    assert [row[:2] for row in cameras] == [("cam0", "4"), ("cam1", "1")]


def test_reviews_say_how_many_rejects_were_false_and_why(
    report: Report, line: Any, tmp_path: Path
) -> None:
    line.judge("prrrr")
    desk = Desk(tmp_path)
    desk.review(1, True, "", "Mia")
    desk.review(2, False, "reflection", "Mia")
    desk.close()
    reviews = section(report(), "Reviews and returns")
    assert reviews.lines[0].endswith("2 of 4")
    assert reviews.lines[1].startswith("False rejects among the reviewed: 50.00 %")
    assert rows(report(), "Reviews and returns") == [("reflection", "1", "100.0 %", "100.0 %")]


def test_a_signal_stands_with_its_evidence_and_what_was_done(
    report: Report, line: Any, tmp_path: Path
) -> None:
    line.judge(BASELINE + OUT_OF_CONTROL)
    watch_all(tmp_path)
    before = section(report(), "Signals and what was done")
    assert before.alarm
    assert before.lines == ("1 of 1 signals nobody has looked at.",)
    desk = SignalDesk(tmp_path)
    desk.acknowledge(1, "Mia")
    desk.answer_step(1, 0, "Mia", "told Ben")
    desk.explain(1, "Ben", "worn die")
    desk.close()
    after = section(report(), "Signals and what was done")
    assert not after.alarm
    [row] = rows(report(), "Signals and what was done")
    assert row[1:3] == ("Rejects: outside the limits (above)", "40 to 49")
    assert row[4] == (
        "acknowledged by Mia; Inform: the shift leader (Mia: told Ben); explained by Ben: worn die"
    )


def test_charts_of_the_period_are_pictures_that_say_what_they_show(
    report: Report, line: Any, tmp_path: Path
) -> None:
    line.judge(BASELINE + OUT_OF_CONTROL)
    watch_all(tmp_path)
    [picture] = section(report(), "Charts").pictures
    assert picture.alt == "Rejects · p chart, 10 parts each: 5 points, 1 signals"
    assert "N1▲" in picture.svg
    assert "<!-- phase I -->" in picture.svg
    assert "n 10 -->" in picture.svg


def test_events_and_notes_of_the_period_are_told_by_time(
    report: Report, line: Any, tmp_path: Path
) -> None:
    line.judge("pp")
    desk = SignalDesk(tmp_path, utc_ns=lambda: line.now_ns - 1)
    desk.note("lamp cleaned", "Mia")
    desk.close()
    other = SignalDesk(tmp_path, utc_ns=lambda: line.now_ns + HOUR_NS)
    other.note("after the shift", "Mia")
    other.close()
    assert [row[1:] for row in rows(report(), "Changes and notes")] == [
        ("note", "Mia: lamp cleaned")
    ]
