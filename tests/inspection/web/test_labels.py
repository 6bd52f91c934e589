"""The label queue on the screen: why a part is there, and answers that a training can use."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inspection.records.answers import AnswerDesk
from inspection.records.candidates import Candidate, CandidateFile, Why
from inspection.records.desk import Desk
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)
NEAR = Finding("scratch", 0.52, (40.0, 56.0, 72.0, 64.0), 180.0)
TRIANGLE = [[1.0, 1.0], [20.0, 1.0], [20.0, 20.0]]


@pytest.fixture
def judged(line: Any, tmp_path: Path) -> Any:
    """0 rejected, 1 near the limit, 2 escaped, 3 in dispute, 4 passed, 5 proposed by another."""
    for findings in ((SCRATCH,), (NEAR,), (), (SCRATCH,), (), ()):
        line.part(*findings)
    desk = Desk(tmp_path)
    desk.register_return(2, "Ben")
    desk.review(3, True, "", "Ada")
    desk.review(3, False, "good part", "Ben")
    desk.close()
    doubt = Candidate(5, Why.DISAGREEMENT, 0.5, "the challenger rejects it", 2**62)
    CandidateFile(tmp_path, "shadow").append(doubt)
    return line


def queue(asker: Any) -> list[tuple[int, str]]:
    parts = asker.get("/labels/queue").json()["parts"]
    return [(part["part_number"], part["why"]) for part in parts]


def test_the_queue_says_why_each_part_is_there_the_most_worth_first(
    asker: Any, judged: Any
) -> None:
    assert queue(asker) == [
        (2, "escape"), (3, "disagreement"), (5, "disagreement"), (1, "near_limit"),
    ]  # fmt: skip
    first = asker.get("/labels/queue").json()["parts"][0]
    assert first["said"] == ["escaped, found by return; nobody outlined the defect"]
    assert asker.get(first["views"][0]["picture"]).status_code == 200


def test_an_answer_takes_the_part_off_the_queue(asker: Any, judged: Any, tmp_path: Path) -> None:
    outline = {"class_name": "dent", "view": "cam1", "polygon_xy_px": TRIANGLE}
    bad = {"part_number": 2, "outlines": [outline], "who": "Mia"}
    assert asker.post("/labels", bad).status_code == 201
    assert asker.post("/labels", {"part_number": 3, "outlines": [], "who": "Mia"}).is_success
    assert asker.post("/labels", {"part_number": 1, "outlines": [], "who": "Mia"}).is_success
    assert queue(asker) == [(5, "disagreement")]
    desk = AnswerDesk(tmp_path)
    assert [label.class_name for label in desk.outlines()[2].labels] == ["dent"]
    desk.close()


def test_that_a_passed_part_is_bad_is_no_answer_before_the_defect_is_outlined(
    asker: Any, judged: Any
) -> None:
    review = {"part_number": 4, "agrees": False, "reason": "other", "who": "Mia"}
    assert asker.post("/reviews", review).status_code == 201
    assert (4, "escape") in queue(asker)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"who": " "}, 422),
        ({"part_number": 99}, 409),
        ({"outlines": [{"class_name": "", "polygon_xy_px": TRIANGLE}]}, 422),
        ({"outlines": [{"class_name": "dent", "polygon_xy_px": TRIANGLE[:2]}]}, 422),
        ({"outlines": [{"class_name": "dent", "view": "x", "polygon_xy_px": TRIANGLE}]}, 409),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(
    asker: Any, judged: Any, changes: dict[str, Any], status: int
) -> None:
    entry = {"part_number": 2, "outlines": [], "who": "Mia"} | changes
    assert asker.post("/labels", entry).status_code == status
    assert queue(asker)[0] == (2, "escape")


def test_an_empty_station_has_an_empty_queue(asker: Any) -> None:
    assert asker.get("/labels/queue").json() == {"parts": [], "classes": []}


@pytest.mark.browser
def test_a_defect_is_outlined_on_the_picture_and_a_good_part_is_good(
    page: Page, web_thread: Any, judged: Any, tmp_path: Path
) -> None:
    page.goto(f"{web_thread.url}/labels")
    expect(page.locator("#why")).to_contain_text("escaped, found by return")
    expect(page.locator("#picture")).to_have_attribute("data-part", "2")
    box = page.locator("#picture").bounding_box()
    assert box is not None
    middle_x, middle_y = box["width"] / 2, box["height"] / 2
    for x, y in ((0, 0), (30, 0), (30, 30)):
        page.click("#picture", position={"x": middle_x + x, "y": middle_y + y})
    expect(page.locator("#good")).to_be_disabled()
    page.click("[data-class='scratch']")
    expect(page.locator("#outlines li")).to_have_count(1)
    page.click("#bad")
    page.fill("#name", "Mia")
    page.click("#name-done")
    expect(page.locator("#picture")).to_have_attribute("data-part", "3")
    page.click("#good")
    expect(page.locator("#picture")).to_have_attribute("data-part", "5")
    desk = AnswerDesk(tmp_path)
    (drawn,) = desk.outlines()[2].labels
    first = drawn.polygon_xy_px[0]
    assert (round(first[0]), round(first[1])) == (64, 64), "the middle of a picture of 128 pixels"
    assert [word.agrees for word in desk.words()[3]] == [True, False, False]
    desk.close()
