"""Reports as files: read back, and held against what they were made of."""

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from inspection.cli import main
from inspection.report.chart_picture import Caption, chart_svg
from inspection.report.document import Document, Picture, Section, Table
from inspection.report.html import html_report
from inspection.report.pdf import pdf_report
from inspection.spc import p_chart

HOSTILE = "<script>hit()</script> & \u201ewörter\u201c σz ≥ 1.5 日"


def document(*sections: Section) -> Document:
    """A report of these sections, or of one of each kind."""
    chart = p_chart([3, 1, 4, 12], [100, 100, 100, 100])
    each = (
        Section("Parts", ("All of them.",), Table(("", "n"), (("Rejected", "3 of 40"),))),
        Section("Ledger", ("Does not balance.",), alarm=True),
        Section("Charts", pictures=(Picture(chart_svg(chart, Caption("Rejects")), "4 points"),)),
    )
    return Document("Shift early", "press-4", sections or each)


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_what_people_wrote_is_text_in_a_page_and_in_a_pdf() -> None:
    told = document(Section(HOSTILE, (HOSTILE,), Table(("a",), ((HOSTILE,),))))
    page = html_report(told)
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 3
    assert text_of(pdf_report(told)).count("<script>hit()</script> & „wörter“ σz ≥ 1.5") == 3


def test_the_page_holds_everything_and_runs_nothing() -> None:
    page = html_report(document())
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "<script" not in page
    assert page.count('src="data:image/svg+xml;base64,') == 1
    assert 'alt="4 points"' in page


def test_the_text_of_a_pdf_can_be_selected_and_its_charts_are_no_pixels() -> None:
    pdf = pdf_report(document())
    said = text_of(pdf)
    for text in ("Shift early", "press-4", "All of them.", "Rejected 3 of 40", "⚠ Does not"):
        assert text in said
    assert "Shift early · 1 / 1" in said
    assert b"/Subtype /Image" not in pdf


def test_a_long_table_goes_over_pages_with_its_head() -> None:
    rows = tuple((str(at), "x" * 60) for at in range(120))
    pdf = pdf_report(document(Section("Many", (), Table(("row", "what"), rows))))
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 1
    assert all("what" in page.extract_text() for page in pages)
    assert "119" in pages[-1].extract_text()


@pytest.fixture
def passline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`passline report ARGUMENTS`: exit code, output, errors."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["passline", "report", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return command


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--out", "report.txt"), "ends in .html or .pdf"),
        (("--from", "2026-11-22"), "go together"),
        (("--shift", "night"), "no shift 'night'"),
        (("--on", "Monday"), "expected a day such as"),
        (("--out", "missing/report.pdf"), "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_reported_is_one_message(
    passline: Any,
    line: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    line.judge("p")
    code, _, said = passline(str(tmp_path), *arguments)
    assert code == 2
    assert complaint in said


def test_page_and_pdf_of_a_shift_say_the_same_figures_as_the_records(
    passline: Any, line: Any, tmp_path: Path
) -> None:
    line.judge("ppppppprr-")
    page, pdf = tmp_path / "shift.html", tmp_path / "shift.pdf"
    for out in (page, pdf):
        code, said, fault = passline(str(tmp_path), "--shift", "early", "--out", str(out))
        assert code == 0, fault
        assert str(out) in said
    for text in (page.read_text(), text_of(pdf.read_bytes())):
        for figure in ("30.00 % (6.67 to 65.25 %), 3 of 10", "balanced", "not inspected: late"):
            assert figure in text
