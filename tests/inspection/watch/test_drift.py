"""Drift: distributions of scores and pictures held against the first parts of the champion."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import poisson

from camera.health import PictureHealth
from inspection.errors import RecipeError
from inspection.quality.chart_words import kind_in_words, limits_in_words, rule_in_words
from inspection.recipe import parse_recipe
from inspection.recipe.drift import DriftWatch
from inspection.records.charts import ChartKind, ChartSignal
from inspection.records.watch_reader import WatchReader
from inspection.watch.drift_chart import DriftRunner, DriftState
from inspection.watch.observed import Observed
from inspection.watch.sheet import Sheet
from inspection.watch.stages import Epoch

WatchAll = Callable[[], None]
Floats = NDArray[np.float64]
ONE_PICTURE = """
[[chart]]
name = "mean-score"
kind = "ewma"
of = "score"
subgroup = 50
baseline_subgroups = 10
"""
DRIFT = ONE_PICTURE + "[drift]\nreference_parts = 500\nparts = 100\n"
SECOND_NS = 1_000_000_000


def signals(folder: Path) -> list[ChartSignal]:
    reader = WatchReader(folder)
    found = reader.signals()
    reader.close()
    return found


def points(folder: Path, name: str) -> list[Any]:
    reader = WatchReader(folder)
    chart = reader.chart(name)
    found = [] if chart is None else reader.points(chart.chart_id)
    reader.close()
    return found


def scores(chance: np.random.Generator, n: int, spread: float) -> list[float]:
    return np.clip(chance.normal(0.5, spread, n), 0.0, 1.0).tolist()


def test_scores_that_spread_are_a_signal_where_their_mean_is_the_same(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    chance = np.random.default_rng(1)
    line.begin(DRIFT)
    line.judge("p" * 900, scores(chance, 900, 0.05))
    watch_all()
    assert signals(tmp_path) == []
    line.judge("p" * 300, [0.4, 0.6] * 150)  # two deviations from the mean, either side in turn
    watch_all()
    (signal,) = signals(tmp_path)  # the EWMA says nothing, and three blocks are one signal
    assert (signal.chart.name, signal.chart.kind) == ("drift-score", ChartKind.KS)
    assert (signal.first_part, signal.last_part, signal.rule) == (900, 999, "ks")
    assert signal.upper is not None
    assert signal.value > signal.upper
    assert [bool(point.rules) for point in points(tmp_path, "drift-score")] == [False] * 4 + [
        True
    ] * 3


def test_scores_that_are_mostly_0_are_a_signal_when_fewer_are(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    chance = np.random.default_rng(2)
    line.begin(DRIFT)
    for share, parts in ((0.02, 800), (0.25, 100)):
        above = np.where(chance.random(parts) < share, 0.3, 0.0)
        line.judge("p" * parts, above.tolist())
    watch_all()
    assert [(one.chart.name, one.first_part) for one in signals(tmp_path)][:1] == [
        ("drift-score", 800)
    ]


def test_pictures_that_grow_noisier_are_a_signal_of_their_camera(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    chance = np.random.default_rng(3)
    line.begin(DRIFT)
    for part in range(700):
        noise = float(chance.normal(0.03 if part >= 600 else 0.02, 0.002))
        line.health = PictureHealth(0.5, 0.1, noise, 0.02, 0.0)
        line.judge("p", flush=False)
    line.writer.flush()
    watch_all()
    assert {one.chart.name for one in signals(tmp_path)} == {"drift-noise cam0"}
    reader = WatchReader(tmp_path)
    chart = reader.chart("drift-noise cam0")
    assert chart is not None
    (stage,) = reader.stages(chart.chart_id)
    reader.close()
    said = limits_in_words(chart, stage.limits)
    # two of the model and five of the camera share one false alarm in 30 days
    assert "a false alarm about every 210 days" in said
    assert "of the 7 charts of drift together about every 30 days" in said
    assert kind_in_words(chart).endswith("Kolmogorov-Smirnov test against phase I, 100 parts each")
    assert rule_in_words("ks") == "another distribution than in phase I"


def test_too_few_parts_and_parts_without_a_score_say_nothing(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    line.begin(DRIFT)
    line.judge("p" * 499, [0.1] * 499)
    line.judge("-" * 200)
    watch_all()
    assert points(tmp_path, "drift-score") == []
    reader = WatchReader(tmp_path)
    chart = reader.chart("drift-score")
    assert chart is not None
    (stage,) = reader.stages(chart.chart_id)
    reader.close()
    assert stage.limits is None
    assert limits_in_words(chart, None) == "phase I: limits are being estimated"


def test_another_champion_begins_another_reference(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    chance = np.random.default_rng(4)
    line.begin(DRIFT)
    line.judge("p" * 600, scores(chance, 600, 0.05))
    watch_all()
    line.model = "ring-2"
    line.judge("p" * 700, scores(chance, 700, 0.15))
    watch_all()
    assert signals(tmp_path) == []
    assert [point.first_part for point in points(tmp_path, "drift-score")] == [500, 1100, 1200]


def test_a_recipe_may_leave_quantities_out_or_all_of_them(
    tmp_path: Path, line: Any, watch_all: WatchAll
) -> None:
    line.begin(DRIFT + "of = []\n")
    line.judge("p" * 600)
    watch_all()
    reader = WatchReader(tmp_path)
    assert [chart.name for chart in reader.charts()] == ["mean-score"]
    reader.close()
    (chart,) = DriftWatch(of=["score", "score"]).charts(cameras=3)
    assert (chart.name, chart.together) == ("drift-score", 1)


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ('[drift]\nof = ["colour"]', "drift.of"),
        ("[drift]\nparts = 5", "drift.parts"),
        ("[drift]\nreference = 5", "reference"),
        ('[[chart]]\nname = "drift-score"\nkind = "ewma"\nof = "score"', "drift-score"),
    ],
)
def test_a_section_that_cannot_be_watched_is_refused_by_name(section: str, complaint: str) -> None:
    text = f"""
