"""The guard on a new champion: what it rolls back, what it lets be, and how often it is wrong."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspection.errors import RecipeError
from inspection.recipe import parse_recipe
from inspection.recipe.succession import PromotionGuard
from inspection.records.charts import ChartSignal
from inspection.records.desk import Desk
from inspection.records.watch_reader import WatchReader
from inspection.watch.guard_chart import GuardRunner, GuardState
from inspection.watch.observed import Observed
from inspection.watch.sheet import Sheet
from inspection.watch.stages import Epoch
from inspection.watch.takeover import Before
from models.registry import LOG_FILE, Registry, station_registry
from models.stages import Action

BundleMaker = Callable[..., Path]
WatchAll = Callable[[], None]
SECOND_NS = 1_000_000_000
NO_CHARTS = """
[[chart]]
name = "score"
kind = "ewma"
of = "score"
subgroup = 1000
alarm = false
"""
GUARD = NO_CHARTS + "[guard]\nparts = 400\n"
ONE_IN_TWENTY = ("p" * 19 + "r") * 50


@pytest.fixture
def registry(tmp_path: Path, make_bundle: BundleMaker) -> Registry:
    """ring-1 is champion; ring-2 waits."""
    registry = station_registry(tmp_path)
    for version in ("1", "2"):
        bundle = make_bundle(version=version, card={"name": "ring"})
        registry.add(bundle, "Mia", "trained")
    registry.promote("ring-1", "Mia", "the first", {})
    return registry


def judges(line: Any, registry: Registry, label: str, letters: str, ago_s: int = 0) -> None:
    """These parts came so many seconds ago, and this bundle judged them."""
    line.now_ns = time.time_ns() - ago_s * SECOND_NS
    line.model, line.label = registry.bundle(label).digest, label
    line.judge(letters)


def an_hour_earlier(registry: Registry) -> None:
    """All that is in the registry's log was done an hour earlier."""
    log = registry.folder / LOG_FILE
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        at = datetime.fromisoformat(event["at_utc"]) - timedelta(hours=1)
        event["at_utc"] = at.isoformat(timespec="milliseconds")
    log.write_text("".join(json.dumps(event) + "\n" for event in events))


def guard_signals(folder: Path) -> list[ChartSignal]:
    reader = WatchReader(folder)
    found = [signal for signal in reader.signals() if signal.chart.kind == "guard"]
    reader.close()
    return found


def notes(folder: Path) -> list[str]:
    reader = WatchReader(folder)
    found = [note.text for note in reader.annotations() if note.kind == "guard"]
    reader.close()
    return found


@pytest.mark.parametrize(
    ("letters", "side"), [("r" * 40, "above"), ("p" * 400, "below")], ids=["strict", "blind"]
)
def test_a_champion_that_leaves_the_bound_of_the_one_before_is_rolled_back(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry, letters: str, side: str
) -> None:
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", letters)
    watch_all()
    (signal,) = guard_signals(tmp_path)
    assert (signal.chart.name, signal.rule, signal.side) == ("guard-rejects", "guard", side)
    assert (signal.first_part, signal.center) == (1000, 0.05)
    event = registry.history()[-1]
    assert (event.action, event.who, event.label) == (Action.ROLL_BACK, "guard", "ring-1")
    assert "rejects at" in event.why
    assert "5.00% with the champion before" in event.why
    assert event.evidence["signal"] == signal.signal_id
    assert [note.startswith("guard rolled back ring-2 to ring-1") for note in notes(tmp_path)] == [
        True
    ]


