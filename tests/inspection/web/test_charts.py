"""The chart page: what it is told, and what it does in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inspection.records.chart_history import ChartHistory
from inspection.records.signal_desk import SignalDesk
from inspection.records.studies import StudyDesk, StudyPart
from inspection.watch import Watch
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)


def columns(asker: Any, query: str = "") -> dict[str, Any]:
    answer = asker.get(f"/charts/1/points{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def open_charts(page: Page, web_thread: Any) -> Callable[[], Page]:
    def opens() -> Page:
        page.goto(f"{web_thread.url}/charts")
        return page

    return opens


def introduce(page: Page, name: str) -> None:
    page.click("#operator")
    page.fill("#name", name)
    page.click("#name-done")
    expect(page.locator("#operator")).to_have_text(name)


def test_a_chart_that_is_not_there_is_said(asker: Any, watched: Any) -> None:
    answer = asker.get("/charts/7/points")
    assert (answer.status_code, answer.json()) == (404, {"detail": "there is no chart 7 here"})


def test_a_station_that_was_never_watched_has_no_charts(asker: Any) -> None:
    found = asker.get("/charts/list").json()
    assert (found["watched"], found["charts"], found["rate"]) == (False, [], None)


def test_a_chart_without_points_has_none(asker: Any, watched: Any) -> None:
    assert columns(asker)["columns"] is None


@pytest.mark.parametrize("query", ["first=5&last=4", "first=-1&last=4", f"first=0&last={2**63}"])
def test_parts_that_cannot_be_are_refused(asker: Any, query: str) -> None:
    assert asker.get(f"/parts?{query}").status_code == 422


def test_every_signal_and_every_extreme_is_left_when_points_are_too_many_to_show(
    asker: Any, watched: Any
) -> None:
    watched.points(400, signal_at=217, run_at=301)
    shown = columns(asker, "?most=40")
    assert shown["thinned"]
    numbers = shown["columns"]["number"]
    assert len(numbers) <= 45
    assert numbers == sorted(set(numbers))
    assert {0, 217, 301, 399} <= set(numbers)
    assert max(shown["columns"]["value"]) == pytest.approx(0.09)
    assert min(shown["columns"]["value"]) == pytest.approx(0.01)


def test_zooming_in_gives_every_point(asker: Any, watched: Any) -> None:
    watched.points(400)
    shown = columns(asker, "?since=100&until=130&most=40")
    assert shown["columns"]["number"] == list(range(100, 131))
    assert (shown["thinned"], shown["first"], shown["last"]) == (False, 0, 399)


def test_the_last_hours_are_those_after_a_time(asker: Any, watched: Any) -> None:
    watched.points(50)
    since_ms = (watched.begun_utc_ns + 47 * 3_600_000_000_000) // 1_000_000
    assert columns(asker, f"?since_ms={since_ms}")["columns"]["number"] == [47, 48, 49]


def test_phases_changes_and_notes_stand_at_their_points(
    asker: Any, watched: Any, tmp_path: Path
) -> None:
    watched.points(30)
    watched.change("model rings-2", at=12)
    desk = SignalDesk(tmp_path, utc_ns=lambda: watched.begun_utc_ns + 20 * 3_600_000_000_000 + 5)
    desk.note("lamp cleaned", "Mia")
    desk.close()
    shown = columns(asker)
    assert shown["stages"] == [{"number": 0, "phase_one": 9, "text": ""}]
    assert shown["marks"] == [
        {"number": 12, "text": "model rings-2"},
        {"number": 20, "text": "Mia: lamp cleaned"},
    ]


def test_the_list_says_what_limits_rest_on_and_what_they_promise(asker: Any, watched: Any) -> None:
    watched.points(12)
    watched.signal(1)
    [chart] = asker.get("/charts/list").json()["charts"]
    assert (chart["title"], chart["open"], chart["points"]) == ("Rejects", 1, 12)
    assert chart["limits"] == (
        "limits from 10 points, provisional · σz 1.70: the rate wanders · "
        "a false alarm about every 10 days · the change is seen after 900 parts on average"
    )


def watch_all(folder: Path) -> None:
    watch = Watch(folder)
    watch.step()
    watch.close()


def test_the_defect_rate_is_corrected_by_the_latest_study_that_ended(
    asker: Any, line: Any, tmp_path: Path
) -> None:
    line.good_parts(95)
    for _ in range(5):
        line.part(SCRATCH, keep=False)
    line.lost()  # rejected, but not for what was seen
    watch_all(tmp_path)
    desk = StudyDesk(tmp_path)
    parts = [StudyPart(at, at < 50, "Ada", at < 49 or at == 60) for at in range(100)]
    study = desk.begin("caps", parts, trials=2, who="Ada")
    assert asker.get("/charts/list").json()["rate"] is None, "it has not ended"
    desk.end(study, "Ada")
    desk.close()
    rate = asker.get("/charts/list").json()["rate"]
    assert (rate["seen"], rate["parts"]) == (pytest.approx(0.05), 100)
    assert rate["rate"] == pytest.approx((0.05 + 0.98 - 1) / (0.98 + 0.98 - 1))
    assert rate["lower"] <= rate["rate"] <= rate["upper"]


def test_a_study_no_better_than_chance_corrects_nothing_and_says_so(
    asker: Any, line: Any, tmp_path: Path
) -> None:
    line.good_parts(10)
    watch_all(tmp_path)
    desk = StudyDesk(tmp_path)
    parts = [StudyPart(at, at < 4, "Ada", at % 2 == 0) for at in range(8)]
    desk.end(desk.begin("caps", parts, trials=2, who="Ada"), "Ada")
    desk.close()
    assert "no better than chance" in asker.get("/charts/list").json()["rate"]["refused"]


def test_the_parts_behind_a_point_come_rejects_first(asker: Any, line: Any) -> None:
    line.part()
    line.part(SCRATCH)
    line.good_parts(2)
    parts = asker.get("/parts?first=0&last=3").json()["parts"]
    assert [part["part_number"] for part in parts] == [1, 0]
    assert parts[0]["outcome"] == "reject"
    assert parts[0]["pictures"][0].startswith("/pictures/1.png?")


def test_points_of_a_long_history_are_read_by_the_stretch(watched: Any, tmp_path: Path) -> None:
    watched.points(20)
    history = ChartHistory(tmp_path)
    found = history.points(1, since=-5, until=99)
    assert found is not None
    assert found.columns["number"] == list(range(20))
    assert history.points(2) is None
    history.close()


@pytest.mark.browser
def test_the_chart_opens_zooms_to_finer_points_and_back(
    open_charts: Callable[[], Page], watched: Any
) -> None:
    watched.points(3000, signal_at=1500)
    page = open_charts()
    plot = page.locator("#plot")
    expect(plot).to_have_attribute("data-thinned", "yes")
    expect(page.locator("#readout")).to_contain_text("zoom in for all")
    for _ in range(8):
        page.click("[data-zoom='0.7']")
    expect(plot).to_have_attribute("data-thinned", "no")
    page.click("[data-span='all']")
    expect(plot).to_have_attribute("data-thinned", "yes")


@pytest.mark.browser
def test_a_point_says_its_value_n_limits_and_parts_and_shows_their_pictures(
    open_charts: Callable[[], Page], watched: Any, line: Any
) -> None:
    line.part(SCRATCH)
    line.part()
    watched.points(20, size=2)
    page = open_charts()
    expect(page.locator("#plot")).to_have_attribute("data-points", "20")
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    expect(page.locator("#readout")).to_contain_text("parts 0–1 · 0.00 % · n 2")
    expect(page.locator("#readout")).to_contain_text("limits 0.00 % to 6.20 %")
    page.mouse.click(box["x"] + 2, box["y"] + 40)
    expect(page.locator(".part-entry")).to_have_count(2)
    page.locator(".part-entry[data-part='0'] button").click()
    expect(page.locator("#picture-about")).to_contain_text("press-4-0000000 · scratch · score 0.93")


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (600, 900)])
def test_nothing_runs_out_of_its_panel_however_many_parts_lie_behind_a_point(
    open_charts: Callable[[], Page], watched: Any, line: Any, size: tuple[int, int]
) -> None:
    for _ in range(24):
        line.part(SCRATCH)
    watched.points(20)
    watched.signal(1, at=0)
    page = open_charts()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.locator(".signal-head").click()
    expect(page.locator(".part-entry")).to_have_count(24)
    right = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll(".panel, #plot canvas, .tools button")]
            .map((one) => one.getBoundingClientRect().right))"""
    )
    assert right <= size[0]
    plot, panel = (page.locator(one).bounding_box() for one in ("#plot canvas", ".chart-view"))
    assert plot is not None
    assert panel is not None
    assert plot["x"] + plot["width"] <= panel["x"] + panel["width"]


