"""What each chart does with what happens at a station."""

import random
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from camera.health import PictureHealth
from inspection.records.desk import Desk
from inspection.records.entries import DeskError
from inspection.records.signal_desk import SignalDesk
from inspection.records.watch_reader import WatchReader

CUSUM = """
[[chart]]
name = "rejects"
kind = "bernoulli"
baseline_parts = 100
baseline_rejects = 2
false_alarm_days = 1.0
"""
LANEY = """
[[chart]]
name = "by-hour"
kind = "laney_p"
baseline_subgroups = 3
"""
FALSE = """
[[chart]]
name = "false"
kind = "p"
of = "false_rejects"
subgroup = 4
baseline_subgroups = 2
[[chart]]
name = "reviewed"
kind = "p"
of = "reviewed_rejects"
subgroup = 10
baseline_subgroups = 2
"""
HOUR_S = 3600
WatchAll = Callable[[], None]


@pytest.fixture
def reader(tmp_path: Path) -> Generator[WatchReader]:
    reader = WatchReader(tmp_path)
    yield reader
    reader.close()


def points_of(reader: WatchReader, name: str) -> list[Any]:
    chart = reader.chart(name)
    return [] if chart is None else reader.points(chart.chart_id)


def stages_of(reader: WatchReader, name: str) -> list[Any]:
    chart = reader.chart(name)
    assert chart is not None
    return reader.stages(chart.chart_id)


