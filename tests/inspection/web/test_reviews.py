"""Reviews: a person's word on a verdict, from the page to the desk."""

from pathlib import Path
from typing import Any

import pytest

from inspection.records.desk import Desk
from inspection.records.entries import Review
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)


def entered(folder: Path) -> list[tuple[int, bool, str, str]]:
    desk = Desk(folder)
    try:
        return [
            (one.part_number, one.agrees, one.reason, one.who) for one in desk.reviews().values()
        ]
    finally:
        desk.close()


def latest(folder: Path, part_number: int) -> Review | None:
    desk = Desk(folder)
    try:
        return desk.review_of(part_number)
    finally:
        desk.close()


def confirmation(part_number: int, /, **changes: Any) -> dict[str, Any]:
    return {"part_number": part_number, "agrees": True, "reason": "", "who": "Mia"} | changes


def test_a_review_of_a_part_that_is_not_on_record_is_refused(asker: Any, line: Any) -> None:
    line.good_parts(1)
    answer = asker.post("/reviews", confirmation(99))
    assert answer.status_code == 404
    assert answer.json() == {"detail": "part 99 is not on record here"}


def test_a_review_before_the_first_part_leaves_the_folder_as_it_was(
    asker: Any, tmp_path: Path
) -> None:
    assert asker.post("/reviews", confirmation(0)).status_code == 404
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"agrees": False},
        {"agrees": False, "reason": "  "},
        {"agrees": "yes"},
        {"agrees": None},
        {"who": ""},
        {"who": "   "},
        {"who": "M" * 61},
        {"who": "Mia\x07"},
        {"reason": "r" * 201},
        {"reason": "two\nlines"},
        {"part_number": -1},
        {"part_number": 2**63},
        {"part_number": "0"},
        {"part_number": 0.5},
        {"verdict": "pass"},
    ],
)
def test_a_review_that_makes_no_sense_is_refused(
    asker: Any, line: Any, tmp_path: Path, changes: dict[str, Any]
) -> None:
    line.part(SCRATCH)
    assert asker.post("/reviews", confirmation(0, **changes)).status_code == 422
    assert entered(tmp_path) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"part_number": NaN}', b"\xff"])
def test_a_body_that_is_no_review_is_refused(asker: Any, line: Any, body: bytes) -> None:
    line.part(SCRATCH)
    answer = asker.send("/reviews", body, content_type="application/json")
    assert 400 <= answer.status_code < 500


def test_a_confirmed_reject_is_on_the_desk(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    answer = asker.post("/reviews", confirmation(0))
    assert (answer.status_code, answer.json()) == (201, {"status": "entered"})
    assert entered(tmp_path) == [(0, True, "", "Mia")]


def test_a_second_tap_enters_nothing_more(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    asker.post("/reviews", confirmation(0))
    first = latest(tmp_path, 0)
    answer = asker.post("/reviews", confirmation(0, who=" Mia "))
    assert (answer.status_code, answer.json()) == (200, {"status": "already entered"})
    assert latest(tmp_path, 0) == first


def test_a_second_thought_counts(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    asker.post("/reviews", confirmation(0))
    answer = asker.post("/reviews", confirmation(0, agrees=False, reason="dirt on part"))
    assert answer.status_code == 201
    assert entered(tmp_path) == [(0, False, "dirt on part", "Mia")]


def test_reviews_never_touch_the_records(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    line.close()
    before = (tmp_path / "records.sqlite").read_bytes()
    asker.post("/reviews", confirmation(0))
    assert (tmp_path / "records.sqlite").read_bytes() == before


def test_a_desk_that_cannot_be_used_is_said(asker: Any, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    (tmp_path / "desk.sqlite").write_bytes(b"this is no database " * 100)
    answer = asker.post("/reviews", confirmation(0))
    assert answer.status_code == 503
    assert "desk.sqlite: file is not a database" in answer.json()["detail"]
