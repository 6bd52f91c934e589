"""A report as a PDF on A4: text that can be selected, charts as vectors."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.report.document import Document, Section, Table

if TYPE_CHECKING:
    from fpdf import FPDF

_FONT = "DejaVu"
_WIDTH_MM = 182.0
_LINE_MM = 5.0
_SHORT = 18  # letters that stand in one line
_INK, _SOFT, _EDGE, _ALARM = (27, 31, 36), (95, 107, 118), (207, 214, 220), (213, 94, 0)
_NOT_DRAWN = re.compile(r"<metadata>.*?</metadata>|<title>.*?</title>", re.DOTALL)


def pdf_report(document: Document) -> bytes:
    """The document as a PDF file; the same document gives the same text."""
    pdf = _blank(document)
    pdf.add_page()
    _write(pdf, document.title, size=20, bold=True, line_mm=9.0)
    _write(pdf, document.subtitle, colour=_SOFT)
    for section in document.sections:
        _section(pdf, section)
    return bytes(pdf.output())


def _blank(document: Document) -> "FPDF":
    """An empty A4 document with the font that matplotlib ships: it has the signs of the charts."""
    import matplotlib as mpl
    from fpdf import FPDF

    class Paged(FPDF):
        """Numbers its pages."""

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(_FONT, size=8)
            self.set_text_color(*_SOFT)
            self.cell(0, 5, f"{document.title} · {self.page_no()} / {{nb}}", align="R")

    pdf = Paged(format="A4")
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    pdf.add_font(_FONT, fname=fonts / "DejaVuSans.ttf")
    pdf.add_font(_FONT, style="B", fname=fonts / "DejaVuSans-Bold.ttf")
    pdf.set_margins(14, 14)
    pdf.set_auto_page_break(auto=True, margin=16)
    pdf.set_title(f"{document.title} · {document.subtitle}")
    pdf.set_lang("en")
    return pdf


def _section(pdf: "FPDF", section: Section) -> None:
    if pdf.will_page_break(24):
        pdf.add_page()
    pdf.ln(5)
    _write(pdf, section.title, size=12, bold=True, line_mm=6.5)
    pdf.set_draw_color(*_INK)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.l_margin + _WIDTH_MM, pdf.get_y())
    pdf.ln(1.5)
    for at, line in enumerate(section.lines):
        alarm = section.alarm and at == 0
        _write(pdf, f"⚠ {line}" if alarm else line, bold=alarm, colour=_ALARM if alarm else _INK)
    if section.table is not None:
        _table(pdf, section.table)
    for picture in section.pictures:
        svg = io.BytesIO(_NOT_DRAWN.sub("", picture.svg).encode())
        pdf.ln(2)
        pdf.image(svg, w=_WIDTH_MM, alt_text=picture.alt)


def _write(
    pdf: "FPDF",
    text: str,
    *,
    size: float = 9,
    bold: bool = False,
    colour: tuple[int, int, int] = _INK,
    line_mm: float = _LINE_MM,
) -> None:
    pdf.set_font(_FONT, "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(_WIDTH_MM, line_mm, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _table(pdf: "FPDF", table: Table) -> None:
    from fpdf.enums import TableBordersLayout
    from fpdf.fonts import FontFace

    pdf.set_font(_FONT, size=8)
    pdf.set_text_color(*_INK)
    pdf.set_draw_color(*_EDGE)
    with pdf.table(
        width=_WIDTH_MM,
        col_widths=_widths(table),
        line_height=4.4,
        padding=(0.8, 1.5, 0.8, 0),
        text_align="LEFT",
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="", color=_SOFT),
    ) as drawn:
        for row in (table.columns, *table.rows):
            cells = drawn.row()
            for cell in row:
                cells.cell(cell)


def _widths(table: Table) -> tuple[float, ...]:
    """Short columns get what they need, the others share the rest by their longest cell."""
    longest = [max(map(len, cells)) for cells in zip(table.columns, *table.rows, strict=True)]
    needs = [1.75 * letters + 3.0 if letters <= _SHORT else 0.0 for letters in longest]
    shared = [min(3 * _SHORT, letters) if letters > _SHORT else 0 for letters in longest]
    if not any(shared):
        return tuple(needs)
    rest = max(60.0, _WIDTH_MM - sum(needs))
    return tuple(
        need or rest * part / sum(shared) for need, part in zip(needs, shared, strict=True)
    )
