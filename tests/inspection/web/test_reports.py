"""Reports of shifts on the screen."""

import io
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)


@pytest.mark.parametrize("path", ["/reports/0.html?name=night", "/reports/7.pdf?name=day"])
def test_the_report_of_a_shift_that_never_was_is_not_there(
    asker: Any, line: Any, path: str
) -> None:
    line.good_parts(1)
    answer = asker.get(path)
    assert answer.status_code == 404
    assert "there is no shift" in answer.json()["detail"]


def test_before_the_first_shift_the_page_says_so(asker: Any) -> None:
    assert "No shift has worked yet" in asker.get("/reports").text


def test_a_report_runs_nothing_and_asks_nobody_else(asker: Any, line: Any) -> None:
    line.part(Finding("<script>hit()</script>", 0.9, (1.0, 1.0, 9.0, 9.0), 60.0))
    answer = asker.get("/reports/0.html?name=day")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_pdf_of_a_shift_is_downloaded_under_a_plain_name(asker: Any, line: Any) -> None:
    line.good_parts(3)
    line.part(SCRATCH, keep=False)
    answer = asker.get("/reports/0.pdf?name=day")
    assert answer.headers["content-disposition"].startswith('attachment; filename="shift-day-')
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "1 of 4" in text


@pytest.mark.browser
def test_the_report_of_the_shift_opens_from_the_page(
    page: Page, web_thread: Any, line: Any
) -> None:
    line.good_parts(3)
    line.part(SCRATCH, keep=False)
    page.goto(f"{web_thread.url}/reports")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open").click()
    expect(opened.value.locator("h1")).to_have_text("Shift day")
    expect(opened.value.locator("body")).to_contain_text("1 of 4")
