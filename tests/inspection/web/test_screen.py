"""The operator's screen in a real browser."""

import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from inspection.records.desk import Desk
from inspection.records.signal_desk import SignalDesk
from inspection.watch import Watch
from models.findings import Finding

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)

pytestmark = pytest.mark.browser


@pytest.fixture
def open_screen(page: Page, web_thread: Any) -> Callable[[], Page]:
    """Opens the screen; a function, so that a test can prepare its records first."""

    def opens() -> Page:
        page.goto(web_thread.url)
        return page

    return opens


def reds(page: Page, canvas: str, box_xyxy: tuple[int, int, int, int] | None = None) -> int:
    """How many pixels of a canvas have the colour of a mark, inside a box or in all of it."""
    return page.evaluate(
        """([id, box]) => {
            const canvas = document.getElementById(id);
            const [x0, y0, x1, y1] = box ?? [0, 0, canvas.width, canvas.height];
            const data = canvas.getContext("2d").getImageData(x0, y0, x1 - x0, y1 - y0).data;
            let many = 0;
            for (let i = 0; i < data.length; i += 4)
                many += data[i] === 255 && data[i + 1] === 93 && data[i + 2] === 85;
            return many;
        }""",
        [canvas, box_xyxy],
    )


def introduce(page: Page, name: str) -> None:
    """The operator says who is here."""
    page.click("#operator")
    page.fill("#name", name)
    page.click("#name-done")
    expect(page.locator("#operator")).to_have_text(name)


def settle(page: Page, record: Any) -> None:
    """The part is in view, and long enough for a tap to be meant for it."""
    expect(page.locator("#reject-serial")).to_have_text(record.serial)
    expect(page.locator("#confirm")).to_be_enabled()


def reviews(folder: Path) -> dict[int, tuple[bool, str, str]]:
    desk = Desk(folder)
    try:
        return {number: (one.agrees, one.reason, one.who) for number, one in desk.reviews().items()}
    finally:
        desk.close()


def test_the_screen_says_within_two_seconds_that_the_server_is_gone_and_resumes(
    page: Page, line: Any, web: Any
) -> None:
    line.part(SCRATCH)
    page.goto(web.url)
    expect(page.locator("#confirm")).to_be_enabled()
    expect(page.locator("#banner")).to_be_hidden()
    web.end(signal.SIGKILL)
    page.wait_for_selector("#banner:visible", timeout=2000)
    expect(page.locator("#banner-head")).to_have_text("No connection to the station")
    expect(page.locator("#confirm")).to_be_disabled()
    line.part(SCRATCH, serial="while-away")
    web.start()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#reject-serial")).to_have_text("while-away")
    expect(page.locator("#confirm")).to_be_enabled()


def test_a_server_that_hangs_is_noticed_as_one_that_is_gone(
    page: Page, line: Any, web: Any
) -> None:
    line.part(SCRATCH)
    page.goto(web.url)
    expect(page.locator("#confirm")).to_be_enabled()
    web.send(signal.SIGSTOP)
    page.wait_for_selector("#banner:visible", timeout=5000)
    web.send(signal.SIGCONT)
    expect(page.locator("#banner")).to_be_hidden()


def test_hostile_words_are_shown_as_words(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    hostile = "<script>window.hit=1</script><img src=x onerror=window.hit=1>"
    finding = Finding(hostile, 0.9, (40.0, 56.0, 72.0, 64.0), 180.0)
    record = line.part(finding, serial=hostile, lot=hostile, model=hostile)
    line.writer.log_event("model_changed", {"from": hostile, "to": hostile})
    line.writer.flush()
    desk = Desk(tmp_path)
    desk.review(record.part_number, False, hostile, hostile)
    desk.close()
    page = open_screen()
    for place in ("#reject-serial", "#lot", "#model", "#review-state", "#events", "#reject-what"):
        expect(page.locator(place)).to_contain_text("<script>window.hit=1</script>")
    assert page.evaluate("window.hit") is None
    assert page.locator("main script, main img").count() == 0


def test_records_that_cannot_be_read_are_said_on_the_screen(
    open_screen: Callable[[], Page], tmp_path: Path
) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"no database " * 500)
    page = open_screen()
    expect(page.locator("#banner-head")).to_have_text("The records cannot be read")
    expect(page.locator("#banner-text")).to_contain_text("not a database")
    expect(page.locator("#confirm")).to_be_disabled()


