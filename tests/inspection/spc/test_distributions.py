"""The two-sample test of distributions: exact, with equal values, and with values that follow."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, ks_2samp

from inspection.spc.distributions import kolmogorov_smirnov, neighbours_correlation
from inspection.spc.errors import SpcError

Floats = NDArray[np.float64]


@pytest.mark.parametrize(("m", "n"), [(1, 1), (5, 7), (30, 20), (40, 40), (200, 90)])
def test_values_that_all_differ_give_scipys_exact_chance(m: int, n: int) -> None:
    chance = np.random.default_rng(m)
    first, second = chance.normal(size=m), chance.normal(0.4, 1.3, n)
    found = kolmogorov_smirnov(first, second)
    expected: Any = ks_2samp(first, second, method="exact")
    assert found.distance == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.at == expected.statistic_location


@pytest.mark.parametrize(
    ("distance", "published"),
    [(5 / 8, 0.087), (6 / 8, 0.019)],  # m = n = 8: Gibbons and Chakraborti, table I
)
def test_small_samples_give_the_published_chances(distance: float, published: float) -> None:
    k = round(distance * 8)
    first, second = np.arange(8.0), np.concatenate([np.arange(8 - k) + 0.5, 100 + np.arange(k)])
    found = kolmogorov_smirnov(first, second)
    assert found.distance == pytest.approx(distance)
    assert found.p_value == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("seed", range(6))
def test_equal_values_give_the_share_of_all_ways_to_deal_them(seed: int) -> None:
    chance = np.random.default_rng(seed)
    pooled = chance.integers(0, 4, 11).astype(np.float64)
    found = kolmogorov_smirnov(pooled[:6], pooled[6:])
    ways = [
        _distance(np.delete(pooled, picked), pooled[list(picked)])
        for picked in itertools.combinations(range(11), 5)
    ]
    share = np.mean([distance >= found.distance - 1e-9 for distance in ways])
    assert found.p_value == pytest.approx(share)


def _distance(first: Floats, second: Floats) -> float:
    values = np.union1d(first, second)
    return max(abs(float((first <= x).mean() - (second <= x).mean())) for x in values)


def test_a_few_scores_above_0_among_none_are_told_from_chance_exactly() -> None:
    """All six of 1200 parts that are not 0 are among the last 200: one chance in 50,000."""
    found = kolmogorov_smirnov(np.zeros(1000), [0.0] * 194 + [1.0] * 6)
    ways = np.prod([(200 - k) / (1200 - k) for k in range(6)])
    assert found.p_value == pytest.approx(ways)
    assert kolmogorov_smirnov(np.zeros(1000), np.zeros(200)).p_value == 1.0


def test_the_smallest_chances_keep_their_digits() -> None:
    found = kolmogorov_smirnov(np.zeros(1000), np.ones(200))
    assert found.evidence == pytest.approx(233.3012948276)  # log10 of 1200 over 200


@pytest.mark.parametrize("zeros", [0.0, 0.9], ids=["all differ", "nine in ten are 0"])
def test_false_alarms_come_as_often_as_said(zeros: float) -> None:
    """1000 pairs of samples of one distribution, at one alarm in twenty."""
    chance = np.random.default_rng(7)
    alarms = 0
    for _ in range(1000):
        first, second = (
            np.where(chance.random(n) < zeros, 0.0, chance.random(n)) for n in (80, 40)
        )
        alarms += kolmogorov_smirnov(first, second).p_value <= 0.05
    interval = binomtest(alarms, 1000).proportion_ci(0.999)
    assert interval.low <= 0.05  # never more; less where few values are possible
    assert zeros > 0.0 or interval.high >= 0.05


def test_a_spread_that_doubles_is_seen_where_the_mean_says_nothing() -> None:
    chance = np.random.default_rng(3)
    seen = [
        kolmogorov_smirnov(chance.normal(size=2000), chance.normal(0.0, 2.0, 500)).p_value < 2.8e-5
        for _ in range(8)
    ]
    assert sum(seen) >= 7


def test_values_that_follow_each_other_count_for_less() -> None:
    """A first-order autoregression of 0.6: without the correlation one look in two is an alarm."""
    chance = np.random.default_rng(5)
    alarms = {"counted": 0, "ignored": 0}
    for _ in range(200):
        values = _following(chance, 0.6, 500)
        first, second = values[:300], values[-60:]
        correlation = neighbours_correlation(first)
        assert 0.3 < correlation < 0.75
        alarms["ignored"] += kolmogorov_smirnov(first, second).p_value <= 0.05
        adjusted = kolmogorov_smirnov(first, second, correlation=correlation)
        alarms["counted"] += adjusted.p_value <= 0.05
    assert alarms["ignored"] > 50
    assert alarms["counted"] <= 17  # 10 expected; more than 17 in one of 90 runs


def _following(chance: np.random.Generator, share: float, n: int) -> Floats:
    values = chance.normal(size=n)
    for at in range(1, n):
        values[at] += share * values[at - 1]
    return values


def test_values_that_never_change_or_swing_do_not_correlate() -> None:
    assert neighbours_correlation(np.full(50, 3.0)) == 0.0
    assert neighbours_correlation([0.0, 1.0] * 25) == 0.0


@pytest.mark.parametrize("bad", [[], [float("nan")], [1.0, float("inf")]])
def test_samples_that_are_no_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(SpcError, match="now"):
        kolmogorov_smirnov([1.0, 2.0], bad)
    with pytest.raises(SpcError, match="correlation"):
        kolmogorov_smirnov([1.0], [2.0], correlation=1.0)
