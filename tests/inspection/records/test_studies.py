"""Agreement studies on the desk: laid out once, answered once each, never changed."""

import sqlite3
from collections.abc import Generator
from pathlib import Path

import pytest

from inspection.errors import RecordsError
from inspection.records.entries import DeskError
from inspection.records.studies import Call, StudyDesk, StudyPart

PARTS = (
    StudyPart(3, True, "Ada", True),
    StudyPart(5, True, "return of Mia", False),
    StudyPart(8, False, "Ada", False),
)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[StudyDesk]:
    opened = StudyDesk(tmp_path, utc_ns=lambda: 7)
    yield opened
    opened.close()


def begun(desk: StudyDesk) -> int:
    return desk.begin("caps, borderline", PARTS, trials=2, who="Ada", seed=11)


@pytest.mark.parametrize(
    ("parts", "trials", "who", "complaint"),
    [
        (PARTS[:2], 2, "Ada", "needs bad parts and good ones.* got 2 bad and 0 good"),
        (PARTS[2:], 2, "Ada", "got 0 bad and 1 good"),
        ((), 2, "Ada", "got 0 bad and 0 good"),
        ((*PARTS, PARTS[0]), 2, "Ada", "came twice"),
        (PARTS, 1, "Ada", "2 trials or more"),
        (PARTS, 2, "  ", "the name of who lays it out"),
    ],
)
def test_a_study_that_could_show_nothing_is_refused(
    desk: StudyDesk, parts: tuple[StudyPart, ...], trials: int, who: str, complaint: str
) -> None:
    with pytest.raises(DeskError, match=complaint):
        desk.begin("caps", parts, trials=trials, who=who)
    assert desk.studies() == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (Call("Mia", 1, 4, True), "part 4 is not in study 1"),
        (Call("Mia", 3, 5, True), "trials 1 to 2"),
        (Call("Mia", 0, 5, True), "trials 1 to 2"),
        (Call(" ", 1, 5, True), "needs a name"),
        (Call("station", 1, 5, True), "a name of their own"),
    ],
)
def test_a_call_that_does_not_belong_is_refused(
    desk: StudyDesk, call: Call, complaint: str
) -> None:
    study_id = begun(desk)
    with pytest.raises(DeskError, match=complaint):
        desk.call(study_id, call)
    assert desk.calls(study_id) == []


def test_nobody_answers_the_same_question_twice(desk: StudyDesk) -> None:
    study_id = begun(desk)
    desk.call(study_id, Call("Mia", 1, 5, True))
    with pytest.raises(DeskError, match="Mia has judged part 5 in trial 1 already"):
        desk.call(study_id, Call("Mia", 1, 5, False))
    desk.call(study_id, Call("Mia", 2, 5, False))
    assert [call.bad for call in desk.calls(study_id)] == [True, False]


def test_an_ended_study_takes_no_more_calls_and_ends_once(desk: StudyDesk) -> None:
    study_id = begun(desk)
    desk.end(study_id, "Ada")
    with pytest.raises(DeskError, match="has ended; begin another"):
        desk.call(study_id, Call("Mia", 1, 5, True))
    with pytest.raises(DeskError, match="has ended already"):
        desk.end(study_id, "Mia")
    study = desk.study(study_id)
    assert study is not None
    assert study.ended_utc_ns == 7


def test_a_study_is_read_as_it_was_laid_out_by_another_process(
    desk: StudyDesk, tmp_path: Path
) -> None:
    study_id = begun(desk)
    other = StudyDesk(tmp_path)
    study = other.study(study_id)
    other.close()
    assert study is not None
    assert (study.title, study.trials, study.seed, study.who) == ("caps, borderline", 2, 11, "Ada")
    assert study.parts == PARTS
    assert study.ended_utc_ns is None


def test_a_desk_older_than_studies_takes_them(tmp_path: Path, desk: StudyDesk) -> None:
    desk.close()
    older = sqlite3.connect(tmp_path / "desk.sqlite")
    for table in ("study_calls", "study_parts", "study_ends", "studies"):
        older.execute(f"DROP TABLE {table}")
    older.commit()
    older.close()
    opened = StudyDesk(tmp_path)
    assert opened.studies() == []
    opened.close()


def test_a_desk_that_somebody_else_holds_is_said_so_whatever_is_entered(tmp_path: Path) -> None:
    desk = StudyDesk(tmp_path, busy_timeout_s=0.05)
    study_id = begun(desk)
    other = sqlite3.connect(tmp_path / "desk.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsError, match=r"desk\.sqlite: database is locked"):
        desk.call(study_id, Call("Mia", 1, 3, True))
    with pytest.raises(RecordsError, match=r"desk\.sqlite: database is locked"):
        desk.end(study_id, "Ada")
    other.close()
    desk.close()
