"""Charts of measurements against the books, and their edges."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from inspection.spc.constants import c4, d2, d3, d4
from inspection.spc.errors import SpcError
from inspection.spc.individuals import individuals_chart, moving_center_chart
from inspection.spc.result import Side
from inspection.spc.subgroups import xbar_r_chart, xbar_s_chart

# NIST/SEMATECH e-Handbook, 6.3.2.2: flow rates of ten batches.
FLOW_RATES = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]

# Montgomery, Introduction to Statistical Quality Control, table 6.3 (7th ed.): inside diameters of
# 25 samples of 5 piston rings, in thousandths of a millimetre above 74 mm.
PISTON_RINGS = 74 + np.array([
    [30, 2, 19, -8, 8], [-5, -8, 1, 11, 4], [-12, 24, 21, 5, 2], [2, -4, -7, 15, 9],
    [-8, 7, 15, -11, 14], [9, -6, -3, -15, -7], [-5, 6, -6, 0, 5], [-15, 3, -7, 15, -12],
    [8, -5, 9, 5, 4], [-2, 0, -10, 7, -5], [-6, -2, -6, -5, -10], [4, 0, 7, 0, -4],
    [-17, 2, -2, -3, 12], [6, -33, -6, 0, -16], [12, 14, -2, -1, 7], [0, -16, 5, -2, -4],
    [-6, 12, -14, 5, 7], [6, 10, 18, 3, 0], [-16, 2, 3, 5, -3], [0, 10, 13, 20, 3],
    [-18, 1, 15, 5, -4], [4, -1, -10, 6, 9], [10, -11, -10, 9, 14], [15, 8, -7, 0, 10],
    [-18, -16, -5, 17, 13],
]) / 1000  # fmt: skip


@pytest.mark.parametrize(
    ("size", "range_mean", "range_deviation", "deviation_mean"),
    [
        (2, 1.128, 0.853, 0.7979), (3, 1.693, 0.888, 0.8862), (4, 2.059, 0.880, 0.9213),
        (5, 2.326, 0.864, 0.9400), (10, 3.078, 0.797, 0.9727), (25, 3.931, 0.708, 0.9896),
    ],
)  # fmt: skip
def test_constants_are_those_of_montgomery_appendix_vi(
    size: int, range_mean: float, range_deviation: float, deviation_mean: float
) -> None:
    assert round(d2(size), 3) == d2(size, rounded=True) == range_mean
    assert round(d3(size), 3) == range_deviation
    assert round(c4(size), 4) == c4(size, rounded=True) == deviation_mean


def test_constants_of_pairs_are_exact() -> None:
    assert d2(2) == pytest.approx(2 / math.sqrt(math.pi), rel=1e-13)
    assert d3(2) == pytest.approx(math.sqrt(2 - 4 / math.pi), rel=1e-12)
    assert c4(2) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-13)
    assert d4(2) == pytest.approx(math.sqrt(2) * stats.norm.ppf(0.75), rel=1e-13)


@pytest.mark.parametrize("size", [3, 7, 20, 100])
def test_constants_of_ranges_are_those_of_scipys_studentized_range(size: int) -> None:
    """With endless degrees of freedom the studentized range is the range in sigmas."""

    def moment(power: int) -> float:
        def above(w: float) -> float:
            return w**power * float(stats.studentized_range.sf(w, size, np.inf))

        return float(integrate.quad(above, 0, 14, epsabs=1e-9)[0])

    mean, half_square = moment(0), moment(1)
    assert d2(size) == pytest.approx(mean, abs=1e-7)
    assert d3(size) == pytest.approx(math.sqrt(2 * half_square - mean**2), abs=1e-6)


def test_the_individuals_chart_is_that_of_nist_6_3_2_2() -> None:
    chart = individuals_chart(FLOW_RATES, rounded=True)
    assert chart.center[0] == pytest.approx(50.81)
    assert chart.upper[0] == pytest.approx(55.8041, abs=5e-5)
    assert chart.lower[0] == pytest.approx(45.8159, abs=5e-5)
    assert chart.signals == ()
    ranges = chart.companion
    assert ranges is not None
    assert ranges.center[0] == pytest.approx(1.8778, abs=5e-5)
    assert ranges.upper[0] == pytest.approx(3.267 * 1.8778, abs=2e-3)
    assert math.isnan(ranges.values[0])
    assert ranges.values[1] == pytest.approx(2.0)
    assert individuals_chart(FLOW_RATES).upper[0] == pytest.approx(55.80241, abs=5e-6)


def test_each_estimator_of_individuals_sigma_is_its_formula() -> None:
    x = np.array(FLOW_RATES)
    ranges = np.abs(np.diff(x))
    by_median = individuals_chart(x, estimator="median moving range").standard.sigma
    by_deviation = individuals_chart(x, estimator="standard deviation").standard.sigma
    assert by_median == pytest.approx(np.median(ranges) / (math.sqrt(2) * stats.norm.ppf(0.75)))
    assert by_deviation == pytest.approx(x.std(ddof=1) / c4(10))


def test_screening_drops_the_one_wild_moving_range() -> None:
    x = [5.0, 5.1, 4.9, 5.2, 5.0, 9.0, 9.1, 8.9, 9.2, 9.0]
    ranges = np.abs(np.diff(x))
    kept = ranges[ranges < 3.267 * ranges.mean()]
    assert len(kept) == 8
    screened = individuals_chart(x, screen=True).standard.sigma
    assert screened == pytest.approx(kept.mean() * math.sqrt(math.pi) / 2)
    assert screened < individuals_chart(x).standard.sigma


def test_no_moving_range_reaches_over_an_excluded_point() -> None:
    x = [1.0, 2.0, 50.0, 2.0, 3.0]
    chart = individuals_chart(x, exclude={2: "wrong part"})
    assert chart.center[0] == pytest.approx(2.0)
    assert chart.standard.sigma == pytest.approx(math.sqrt(math.pi) / 2)
    assert 2 in [signal.at for signal in chart.signals]


def test_limits_of_means_and_ranges_have_the_factors_of_montgomery_appendix_vi() -> None:
    """Samples of 5: A2 = 0.577, D3 = 0, D4 = 2.114."""
    chart = xbar_r_chart(PISTON_RINGS)
    mean, mean_range = PISTON_RINGS.mean(), np.ptp(PISTON_RINGS, axis=1).mean()
    assert chart.center[0] == pytest.approx(mean, abs=1e-9)
    assert (chart.upper[0] - mean) / mean_range == pytest.approx(0.577, abs=5e-4)
    assert (mean - chart.lower[0]) / mean_range == pytest.approx(0.577, abs=5e-4)
    ranges = chart.companion
    assert ranges is not None
    assert ranges.center[0] == pytest.approx(mean_range)
    assert ranges.upper[0] / mean_range == pytest.approx(2.114, abs=1e-3)
    assert ranges.lower[0] == 0.0
    assert chart.signals == ()


def test_the_means_and_deviations_chart_of_the_piston_rings_is_that_of_the_book() -> None:
    chart = xbar_s_chart(PISTON_RINGS)
    assert chart.center[0] == pytest.approx(74.001, abs=5e-4)
    deviations = chart.companion
    assert deviations is not None
    assert deviations.center[0] == pytest.approx(0.0094, abs=5e-5)
    assert deviations.upper[0] == pytest.approx(0.0196, abs=1e-4)
    assert deviations.lower[0] == 0.0
    assert chart.upper[0] == pytest.approx(74.001 + 1.427 * 0.0094, abs=3e-4)
    assert chart.lower[0] == pytest.approx(74.001 - 1.427 * 0.0094, abs=3e-4)


def test_subgroups_of_different_size_are_weighted_as_named() -> None:
    data = [[1.0, 3.0], [2.0, 2.5, 4.0, 5.5], [0.0, 1.0, 3.5]]
    ranges, sizes = np.array([2.0, 3.5, 3.5]), [2, 4, 3]
    each = ranges / np.array([d2(n) for n in sizes])
    trust = np.array([(d2(n) / d3(n)) ** 2 for n in sizes])
    assert xbar_r_chart(data, weights="none").standard.sigma == pytest.approx(each.mean())
    weighted = (each * trust).sum() / trust.sum()
    chart = xbar_r_chart(data)
    assert chart.standard.sigma == pytest.approx(weighted)
    assert chart.center[0] == pytest.approx(np.mean(np.concatenate(data)))
    assert chart.upper == pytest.approx(chart.center[0] + 3 * weighted / np.sqrt(sizes))
    within = sum((n - 1) * np.var(row, ddof=1) for n, row in zip(sizes, data, strict=True))
    pooled = xbar_s_chart(data, estimator="pooled").standard.sigma
    assert pooled == pytest.approx(math.sqrt(within / 6) / c4(7))


def test_limits_from_a_standard_do_not_move_with_the_data() -> None:
    chart = xbar_r_chart([[9.0, 11.0], [30.0, 30.0]], center=10.0, sigma=2.0)
    assert chart.upper[1] == pytest.approx(10 + 3 * 2 / math.sqrt(2))
    assert [(s.at, s.rule, s.side) for s in chart.signals] == [(1, "nelson1", Side.ABOVE)]
    assert chart.standard.subgroups == 0
    assert individuals_chart([1.0], center=0.0, sigma=0.5).upper[0] == 1.5


def test_values_that_never_change_are_a_quiet_chart() -> None:
    for chart in (individuals_chart([2.0] * 9), xbar_s_chart([[2.0, 2.0]] * 9)):
        assert chart.signals == ()
        assert chart.companion is not None
        assert chart.companion.signals == ()
        assert chart.upper[0] == chart.lower[0] == 2.0


def test_the_center_line_moves_with_the_values_before_it() -> None:
    chart = moving_center_chart([10.0, 12.0, 11.0, 30.0], weight=0.5, sigma=1.0)
    assert chart.center.tolist() == [10.0, 10.0, 11.0, 11.0]
    assert [signal.at for signal in chart.signals] == [3]
    shifted = moving_center_chart(
        [10.0, 112.0, 11.0, 130.0], weight=0.5, sigma=1.0, targets=[0.0, 100.0, 0.0, 100.0]
    )
    assert shifted.center.tolist() == chart.center.tolist()
    estimated = moving_center_chart([10.0, 12.0, 11.0], weight=0.5)
    assert estimated.standard.sigma == pytest.approx(math.sqrt((2.0**2 + 0.0) / 2))


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=30), st.floats(0.5, 10), st.floats(-5, 5)
)
def test_charts_do_not_depend_on_the_unit(data: list[float], scale: float, shift: float) -> None:
    x = np.round(np.array(data), 3)
    plain, moved = individuals_chart(x), individuals_chart(scale * x + shift)
    np.testing.assert_allclose(moved.upper, scale * plain.upper + shift, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ([], "data: expected one subgroup or more, got none"),
        ([[1.0, 2.0], [3.0]], r"data\[1\]: expected 2 values or more in a subgroup, got 1"),
        ([[1.0, math.nan]], r"data\[0\]\[1\]: expected a finite number, got nan"),
        ([1.0, 2.0], r"data\[0\]: expected one number per point"),
    ],
)
def test_subgroups_that_cannot_be_are_refused(data: Any, fault: str) -> None:
    for chart in (xbar_r_chart, xbar_s_chart):
        with pytest.raises(SpcError, match=fault):
            chart(data)


def test_measurements_that_cannot_be_are_refused() -> None:
    with pytest.raises(SpcError, match="data: expected one number per point, at least one"):
        individuals_chart([])
    with pytest.raises(SpcError, match="expected 2 subgroups side by side"):
        individuals_chart([1.0])
    with pytest.raises(SpcError, match="expected 2 values or more"):
        moving_center_chart([1.0])
    with pytest.raises(SpcError, match=r"data\[1\]: expected a finite number, got inf"):
        individuals_chart([1.0, math.inf])
    with pytest.raises(SpcError, match="sigma: expected a number that is above 0"):
        individuals_chart([1.0, 2.0], sigma=0.0)
    with pytest.raises(SpcError, match="size: expected a whole number of 2 or more, got 1"):
        d2(1)
