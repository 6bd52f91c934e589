from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from inspection.records.desk import Desk
from inspection.records.escapes import EscapeReader, FoundBy, escaped_serials
from inspection.records.record import PartRecord, RunStart
from inspection.records.writer import RecordWriter


@pytest.fixture
def desk(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> Generator[Desk]:
    """Parts 0 to 3: passed, rejected, passed on doubt, passed."""
    writer = RecordWriter(tmp_path)
    run_id = writer.begin_run(run_start)
    for number, verdict in enumerate(("pass", "reject", "doubt", "pass")):
        writer.submit(make_record(number, verdict, run_id), {})
    writer.close()
    opened = Desk(tmp_path, utc_ns=iter(range(1, 100)).__next__)
    yield opened
    opened.close()


def found(folder: Path) -> list[tuple[int, FoundBy, int]]:
    reader = EscapeReader(folder)
    escapes = [(one.part_number, one.found_by, one.at_utc_ns) for one in reader.escapes()]
    reader.close()
    return escapes


def test_a_folder_without_records_has_no_escapes(tmp_path: Path) -> None:
    assert escaped_serials(tmp_path) == frozenset()


def test_passed_parts_that_came_back_or_were_found_bad_are_escapes(
    desk: Desk, tmp_path: Path
) -> None:
    desk.review(3, False, "a dent", "kim")
    desk.register_return(0, "kim")
    desk.register_return(1, "kim", "sent out by mistake")
    desk.review(1, False, "good part", "kim")
    assert found(tmp_path) == [(3, FoundBy.REVIEW, 1), (0, FoundBy.RETURN, 2)]
    assert escaped_serials(tmp_path) == {"station1-0000000", "station1-0000003"}


def test_what_the_station_asked_a_person_about_did_not_escape_until_it_comes_back(
    desk: Desk, tmp_path: Path
) -> None:
    desk.review(2, False, "a dent", "kim")
    assert found(tmp_path) == []
    desk.register_return(2, "kim")
    assert found(tmp_path) == [(2, FoundBy.RETURN, 2)]


def test_once_an_escape_always_an_escape(desk: Desk, tmp_path: Path) -> None:
    desk.review(0, False, "a dent", "kim")
    desk.review(0, True, "", "lee")
    desk.register_return(0, "kim")
    assert found(tmp_path) == [(0, FoundBy.REVIEW, 1)]
