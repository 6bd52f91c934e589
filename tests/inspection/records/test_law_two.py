"""No pass without a record: killed, starved, locked out and disturbed, in real processes."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inspection.errors import GateError, RecordsError
from inspection.records.query import RecordReader
from inspection.records.record import PartRecord, RunStart
from inspection.records.writer import RecordWriter

StartLine = Callable[..., "Popen[str]"]


def _lines(process: "Popen[str]", count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def _rest(process: "Popen[str]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.read().split("\n")[:-1]  # a line without its end was not told to a gate


def _assert_all_recorded(folder: Path, numbers: list[int]) -> None:
    reader = RecordReader(folder)
    for number in numbers:
        part = reader.part_by_number(number)
        assert part is not None, f"part {number} was let pass and has no record"
        if part.pictures:
            reader.picture(part)
    reader.close()


def test_a_line_killed_at_any_moment_has_recorded_every_part_that_it_let_pass(
    tmp_path: Path, line_process: StartLine
) -> None:
    for parts_before_the_kill in (1, 7, 33, 90, 190):
        process = line_process(str(tmp_path))
        told = _lines(process, parts_before_the_kill)
        process.kill()
        told += _rest(process)
        assert process.wait() == -9
        _assert_all_recorded(tmp_path, [int(number) for number in told])
    numbers = [row[0] for row in _sql(tmp_path, "SELECT part_number FROM parts ORDER BY 1")]
    assert numbers == list(range(len(numbers))), "a number was left out or used twice"
    pictures = _sql(tmp_path, "SELECT picture FROM views WHERE picture IS NOT NULL")
    assert all((tmp_path / row[0]).is_file() for row in pictures)


def test_when_the_disk_is_full_nothing_more_passes_and_the_line_stops_with_the_reason(
    tmp_path: Path, line_process: StartLine
) -> None:
    process = line_process(str(tmp_path), "--largest-file", str(600_000))
    *told, stopped = _rest(process)
    assert process.wait(timeout=60) == 3
    assert stopped.startswith("stopped: ")
    assert "records.sqlite" in stopped
    assert len(told) > 10
    _assert_all_recorded(tmp_path, [int(number) for number in told])


def test_a_picture_that_cannot_be_kept_leaves_no_row_and_stops_the_line(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> None:
    (tmp_path / "images").write_text("a file where the folder should be")
    writer = RecordWriter(tmp_path)
    writer.begin_run(run_start)
    passed: list[PartRecord] = []
    writer.submit(make_record(0), {"cam0": np.zeros((8, 8), np.uint8)}, passed.append)
    with pytest.raises(RecordsError, match="images"):
        writer.flush()
    with pytest.raises(RecordsError):
        writer.submit(make_record(1), {}, passed.append)
    with pytest.raises(RecordsError):
        writer.close()
    assert passed == []
    assert _sql(tmp_path, "SELECT count(*) FROM parts") == [(0,)]


def test_a_database_held_by_another_program_stops_the_line_and_lets_nothing_pass(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> None:
    writer = RecordWriter(tmp_path, busy_timeout_s=0.1)
    writer.begin_run(run_start)
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    passed: list[PartRecord] = []
    writer.submit(make_record(0), {}, passed.append)
    with pytest.raises(RecordsError, match="locked; another program holds it"):
        writer.flush()
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(RecordsError):
        writer.submit(make_record(1), {}, passed.append)
    with pytest.raises(RecordsError, match="locked"):
        writer.close()
    assert passed == []


def test_a_disk_that_cannot_keep_up_is_an_error_and_no_endless_queue(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> None:
    writer = RecordWriter(tmp_path, batch=1, busy_timeout_s=60, submit_timeout_s=0.05)
    writer.begin_run(run_start)
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    records = [make_record(number) for number in range(10)]
    with pytest.raises(RecordsError, match=r"no room for station1-000000\d within 0.05 s"):
        _submit_all(writer, records)
    other.execute("ROLLBACK")
    other.close()
    writer.close()


def test_pictures_that_wait_take_no_more_memory_than_allowed(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> None:
    picture = np.zeros((100, 100), np.uint8)
    writer = RecordWriter(
        tmp_path,
        batch=1,
        busy_timeout_s=60,
        submit_timeout_s=0.05,
        pending_picture_bytes=2 * picture.nbytes,
    )
    writer.begin_run(run_start)
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    records = [make_record(number) for number in range(10)]
    with pytest.raises(RecordsError, match="no room"):
        _submit_all(writer, records, picture)
    assert writer.next_part_number <= 3  # one being written, two waiting
    other.execute("ROLLBACK")
    other.close()
    writer.close()


def test_a_part_is_let_pass_only_when_another_program_can_already_read_it(
    tmp_path: Path, writer: RecordWriter, make_record: Callable[..., PartRecord]
) -> None:
    seen: list[list[Any]] = []

    def may_pass(record: PartRecord) -> None:
        query = f"SELECT picture FROM views WHERE part_number={record.part_number}"
        rows = _sql(tmp_path, query)
        seen.append([(tmp_path / row[0]).is_file() for row in rows])

    for number in range(20):
        writer.submit(make_record(number), {"cam0": np.zeros((8, 8), np.uint8)}, may_pass)
    writer.flush()
    assert seen == [[True]] * 20


def test_parts_are_let_pass_in_the_order_in_which_they_were_judged(
    writer: RecordWriter, make_record: Callable[..., PartRecord]
) -> None:
    passed: list[int] = []
    for number in range(500):
        writer.submit(make_record(number), {}, lambda record: passed.append(record.part_number))
    writer.flush()
    assert passed == list(range(500))


def test_a_gate_that_fails_while_letting_a_part_pass_stops_the_line(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> None:
    writer = RecordWriter(tmp_path)
    writer.begin_run(run_start)

    def no_gate(record: PartRecord) -> None:
        raise GateError(f"gate unreachable at {record.serial}")

    passed: list[PartRecord] = []
    writer.submit(make_record(0), {}, no_gate)
    writer.submit(make_record(1), {}, passed.append)
    with pytest.raises(GateError, match="unreachable at station1-0000000"):
        writer.flush()
    with pytest.raises(GateError):
        writer.check()
    with pytest.raises(GateError):
        writer.submit(make_record(2))
    with pytest.raises(GateError):
        writer.log_event("bundle", {})
    with pytest.raises(GateError):
        writer.close()
    assert passed == []
    assert "record-writer" not in [thread.name for thread in threading.enumerate()]


def _submit_all(
    writer: RecordWriter, records: list[PartRecord], picture: NDArray[Any] | None = None
) -> None:
    for record in records:
        writer.submit(record, {} if picture is None else {"cam0": picture})


def _sql(folder: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(folder / "records.sqlite")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
