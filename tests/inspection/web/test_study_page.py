"""An agreement study on the screen: laid out, judged blind, interrupted, read and ended."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inspection.records.desk import Desk
from inspection.records.studies import StudyDesk
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)
FAINT = Finding("scratch", 0.3, (40.0, 56.0, 72.0, 64.0), 180.0)


def study(**changes: Any) -> dict[str, Any]:
    return {"title": "caps", "trials": 2, "bad": [0], "good": [1], "who": "Ada"} | changes


@pytest.fixture
def pictured(line: Any) -> Any:
    """Two rejects and two passes, pictures kept."""
    for findings in ((SCRATCH,), (), (SCRATCH,), (FAINT,)):
        line.part(*findings)
    return line


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"bad": []}, 409),
        ({"good": [0]}, 409),
        ({"trials": 1}, 422),
        ({"title": " "}, 422),
        ({"who": ""}, 422),
        ({"good": [99]}, 404),
        ({"good": [-1]}, 422),
        ({"good": ["1"]}, 422),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(
    asker: Any, pictured: Any, changes: dict[str, Any], status: int
) -> None:
    assert asker.post("/study", study(**changes)).status_code == status
    assert asker.get("/study/list").json() == {"studies": []}


def test_a_part_without_a_picture_is_in_no_study(asker: Any, line: Any) -> None:
    line.part(SCRATCH)
    line.good_parts(1)
    answer = asker.post("/study", study())
    assert answer.status_code == 404
    assert "part 1 has no kept picture" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/study/9", "/study/9/next?who=Mia", "/study/9/result"])
def test_a_study_that_is_not_there_is_said(asker: Any, path: str) -> None:
    assert asker.get(path).status_code == 404


def test_a_question_gives_nothing_away(asker: Any, pictured: Any) -> None:
    asker.post("/study", study(bad=[0, 3], good=[1, 2]))
    asked = asker.get("/study/1/next?who=Mia").json()
    assert set(asked) == {"part", "trial", "trials", "asked", "of"}
    assert set(asked["part"]) == {"part_number", "pictures"}
    assert (asked["trial"], asked["asked"], asked["of"]) == (1, 0, 8)


def test_a_call_counts_once(asker: Any, pictured: Any) -> None:
    asker.post("/study", study())
    call = {"who": "Mia", "trial": 1, "part_number": 0, "bad": True}
    assert asker.post("/study/1/calls", call).status_code == 201
    again = asker.post("/study/1/calls", call | {"bad": False})
    assert again.status_code == 409
    assert asker.post("/study/1/calls", call | {"who": "station"}).status_code == 409


def test_returns_are_offered_first_and_known_to_be_bad(
    asker: Any, pictured: Any, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    desk.register_return(1, who="Ben")
    desk.close()
    parts = asker.get("/study/candidates").json()["parts"]
    assert [(part["part_number"], part["truth"]) for part in parts] == [
        (1, "bad"), (2, None), (0, None), (3, None),
    ]  # fmt: skip
    asker.post("/study", study(bad=[1], good=[3]))
    opened = StudyDesk(tmp_path)
    told = {part.part_number: part.truth_from for part in opened.studies()[0].parts}
    opened.close()
    assert told == {1: "return registered by Ben", 3: "Ada"}


def test_the_station_is_an_appraiser_by_its_verdicts_on_record(asker: Any, pictured: Any) -> None:
    asker.post("/study", study(bad=[0, 3], good=[1, 2]))
    page = asker.get("/study/1/result").text
    row = page[page.index("<th>station</th>") :]
    assert "50.0 % (6.8 to 93.2)" in row, "parts 0 and 1 right, 2 and 3 wrong"


def test_hostile_words_on_the_result_are_shown_as_words(asker: Any, pictured: Any) -> None:
    hostile = "<script>window.hit=1</script>"
    asker.post("/study", study(title=hostile, who=hostile))
    for path in ("/study/1", "/study/1/result"):
        page = asker.get(path).text
        assert hostile not in page
        assert "&lt;script&gt;" in page


def introduce(page: Page, name: str) -> None:
    page.fill("#name", name)
    page.click("#name-done")


def ready_for(page: Page, asked: int) -> None:
    expect(page.locator("#progress")).to_contain_text(f"Part {asked} of")
    expect(page.locator("#good")).to_be_enabled()


@pytest.mark.browser
def test_a_study_is_laid_out_judged_interrupted_and_ended_on_the_screen(
    page: Page, web_thread: Any, pictured: Any, tmp_path: Path
) -> None:
    page.goto(f"{web_thread.url}/study")
    page.click("#new")
    page.fill("#study-title", "caps")
    expect(page.locator("#begin")).to_be_disabled()
    page.click("[data-part='0']")
    page.click("[data-part='1']")
    page.click("[data-part='1']")
    expect(page.locator("#layout-count")).to_have_text("1 bad, 1 good")
    page.click("#begin")
    introduce(page, "Ada")

    introduce(page, "Mia")
    ready_for(page, 1)
    page.keyboard.press("b")
    ready_for(page, 2)
    page.click("#good")
    ready_for(page, 3)
    page.reload()
    introduce(page, "Mia")
    ready_for(page, 3)
    page.keyboard.press("ArrowLeft")
    ready_for(page, 4)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#done-head")).to_have_text("All parts judged")
    desk = StudyDesk(tmp_path)
    calls = desk.calls(1)
    assert [call.bad for call in calls] == [True, False, False, True]
    assert [call.trial for call in calls] == [1, 1, 2, 2]
    desk.close()

    page.goto(f"{web_thread.url}/study/1/result")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.click("#end")
    expect(page.locator("#end")).to_have_count(0)
    expect(page.locator(".sheet .hint").first).to_contain_text("Ended.")