@pytest.mark.browser
def test_a_signal_is_acknowledged_planned_explained_and_closed_on_the_page(
    open_charts: Callable[[], Page], watched: Any, tmp_path: Path
) -> None:
    watched.points(20, signal_at=15)
    reasons = ["brightness of cam1 fell by 4.0 sigmas (3.1 to 4.9): look at the lamp"]
    watched.signal(1, at=15, origin="camera", reasons=reasons, evidence=[])
    page = open_charts()
    entry = page.locator(".signal-entry")
    expect(entry.locator(".diagnosis strong")).to_have_text("Look at the camera")
    expect(entry.locator(".diagnosis li")).to_have_text(reasons)
    introduce(page, "Mia")
    page.click("[data-act='acknowledge']")
    entry.locator(".answer").first.click()
    page.fill("#words-text", "told Ben")
    page.click("#words-done")
    expect(entry.locator(".plan-step").first).to_contain_text("✓ Mia: told Ben")
    for act, text in (("explain", "lamp aged"), ("close", "lamp changed")):
        page.click(f"[data-act='{act}']")
        page.fill("#words-text", text)
        page.click("#words-done")
        expect(entry).to_contain_text(f"by Mia: {text}")
    expect(entry).to_have_attribute("data-state", "closed")
    expect(page.locator("#signal-count")).to_have_text("0 open of 1")
    desk = SignalDesk(tmp_path)
    assert [act.act for act in desk.acts(1)] == ["acknowledged", "step", "explained", "closed"]
    desk.close()


