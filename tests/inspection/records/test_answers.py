from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest

from inspection.records.answers import AnswerDesk
from inspection.records.desk import Desk
from inspection.records.entries import DeskError, Label
from inspection.records.record import PartRecord, RunStart
from inspection.records.writer import RecordWriter

PIXELS = np.zeros((8, 8), np.uint8)
DENT = Label("dent", ((1.0, 1.0), (5.0, 1.0), (5.0, 5.0)), "cam0")


@pytest.fixture
def answers(
    tmp_path: Path, run_start: RunStart, make_record: Callable[..., PartRecord]
) -> Generator[AnswerDesk]:
    """Part 0 passed and 1 was rejected, both with a picture; of 2 none was kept."""
    writer = RecordWriter(tmp_path)
    run_id = writer.begin_run(run_start)
    for number, verdict in enumerate(("pass", "reject", "pass")):
        pictures = {"cam0": PIXELS} if number < 2 else {}
        writer.submit(make_record(number, verdict, run_id), pictures)
    writer.close()
    opened = AnswerDesk(tmp_path)
    yield opened
    opened.close()


def reviews(folder: Path) -> dict[int, tuple[bool, str, str]]:
    desk = Desk(folder)
    entered = {number: (one.agrees, one.reason, one.who) for number, one in desk.reviews().items()}
    desk.close()
    return entered


def test_an_answer_is_a_review_of_the_verdict(answers: AnswerDesk, tmp_path: Path) -> None:
    answers.answer(0, "kim")
    answers.answer(1, "kim")
    assert reviews(tmp_path) == {0: (True, "", "kim"), 1: (False, "good part", "kim")}
    answers.answer(0, "lee", (DENT,))
    answers.answer(1, "lee", (DENT,))
    assert reviews(tmp_path) == {0: (False, "bad: dent", "lee"), 1: (True, "", "lee")}


def test_the_latest_outlines_count(answers: AnswerDesk, tmp_path: Path) -> None:
    answers.answer(1, "kim", (Label("rust", DENT.polygon_xy_px),))
    answers.answer(1, "lee", (DENT,))
    answers.answer(0, "lee")
    assert {n: (one.who, one.labels) for n, one in answers.outlines().items()} == {
        1: ("lee", (DENT,))
    }


@pytest.mark.parametrize(
    ("part_number", "who", "label", "fault"),
    [
        (7, "kim", DENT, "part 7: has no kept picture"),
        (2, "kim", DENT, "part 2: has no kept picture"),
        (1, " ", DENT, "needs the name"),
        (1, "kim", Label("dent", DENT.polygon_xy_px, "cam9"), "no picture of a view 'cam9'"),
    ],
)
def test_an_answer_that_makes_no_sense_is_not_taken(
    answers: AnswerDesk, tmp_path: Path, part_number: int, who: str, label: Label, fault: str
) -> None:
    with pytest.raises(DeskError, match=fault):
        answers.answer(part_number, who, (label,))
    assert reviews(tmp_path) == {}
    assert answers.outlines() == {}
