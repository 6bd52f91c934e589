"""What the writer keeps is what it was given, and the ledger counts it."""

import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.errors import RecordsError
from inspection.judge import Limit, Limits, OnDoubt
from inspection.records.query import Counts, Ledger, RecordReader
from inspection.records.record import (
    Account,
    GateConfirmation,
    GateOutcome,
    PartRecord,
    RunStart,
    TriggerCount,
)
from inspection.records.writer import RecordWriter
from models.findings import Finding

MakeRecord = Callable[..., PartRecord]

finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
findings = st.builds(Finding, names, finite, st.tuples(finite, finite, finite, finite), finite)
limits = st.builds(
    Limits,
    st.dictionaries(names, st.builds(Limit, finite, finite, finite), max_size=4),
    st.sampled_from(OnDoubt),
)


@pytest.fixture(scope="module")
def long_run(
    tmp_path_factory: pytest.TempPathFactory, run_start: RunStart
) -> Generator[tuple[RecordWriter, RecordReader]]:
    folder = tmp_path_factory.mktemp("data")
    writer = RecordWriter(folder)
    writer.begin_run(run_start)
    reader = RecordReader(folder)
    yield writer, reader
    reader.close()
    writer.close()


@given(found=st.lists(findings, max_size=5), in_force=limits, score=st.floats(0.0, 1.0).map(abs))
@settings(max_examples=50, deadline=None)
def test_every_number_of_a_judgement_comes_back_to_its_last_bit(
    long_run: tuple[RecordWriter, RecordReader],
    make_record: MakeRecord,
    found: list[Finding],
    in_force: Limits,
    score: float,
) -> None:
    writer, reader = long_run
    number = writer.next_part_number
    record = make_record(number, limits=in_force, findings=tuple(found), score=score)
    writer.submit(record)
    writer.flush()
    stored = reader.part_by_number(number)
    assert stored is not None
    assert stored.record == record
    assert _judged(stored.record) == _judged(record)  # repr tells 0.0 from -0.0


def _judged(record: PartRecord) -> str:
    (view,) = record.views
    assert view.limits is not None
    return f"{sorted(view.limits.by_class.items())!r} {view.findings!r} {view.score!r}"


@pytest.mark.parametrize("verdict", ["pass", "reject", "late", "doubt"])
def test_a_part_comes_back_whole(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord, verdict: str
) -> None:
    record = make_record(5, verdict)
    writer.submit(record)
    writer.flush()
    stored = reader.part(record.serial)
    assert stored is not None
    assert stored.record == record
    assert stored.pictures == {}
    assert stored.gate is None


def test_numbers_go_on_where_the_last_run_stopped(
    tmp_path: Path, run_start: RunStart, make_record: MakeRecord
) -> None:
    writer = RecordWriter(tmp_path)
    assert writer.next_part_number == 0
    first_run = writer.begin_run(run_start)
    writer.submit(make_record(41, run_id=first_run))
    assert writer.next_part_number == 42
    writer.close()

    writer = RecordWriter(tmp_path)
    assert writer.next_part_number == 42
    assert writer.begin_run(run_start) == first_run + 1
    writer.close()


def test_the_counts_are_those_of_the_parts_on_record(
    tmp_path: Path,
    writer: RecordWriter,
    reader: RecordReader,
    make_record: MakeRecord,
    account: Account,
) -> None:
    verdicts = ["pass", "reject", "late", "doubt", "pass"] * 30
    for number, verdict in enumerate(verdicts):
        writer.submit(make_record(number, verdict))
    writer.update_triggers({account: TriggerCount(150)})
    writer.flush()
    assert reader.counts() == Counts(parts=150, passed=90, rejected=60, review=30)
    assert reader.ledger() == Ledger(triggers=150, judged=120, late=30, incomplete=0, lost=0)
    with sqlite3.connect(tmp_path / "records.sqlite") as connection:
        query = "SELECT ledger, count(*) FROM parts GROUP BY ledger"
        assert dict(connection.execute(query)) == {"judged": 120, "late": 30}
    connection.close()


def test_a_trigger_that_nobody_accounts_for_shows_as_a_difference(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord, account: Account
) -> None:
    for number in range(9):
        writer.submit(make_record(number))
    writer.update_triggers({account: TriggerCount(10)})
    writer.flush()
    assert reader.ledger().difference == 1


