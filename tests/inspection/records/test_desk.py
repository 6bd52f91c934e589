"""People and the watch add to the records; nothing they enter is lost or counted twice."""

import math
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from inspection.records.desk import Desk
from inspection.records.entries import DeskError, Label, Return, Review
from inspection.records.query import RecordReader, StoredPart
from inspection.records.record import PartRecord
from inspection.records.writer import RecordWriter

MakeRecord = Callable[..., PartRecord]
OUTLINE = ((1.0, 2.0), (3.5, 2.0), (3.0, 0.1 + 0.2))

REVIEW_MANY = """
import sys
from pathlib import Path
from inspection.records.desk import Desk
desk = Desk(Path(sys.argv[1]))
for number in range(20):
    desk.review(number % 4, True, "", sys.argv[2])
desk.close()
"""


@pytest.fixture
def desk(tmp_path: Path, writer: RecordWriter, make_record: MakeRecord) -> Generator[Desk]:
    """A desk over four recorded parts: 0 reject, 1 pass, 2 reject, 3 passed on doubt."""
    for number, verdict in enumerate(["reject", "pass", "reject", "doubt"]):
        writer.submit(make_record(number, verdict))
    writer.flush()
    times = iter(range(1, 1000))
    desk = Desk(tmp_path, utc_ns=lambda: next(times))
    yield desk
    desk.close()


def test_the_latest_review_of_a_part_counts(desk: Desk) -> None:
    desk.review(0, True, "", "kim")
    desk.review(2, True, "", "kim")
    desk.review(0, False, "oil, no scratch", "lee")
    assert desk.reviews() == {
        2: Review(2, True, "", "kim", 2),
        0: Review(0, False, "oil, no scratch", "lee", 3),
    }
    assert desk.review_of(0) == Review(0, False, "oil, no scratch", "lee", 3)
    assert desk.review_of(1) is None


def test_reviewed_parts_wait_no_longer(desk: Desk, reader: RecordReader) -> None:
    assert _numbers(reader.rejects_waiting(10)) == [2, 0]
    assert _numbers(reader.rejects_waiting(1)) == [2]
    assert _numbers(reader.doubtful_waiting(10)) == [3]
    desk.review(2, True, "", "kim")
    desk.review(3, True, "", "kim")
    assert _numbers(reader.rejects_waiting(10)) == [0]
    assert _numbers(reader.doubtful_waiting(10)) == []


def _numbers(parts: list[StoredPart]) -> list[int]:
    return [part.record.part_number for part in parts]


@pytest.mark.parametrize(
    ("part_number", "agrees", "reason", "who", "fault"),
    [
        (77, True, "", "kim", "part 77 is not in the records"),
        (0, False, "  ", "kim", "part 0: overruling a verdict needs a reason"),
        (0, True, "", " ", "part 0: a review needs the name of who reviewed"),
    ],
)
def test_a_review_that_makes_no_sense_is_not_taken(
    desk: Desk, part_number: int, agrees: bool, reason: str, who: str, fault: str
) -> None:
    with pytest.raises(DeskError, match=fault):
        desk.review(part_number, agrees, reason, who)
    assert desk.reviews() == {}


def test_a_returned_part_that_had_passed_is_an_escape(desk: Desk) -> None:
    escaped = desk.register_return("station1-0000001", "kim", "dent", (Label("dent", OUTLINE),))
    rejected = desk.register_return(2, "kim", "sent out by mistake")
    assert escaped == Return(
        1, "station1-0000001", "kim", "dent", (Label("dent", OUTLINE),), escaped.at_utc_ns
    )
    assert desk.returns() == [escaped, rejected]
    assert desk.escapes() == [escaped]


def test_labels_added_later_replace_the_first_entry_of_a_return(desk: Desk) -> None:
    desk.register_return(1, "kim")
    labelled = desk.register_return(1, "lee", "", (Label("dent", OUTLINE),))
    assert desk.escapes() == [labelled]


def test_a_return_must_be_a_part_on_record_and_have_a_name_to_it(desk: Desk) -> None:
    with pytest.raises(DeskError, match="part 'station9-1' is not in the records"):
        desk.register_return("station9-1", "kim")
    with pytest.raises(DeskError, match="station1-0000001: a return needs the name"):
        desk.register_return(1, "")


@pytest.mark.parametrize(
    ("name", "polygon", "fault"),
    [
        ("", OUTLINE, "needs the name of a defect class"),
        ("dent", OUTLINE[:2], "needs 3 corners or more, got 2"),
        ("dent", (*OUTLINE, (math.nan, 0.0)), "a corner is NaN or infinite"),
    ],
)
def test_a_label_that_outlines_nothing_is_refused(
    name: str, polygon: tuple[tuple[float, float], ...], fault: str
) -> None:
    with pytest.raises(DeskError, match=fault):
        Label(name, polygon)


def test_two_processes_review_at_once_and_nothing_is_lost(tmp_path: Path, desk: Desk) -> None:
    people = [
        subprocess.Popen([sys.executable, "-c", REVIEW_MANY, str(tmp_path), who])
        for who in ("kim", "lee")
    ]
    for _ in range(10):
        desk.register_return(1, "ann")
    assert [person.wait() for person in people] == [0, 0]
    connection = sqlite3.connect(tmp_path / "desk.sqlite")
    counted = connection.execute("SELECT who, count(*) FROM reviews GROUP BY who ORDER BY who")
    assert counted.fetchall() == [("kim", 20), ("lee", 20)]
    assert connection.execute("SELECT count(*) FROM returns").fetchone() == (10,)
    connection.close()