def test_a_review_that_could_not_be_entered_is_said(
    open_screen: Callable[[], Page], line: Any, page: Page
) -> None:
    record = line.part(SCRATCH)
    open_screen()
    introduce(page, "Mia")
    settle(page, record)
    page.route(
        "**/reviews", lambda route: route.fulfill(status=503, json={"detail": "disk is full"})
    )
    page.click("#confirm")
    expect(page.locator("#review-state")).to_have_text("Not saved: disk is full")
    page.unroute("**/reviews")
    page.click("#confirm")
    expect(page.locator("#review-state")).to_have_text("✓ Confirmed by Mia")


def test_the_screen_waits_for_the_line_and_starts_by_itself(
    open_screen: Callable[[], Page], request: pytest.FixtureRequest
) -> None:
    page = open_screen()
    expect(page.locator("#waiting")).to_be_visible()
    expect(page.locator("#reject-serial")).to_be_hidden()
    box = page.locator("#waiting").bounding_box()
    assert box is not None
    assert abs(box["x"] + box["width"] / 2 - 640) < 2, "in the middle of the screen"
    line = request.getfixturevalue("line")
    record = line.part(SCRATCH)
    expect(page.locator("#waiting")).to_be_hidden()
    expect(page.locator("#reject-serial")).to_have_text(record.serial)


def test_the_last_reject_appears_by_itself_with_its_finding_marked(
    open_screen: Callable[[], Page], line: Any
) -> None:
    line.part(SCRATCH)
    page = open_screen()
    expect(page.locator("#reject-picture")).to_have_attribute("data-part", "0")
    record = line.part(SCRATCH, serial="the-new-one")
    expect(page.locator("#reject-serial")).to_have_text("the-new-one")
    expect(page.locator("#reject-what")).to_have_text("scratch")
    expect(page.locator("#reject-score")).to_have_text("0.93")
    canvas = page.locator("#reject-picture")
    expect(canvas).to_have_attribute("data-part", str(record.part_number))
    expect(canvas).to_have_attribute("aria-label", "Part the-new-one: scratch 0.93")
    size = page.evaluate("[c = document.getElementById('reject-picture')][0].width")
    height = page.evaluate("document.getElementById('reject-picture').height")
    scale = min(size, height) / 128
    left, top = (size - 128 * scale) / 2, (height - 128 * scale) / 2
    around = (
        int(left + 40 * scale) - 14, int(top + 56 * scale) - 50,
        int(left + 72 * scale) + 14, int(top + 64 * scale) + 14,
    )  # fmt: skip
    inside = (
        int(left + 42 * scale),
        int(top + 57 * scale),
        int(left + 70 * scale),
        int(top + 63 * scale),
    )
    assert reds(page, "reject-picture", around) > 500
    assert reds(page, "reject-picture", inside) == 0, "the mark does not hide the finding"


