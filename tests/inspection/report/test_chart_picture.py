"""Control charts as pictures."""

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspection.report.chart_picture import (
    Annotation,
    Caption,
    chart_png,
    chart_svg,
    in_one_line,
    write_picture,
)
from inspection.report.errors import ReportError
from inspection.spc import (
    BernoulliDesign,
    bernoulli_cusum_chart,
    cusum_chart,
    g_chart,
    individuals_chart,
    laney_p_chart,
    p_chart,
)

DEFECTIVES = [3, 4, 2, 5, 3, 4, 12, 3]
SIZES = [100, 120, 90, 130, 100, 110, 100, 95]
CAPTION = Caption("Rejects", "share rejected", percent=True)


def words(svg: str) -> list[str]:
    """Every text of a picture; matplotlib notes it beside the outlines of its letters."""
    return re.findall(r"<!-- (.*?) -->", svg)


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    chart = p_chart(DEFECTIVES, SIZES)
    with pytest.raises(ReportError, match="cannot be written: No such file or directory"):
        write_picture(tmp_path / "missing" / "chart.svg", "svg", chart, CAPTION)


def test_equal_charts_are_equal_files() -> None:
    chart = p_chart(DEFECTIVES, SIZES)
    assert chart_svg(chart, CAPTION) == chart_svg(p_chart(DEFECTIVES, SIZES), CAPTION)


def test_a_signal_is_marked_with_rule_and_side_and_the_lines_with_their_values() -> None:
    chart = p_chart(DEFECTIVES, SIZES, center=0.03)
    said = words(chart_svg(chart, CAPTION))
    assert "N1▲" in said
    assert "CL 3 %" in said
    assert f"UCL {100 * chart.upper[-1]:.3g} %" in said


def test_a_signal_below_points_down() -> None:
    chart = individuals_chart([5.0, 5.1, 4.9, 1.0], center=5.0, sigma=0.2)
    assert "N1▼" in words(chart_svg(chart, Caption("Brightness")))


def test_changes_and_phases_are_written_on_the_chart() -> None:
    caption = Caption(
        "Rejects",
        labels=[f"{hour}:00" for hour in range(8)],
        phase_one=4,
        annotations=[Annotation(5, "model rings-2"), Annotation(6, "note: lamp < cleaned & dry")],
    )
    said = words(chart_svg(p_chart(DEFECTIVES, SIZES, baseline=4), caption))
    for text in ("phase I", "phase II", "model rings-2", "0:00"):
        assert text in said
    assert any("lamp" in text for text in said)


def test_hostile_words_leave_the_picture_a_picture() -> None:
    caption = Caption("<script>hit()</script>", annotations=[Annotation(1, "a --> <b>&amp;")])
    picture = ET.fromstring(chart_svg(p_chart(DEFECTIVES, SIZES), caption))
    assert [element for element in picture.iter() if element.tag.endswith("script")] == []


def test_one_line_says_what_the_limits_rest_on() -> None:
    chart = laney_p_chart(DEFECTIVES, SIZES)
    assert in_one_line(chart, percent=True) == (
        f"center {100 * chart.standard.center:.3g} % · limits from 8 points, provisional · "
        f"sigma_z {chart.standard.sigma:.2f} · n 90 to 130 · 8 points · "
        f"{len(chart.signals)} signal{'' if len(chart.signals) == 1 else 's'}".replace(
            "0 signals", "no signal"
        )
    )


def test_a_wandering_rate_is_said() -> None:
    chart = laney_p_chart([1, 30, 2, 40, 1, 35], [100] * 6)
    assert "(the rate wanders)" in in_one_line(chart)


@pytest.mark.parametrize(
    "chart",
    [
        individuals_chart([1.0, 2.0, 1.5, 1.2]),
        cusum_chart([0.1, 0.2, 3.0, 2.5], center=0.0, sigma=1.0),
        g_chart([4, 9, 0, 12]),
        bernoulli_cusum_chart([0, 1, 1, 0], design=BernoulliDesign(0.01, 50, 100)),
        p_chart([0, 0, 0], [50, 50, 50]),
        p_chart([2], [50]),
        p_chart([50, 50], [50, 50]),
    ],
    ids=["individuals", "cusum", "g", "bernoulli", "no defects", "one point", "all defective"],
)
def test_every_kind_of_chart_becomes_a_picture(chart: object) -> None:
    pixels = cv2.imdecode(np.frombuffer(chart_png(chart, CAPTION), np.uint8), cv2.IMREAD_COLOR)  # pyright: ignore[reportArgumentType]
    assert pixels is not None
    assert pixels.shape[1] == 1500


def test_a_grey_print_still_tells_a_signal_from_a_point() -> None:
    quiet, alarmed = (
        chart_png(p_chart(DEFECTIVES, SIZES, center=0.03, rules=rules), CAPTION)
        for rules in ((), ("nelson1",))
    )
    grey = [
        cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) for png in (quiet, alarmed)
    ]
    assert grey[0] is not None
    assert grey[1] is not None
    assert np.count_nonzero(cv2.absdiff(grey[0], grey[1]) > 60) > 100


def test_a_pdf_takes_the_picture_as_vectors() -> None:
    from fpdf import FPDF

    svg = chart_svg(p_chart(DEFECTIVES, SIZES), CAPTION)
    pdf = FPDF()
    pdf.add_page()
    pdf.image(io.BytesIO(svg.encode()), w=180)
    assert b"/Subtype /Image" not in bytes(pdf.output())
