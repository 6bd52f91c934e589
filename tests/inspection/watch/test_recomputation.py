"""A full recomputation gives the same numbers: in any batches, however often the watch dies."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from camera.health import PictureHealth
from inspection.judge import Limit, Limits, OnDoubt
from inspection.records.desk import Desk
from inspection.records.watch_reader import WatchReader
from inspection.watch import Watch

CHARTS = """
[[chart]]
name = "alarm"
kind = "bernoulli"
baseline_parts = 60
baseline_rejects = 2
false_alarm_days = 0.02
[[chart]]
name = "by-hour"
kind = "laney_p"
alarm = true
baseline_subgroups = 3
[[chart]]
name = "by-count"
kind = "p"
alarm = true
subgroup = 13
baseline_subgroups = 4
rules = ["nelson1", "nelson2"]
[[chart]]
name = "by-lot"
kind = "p"
subgroup = "lot"
baseline_subgroups = 2
[[chart]]
name = "by-shift"
kind = "p"
subgroup = "shift"
baseline_subgroups = 2
[[chart]]
name = "reviewed"
kind = "p"
of = "reviewed_rejects"
subgroup = 20
baseline_subgroups = 3
[[chart]]
name = "false"
kind = "p"
of = "false_rejects"
subgroup = 5
baseline_subgroups = 2
[[chart]]
name = "gaps"
kind = "g"
baseline_gaps = 3
[[chart]]
name = "score"
kind = "ewma"
of = "score"
subgroup = 10
baseline_subgroups = 3
[[chart]]
name = "bright"
kind = "cusum"
of = "brightness"
subgroup = 10
baseline_subgroups = 3
[drift]
reference_parts = 100
parts = 30
false_alarm_days = 0.1
"""
TABLES = {
    "points": "SELECT name, p.* FROM points p JOIN charts USING (chart_id) ORDER BY name, number",
    "stages": "SELECT name, s.* FROM stages s JOIN charts USING (chart_id) ORDER BY name, number",
    "signals": "SELECT name, s.* FROM signals s JOIN charts USING (chart_id) ORDER BY signal_id",
    "charts": "SELECT * FROM charts ORDER BY name",
    "references": "SELECT name, r.stage, r.reference FROM reference_values r JOIN charts"
    " USING (chart_id) ORDER BY name",
    "annotations": "SELECT at_utc_ns, part_number, kind, text FROM annotations ORDER BY 1, 2, 3",
    "hours": "SELECT * FROM hours ORDER BY 1, 2, 3",
    "hour_classes": "SELECT * FROM hour_classes ORDER BY 1, 2, 3, 4",
    "hour_cameras": "SELECT * FROM hour_cameras ORDER BY 1, 2, 3, 4",
}
WATCH_FOREVER = """
import sys
from pathlib import Path
from inspection.watch import Watch
Watch(Path(sys.argv[1]), parts_a_step=int(sys.argv[2])).run(lambda: False, poll_s=0.001)
"""


def results(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All that the watch wrote, but for ids of charts and the hour of raising."""
    connection = sqlite3.connect(folder / "watch.sqlite")
    connection.row_factory = sqlite3.Row
    found: dict[str, list[dict[str, Any]]] = {}
    for table, query in TABLES.items():
        rows = [dict(row) for row in connection.execute(query)]
        for row in rows:
            row.pop("chart_id", None)
            row.pop("raised_utc_ns", None)
        found[table] = rows
    connection.close()
    return found


def fresh(folder: Path) -> None:
    for path in folder.glob("watch.sqlite*"):
        path.unlink()


@pytest.fixture
def eventful(line: Any, tmp_path: Path) -> Path:
    """Some 900 parts of two cameras through everything that may happen at a station."""
    draw = random.Random(7)
    line.cameras = ("cam0", "cam1")
    line.begin(CHARTS)
    line.step_ns = 40_000_000_000
    for block in range(30):
        line.lot, line.shift = f"L{block // 4}", ("early", "late")[block // 5 % 2]
        line.shift_began_utc_ns = block // 5 * 10**13
        line.model = "ring-1" if block < 18 else "ring-2"
        if block == 9:
            line.limits = Limits({"scratch": Limit(0.6, 4.0, 0.4)}, OnDoubt.REJECT)
        if block == 12:
            line.now_ns -= 600_000_000_000  # the clock goes back by ten minutes,
        if block == 20:
            line.now_ns -= 8 * 3_600_000_000_000  # and by eight hours
        if block == 24:
            line.begin(CHARTS.replace("subgroup = 13", "subgroup = 9"), product="cap")
        for _ in range(30):
            rate = 0.05 if block % 9 < 6 else 0.4
            shade = draw.gauss(0.5 if block != 16 else 0.7, 0.01)
            for camera in line.cameras:
                line.health_of[camera] = PictureHealth(shade, draw.random(), 0.1, 0.02, 0.0)
            rejected = "rd"[draw.random() < 0.3] if draw.random() < rate else "p"
            letter = "-" if draw.random() < 0.04 else rejected
            line.judge(letter, scores=[draw.random()], flush=False)
    line.writer.flush()
    desk = Desk(tmp_path)
    reader = sqlite3.connect(tmp_path / "records.sqlite")
    rejects = "SELECT part_number FROM parts WHERE outcome = 'reject' AND inspected LIMIT 60"
    for (number,) in reader.execute(rejects).fetchall():
        desk.review(number, number % 3 != 0, "good part", "kim")
    reader.close()
    desk.close()
    return tmp_path


def test_any_batches_give_the_numbers_of_one_pass(eventful: Path) -> None:
    def watched_in(parts: Callable[[], int]) -> dict[str, list[dict[str, Any]]]:
        fresh(eventful)
        goes_on = True
        while goes_on:
            watch = Watch(eventful, parts_a_step=parts())
            goes_on = watch._advance() is not None
            watch.close()
        return results(eventful)

    whole = watched_in(lambda: 100_000)
    assert {row["name"] for row in whole["signals"]} >= {
        "alarm", "by-count", "bright cam0", "drift-brightness cam0",
    }  # fmt: skip
    assert {row["kind"] for row in whole["annotations"]} >= {
        "lot", "shift", "model", "limits", "recipe", "product", "run",
    }  # fmt: skip
    assert sum(row["parts"] for row in whole["hours"]) == 900
    draw = random.Random(3)
    pieces = watched_in(lambda: draw.choice((1, 7, 64, 150, 250)))
    for table, rows in whole.items():
        assert pieces[table] == rows, table


def test_a_watch_killed_at_random_gives_the_numbers_of_one_pass(eventful: Path) -> None:
    watch = Watch(eventful)
    watch.step()
    watch.close()
    whole = results(eventful)
    fresh(eventful)
    draw = random.Random(5)
    last = -1
    while last < 899:
        command = [sys.executable, "-c", WATCH_FOREVER, str(eventful), "37"]
        with subprocess.Popen(command) as process:
            reader = WatchReader(eventful)
            goal = min(899, last + draw.randrange(200, 400))
            while (last := reader.last_part()) < goal:  # the test's own time limit ends it
                time.sleep(draw.random() * 0.02)
            reader.close()
            process.kill()
    watch = Watch(eventful)
    watch.step()
    watch.close()
    after = results(eventful)
    for table, rows in whole.items():
        assert after[table] == rows, table