@pytest.mark.browser
def test_hostile_words_on_charts_are_shown_as_words(
    open_charts: Callable[[], Page], watched: Any, line: Any
) -> None:
    hostile = "<img src=x onerror=window.hit=1>"
    line.part(Finding(hostile, 0.9, (1.0, 1.0, 9.0, 9.0), 60.0), serial=hostile)
    watched.points(12, size=1)
    watched.change(hostile, at=3)
    watched.signal(1, at=0, origin="process", reasons=[hostile], evidence=[])
    page = open_charts()
    expect(page.locator(".diagnosis li")).to_have_text(hostile)
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 2, box["y"] + 40)
    expect(page.locator(".part-entry b")).to_have_text(hostile)
    assert page.evaluate("window.hit") is None


@pytest.mark.browser
def test_a_note_stands_on_the_chart(
    open_charts: Callable[[], Page], watched: Any, tmp_path: Path
) -> None:
    watched.points(12)
    page = open_charts()
    introduce(page, "Mia")
    page.click("#write-note")
    page.fill("#words-text", "lamp cleaned")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click("#words-done")
    expect(page.locator("#words")).to_be_hidden()
    desk = SignalDesk(tmp_path)
    expect(page.locator("#fault")).to_be_hidden()
    assert [note.text for note in desk.notes()] == ["Mia: lamp cleaned"]
    desk.close()