def test_a_run_has_its_own_counts(
    writer: RecordWriter, reader: RecordReader, run_start: RunStart, make_record: MakeRecord
) -> None:
    second = writer.begin_run(run_start)
    writer.submit(make_record(0, "reject"))
    writer.submit(make_record(1, "pass", run_id=second))
    writer.flush()
    assert reader.counts(run_id=1) == Counts(1, 0, 1, 0)
    assert reader.counts(run_id=second) == Counts(1, 1, 0, 0)
    assert reader.counts().parts == 2


def test_what_the_gate_says_is_kept_and_its_last_word_counts(
    writer: RecordWriter, reader: RecordReader, make_record: MakeRecord
) -> None:
    writer.submit(make_record(3))
    writer.confirm_gate(
        GateConfirmation(3, GateOutcome.REJECTED, 10), GateConfirmation(3, GateOutcome.PASSED, 20)
    )
    writer.flush()
    assert reader.gate_outcome(3) is GateOutcome.PASSED
    assert reader.gate_outcome(4) is None
    stored = reader.part_by_number(3)
    assert stored is not None
    assert stored.gate is GateOutcome.PASSED


def test_confirmations_alone_reach_the_disk_without_being_asked(
    writer: RecordWriter, reader: RecordReader
) -> None:
    written = False
    writer.confirm_gate(GateConfirmation(3, GateOutcome.REJECTED, 10))
    while not written:  # the test's own time limit ends it
        written = reader.gate_outcome(3) is not None


def test_events_are_kept_in_order_with_their_time(tmp_path: Path, reader: RecordReader) -> None:
    times = iter((100, 200))
    writer = RecordWriter(tmp_path, utc_ns=lambda: next(times))
    writer.log_event("bundle", {"label": "ring-2", "share": 0.1})
    writer.log_event("stopped", {"why": "Ctrl-C"})
    writer.close()
    first, second = reader.events_after(0, limit=10)
    assert (first.kind, first.at_utc_ns, first.detail) == (
        "bundle", 100, {"label": "ring-2", "share": 0.1},
    )  # fmt: skip
    assert [event.kind for event in reader.events_after(first.id, limit=10)] == ["stopped"]
    assert second.at_utc_ns == 200


def test_closing_writes_what_is_still_waiting(
    tmp_path: Path, run_start: RunStart, make_record: MakeRecord, account: Account
) -> None:
    writer = RecordWriter(tmp_path, batch=8)
    writer.begin_run(run_start)
    for number in range(20):
        writer.submit(make_record(number))
    writer.update_triggers({account: TriggerCount(20)})
    writer.close()
    writer.close()
    reader = RecordReader(tmp_path)
    assert reader.counts().parts == 20
    assert reader.ledger().triggers == 20
    reader.close()
    with pytest.raises(RecordsError, match="the writer is closed"):
        writer.submit(make_record(20))


def test_a_part_of_a_run_that_never_began_is_refused(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    writer = RecordWriter(tmp_path)
    writer.submit(make_record(0, run_id=7))
    with pytest.raises(RecordsError, match="FOREIGN KEY"):
        writer.flush()
    with pytest.raises(RecordsError):
        writer.close()


def test_a_part_number_cannot_be_used_twice(
    tmp_path: Path, run_start: RunStart, make_record: MakeRecord
) -> None:
    writer = RecordWriter(tmp_path)
    writer.begin_run(run_start)
    writer.submit(make_record(0))
    writer.submit(make_record(0))
    with pytest.raises(RecordsError, match=r"UNIQUE constraint failed: parts\.part_number"):
        writer.close()


def test_a_score_that_is_no_number_is_no_judgement(
    tmp_path: Path, run_start: RunStart, make_record: MakeRecord
) -> None:
    writer = RecordWriter(tmp_path)
    writer.begin_run(run_start)
    writer.submit(make_record(0, score=float("nan")))
    with pytest.raises(RecordsError, match="a score of nan is no judgement"):
        writer.close()


def test_a_picture_needs_a_view_that_names_its_hash(
    writer: RecordWriter, make_record: MakeRecord
) -> None:
    with pytest.raises(ValueError, match="a picture 'cam0' without a view"):
        writer.submit(make_record(0, "late"), {"cam0": np.zeros((8, 8), np.uint8)})