def test_one_tap_confirms_and_the_name_is_asked_once(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    first = line.part(SCRATCH)
    page = open_screen()
    settle(page, first)
    page.click("#confirm")
    page.fill("#name", "Mia")
    page.click("#name-done")
    expect(page.locator("#review-state")).to_have_text("✓ Confirmed by Mia")
    assert reviews(tmp_path) == {0: (True, "", "Mia")}
    page.reload()
    second = line.part(SCRATCH)
    settle(page, second)
    page.click("#confirm")
    expect(page.locator("#review-state")).to_have_text("✓ Confirmed by Mia")
    expect(page.locator("#waiting-count")).to_have_text("0")
    assert reviews(tmp_path)[1] == (True, "", "Mia")


def test_the_other_views_of_a_part_are_one_tap_away(
    open_screen: Callable[[], Page], line: Any
) -> None:
    line.two_views(replace(SCRATCH, score=0.6), SCRATCH)
    page = open_screen()
    views = page.locator("#reject-views button")
    expect(views).to_have_text(["side", "top"])
    expect(views.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#reject-picture")).to_have_attribute("aria-label", re.compile("0.93"))
    views.nth(1).click()
    expect(page.locator("#reject-picture")).to_have_attribute("aria-label", re.compile("0.60"))
    line.part(SCRATCH)
    expect(page.locator("#reject-views")).to_be_hidden()


def test_an_overrule_takes_a_reason(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    record = line.part(SCRATCH)
    page = open_screen()
    introduce(page, "Mia")
    settle(page, record)
    page.click("#overrule")
    page.get_by_role("button", name="Back, change nothing").click()
    assert reviews(tmp_path) == {}
    page.click("#overrule")
    page.get_by_role("button", name="Dirt on part").click()
    expect(page.locator("#review-state")).to_have_text("↺ Overruled by Mia: dirt on part")
    assert reviews(tmp_path) == {0: (False, "dirt on part", "Mia")}


def test_a_part_being_decided_on_stays_in_view_whatever_comes(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    record = line.part(SCRATCH)
    page = open_screen()
    introduce(page, "Mia")
    settle(page, record)
    page.click("#overrule")
    line.part(SCRATCH, serial="next")
    expect(page.locator("#waiting-count")).to_have_text("2")
    expect(page.locator("#reject-serial")).to_have_text(record.serial)
    page.get_by_role("button", name="Good part").click()
    expect(page.locator("#reject-serial")).to_have_text("next")
    assert reviews(tmp_path) == {0: (False, "good part", "Mia")}


def test_a_tap_meant_for_the_part_before_is_not_taken_for_the_new_one(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    record = line.part(SCRATCH)
    page = open_screen()
    introduce(page, "Mia")
    settle(page, record)
    page.evaluate(
        """() => new MutationObserver(() => document.getElementById("confirm").click())
            .observe(document.getElementById("reject-serial"), {childList: true})"""
    )
    line.part(SCRATCH, serial="slipped-in")
    expect(page.locator("#reject-serial")).to_have_text("slipped-in")
    expect(page.locator("#review-state")).to_have_text("Not reviewed yet")
    assert reviews(tmp_path) == {}


def test_a_reject_stays_for_as_long_as_a_decision_takes_however_fast_they_come(
    open_screen: Callable[[], Page], line: Any
) -> None:
    record = line.part(SCRATCH)
    page = open_screen()
    page.evaluate(
        """() => {
            window.changes = [];
            const note = () => window.changes.push(performance.now());
            const serial = document.getElementById("reject-serial");
            new MutationObserver(note).observe(serial, {childList: true});
        }"""
    )
    while len(changes := page.evaluate("window.changes")) < 3:
        record = line.part(SCRATCH, keep=False)
    assert changes[2] - changes[1] >= 2900
    settle(page, record)


def test_an_earlier_reject_can_be_picked_and_reviewed(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    line.part(SCRATCH)
    line.part(SCRATCH)
    record = line.part(SCRATCH)
    page = open_screen()
    introduce(page, "Mia")
    settle(page, record)
    page.click("#recent [data-part='0']")
    expect(page.locator("#reject-serial")).to_have_text("press-4-0000000")
    page.click("#confirm")
    expect(page.locator("#recent [data-part='0']")).to_have_attribute("data-review", "yes")
    expect(page.locator("#reject-serial")).to_have_text(record.serial)
    assert list(reviews(tmp_path)) == [0]


def test_a_reject_without_a_picture_says_why_it_is_one(
    open_screen: Callable[[], Page], line: Any
) -> None:
    line.lost("no picture within 100 ms")
    page = open_screen()
    expect(page.locator("#reject-what")).to_have_text("No picture came")
    expect(page.locator("#reject-also")).to_have_text("no picture within 100 ms")
    expect(page.locator("#no-picture")).to_have_text("No picture was kept of this part")


def test_counts_and_ledger_follow_and_a_lasting_difference_is_an_alarm(
    open_screen: Callable[[], Page], line: Any
) -> None:
    line.good_parts(9)
    page = open_screen()
    expect(page.locator("#count-parts")).to_have_text("9")
    line.part(SCRATCH)
    expect(page.locator("#count-rate")).to_have_text("10.0 %")
    expect(page.locator("#count-interval")).to_have_text(re.compile(r"^\d+\.\d to \d+\.\d %$"))
    expect(page.locator("#ledger-difference")).to_have_text("balanced")
    line.triggers["L7"] += 2
    line.good_parts(1)
    expect(page.locator("#ledger-difference")).to_have_text("⚠ 2 not accounted for")
    expect(page.locator("#ledger")).to_have_attribute("data-balance", "no")
    line.triggers["L7"] -= 2
    line.good_parts(1)
    expect(page.locator("#ledger-difference")).to_have_text("balanced")


def test_the_chart_grows_and_a_signal_differs_in_shape_and_words(
    open_screen: Callable[[], Page], line: Any, tmp_path: Path
) -> None:
    watch = Watch(tmp_path)
    line.good_parts(59)
    line.part(SCRATCH)
    watch.step()
    page = open_screen()
    expect(page.locator("#chart")).to_have_attribute("data-points", "3")
    expect(page.locator("#chart-readout")).to_contain_text("limit ")
    assert ambers(page) == 0
    line.good_parts(16)
    for _ in range(4):
        line.part(SCRATCH, keep=False)
    watch.step()
    watch.close()
    expect(page.locator("#chart")).to_have_attribute("data-signals", "1")
    expect(page.locator("#chart-readout")).to_contain_text("Out of control · parts 60–79: 4 of 20")
    assert ambers(page) > 30
    page.locator("#chart .u-over").hover(position={"x": 2, "y": 20})
    expect(page.locator("#chart-readout")).to_contain_text("Parts 0–19: 0 of 20, 0.0 %")


def ambers(page: Page) -> int:
    """How many pixels of the chart have the colour of a signal."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector("#chart canvas");
            const { width, height } = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            let many = 0;
            for (let i = 0; i < data.length; i += 4)
                many += data[i] === 255 && data[i + 1] === 181 && data[i + 2] === 61;
            return many;
        }"""
    )


def test_an_open_signal_says_on_the_first_screen_whether_to_look_at_the_camera(
    open_screen: Callable[[], Page], line: Any, watched: Any, tmp_path: Path
) -> None:
    line.part()
    page = open_screen()
    expect(page.locator("#count-parts")).to_have_text("1")
    expect(page.locator("#alarm")).to_be_hidden()
    reasons = ["brightness of cam1 fell by 4.0 sigmas (3.1 to 4.9): look at the lamp"]
    watched.signal(1, at=2, origin="camera", reasons=reasons, evidence=[])
    expect(page.locator("#alarm-answer")).to_have_text("Look at the camera")
    expect(page.locator("#alarm-what")).to_contain_text("Rejects: outside the limits")
    expect(page.locator("#alarm-why")).to_have_text(reasons[0])
    watched.signal(2, at=3, origin="process", reasons=["one defect class alone"], evidence=[])
    expect(page.locator("#alarm-answer")).to_have_text("Look at the process")
    expect(page.locator("#alarm-what")).to_contain_text("2 signals open")
    desk = SignalDesk(tmp_path)
    for signal_id in (1, 2):
        desk.acknowledge(signal_id, "Mia")
        desk.explain(signal_id, "Mia", "lamp")
        desk.close_signal(signal_id, "Mia", "changed")
    desk.close()
    expect(page.locator("#alarm")).to_be_hidden()


def test_the_model_in_force_and_its_change_are_shown(
    open_screen: Callable[[], Page], line: Any
) -> None:
    line.part(SCRATCH, model="rings-1")
    page = open_screen()
    expect(page.locator("#model")).to_have_text("rings-1")
    line.writer.log_event("model_changed", {"from": "rings-1", "to": "rings-2"})
    line.writer.flush()
    expect(page.locator("#model")).to_have_text("rings-2")
    expect(page.locator("#model-since")).to_have_text(re.compile(r"since \d\d:\d\d:\d\d"))
    expect(page.locator("#events")).to_contain_text("Model rings-2 took over from rings-1")


def test_live_pictures_are_drawn_and_the_browser_does_not_grow(
    open_screen: Callable[[], Page], line: Any, browser: Browser
) -> None:
    page = open_screen()
    show_live(page, line, 50)
    assert page.locator("#live-outcome").inner_text() == "REJECT"
    assert reds(page, "live") > 200
    greys = page.evaluate(
        """() => {
            const canvas = document.getElementById("live");
            const middle = [canvas.width / 2, canvas.height / 2, 40, 40];
            return canvas.getContext("2d").getImageData(...middle).data[0];
        }"""
    )
    assert 60 < greys < 140
    before = renderer_bytes(browser)
    show_live(page, line, 200)
    assert renderer_bytes(browser) - before < 50_000_000, "a frame is 1 MB: they are kept"


def show_live(page: Page, line: Any, frames: int) -> None:
    """Let the line run until so many live frames were drawn."""
    pixels = np.random.default_rng(0).integers(90, 110, (512, 512), np.uint8)
    box = Finding("scratch", 0.9, (100.0, 100.0, 160.0, 140.0), 900.0)
    record = line.part(box, pixels=pixels, keep=False)
    drawn = "Number(document.getElementById('live').dataset.frames ?? 0)"
    while page.evaluate(drawn) < frames:
        record = replace(record, captured_utc_ns=time.time_ns())
        line.live.offer(pixels, record, record.views[0])


def renderer_bytes(browser: Browser) -> int:
    """Resident memory of all processes that draw pages."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(
        int(Path(f"/proc/{one['id']}/statm").read_text().split()[1]) * PAGE_BYTES
        for one in processes
        if one["type"] == "renderer"
    )


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800), (390, 844)])
def test_buttons_are_for_gloves_and_nothing_runs_off_the_screen(
    open_screen: Callable[[], Page], line: Any, page: Page, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for _ in range(9):
        line.part(SCRATCH)
    open_screen()
    expect(page.locator("#confirm")).to_be_enabled()
    for button in ("#confirm", "#overrule"):
        box = page.locator(button).bounding_box()
        assert box is not None
        assert box["height"] >= 96
        assert box["width"] >= 150
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if size[0] >= 1280:
        assert page.evaluate("document.documentElement.scrollHeight") <= size[1]
