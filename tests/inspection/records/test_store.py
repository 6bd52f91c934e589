"""Databases that are new, newer, foreign, damaged, absent or in use."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inspection.errors import RecordsError
from inspection.records.desk import Desk
from inspection.records.query import Counts, Ledger, RecordReader
from inspection.records.record import PartRecord, RunStart
from inspection.records.store import RECORDS_FILE, open_writer
from inspection.records.writer import RecordWriter

MakeRecord = Callable[..., PartRecord]
OPENERS = {"writer": RecordWriter, "reader": RecordReader, "desk": Desk}


@pytest.mark.parametrize("opener", ["writer", "reader"])
def test_records_of_a_newer_passline_are_left_alone(tmp_path: Path, opener: str) -> None:
    with sqlite3.connect(tmp_path / "records.sqlite") as connection:
        connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(RecordsError, match="version 7, this Passline knows up to 2; use the newer"):
        OPENERS[opener](tmp_path)


@pytest.mark.parametrize("opener", ["writer", "reader"])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, opener: str) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"part 1: pass\n" * 500)
    with pytest.raises(RecordsError, match=r"records\.sqlite: file is not a database; the file is"):
        OPENERS[opener](tmp_path)


@pytest.mark.parametrize("opener", ["writer", "reader"])
def test_a_database_of_another_program_is_not_written_into(tmp_path: Path, opener: str) -> None:
    with sqlite3.connect(tmp_path / "records.sqlite") as connection:
        connection.execute("CREATE TABLE invoices (amount)")
    connection.close()
    with pytest.raises(RecordsError, match="a database of another program"):
        OPENERS[opener](tmp_path)


def test_a_desk_of_a_newer_passline_is_left_alone(tmp_path: Path) -> None:
    Desk(tmp_path).close()
    with sqlite3.connect(tmp_path / "desk.sqlite") as connection:
        connection.execute("PRAGMA user_version=3")
    connection.close()
    with pytest.raises(RecordsError, match=r"desk\.sqlite: has schema version 3"):
        Desk(tmp_path)


def test_records_damaged_in_the_middle_are_an_error_and_not_an_answer(
    tmp_path: Path, writer: RecordWriter, make_record: MakeRecord
) -> None:
    for number in range(300):
        writer.submit(make_record(number))
    writer.close()
    path = tmp_path / "records.sqlite"
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    reader = RecordReader(tmp_path)
    with pytest.raises(RecordsError, match=r"records\.sqlite"):
        reader.part_by_number(250)
    reader.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsError, match="file"):
        RecordWriter(tmp_path / "file")


def test_before_the_line_ever_ran_there_are_no_records_yet(
    tmp_path: Path, reader: RecordReader
) -> None:
    assert reader.counts() == Counts(0, 0, 0, 0)
    assert reader.ledger() == Ledger(0, 0, 0, 0, 0)
    assert reader.last_reject() is None
    assert reader.part("station1-0000000") is None
    assert reader.latest_run() is None
    assert reader.recipe_toml("d") is None
    assert reader.verdicts_after(-1, 10) == []
    assert reader.rejects_waiting(10) == []
    assert list(tmp_path.iterdir()) == [], "reading left something behind"


def test_a_reader_that_came_first_sees_the_records_when_they_come(
    reader: RecordReader, writer: RecordWriter, make_record: MakeRecord
) -> None:
    writer.submit(make_record(0, "reject"))
    writer.flush()
    assert reader.counts().parts == 1


def test_many_screens_may_ask_one_reader_at_once(
    reader: RecordReader, run_start: RunStart, tmp_path: Path, make_record: MakeRecord
) -> None:
    with ThreadPoolExecutor(8) as screens:
        before = [screens.submit(reader.counts) for _ in range(100)]
        assert [answer.result().parts for answer in before] == [0] * 100
        writer = RecordWriter(tmp_path)
        writer.begin_run(run_start)
        writer.submit(make_record(0, "reject"))
        writer.close()
        after = [screens.submit(reader.rejects_waiting, 5) for _ in range(100)]
        assert [len(answer.result()) for answer in after] == [1] * 100


def test_a_database_that_is_just_being_made_counts_as_none(
    tmp_path: Path, reader: RecordReader
) -> None:
    (tmp_path / "records.sqlite").touch()
    assert reader.counts().parts == 0


def test_readers_see_whole_parts_while_the_line_writes(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord
) -> None:
    for number in range(400):
        writer.submit(make_record(number, "reject" if number % 3 else "pass"))
        if number % 20 == 0:
            counts = reader.counts()
            assert counts.parts <= len(reader.verdicts_after(-1, 1000))
            assert counts.passed + counts.rejected == counts.parts
    writer.flush()
    assert reader.counts().parts == 400
    assert [row.part_number for row in reader.verdicts_after(-1, 1000)] == list(range(400))


def test_records_can_be_read_after_the_line_has_gone(
    tmp_path: Path, writer: RecordWriter, make_record: MakeRecord
) -> None:
    writer.submit(make_record(0))
    writer.close()
    reader = RecordReader(tmp_path)
    assert reader.counts().parts == 1
    reader.close()


def test_a_screen_that_reads_for_long_does_not_hold_up_the_line(
    tmp_path: Path, writer: RecordWriter, make_record: MakeRecord
) -> None:
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM parts").fetchone()
    writer.submit(make_record(0))
    writer.flush()
    other.execute("ROLLBACK")
    other.close()


def test_a_commit_is_forced_to_the_disk(tmp_path: Path) -> None:
    engine = open_writer(tmp_path, RECORDS_FILE, busy_timeout_s=1.0)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