def test_a_champion_like_the_one_before_stays(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", ONE_IN_TWENTY[:400] + "r" * 100)  # the guard ends at 400
    watch_all()
    assert guard_signals(tmp_path) == []
    assert registry.standing("ring").champion == "ring-2"


def test_nobody_guards_after_a_roll_back(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    """The old champion is back; that it rejects less than the bad one is what was wanted."""
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", "r" * 40)
    watch_all()
    judges(line, registry, "ring-1", "p" * 400)
    watch_all()
    assert len(guard_signals(tmp_path)) == 1
    assert registry.standing("ring").champion == "ring-1"


def test_a_champion_that_a_person_put_back_is_not_rolled_back_for_the_old_signal(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    """The watch comes to it late: Mia was quicker, and insists."""
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    an_hour_earlier(registry)
    judges(line, registry, "ring-2", "r" * 40, ago_s=1800)
    registry.roll_back("ring", "Mia", "too many rejects")
    registry.promote("ring-2", "Mia", "the parts are bad, not the model", {})
    watch_all()
    assert len(guard_signals(tmp_path)) == 1
    assert registry.standing("ring").champion == "ring-2"
    assert ["not the last word" in note for note in notes(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("action", "signals", "said"),
    [("propose", 1, ["guard proposes to roll back ring-2"]), ("off", 0, [])],
)
def test_a_guard_rolls_nothing_back_that_is_told_to(
    tmp_path: Path,
    line: Any,
    watch_all: WatchAll,
    registry: Registry,
    action: str,
    signals: int,
    said: list[str],
) -> None:
    line.begin(f'{GUARD}action = "{action}"\n')
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", "r" * 40)
    watch_all()
    assert len(guard_signals(tmp_path)) == signals
    assert registry.standing("ring").champion == "ring-2"
    assert [note.partition(":")[0] for note in notes(tmp_path)] == said


def come_back(folder: Path, *part_numbers: int) -> None:
    desk = Desk(folder)
    for number in part_numbers:
        desk.register_return(number, "Ben")
    desk.close()


def test_escapes_that_come_back_after_the_guards_parts_roll_the_champion_back(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    """It rejects as often as the one before, and passes parts that it should not."""
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", ("p" * 19 + "r") * 30)  # the guard's parts are 1000 to 1399
    watch_all()
    come_back(tmp_path, 1000, 1001, 1002, 1003)
    come_back(tmp_path, 5, 6, 7)  # of the champion before
    come_back(tmp_path, 1019)  # was rejected, and should not have left
    come_back(tmp_path, 1400, 1401)  # after the guard's parts
    watch_all()
    assert guard_signals(tmp_path) == []
    come_back(tmp_path, 1398)
    watch_all()
    watch_all()
    (signal,) = guard_signals(tmp_path)
    assert (signal.chart.name, signal.side, signal.value) == ("guard-escapes", "above", 5 / 400)
    assert (signal.first_part, signal.last_part, signal.center) == (1000, 1399, 0.001)
    event = registry.history()[-1]
    assert (event.action, event.who, event.label) == (Action.ROLL_BACK, "guard", "ring-1")
    assert "known escapes at 1.25% on parts 1000 to 1399; 0.10% are agreed" in event.why


def test_an_escape_that_is_known_before_the_watch_has_read_its_part_counts_too(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", ("p" * 19 + "r") * 20)
    come_back(tmp_path, *range(1000, 1010))
    watch_all()
    assert [signal.chart.name for signal in guard_signals(tmp_path)] == ["guard-escapes"]


def escapes_signal(rate: float, seed: int, guard: PromotionGuard) -> bool:
    """Whether escapes at this rate, learnt one by one in any order, are a signal."""
    chance = np.random.default_rng(seed)
    n = guard.parts
    observed = Observed(np.arange(n), np.arange(n), np.arange(n), np.zeros(n))
    section = next(chart for chart in guard.charts if chart.of == "escapes")
    sheet, runner = Sheet(), GuardRunner("guard", section, GuardState())
    runner.take(observed, Before("old", 0, 4000), Epoch(2, "model old to new"), sheet)
    found = chance.permutation(np.flatnonzero(chance.random(n) < rate)).tolist()
    for known in range(1, len(found) + 1):
        runner.learn(found[:known], sheet)
    return len(sheet.raised) > 0


def test_escapes_at_the_agreed_rate_are_a_signal_no_oftener_than_said() -> None:
    """At a false-alarm rate of one in five, a quarter of it for escapes."""
    guard = PromotionGuard(parts=500, false_alarm=0.2, escape_rate=0.02)
    assert sum(escapes_signal(0.02, seed, guard) for seed in range(100)) <= 0.05 * 100
    assert all(escapes_signal(0.08, seed, guard) for seed in range(5))


def test_rejects_that_people_overrule_roll_the_champion_back(
    tmp_path: Path, line: Any, watch_all: WatchAll, registry: Registry
) -> None:
    """It rejects as often as the one before, but the wrong parts."""
    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY * 2, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", ("p" * 19 + "r") * 20)
    desk = Desk(tmp_path)
    for number in range(19, 2400, 20):
        right = number < 2000 and number % 400 != 19  # five of a hundred were wrong before
        desk.review(number, agrees=right, reason="" if right else "good part", who="Mia")
    desk.close()
    watch_all()
    (signal,) = guard_signals(tmp_path)
    assert (signal.chart.name, signal.side) == ("guard-false-rejects", "above")
    assert registry.standing("ring").champion == "ring-1"


def test_the_guard_says_the_same_in_any_batches(
    tmp_path: Path, line: Any, registry: Registry
) -> None:
    from inspection.watch import Watch

    line.begin(GUARD)
    judges(line, registry, "ring-1", ONE_IN_TWENTY, ago_s=7200)
    registry.promote("ring-2", "Mia", "passed the gate", {})
    judges(line, registry, "ring-2", "prrrp" * 10)
    found: list[object] = []
    for parts_a_step in (10_000, 7):
        watch = Watch(tmp_path, parts_a_step=parts_a_step)
        watch.step()
        watch.close()
        reader = WatchReader(tmp_path)
        chart = reader.chart("guard-rejects")
        assert chart is not None
        (stage,) = reader.stages(chart.chart_id)
        found.append((reader.points(chart.chart_id), stage.limits))
        reader.close()
        for path in tmp_path.glob("watch.sqlite*"):
            path.unlink()
    assert found[0] == found[1]


def test_a_chart_of_a_recipe_cannot_take_the_guards_name() -> None:
    text = """
product = "ring"
[camera]
id = "cam0"
device = { source = "rendered" }
[model]
name = "ring"
[gate]
kind = "simulated"
[[chart]]
name = "guard-rejects"
kind = "p"
"""
    with pytest.raises(RecipeError, match="guard-rejects"):
        parse_recipe(text, "bench")


def guarded(
    rate: float, new_rate: float, seed: int, guard: PromotionGuard
) -> tuple[str, int] | None:
    """The side and the part at which a promotion's guard signals."""
    chance = np.random.default_rng(seed)
    before = Before("old", int((chance.random(4000) < rate).sum()), 4000)
    n = guard.parts
    observed = Observed(
        np.arange(n), np.arange(n), np.arange(n), (chance.random(n) < new_rate).astype(np.float64)
    )
    sheet, runner = Sheet(), GuardRunner("guard", guard.charts[0], GuardState())
    runner.take(observed, before, Epoch(2, "model old to new"), sheet)
    signals = [(one.side.value, one.last_part) for one in sheet.raised]
    return signals[0] if signals else None


def test_a_model_that_changes_nothing_is_rolled_back_no_oftener_than_said() -> None:
    """At a false-alarm rate of one in five, so that 200 promotions would show it."""
    guard = PromotionGuard(parts=500, false_alarm=0.2)
    alarms = [guarded(0.03, 0.03, seed, guard) for seed in range(200)]
    assert sum(alarm is not None for alarm in alarms) <= 0.2 * 200


def test_changes_that_matter_are_seen_within_the_guards_parts() -> None:
    guard = PromotionGuard()
    doubled = [guarded(0.05, 0.15, seed, guard) for seed in range(20)]
    assert [each is not None and each[0] == "above" for each in doubled].count(True) >= 19
    blind = [guarded(0.02, 0.0, seed, guard) for seed in range(20)]
    assert all(each is not None and each[0] == "below" for each in blind)
    strict = [guarded(0.02, 1.0, seed, guard) for seed in range(5)]
    assert all(each is not None and each[1] < 10 for each in strict)
