"""The label queue on the screen: why a part is there, and answers that a training can use."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from camera.frame import Frame
from inspection.judge import Outcome, Reason, ReasonKind, Verdict
from inspection.line.shadow_wire import ChampionWord, OfferedPart
from inspection.records.answers import AnswerDesk
from inspection.records.candidates import Candidate, CandidateFile, Why
from inspection.records.desk import Desk
from inspection.shadow.store import Answer, ShadowStore
from models.findings import Finding
from models.registry import station_registry

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


def test_what_the_shadow_says_otherwise_is_in_the_queue_with_the_picture_that_it_kept(
    asker: Any, line: Any, tmp_path: Path, make_bundle: Any
) -> None:
    registry = station_registry(tmp_path)
    for version in ("1", "2"):
        registry.add(make_bundle(version=version, card={"name": "rings"}), "Mia", "trained")
    champion = registry.promote("rings-1", "Mia", "the first", {})
    shadow = registry.shadow("rings-2", "Mia", "passed the gate", {})
    pixels = np.full((128, 128), 90, np.uint8)
    record = line.part(pixels=pixels, keep=False)
    frame = Frame(pixels, "Mono8", "cam1", 0, 0, 0)
    word = ChampionWord("rings-1", champion.digest, Outcome.PASS, 0.1)
    part = OfferedPart(0, record.serial, 1, word, {"cam1": frame}, {}, False, 0)
    verdict = Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "scratch"),))
    store = ShadowStore(tmp_path)
    store.add(shadow, [Answer(part, verdict, record.views, 0.8, 1, 1)])
    store.close()
    (waiting,) = asker.get("/labels/queue").json()["parts"]
    assert waiting["why"] == "shadow"
    assert waiting["said"] == ["rings-1 says pass, its shadow rings-2 says reject"]
    assert asker.get(waiting["views"][0]["picture"]).status_code == 200
    assert asker.post("/labels", {"part_number": 0, "outlines": [], "who": "Mia"}).is_success
    assert queue(asker) == []


@pytest.mark.browser
def test_the_page_says_that_it_looks_while_its_queue_is_made(
    page: Page, web_thread: Any, judged: Any
) -> None:
    asked: list[Route] = []
    page.route("**/labels/queue", lambda route: asked.append(route))
    page.goto(f"{web_thread.url}/labels")
    expect(page.locator("#loading")).to_contain_text("Looking through the records")
    expect(page.locator(".label-answer")).to_be_hidden()
    asked[0].continue_()
    expect(page.locator(".label-answer")).to_be_visible()
    expect(page.locator("#loading")).to_be_hidden()


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
