"""Changes that are made on purpose, and whether the diagnosis tells them apart."""

from typing import Any, cast

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from inspection.spc.changepoint import ChangePoint, change_point
from inspection.spc.diagnosis import Diagnosis, Origin, Rows, diagnose
from inspection.spc.errors import SpcError
from inspection.spc.evidence import Kind, moved_mean

N, START = 20_000, 14_000
AFTER = np.arange(N) >= START
RATE = 0.002


def a_day(seed: int = 1, **changed: Any) -> Rows:
    """20,000 pictures of two cameras with three defect classes; nothing moves but what is given.

    Brightness wanders slowly, as it does with a room's temperature.
    """
    rng = np.random.default_rng(seed)
    camera = np.where(rng.random(N) < 0.5, "left", "right")
    rises = {name: changed.pop(name, np.ones(N)) for name in ("dent", "scratch", "stain")}
    classes = {name: rng.random(N) < RATE / 3 * rise for name, rise in rises.items()}
    defective = np.logical_or.reduce(list(classes.values()))
    wander = np.sin(np.arange(N) / 300.0)
    columns: dict[str, Any] = {
        "health": {
            "brightness": 120 + wander + rng.normal(0, 2, N),
            "sharpness": 40 + rng.normal(0, 3, N),
            "noise": 2 + rng.normal(0, 0.2, N),
        },
        "scores": {"score": np.where(defective, 0.9, rng.beta(2, 20, N))},
        "sensors": {"oven": 180 + rng.normal(0, 1, N)},
        "settings": {"model": np.full(N, "v3"), "recipe": np.full(N, "r1")},
        "material": {"lot": np.arange(N) // 5000},
        "views": {"camera": camera},
    }
    for place, replaced in changed.items():
        columns[place] = columns[place] | replaced
    return Rows(defective, classes=classes, **columns)


def moved(found: Diagnosis) -> set[tuple[Kind, str, str]]:
    return {(one.kind, one.name, one.label) for one in found.evidence if one.moved}


def risen(factor: float, rows: Any = AFTER) -> Any:
    return np.where(rows, factor, 1.0)


ALL_CLASSES = {name: risen(5.0) for name in ("dent", "scratch", "stain")}


def test_a_dirty_lens_is_the_camera() -> None:
    rng = np.random.default_rng(2)
    sharpness = 40 - 4.0 * AFTER + rng.normal(0, 3, N)
    found = diagnose(a_day(health={"sharpness": sharpness}, **ALL_CLASSES), START)
    assert found.origin is Origin.CAMERA
    assert any("sharpness" in reason and "look at the lens" in reason for reason in found.reasons)
    assert not any(one.name == "brightness" and one.moved for one in found.evidence)


def test_a_fading_lamp_is_the_camera() -> None:
    fading = 120 - 10 * np.clip((np.arange(N) - START) / 3000, 0, 1)
    brightness = fading + np.random.default_rng(3).normal(0, 2, N)
    found = diagnose(a_day(health={"brightness": brightness}, **ALL_CLASSES), START)
    assert found.origin is Origin.CAMERA
    assert any("look at the lamp" in reason for reason in found.reasons)
    first = next(one for one in found.evidence if one.kind is Kind.HEALTH)
    assert (first.name, first.moved, first.rose) == ("brightness", True, False)
    assert first.upper < -0.25


def test_a_lens_that_is_dirty_on_one_camera_names_that_camera() -> None:
    day = a_day(**ALL_CLASSES)
    left = np.asarray(day.views["camera"]) == "left"
    sharpness = 40 - 4.0 * (AFTER & left) + np.random.default_rng(4).normal(0, 3, N)
    found = diagnose(a_day(health={"sharpness": sharpness}, **ALL_CLASSES), START)
    assert (Kind.HEALTH, "sharpness", "camera left") in moved(found)
    assert (Kind.HEALTH, "sharpness", "camera right") not in moved(found)


def test_one_camera_that_rejects_more_of_everything_is_the_camera() -> None:
    left = np.asarray(a_day().views["camera"]) == "left"
    rise = risen(10.0, AFTER & left)
    found = diagnose(a_day(dent=rise, scratch=rise, stain=rise), START)
    assert found.origin is Origin.CAMERA
    assert any("one camera alone: camera left" in reason for reason in found.reasons)


def test_one_defect_class_alone_is_the_process() -> None:
    found = diagnose(a_day(scratch=risen(12.0)), START)
    assert found.origin is Origin.PROCESS
    assert "one defect class alone: scratch" in found.reasons[0]
    assert "the pictures' health did not move" in found.reasons


def test_an_oven_that_drifts_is_the_process() -> None:
    oven = 180 + 3.0 * AFTER + np.random.default_rng(5).normal(0, 1, N)
    found = diagnose(a_day(sensors={"oven": oven}, **ALL_CLASSES), START)
    assert found.origin is Origin.PROCESS
    assert any(reason.startswith("oven rose by 3.0 sigmas") for reason in found.reasons)


def test_a_bad_lot_is_the_process() -> None:
    lot = np.where(AFTER, "L8", "L7")
    found = diagnose(a_day(material={"lot": lot}, **ALL_CLASSES), START)
    assert found.origin is Origin.PROCESS
    assert any(reason.startswith("lot became L8 at row 14000") for reason in found.reasons)


def test_a_new_model_is_a_change_of_settings_even_though_the_scores_moved() -> None:
    model = np.where(AFTER, "v4", "v3")
    scores = np.random.default_rng(6).beta(np.where(AFTER, 4, 2), 20)
    day = a_day(settings={"model": model}, scores={"score": scores}, **ALL_CLASSES)
    found = diagnose(day, change_point(day.defective, rate=RATE))
    assert found.origin is Origin.SETTINGS
    assert found.reasons[0].startswith("model became v4 at row 14000")
    assert any("score of passed parts rose" in reason for reason in found.reasons)


def test_a_new_model_is_blamed_though_its_first_false_reject_came_later() -> None:
    """A signal names the first reject of the rise, which comes after what caused it."""
    model = np.where(np.arange(N) >= START - 150, "v4", "v3")
    found = diagnose(a_day(settings={"model": model}, **ALL_CLASSES), START)
    assert found.origin is Origin.SETTINGS
    assert found.reasons[0].startswith("model became v4 at row 13850")


def test_a_model_that_came_long_before_the_rise_is_not_its_cause() -> None:
    model = np.where(np.arange(N) >= 3000, "v4", "v3")
    found = diagnose(a_day(settings={"model": model}, **ALL_CLASSES), START)
    assert found.origin is Origin.UNCLEAR
    assert not any(one.kind is Kind.SETTING for one in found.evidence)


def test_nothing_moves_on_99_of_100_quiet_days() -> None:
    origins = [diagnose(a_day(seed), START).origin for seed in range(40)]
    assert origins.count(Origin.NOTHING) >= 39


def test_a_move_too_small_to_matter_is_not_blamed_though_it_is_sure() -> None:
    """200,000 pictures make a tenth of a sigma significant; no reject comes from that."""
    rng = np.random.default_rng(7)
    brightness = rng.normal(120, 2, 200_000) + np.repeat([0.0, 0.2], 100_000)
    found = diagnose(Rows(rng.random(200_000) < 0.01, health={"brightness": brightness}), 100_000)
    first = next(one for one in found.evidence if one.kind is Kind.HEALTH)
    assert first.p_adjusted < 1e-3
    assert not first.moved
    assert found.origin is Origin.NOTHING


def test_evidence_stands_in_order_and_is_adjusted_by_holm() -> None:
    found = diagnose(a_day(scratch=risen(12.0)), START)
    assert [one.moved for one in found.evidence] == sorted(
        (one.moved for one in found.evidence), reverse=True
    )
    raw = sorted(one.p_value for one in found.evidence)
    adjusted = sorted(one.p_adjusted for one in found.evidence)
    theirs = cast(Any, multipletests)(raw, method="holm")[1]
    assert adjusted == pytest.approx(sorted(theirs))


def test_means_are_held_by_welchs_test_and_shares_by_fishers() -> None:
    before, after = np.arange(20.0), np.array([3.0, 9.0, 27.0])
    values = np.concatenate([before, after])
    rejects = [True] + [False] * 19 + [True, True, False]
    found = diagnose(Rows(rejects, sensors={"oven": values}), 20)
    oven, rejected = (
        next(one for one in found.evidence if one.kind is kind)
        for kind in (Kind.SENSOR, Kind.REJECTS)
    )
    welch = cast(Any, stats.ttest_ind)(after, before, equal_var=False)
    assert oven.p_value == pytest.approx(welch.pvalue)
    interval = np.array(welch.confidence_interval()) / before.std(ddof=1)
    assert (oven.lower, oven.upper) == pytest.approx(tuple(interval))
    assert rejected.p_value == pytest.approx(cast(Any, stats.fisher_exact)([[2, 1], [1, 19]])[1])


def test_constant_and_missing_numbers_are_answered() -> None:
    rejects = [False, True, False, True]
    steps = {"valve": [0, 0, 1, 1], "fan": [1, 1, 1, 1], "new": [np.nan, np.nan, 1.0, 2.0]}
    found = diagnose(Rows(rejects, sensors=steps), 2)
    by_name = {one.name: one for one in found.evidence}
    assert by_name["valve"].moved
    assert not by_name["fan"].moved
    assert "new" not in by_name


def test_constants_that_their_own_mean_does_not_hit_have_not_moved() -> None:
    """1200 times 0.1 has a mean that is another float than 0.1."""
    found = moved_mean(Kind.HEALTH, "vignetting", "", np.full(1200, 0.1), np.full(60, 0.1))
    assert found is not None
    assert (found.effect, found.p_value) == (0.0, 1.0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="change: expected from 1 to 2, the last row; got 0"):
        diagnose(Rows([True, False, True]), 0)
    with pytest.raises(SpcError, match="change: expected from 1 to 2"):
        diagnose(Rows([True, False, True]), ChangePoint(3, 1, 3, 3, 1.0))
    with pytest.raises(SpcError, match="oven: expected one per row of defective, 2; got shape"):
        diagnose(Rows([True, False], sensors={"oven": [1.0]}), 1)
    with pytest.raises(SpcError, match="oven: expected numbers, NaN where there is none"):
        diagnose(Rows([True, False], sensors={"oven": ["hot", "cold"]}), 1)
    with pytest.raises(SpcError, match=r"oven\[1\]: expected a finite number or NaN, got inf"):
        diagnose(Rows([True, False], sensors={"oven": [1.0, np.inf]}), 1)
    with pytest.raises(SpcError, match="significance: expected"):
        diagnose(Rows([True, False]), 1, significance=0.0)
