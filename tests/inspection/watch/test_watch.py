"""The watch: real records, a real desk, killed and restarted."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

from inspection.errors import RecipeError
from inspection.judge import Outcome, Reason, ReasonKind, Verdict
from inspection.recipe import Chart
from inspection.records.desk import Desk
from inspection.records.entries import RaisedSignal
from inspection.records.query import RecordReader
from inspection.records.record import LedgerEntry, PartRecord, RunStart, ViewRecord
from inspection.records.subgroups import Subgroup, SubgroupHistory
from inspection.records.writer import RecordWriter
from inspection.watch import Watch, chart_name

SETTINGS = Chart(subgroup_parts=10, baseline_subgroups=4)
NAME = chart_name(SETTINGS)
RECIPE = """
product = "ring"
[camera]
id = "cam0"
device = { source = "rendered" }
[model]
name = "ring"
[gate]
kind = "simulated"
[chart]
subgroup_parts = 10
baseline_subgroups = 4
"""
PASS = Verdict(Outcome.PASS)
REJECT = Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "scratch"),))
LATE = Verdict(Outcome.REJECT, (Reason(ReasonKind.LATE, "412 ms"),))

BASELINE = "pppppppppr" * 4  # one reject in ten: limits are 0 and 0.1 + 0.285
IN_CONTROL = "prpppprppr"
OUT_OF_CONTROL = "prrpprpprp"

WATCH_FOREVER = """
import sys
from pathlib import Path
from inspection.watch import Watch
Watch(Path(sys.argv[1])).run(lambda: False, poll_s=0.001)
"""

Judge = Callable[[str], None]


@pytest.fixture
def judge(tmp_path: Path) -> Generator[Judge]:
    """`judge("ppr-")` records four parts: two passed, one rejected, one that came late."""
    writer = RecordWriter(tmp_path)
    run_id = writer.begin_run(RunStart("s", "digest", RECIPE, ("cam0",), "test", 0))

    def record(verdicts: str) -> None:
        for kind in verdicts:
            writer.submit(_record(writer.next_part_number, kind, run_id))
        writer.flush()

    yield record
    writer.close()


@pytest.fixture
def watch(tmp_path: Path) -> Generator[Watch]:
    watch = Watch(tmp_path)
    yield watch
    watch.close()


def _record(number: int, kind: str, run_id: int) -> PartRecord:
    entry = LedgerEntry.LATE if kind == "-" else LedgerEntry.JUDGED
    return PartRecord(
        part_number=number,
        serial=f"s-{number}",
        lot="",
        run_id=run_id,
        shift="day",
        shift_began_utc_ns=0,
        captured_utc_ns=number,
        ledger=entry,
        verdict={"p": PASS, "r": REJECT, "-": LATE}[kind],
        judgement=None,
        views=(ViewRecord("cam0", "cam0", number, None, number, entry),),
        judge_ns=0,
    )


def _signals(folder: Path) -> list[RaisedSignal]:
    desk = Desk(folder)
    signals = desk.signals()
    desk.close()
    return signals


def _parts_of(signals: Iterable[RaisedSignal]) -> list[tuple[int, int]]:
    return [(raised.signal.first_part, raised.signal.last_part) for raised in signals]


def test_a_subgroup_outside_the_limits_raises_one_signal(
    tmp_path: Path, judge: Judge, watch: Watch
) -> None:
    judge(BASELINE + IN_CONTROL + OUT_OF_CONTROL + IN_CONTROL)
    assert watch.step() == 7
    assert watch.step() == 0
    (raised,) = _signals(tmp_path)
    signal = raised.signal
    assert (signal.chart, signal.first_part, signal.last_part) == (NAME, 50, 59)
    assert (signal.defectives, signal.size, signal.value) == (4, 10, 0.4)
    assert (signal.center, signal.lower) == (0.1, 0.0)
    assert signal.upper == pytest.approx(0.1 + 3 * (0.09 / 10) ** 0.5)


def test_nothing_is_said_before_the_baseline_is_whole(
    tmp_path: Path, judge: Judge, watch: Watch
) -> None:
    judge("r" * 10 + "p" * 29)
    assert watch.step() == 0
    judge("p")
    assert watch.step() == 4
    assert _parts_of(_signals(tmp_path)) == [(0, 9)], "a baseline may be out of control itself"


def test_an_unfinished_subgroup_waits_for_its_parts(judge: Judge, watch: Watch) -> None:
    judge(BASELINE + "ppp")
    assert watch.step() == 4
    judge("ppppppp" + "p")
    assert watch.step() == 1


def test_parts_that_could_not_be_inspected_are_no_defectives(
    tmp_path: Path, judge: Judge, watch: Watch
) -> None:
    judge(BASELINE + "-" * 30 + "ppppp-----ppp--rr")
    assert watch.step() == 5
    assert _signals(tmp_path) == []
    reader = RecordReader(tmp_path)
    last = SubgroupHistory(reader, 10).read()[-1]
    reader.close()
    assert last == Subgroup(first_part=70, last_part=86, defectives=2, size=10)


def test_a_restarted_watch_goes_on_and_repeats_nothing(tmp_path: Path, judge: Judge) -> None:
    for piece in (BASELINE, OUT_OF_CONTROL, IN_CONTROL, OUT_OF_CONTROL):
        judge(piece)
        watch = Watch(tmp_path)
        watch.step()
        watch.close()
    assert _parts_of(_signals(tmp_path)) == [(40, 49), (60, 69)]


def test_two_watches_at_once_raise_each_signal_once(
    tmp_path: Path, judge: Judge, watch: Watch
) -> None:
    other = Watch(tmp_path)
    judge(BASELINE + OUT_OF_CONTROL * 3)
    assert watch.step() + other.step() == 7
    other.close()
    assert len(_signals(tmp_path)) == 3


def test_a_watch_killed_again_and_again_misses_and_repeats_nothing(
    tmp_path: Path, judge: Judge
) -> None:
    judge(BASELINE)
    desk = Desk(tmp_path)
    expected: list[tuple[int, int]] = []
    for attempt in range(3):
        first = 40 + 30 * attempt
        expected += [(first, first + 9), (first + 20, first + 29)]
        with subprocess.Popen([sys.executable, "-c", WATCH_FOREVER, str(tmp_path)]) as process:
            judge(OUT_OF_CONTROL + IN_CONTROL + OUT_OF_CONTROL)
            while len(desk.signals()) <= 2 * attempt:  # the test's own time limit ends it
                time.sleep(0.02)
            process.kill()
    desk.close()
    watch = Watch(tmp_path)
    watch.step()
    watch.close()
    assert _parts_of(_signals(tmp_path)) == expected


def test_the_chart_of_a_screen_reads_only_what_is_new_and_shows_the_same(
    tmp_path: Path, judge: Judge
) -> None:
    reader = RecordReader(tmp_path)
    screen = SubgroupHistory(reader, 10)
    for piece in (BASELINE, "pr", OUT_OF_CONTROL, "-p"):
        judge(piece)
        assert screen.read() == SubgroupHistory(reader, 10).read()
    assert len(screen.read()) == 5
    reader.close()


def test_a_watch_that_starts_before_the_line_waits_for_it(
    tmp_path: Path, watch: Watch, request: pytest.FixtureRequest
) -> None:
    assert watch.step() == 0
    judge: Judge = request.getfixturevalue("judge")
    judge(BASELINE)
    assert watch.step() == 4


def test_the_watch_ends_when_it_is_told_to(tmp_path: Path, judge: Judge) -> None:
    judge(BASELINE + OUT_OF_CONTROL)
    asked = iter((False, False, True))
    Watch(tmp_path).run(lambda: next(asked), poll_s=0.0)
    assert len(_signals(tmp_path)) == 1


def test_a_recipe_on_record_that_cannot_be_read_is_named(tmp_path: Path, watch: Watch) -> None:
    writer = RecordWriter(tmp_path)
    writer.begin_run(RunStart("s", "other digest", "product = 3", ("cam0",), "test", 0))
    writer.close()
    with pytest.raises(RecipeError, match="recipe of run 1"):
        watch.step()