def test_a_rising_rate_is_named_from_its_likely_start_on(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(CUSUM)
    line.judge("p" * 49 + "r" + "p" * 49 + "r" + "p" * 200 + "pr" * 12)
    watch_all()
    (stage,) = stages_of(reader, "rejects")
    assert stage.frozen_part == 99
    assert stage.limits.center == 2.5 / 101
    assert stage.limits.parts_per_day == pytest.approx(86_400, rel=0.02)
    assert stage.limits.false_alarm_parts >= 86_400
    (signal,) = reader.signals()
    assert 299 <= signal.first_part <= 301, "the last part at which the sum was 0"
    assert signal.diagnosis["inspect_again"][0] <= signal.first_part
    assert signal.value >= (signal.upper or 0)


def test_phase_one_of_the_alarm_goes_on_until_it_has_seen_rejects(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(CUSUM)
    line.judge("p" * 150 + "r")
    watch_all()
    assert stages_of(reader, "rejects")[0].phase == 1
    line.judge("r")
    watch_all()
    assert stages_of(reader, "rejects")[0].frozen_part == 151


@pytest.mark.parametrize("letter", "pr")
def test_nothing_but_passes_and_nothing_but_rejects_are_charted(
    line: Any, watch_all: WatchAll, reader: WatchReader, letter: str
) -> None:
    line.begin(CUSUM + LANEY + FALSE + '[[chart]]\nname = "gaps"\nkind = "g"\nbaseline_gaps = 3\n')
    line.step_ns = 60 * 1_000_000_000
    line.judge(letter * 1300)
    watch_all()
    limits = stages_of(reader, "rejects")[0].limits
    assert 0 < limits.center < 1
    assert bool(limits.design) is (letter == "p"), "a rate of nearly 1 has no such alarm"
    assert {point.value for point in points_of(reader, "by-hour")} == {float(letter == "r")}
    assert reader.signals() == []


def test_another_model_and_other_limits_begin_a_new_phase_one(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(CUSUM)
    line.judge(("p" * 49 + "r") * 3)
    line.model = "ring-2"
    line.judge("p" * 20)
    watch_all()
    first, second = stages_of(reader, "rejects")
    assert (first.phase, second.phase, second.first_part) == (2, 1, 150)
    assert second.because == "model ring-1 to ring-2"
    (note,) = [one for one in reader.annotations() if one.kind == "model"]
    assert (note.part_number, note.text) == (150, "model ring-1 to ring-2")


def test_settings_of_a_chart_that_change_begin_a_new_phase_one(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(CUSUM)
    line.judge(("p" * 49 + "r") * 3)
    watch_all()
    line.begin(CUSUM.replace("100", "50"))
    line.judge("p" * 10)
    watch_all()
    _, second = stages_of(reader, "rejects")
    assert second.because == "other settings of the chart"


def test_hours_are_those_of_capture_and_a_clock_that_goes_back_is_held(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(LANEY)
    line.step_ns = 600 * 1_000_000_000  # six parts an hour
    line.judge("p" * 7)
    line.now_ns -= 1800 * 1_000_000_000  # half an hour back: still the second hour
    line.judge("p" * 8)
    line.now_ns -= 12 * HOUR_S * 1_000_000_000  # half a day back: believed
    line.judge("p" * 7)
    watch_all()
    sizes = [point.size for point in points_of(reader, "by-hour")]
    assert sizes == [6, 9, *sizes[2:]]
    labels = [point.label for point in points_of(reader, "by-hour")]
    assert labels != sorted(labels), "the hours of the morning come again"
    assert sum(hour.parts for hour in reader.hours()) == 22


def test_a_lamp_that_fades_moves_its_own_cameras_chart_before_parts_fail(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(
        '[[chart]]\nname = "brightness"\nkind = "ewma"\nof = "brightness"\n'
        "subgroup = 40\nbaseline_subgroups = 5\n"
    )
    line.cameras, draw = ("cam0", "cam1"), random.Random(1)
    for at in range(320):
        dim = 0.4 if at >= 240 else 0.5
        wobble = draw.gauss(0.0, 0.005)
        line.health_of["cam0"] = PictureHealth(0.5 + wobble, 1.0, 0.01, 0.0, 0.0)
        line.health_of["cam1"] = PictureHealth(dim + wobble, 1.0, 0.01, 0.0, 0.0)
        line.judge("p", flush=False)
    line.judge("p")
    watch_all()
    (signal,) = reader.signals()
    assert (signal.chart.name, signal.side) == ("brightness cam1", "below")
    assert signal.diagnosis["origin"] == "camera"
    assert "lamp" in signal.diagnosis["sentence"]


def test_findings_that_grow_signal_while_every_part_still_passes(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    """The largest finding of a part counts; parts without one are not in the subgroups."""
    line.begin(
        '[[chart]]\nname = "size"\nkind = "ewma"\nof = "finding_px"\n'
        "subgroup = 10\nbaseline_subgroups = 10\n"
    )
    draw = random.Random(2)
    for at in range(400):
        line.finding_px = ()
        if at % 2:
            largest = (60.0 if at >= 300 else 40.0) + draw.gauss(0.0, 3.0)
            line.finding_px = (5.0, largest)
        line.judge("p", flush=False)
    line.judge("p-")
    watch_all()
    points = points_of(reader, "size")
    assert [point.size for point in points] == [10] * 20
    assert 35.0 < points[0].total / points[0].size < 45.0
    first, *_ = reader.signals()
    assert (first.chart.name, first.side) == ("size", "above")
    assert first.last_part >= 300


def test_gaps_between_rejects_are_drawn_for_each_class(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin('[[chart]]\nname = "gaps"\nkind = "g"\nbaseline_gaps = 2\n')
    line.judge("pp-pr" + "p" * 400 + "d" + "p" * 600 + "r" + "p" * 500 + "r")
    watch_all()
    scratch = points_of(reader, "gaps scratch")
    assert [point.value for point in scratch] == [3.0, 1001.0, 500.0]
    assert [(point.first_part, point.last_part) for point in scratch][1] == (5, 1006)
    assert [point.value for point in points_of(reader, "gaps dent")] == [404.0]


def test_what_people_say_of_rejects_is_charted_once_they_have_said_it(
    line: Any, watch_all: WatchAll, reader: WatchReader, tmp_path: Path
) -> None:
    line.begin(FALSE)
    line.judge("prprpppppp" * 3)
    watch_all()
    assert points_of(reader, "reviewed") == []
    desk = Desk(tmp_path)
    for number in (1, 3, 11, 13):
        desk.review(number, number != 3, "good part", "kim")
    desk.close()
    watch_all()
    assert [point.total for point in points_of(reader, "reviewed")] == [1.0, 2.0]
    assert [(point.total, point.size) for point in points_of(reader, "false")] == [(1.0, 4)]


def test_a_reject_that_nobody_reviews_holds_the_chart_for_a_day(
    line: Any, watch_all: WatchAll, reader: WatchReader
) -> None:
    line.begin(FALSE)
    line.judge("rppppppppp")
    watch_all()
    assert points_of(reader, "reviewed") == []
    line.now_ns += 25 * HOUR_S * 1_000_000_000
    line.judge("p")
    watch_all()
    assert [point.total for point in points_of(reader, "reviewed")] == [1.0]


def test_a_point_of_phase_one_is_left_out_for_a_reason_and_limits_are_estimated_anew(
    line: Any, watch_all: WatchAll, reader: WatchReader, tmp_path: Path
) -> None:
    line.begin('[[chart]]\nname = "p"\nkind = "p"\nsubgroup = 10\nbaseline_subgroups = 4\n')
    line.judge("r" * 10 + "pppppppppr" * 3)
    watch_all()
    assert stages_of(reader, "p")[0].limits.center == 0.325
    desk = SignalDesk(tmp_path)
    with pytest.raises(DeskError, match="there is no chart 'q'; there are p"):
        desk.exclude("q", 0, "kim", "start-up")
    desk.exclude("p", 0, "kim", "start-up")
    desk.exclude("p", 7, "kim", "no such point")
    desk.close()
    watch_all()
    (stage,) = stages_of(reader, "p")
    assert (stage.limits.center, stage.limits.subgroups) == (0.1, 3)
    assert {point.center for point in points_of(reader, "p")} == {0.1}
    told = [one.text for one in reader.annotations() if one.kind == "exclusion"]
    assert told[0] == "p, point 0 left out by kim: start-up"
    assert told[1].startswith("p, point 7 stays in: point 7 is not of the present phase I")
    line.judge("rrrrrrpppp")
    watch_all()
    assert points_of(reader, "p")[-1].rules == ("nelson1",)
