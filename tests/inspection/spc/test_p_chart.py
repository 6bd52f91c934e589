"""The p chart against published charts, an independent calculation, and its edges."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from inspection.spc.p_chart import p_chart

# Montgomery, Introduction to Statistical Quality Control, table 7.1: nonconforming cans of frozen
# orange juice concentrate, 30 samples of 50. The same data are in the NIST handbook, 6.3.3.2.
ORANGE_JUICE = [
    12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22,
    8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
]  # fmt: skip

# The same book, table 7.4: purchase orders with errors, samples of different sizes.
ORDERS = [
    12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9,
]  # fmt: skip
ORDERS_SIZES = [
    100, 80, 80, 100, 110, 110, 100, 100, 90, 90, 110, 120, 120, 120, 110, 80, 80, 80, 90, 100,
    100, 100, 100, 90, 90,
]  # fmt: skip

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_orange_juice_chart_is_that_of_the_book() -> None:
    chart = p_chart(ORANGE_JUICE, [50] * 30)
    assert chart.center == pytest.approx(0.2313, abs=5e-5)
    assert chart.upper == pytest.approx(0.4102, abs=5e-5)
    assert chart.lower == pytest.approx(0.0524, abs=5e-5)
    assert [int(at) + 1 for at in np.flatnonzero(chart.signals)] == [15, 23]
    assert chart.baseline == 30


def test_without_the_two_explained_samples_sample_21_signals_as_in_the_book() -> None:
    kept = [count for at, count in enumerate(ORANGE_JUICE, 1) if at not in (15, 23)]
    center = p_chart(kept, [50] * 28).center
    chart = p_chart(ORANGE_JUICE, [50] * 30, center=center)
    assert chart.center == pytest.approx(0.2150, abs=5e-5)
    assert chart.upper == pytest.approx(0.3893, abs=5e-5)
    assert chart.lower == pytest.approx(0.0407, abs=5e-5)
    assert [int(at) + 1 for at in np.flatnonzero(chart.signals)] == [15, 21, 23]


def test_limits_follow_the_size_of_the_sample_as_in_the_book() -> None:
    chart = p_chart(ORDERS, ORDERS_SIZES)
    assert chart.center == pytest.approx(0.096, abs=5e-4)
    book = {100: 0.184, 80: 0.195, 110: 0.181, 90: 0.189, 120: 0.177}  # with center at 0.096
    for upper, size in zip(chart.upper, ORDERS_SIZES, strict=True):
        assert upper == pytest.approx(book[size], abs=1.5e-3)
    assert [int(at) + 1 for at in np.flatnonzero(chart.signals)] == [11]


@given(st.lists(counts, min_size=1, max_size=40), st.integers(1, 40))
def test_limits_are_three_standard_deviations_of_a_binomial_share(
    subgroups: list[tuple[int, int]], baseline: int
) -> None:
    defectives, sizes = (list(column) for column in zip(*subgroups, strict=True))
    chart = p_chart(defectives, sizes, baseline=baseline)
    center = sum(defectives[:baseline]) / sum(sizes[:baseline])
    sigma = stats.binom.std(np.array(sizes), center) / np.array(sizes)
    assert chart.center == pytest.approx(center)
    assert chart.upper == pytest.approx(np.minimum(center + 3 * sigma, 1.0), abs=1e-9)
    assert chart.lower == pytest.approx(np.maximum(center - 3 * sigma, 0.0), abs=1e-9)
    clear = np.abs(np.abs(chart.values - center) - 3 * sigma) > 1e-9
    outside = np.abs(chart.values - center) > 3 * sigma
    np.testing.assert_array_equal(chart.signals[clear], outside[clear])


@pytest.mark.parametrize(
    ("count", "signal"), [(0, True), (1, False), (10, False), (19, False), (20, True)]
)
def test_a_point_on_a_limit_is_no_signal(count: int, signal: bool) -> None:
    """100 parts at 10 % give 10 ± 9 exactly, which floats round either way."""
    assert p_chart([count], [100], center=0.1).signals.tolist() == [signal]
    assert p_chart([count], [100], center=Fraction(1, 10)).signals.tolist() == [signal]


def test_every_tie_of_a_frozen_baseline_is_exact() -> None:
    for root in range(1, 12):  # n p (1 - p) = root² for p = 1/2 and n = (2 root)²
        size = 4 * root * root
        on_limit = size // 2 + 3 * root
        if on_limit < size:
            chart = p_chart([size // 2, on_limit, on_limit + 1], [size] * 3, baseline=1)
            assert chart.signals.tolist() == [False, False, True]


def test_limits_stay_between_none_and_all() -> None:
    chart = p_chart([0, 1, 9], [10, 10, 10], center=0.05)
    assert chart.lower.tolist() == [0.0, 0.0, 0.0]
    assert p_chart([9], [10], center=0.95).upper.tolist() == [1.0]


def test_after_a_baseline_without_defects_any_defect_signals() -> None:
    chart = p_chart([0, 0, 1, 0], [50] * 4, baseline=2)
    assert chart.signals.tolist() == [False, False, True, False]
    assert chart.upper.tolist() == [0.0] * 4


def test_later_subgroups_do_not_move_frozen_limits() -> None:
    short = p_chart([2, 3, 4], [50] * 3, baseline=3)
    long = p_chart([2, 3, 4, 30, 40], [50] * 5, baseline=3)
    assert long.center == short.center
    assert long.upper[0] == short.upper[0]
    assert long.signals.tolist() == [False, False, False, True, True]
    assert p_chart([2, 3], [50] * 2, baseline=20).baseline == 2


def test_a_chart_cannot_be_written_into() -> None:
    chart = p_chart([1], [10])
    for array in (chart.values, chart.lower, chart.upper, chart.signals, chart.defectives):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_arrays_given_stay_their_owners() -> None:
    defectives = np.array([1, 2], np.int64)
    p_chart(defectives, np.array([10, 10], np.int64))
    defectives[0] = 5


@pytest.mark.parametrize(
    ("defectives", "sizes", "fault"),
    [
        ([], [], "one number per subgroup"),
        ([[1]], [[10]], "one number per subgroup"),
        ([1, 2], [10], "2 counts of defectives, but 1 sizes"),
        ([math.nan], [10], "defectives must be whole numbers"),
        ([1], [math.inf], "sizes must be whole numbers"),
        ([0.5], [10], "defectives must be whole numbers, got 0.5"),
        (["1"], [10], "defectives must be whole numbers"),
        ([-1], [10], "subgroup 0: -1 defectives of 10 parts cannot be"),
        ([1, 11], [10, 10], "subgroup 1: 11 defectives of 10 parts cannot be"),
        ([0], [0], "subgroup 0: 0 defectives of 0 parts cannot be"),
    ],
)
def test_counts_that_cannot_be_are_refused(
    defectives: list[float], sizes: list[float], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        p_chart(defectives, sizes)


def test_a_center_or_baseline_that_cannot_be_is_refused() -> None:
    for center in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="center is a share, from 0 to 1"):
            p_chart([1], [10], center=center)
    with pytest.raises(ValueError, match="a baseline has one subgroup or more, got 0"):
        p_chart([1], [10], baseline=0)
    with pytest.raises(ValueError, match="not both"):
        p_chart([1], [10], center=0.1, baseline=1)
