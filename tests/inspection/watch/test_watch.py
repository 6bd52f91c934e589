"""The watch: real records, a real database, killed and restarted."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspection.errors import DataFolderInUse, RecipeError
from inspection.records.charts import ChartSignal
from inspection.records.record import RunStart
from inspection.records.watch_reader import WatchReader
from inspection.records.writer import RecordWriter
from inspection.watch import Watch

P_CHART = """
[[chart]]
name = "rejects"
kind = "p"
alarm = true
subgroup = 10
baseline_subgroups = 4
"""
BASELINE = "pppppppppr" * 4  # one reject in ten: limits are 0 and 0.1 + 0.285
IN_CONTROL = "prpppprppr"
OUT_OF_CONTROL = "prrpprpprp"

WATCH_FOREVER = """
import sys
from pathlib import Path
from inspection.watch import Watch
Watch(Path(sys.argv[1]), parts_a_step=int(sys.argv[2])).run(lambda: False, poll_s=0.001)
"""


def signals_of(folder: Path) -> list[ChartSignal]:
    reader = WatchReader(folder)
    signals = reader.signals()
    reader.close()
    return signals


def parts_of(folder: Path) -> list[tuple[int, int]]:
    return [(signal.first_part, signal.last_part) for signal in signals_of(folder)]


def test_a_subgroup_outside_the_limits_raises_one_signal(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE + IN_CONTROL + OUT_OF_CONTROL + IN_CONTROL)
    watch_all()
    watch_all()
    (signal,) = signals_of(tmp_path)
    assert (signal.chart.name, signal.rule, signal.side) == ("rejects", "nelson1", "above")
    assert (signal.first_part, signal.last_part, signal.value) == (50, 59, 0.4)
    assert (signal.center, signal.lower) == (0.1, 0.0)
    assert signal.upper == pytest.approx(0.1 + 3 * (0.09 / 10) ** 0.5)


def test_a_subgroup_on_its_limit_is_no_signal(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART.replace("10", "100").replace("= 4", "= 2"))
    line.judge(("p" * 9 + "r") * 20 + "p" * 81 + "r" * 19)  # 0.1 + 3 * 0.03 is 0.19
    watch_all()
    assert signals_of(tmp_path) == []


def test_phase_one_is_shown_against_its_own_limits_but_raises_no_signal(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART)
    line.judge("r" * 10 + "p" * 29)
    watch_all()
    reader = WatchReader(tmp_path)
    chart = reader.chart("rejects")
    assert chart is not None
    assert [point.upper for point in reader.points(chart.chart_id)] == [None] * 3
    assert [stage.phase for stage in reader.stages(chart.chart_id)] == [1]
    line.judge("p")
    watch_all()
    (stage,) = reader.stages(chart.chart_id)
    assert (stage.phase, stage.frozen_part, stage.because) == (2, 39, "first parts")
    assert stage.limits is not None
    assert (stage.limits.center, stage.limits.provisional) == (0.25, True)
    assert [point.rules for point in reader.points(chart.chart_id)] == [("nelson1",), (), (), ()]
    assert reader.signals() == []
    reader.close()


def test_one_signal_stands_for_neighbouring_points_of_one_pattern(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE + OUT_OF_CONTROL * 3 + IN_CONTROL + OUT_OF_CONTROL)
    watch_all()
    assert parts_of(tmp_path) == [(40, 49), (80, 89)]


def test_parts_that_could_not_be_inspected_are_no_defectives(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE + "-" * 30 + "ppppp-----ppp--rr")
    watch_all()
    reader = WatchReader(tmp_path)
    chart = reader.chart("rejects")
    assert chart is not None
    last = reader.points(chart.chart_id)[-1]
    assert (last.first_part, last.last_part, last.size, last.total) == (70, 86, 10, 2.0)
    assert reader.signals() == []
    reader.close()


def test_a_picture_raises_no_signal_but_marks_its_points(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART.replace("true", "false"))
    line.judge(BASELINE + OUT_OF_CONTROL)
    watch_all()
    reader = WatchReader(tmp_path)
    assert reader.points(1)[-1].rules == ("nelson1",)
    assert reader.signals() == []
    reader.close()


def test_a_restarted_watch_goes_on_and_repeats_nothing(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    line.begin(P_CHART)
    for piece in (BASELINE, OUT_OF_CONTROL[:7], OUT_OF_CONTROL[7:] + "p", IN_CONTROL[1:]):
        line.judge(piece)
        watch_all()
    assert parts_of(tmp_path) == [(40, 49)]


def test_a_second_watch_on_the_folder_is_refused(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    with pytest.raises(DataFolderInUse, match="another watch runs on this data folder"):
        Watch(tmp_path)
    watch.close()
    Watch(tmp_path).close()


def test_a_watch_killed_again_and_again_misses_and_repeats_nothing(
    tmp_path: Path, line: Any
) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE)
    reader = WatchReader(tmp_path)
    for attempt in range(2):
        first = 40 + 30 * attempt
        line.judge(OUT_OF_CONTROL + IN_CONTROL * 2)
        command = [sys.executable, "-c", WATCH_FOREVER, str(tmp_path), "3"]
        with subprocess.Popen(command) as process:
            while reader.last_part() < first + 7 * attempt:  # the test's own time limit ends it
                time.sleep(0.005)
            process.kill()
    reader.close()
    watch = Watch(tmp_path)
    watch.step()
    watch.close()
    assert parts_of(tmp_path) == [(40, 49), (70, 79)]


def test_records_that_grow_meanwhile_are_all_watched(tmp_path: Path, line: Any) -> None:
    line.begin(P_CHART)
    watch = Watch(tmp_path, parts_a_step=7)
    watched = 0
    for piece in ("", "p", BASELINE[1:], OUT_OF_CONTROL):
        line.judge(piece)
        watched += watch.step()
    watch.close()
    assert watched == 50
    assert parts_of(tmp_path) == [(40, 49)]


def test_a_watch_that_starts_before_the_line_waits_for_it(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    watch = Watch(tmp_path)
    assert watch.step() == 0
    line = request.getfixturevalue("line")
    line.begin(P_CHART)
    line.judge(BASELINE)
    assert watch.step() == 40
    watch.close()


def test_the_watch_ends_when_it_is_told_to(tmp_path: Path, line: Any) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE + OUT_OF_CONTROL)
    asked = iter((False, False, True))
    Watch(tmp_path).run(lambda: next(asked), poll_s=0.0)
    assert parts_of(tmp_path) == [(40, 49)]


def test_a_recipe_on_record_that_cannot_be_read_is_named(
    tmp_path: Path, line: Any, watch_all: Callable[[], None]
) -> None:
    writer: RecordWriter = line.writer
    line.run_id = writer.begin_run(RunStart("s", "other", "product = 3", ("cam0",), "test", 0))
    line.judge("p")
    with pytest.raises(RecipeError, match="recipe of run 1"):
        watch_all()


def test_everything_of_a_step_is_one_transaction(tmp_path: Path, line: Any) -> None:
    line.begin(P_CHART)
    line.judge(BASELINE + OUT_OF_CONTROL)
    watch = Watch(tmp_path)
    blocker = sqlite3.connect(tmp_path / "watch.sqlite")
    blocker.execute(
        "CREATE TRIGGER full BEFORE INSERT ON place BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    blocker.commit()
    with pytest.raises(Exception, match="full"):
        watch.step()
    watch.close()
    assert blocker.execute("SELECT count(*) FROM points").fetchone() == (0,)
    assert blocker.execute("SELECT count(*) FROM signals").fetchone() == (0,)
    blocker.execute("DROP TRIGGER full")
    blocker.commit()
    blocker.close()
    watch = Watch(tmp_path)
    watch.step()
    watch.close()
    assert parts_of(tmp_path) == [(40, 49)]
