import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from models.card import ClassLimit
from models.findings import Finding
from training.data.dataset import Sample
from training.data.labels import Polygon
from training.errors import TrainingError
from training.limits.choose import choose_limits
from training.measuring.evaluate import Measured, auroc, figures, rate

BOX = (0.0, 0.0, 9.0, 9.0)


def part(number: int, truth: str, **scores: float) -> Measured:
    """One measured part; truth is its class, or good."""
    labels = () if truth == "good" else (Polygon(truth, ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))),)
    found = tuple(Finding(name, score, BOX, 81.0) for name, score in scores.items())
    score = max(scores.values(), default=0.1)
    return Measured(Sample(Path("x.png"), str(number), labels), found, score)


def test_the_area_under_the_curve_is_that_of_the_rank_sum_test() -> None:
    chance = np.random.default_rng(0)
    bad, good = chance.integers(2, 12, 40) / 12, chance.integers(0, 8, 70) / 12  # with ties
    wins = stats.mannwhitneyu(bad, good).statistic
    assert auroc(bad.tolist(), good.tolist()) == pytest.approx(wins / (40 * 70))
    assert auroc([], [0.2]) is None


def test_an_interval_without_parts_says_nothing() -> None:
    assert (rate(0, 0).lower, rate(0, 0).upper) == (0.0, 1.0)


def test_none_of_three_hundred_is_one_percent_with_confidence() -> None:
    assert rate(0, 300).upper == pytest.approx(1 - 0.025 ** (1 / 300))


def test_escapes_and_false_rejects_are_counted_at_the_limits() -> None:
    limits = {"spot": ClassLimit(score=0.6), "line": ClassLimit(score=0.4)}
    measured = [
        part(1, "spot", spot=0.7),
        part(2, "spot", spot=0.5),
        part(3, "line", spot=0.3),
        part(4, "line", spot=0.7),  # rejected as something else: no escape
        part(5, "good", line=0.4),
        part(6, "good"),
    ]
    found = figures(measured, limits)
    assert (found.escapes.events, found.escapes.n) == (2, 4)
    assert (found.false_rejects.events, found.false_rejects.n) == (1, 2)
    assert {name: each.events for name, each in found.escapes_by_class.items()} == {
        "line": 1,
        "spot": 1,
    }
    assert found.parts == 6


def test_nothing_to_measure_on_is_an_error_not_a_zero() -> None:
    with pytest.raises(TrainingError, match="nothing to measure on"):
        figures([], {})


def test_limits_start_at_the_floor_where_good_parts_are_quiet() -> None:
    measured = [part(1, "spot", spot=0.3), *(part(n, "good") for n in range(2, 50))]
    assert choose_limits(measured, ("spot",), 0.2, 0.01)["spot"].score == 0.2


def test_the_limit_that_costs_no_escape_is_raised_and_the_other_stays() -> None:
    measured = [
        *(part(n, "spot", spot=0.35) for n in range(10)),
        *(part(n, "line", line=0.95) for n in range(10, 20)),
        part(20, "good", spot=0.3, line=0.8),
        *(part(n, "good") for n in range(21, 60)),
    ]
    limits = choose_limits(measured, ("line", "spot"), 0.2, 0.01)
    assert 0.8 < limits["line"].score < 0.95
    assert 0.3 < limits["spot"].score < 0.35


def test_the_share_of_false_rejects_is_held_where_it_can_be() -> None:
    chance = np.random.default_rng(1)
    measured = [part(n, "good", spot=float(chance.random())) for n in range(200)]
    measured += [part(n, "spot", spot=float(chance.random())) for n in range(200, 300)]
    for share in (0.0, 0.01, 0.1):
        limits = choose_limits(measured, ("spot",), 0.2, share)
        assert figures(measured, limits).false_rejects.events <= math.floor(200 * share)


def test_a_good_part_that_scores_one_cannot_be_saved() -> None:
    measured = [part(1, "good", spot=1.0), part(2, "spot", spot=1.0)]
    assert choose_limits(measured, ("spot",), 0.2, 0.0)["spot"].score <= 1.0
