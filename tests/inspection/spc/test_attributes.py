"""The charts of counts against published charts, independent calculations, and their edges."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from inspection.spc.attributes import c_chart, np_chart, p_chart, subgroup_counts, u_chart
from inspection.spc.errors import SpcError
from inspection.spc.result import ControlChart, Side

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

# The same book, table 7.7: nonconformities in 26 samples of 100 printed circuit boards.
BOARDS = [
    21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16,
    19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15,
]  # fmt: skip

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.1: particles on 25 wafers.
WAFERS = [
    16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14,
    16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13,
]  # fmt: skip

RULE_1 = ("nelson1",)


def raised(chart: ControlChart) -> list[int]:
    """The points, counted from 1 as books do, that signal."""
    return [signal.at + 1 for signal in chart.signals]


counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_orange_juice_chart_is_that_of_the_book() -> None:
    chart = p_chart(ORANGE_JUICE, [50] * 30)
    assert chart.center == pytest.approx(0.2313, abs=5e-5)
    assert chart.upper == pytest.approx(0.4102, abs=5e-5)
    assert chart.lower == pytest.approx(0.0524, abs=5e-5)
    assert raised(chart) == [15, 23]
    assert chart.standard.subgroups == 30


def test_without_the_two_explained_samples_sample_21_signals_as_in_the_book() -> None:
    kept = [count for at, count in enumerate(ORANGE_JUICE, 1) if at not in (15, 23)]
    center = p_chart(kept, [50] * 28).standard.center
    chart = p_chart(ORANGE_JUICE, [50] * 30, center=center, rules=RULE_1)
    assert chart.center == pytest.approx(0.2150, abs=5e-5)
    assert chart.upper == pytest.approx(0.3893, abs=5e-5)
    assert chart.lower == pytest.approx(0.0407, abs=5e-5)
    assert raised(chart) == [15, 21, 23]


def test_limits_follow_the_size_of_the_sample_as_in_the_book() -> None:
    chart = p_chart(ORDERS, ORDERS_SIZES)
    assert chart.center == pytest.approx(0.096, abs=5e-4)
    book = {100: 0.184, 80: 0.195, 110: 0.181, 90: 0.189, 120: 0.177}  # with center at 0.096
    for upper, size in zip(chart.upper, ORDERS_SIZES, strict=True):
        assert upper == pytest.approx(book[size], abs=1.5e-3)
    assert raised(chart) == [11]


@given(st.lists(counts, min_size=1, max_size=40), st.integers(1, 40))
def test_limits_are_three_standard_deviations_of_a_binomial_share(
    subgroups: list[tuple[int, int]], baseline: int
) -> None:
    defectives, sizes = (list(column) for column in zip(*subgroups, strict=True))
    chart = p_chart(defectives, sizes, baseline=baseline, rules=RULE_1)
    center = sum(defectives[:baseline]) / sum(sizes[:baseline])
    sigma = stats.binom.std(np.array(sizes), center) / np.array(sizes)
    assert chart.center == pytest.approx(center)
    assert chart.upper == pytest.approx(np.minimum(center + 3 * sigma, 1.0), abs=1e-9)
    assert chart.lower == pytest.approx(np.maximum(center - 3 * sigma, 0.0), abs=1e-9)
    clear = np.abs(np.abs(chart.values - center) - 3 * sigma) > 1e-9
    outside = np.abs(chart.values - center) > 3 * sigma
    np.testing.assert_array_equal(chart.signalling[clear], outside[clear])


@pytest.mark.parametrize(
    ("count", "signal"), [(0, True), (1, False), (10, False), (19, False), (20, True)]
)
def test_a_point_on_a_limit_is_no_signal(count: int, signal: bool) -> None:
    """100 parts at 10 % give 10 ± 9 exactly, which floats round either way."""
    assert p_chart([count], [100], center=0.1).signalling.tolist() == [signal]
    assert p_chart([count], [100], center=Fraction(1, 10)).signalling.tolist() == [signal]


def test_every_tie_of_a_frozen_baseline_is_exact() -> None:
    for root in range(1, 12):  # n p (1 - p) = root² for p = 1/2 and n = (2 root)²
        size = 4 * root * root
        on_limit = size // 2 + 3 * root
        if on_limit < size:
            chart = p_chart([size // 2, on_limit, on_limit + 1], [size] * 3, baseline=1)
            assert chart.signalling.tolist() == [False, False, True]


def test_limits_stay_between_none_and_all() -> None:
    chart = p_chart([0, 1, 9], [10, 10, 10], center=0.05)
    assert chart.lower.tolist() == [0.0, 0.0, 0.0]
    assert p_chart([9], [10], center=0.95).upper.tolist() == [1.0]


def test_after_a_baseline_without_defects_any_defect_signals() -> None:
    chart = p_chart([0, 0, 1, 0], [50] * 4, baseline=2)
    assert chart.signalling.tolist() == [False, False, True, False]
    assert chart.upper.tolist() == [0.0] * 4


def test_later_subgroups_do_not_move_frozen_limits() -> None:
    short = p_chart([2, 3, 4], [50] * 3, baseline=3)
    long = p_chart([2, 3, 4, 30, 40], [50] * 5, baseline=3)
    assert long.center[0] == short.center[0]
    assert long.upper[0] == short.upper[0]
    assert long.signalling.tolist() == [False, False, False, True, True]
    assert p_chart([2, 3], [50] * 2, baseline=20).standard.subgroups == 2


def test_a_chart_cannot_be_written_into() -> None:
    chart = p_chart([1], [10])
    for array in (chart.values, chart.center, chart.lower, chart.upper, chart.z, chart.signalling):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_arrays_given_stay_their_owners() -> None:
    defectives = np.array([1, 2], np.int64)
    p_chart(defectives, np.array([10, 10], np.int64))
    defectives[0] = 5


@pytest.mark.parametrize("chart", [p_chart, np_chart])
@pytest.mark.parametrize(
    ("defectives", "sizes", "fault"),
    [
        ([], [], "defectives: expected one number per point, at least one"),
        ([[1]], [[10]], r"defectives: expected one number per point, at least one; got shape"),
        ([1, 2], [10], "sizes: expected one per point of defectives, 2 in all; got 1"),
        ([0, math.nan], [10, 10], r"defectives\[1\]: expected a finite number, got nan"),
        ([1], [math.inf], r"sizes\[0\]: expected a finite number, got inf"),
        ([0.5], [10], r"defectives\[0\]: expected a whole number, got 0.5"),
        (["1"], [10], "defectives: expected numbers, got <U1"),
        ([1, -1], [10, 10], r"defectives\[1\]: expected 0 or more, got -1"),
        ([1, 11], [10, 10], r"defectives\[1\]: expected at most its size, 10; got 11"),
        ([0], [0], r"sizes\[0\]: expected 1 or more, got 0"),
    ],
)
def test_counts_that_cannot_be_are_refused_by_name_and_index(
    chart: Callable[..., Any], defectives: list[float], sizes: list[float], fault: str
) -> None:
    with pytest.raises(SpcError, match=fault):
        chart(defectives, sizes)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"center": -0.1}, "center: expected a number that is a share, from 0 to 1; got -0.1"),
        ({"center": 1.1}, "center: expected a number that is a share"),
        ({"center": math.nan}, "center: expected a number that is a share"),
        ({"baseline": 0}, "baseline: expected one subgroup or more, got 0"),
        ({"center": 0.1, "baseline": 1}, "not both"),
        ({"exclude": [7]}, "exclude: expected indices from 0 to 0, got 7"),
        ({"exclude": [0]}, "nothing to estimate from"),
        ({"limits": "probability"}, "limits: expected sigma or exact, got 'probability'"),
        ({"limits": "exact", "false_alarm": 0.0}, "false_alarm: expected a number"),
        ({"rules": ["nelson9"]}, "rules: expected any of nelson1"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(SpcError, match=fault):
        p_chart([1], [10], **options)


def test_the_np_chart_of_the_orange_juice_is_that_of_the_book_section_7_2_1() -> None:
    kept = [count for at, count in enumerate(ORANGE_JUICE, 1) if at not in (15, 23)]
    chart = np_chart(ORANGE_JUICE, [50] * 30, center=sum(kept) / (50 * 28), rules=RULE_1)
    assert chart.center[0] == pytest.approx(10.75, abs=0.005)
    assert chart.upper[0] == pytest.approx(19.46, abs=0.02)
    assert chart.lower[0] == pytest.approx(2.03, abs=0.02)
    assert raised(chart) == [15, 21, 23]


def test_the_c_chart_of_the_circuit_boards_is_that_of_the_book_table_7_7() -> None:
    chart = c_chart(BOARDS, rules=RULE_1)
    assert chart.center[0] == pytest.approx(19.85, abs=0.005)
    assert chart.upper[0] == pytest.approx(33.22, abs=0.01)
    assert chart.lower[0] == pytest.approx(6.48, abs=0.01)
    assert [(s.at + 1, s.side) for s in chart.signals] == [(6, Side.BELOW), (20, Side.ABOVE)]


def test_the_wafer_on_the_limit_of_nist_6_3_3_1_is_no_signal() -> None:
    chart = c_chart(WAFERS)
    assert (chart.center[0], chart.lower[0], chart.upper[0]) == (16.0, 4.0, 28.0)
    assert raised(chart) == [24]


def test_a_u_chart_of_equal_units_is_the_c_chart_over_the_units() -> None:
    u, c = u_chart(BOARDS, [100] * 26), c_chart(BOARDS)
    for ours, other in ((u.values, c.values), (u.upper, c.upper), (u.lower, c.lower)):
        np.testing.assert_allclose(ours, other / 100, rtol=1e-12)
    assert u.signals == c.signals


def test_the_u_chart_takes_areas_that_are_no_whole_numbers() -> None:
    chart = u_chart([14, 12, 20, 11], [10.0, 8.5, 13.25, 10.0])
    assert chart.center[0] == pytest.approx(57 / 41.75)
    assert chart.upper == pytest.approx(
        57 / 41.75 + 3 * np.sqrt(57 / 41.75 / np.array([10.0, 8.5, 13.25, 10.0]))
    )
    with pytest.raises(SpcError, match=r"sizes\[1\]: expected a number above 0, got 0"):
        u_chart([1, 1], [1.0, 0.0])


@pytest.mark.parametrize(("rate", "size"), [(0.001, 1000), (0.2, 50), (0.5, 7), (0.0006, 3600)])
def test_exact_binomial_limits_leave_at_most_half_the_chance_on_either_side(
    rate: float, size: int
) -> None:
    chart = np_chart([0], [size], center=rate, limits="exact", false_alarm=0.01)
    upper, lower = int(chart.upper[0]), int(chart.lower[0])
    assert stats.binom.sf(upper, size, rate) <= 0.005 < stats.binom.sf(upper - 1, size, rate)
    assert stats.binom.cdf(lower - 1, size, rate) <= 0.005 < stats.binom.cdf(lower, size, rate)
    points = [upper, min(upper + 1, size)]
    judged = np_chart(points, [size] * 2, center=rate, limits="exact", false_alarm=0.01)
    assert judged.signalling.tolist() == [False, upper < size]


@pytest.mark.parametrize("mean", [0.3, 4.0, 19.85])
def test_exact_poisson_limits_leave_at_most_half_the_chance_on_either_side(mean: float) -> None:
    chart = c_chart([0], center=mean, limits="exact")
    upper, lower = chart.upper[0], chart.lower[0]
    half = 0.0026997960632601866 / 2
    assert stats.poisson.sf(upper, mean) <= half < stats.poisson.sf(upper - 1, mean)
    assert stats.poisson.cdf(lower - 1, mean) <= half < stats.poisson.cdf(lower, mean)
    same = u_chart([0], [2.0], center=mean / 2, limits="exact")
    assert (same.upper[0], same.lower[0]) == (upper / 2, lower / 2)


def test_the_standardised_form_has_level_limits_and_the_same_signals() -> None:
    plain, form = (p_chart(ORDERS, ORDERS_SIZES, standardised=form) for form in (False, True))
    sigma = np.sqrt(plain.center * (1 - plain.center) / ORDERS_SIZES)
    np.testing.assert_allclose(form.values, (plain.values - plain.center) / sigma, atol=1e-12)
    np.testing.assert_allclose(form.upper, 3.0)
    assert not form.center.any()
    assert form.signals == plain.signals


def test_limits_below_zero_are_there_for_those_who_want_them() -> None:
    assert p_chart([0], [10], center=0.05, clip=False).lower[0] < 0


def test_no_defects_anywhere_and_nothing_but_defects_are_quiet_charts() -> None:
    for defectives, line in (([0] * 12, 0.0), ([10] * 12, 1.0)):
        chart = p_chart(defectives, [10] * 12)
        assert chart.signals == ()
        assert set(chart.lower) | set(chart.center) | set(chart.upper) == {line}
    quiet = c_chart([0] * 12, limits="exact")
    assert quiet.signals == ()
    assert quiet.upper[0] == 0.0


def test_excluded_subgroups_are_drawn_and_judged_but_not_estimated_from() -> None:
    chart = p_chart(ORANGE_JUICE, [50] * 30, exclude={14: "new batch", 22: "new operator"})
    assert chart.standard.center == pytest.approx(0.2150, abs=5e-5)
    assert chart.standard.excluded == ((14, "new batch"), (22, "new operator"))
    assert chart.standard.subgroups == 28
    assert not chart.standard.provisional
    assert p_chart([1], [50]).standard.provisional
    assert {15, 21, 23} <= set(raised(chart))


def test_verdicts_become_whole_subgroups() -> None:
    defective = [True, False, False, True, True, False, True]
    defectives, sizes = subgroup_counts(defective, 3)
    assert defectives.tolist() == [1, 2]
    assert sizes.tolist() == [3, 3]
    with pytest.raises(SpcError, match="size: expected from 1 to 7, the number of parts; got 8"):
        subgroup_counts(defective, 8)
    with pytest.raises(SpcError, match="defective: expected one truth value per part"):
        subgroup_counts([0.5], 1)