product = "ring"
[camera]
id = "cam0"
device = {{ source = "rendered" }}
[model]
name = "ring"
[gate]
kind = "simulated"
{section}
"""
    with pytest.raises(RecipeError, match=complaint):
        parse_recipe(text, "bench")


def looks(chance: np.random.Generator, drift: DriftWatch, n: int) -> int:
    """Signalling looks of a chart on values of one distribution, one a second."""
    values = chance.normal(size=n)
    number = np.arange(n)
    observed = Observed(number, number * SECOND_NS, number * SECOND_NS, values)
    sheet = Sheet()
    runner = DriftRunner("drift", drift.charts(1)[0], DriftState(), ())
    runner.take(observed, Epoch(1, "first parts"), "", sheet)
    return sum(bool(lines.rules) for _, _, lines in sheet.points.values())


def test_false_alarms_come_no_oftener_than_said() -> None:
    """At one in 1000 seconds, so that 150 references with 20 looks each would show it."""
    drift = DriftWatch(reference_parts=100, parts=50, of=["score"], false_alarm_days=1000 / 86_400)
    chance = np.random.default_rng(8)
    alarms = sum(looks(chance, drift, 100 + 20 * 50) for _ in range(150))
    wanted = 150 * 20 * 50 / 1000  # 3000 looks at one in twenty
    assert alarms <= poisson.ppf(0.999, wanted)
    assert alarms > 0.3 * wanted  # fewer: few chances are possible, and neighbours seem to follow


def test_a_slow_line_still_asks_for_evidence() -> None:
    """A part an hour: a look a month would be any month's alarm; one in twenty is the most."""
    drift = DriftWatch(reference_parts=100, parts=50, of=["score"], false_alarm_days=1.0)
    number = np.arange(150)
    observed = Observed(number, number, number * 3600 * SECOND_NS, number.astype(np.float64))
    sheet = Sheet()
    runner = DriftRunner("drift", drift.charts(1)[0], DriftState(), ())
    runner.take(observed, Epoch(1, "first parts"), "", sheet)
    (frozen,) = sheet.frozen
    assert frozen.limits.design["alpha"] == 0.05
    ((_, _, lines),) = sheet.points.values()
    assert lines.upper == pytest.approx(-math.log10(0.05))
