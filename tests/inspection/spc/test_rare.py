"""g and t charts against scipy's distributions, and where a gap or a time is zero."""

import math

import numpy as np
import pytest
from scipy import stats

from inspection.spc.errors import SpcError
from inspection.spc.rare import g_chart, t_chart
from inspection.spc.result import Side

GAPS = [120, 45, 300, 8, 77, 410, 190, 33, 260, 95]
TIMES = [12.5, 3.0, 41.0, 7.7, 18.2, 9.9, 66.0, 1.5, 22.0, 30.3]
HALF = 0.0026997960632601866 / 2


@pytest.mark.parametrize("rate", [0.0006, 0.01, 0.3])
def test_limits_of_gaps_are_geometric(rate: float) -> None:
    chart = g_chart([5], rate=rate)
    gaps = stats.geom(rate, loc=-1)
    low, high = chart.lower[0], chart.upper[0]
    assert gaps.cdf(low - 1) <= HALF < gaps.cdf(low)
    assert gaps.sf(high) <= HALF < gaps.sf(high - 1)
    assert chart.center[0] == pytest.approx(gaps.mean())
    median = g_chart([5], rate=rate, line="median").center[0]
    assert gaps.cdf(median) == pytest.approx(0.5, abs=rate)


def test_gaps_between_and_trials_until_are_the_same_chart_moved_by_one() -> None:
    between, until = g_chart(GAPS), g_chart([gap + 1 for gap in GAPS], counting="until")
    assert between.standard == until.standard
    for one, other in ((between.center, until.center), (between.upper, until.upper)):
        np.testing.assert_allclose(other, one + 1, rtol=1e-12)
    assert between.standard.center == pytest.approx(1 / (np.mean(GAPS) + 1))
    unbiased = g_chart(GAPS, estimate="unbiased").standard.center
    assert unbiased == pytest.approx(0.9 / (np.mean(GAPS) + 1))


def test_a_three_sigma_g_chart_never_sees_a_rise() -> None:
    chart = g_chart([0, 0, 100], rate=0.01, limits="sigma", zeros=False)
    assert chart.lower[0] == 0.0
    assert chart.upper[0] == pytest.approx(99 + 3 * math.sqrt(99 * 100))
    assert chart.signals == ()


def test_a_short_gap_says_that_the_rate_rose_and_a_long_one_that_it_fell() -> None:
    chart = g_chart([1, 500, 14_000], rate=0.0006)
    assert chart.lower[0] == 2.0
    assert [(s.at, s.side) for s in chart.signals] == [(0, Side.BELOW), (2, Side.ABOVE)]


def test_zeros_in_a_row_signal_where_no_gap_is_short_enough() -> None:
    chart = g_chart([50, 0, 0, 0, 3], rate=0.05)
    assert chart.lower[0] == 0.0
    assert [(s.at, s.rule, s.points) for s in chart.signals] == [(3, "zeros", (1, 2, 3))]
    assert 0.05**3 <= HALF < 0.05**2
    assert g_chart([50, 0, 0, 0, 3], rate=0.05, zeros=False).signals == ()


def test_limits_of_times_are_exponential() -> None:
    chart = t_chart(TIMES)
    times = stats.expon(scale=np.mean(TIMES))
    assert chart.lower[0] == pytest.approx(times.ppf(HALF))
    assert chart.upper[0] == pytest.approx(times.isf(HALF))
    assert chart.center[0] == pytest.approx(times.median())
    np.testing.assert_allclose(chart.z, stats.norm.ppf(times.cdf(TIMES)), atol=1e-9)
    assert t_chart([0.001, 5.0], mean=10.0).signals[0].side is Side.BELOW


def test_the_weibull_is_that_of_scipy() -> None:
    shape, _, scale = stats.weibull_min.fit(TIMES, floc=0)
    chart = t_chart(TIMES, method="weibull")
    assert chart.standard.center == pytest.approx(scale, rel=1e-4)
    assert chart.standard.sigma == pytest.approx(shape, rel=1e-4)
    assert chart.upper[0] == pytest.approx(stats.weibull_min.isf(HALF, shape, 0, scale), rel=1e-3)


def test_nelsons_powers_are_an_individuals_chart_taken_back() -> None:
    y = np.array(TIMES) ** (1 / 3.6)
    sigma = np.abs(np.diff(y)).mean() * math.sqrt(math.pi) / 2
    chart = t_chart(TIMES, method="nelson")
    assert chart.center[0] == pytest.approx(y.mean() ** 3.6)
    assert chart.upper[0] == pytest.approx((y.mean() + 3 * sigma) ** 3.6)


def test_a_time_of_zero_enters_as_half_of_what_the_clock_can_tell() -> None:
    chart = t_chart([0.0, 10.0, 20.0], resolution=1.0)
    assert chart.standard.center == pytest.approx(30.5 / 3)
    assert chart.values[0] == 0.0
    assert t_chart([0.0, 10.0, 20.0]).standard.center == pytest.approx(35.0 / 3)
    with pytest.raises(SpcError, match="times: all are 0; give the resolution of the clock"):
        t_chart([0.0, 0.0])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="gaps: every part is defective"):
        g_chart([0, 0])
    with pytest.raises(SpcError, match=r"gaps\[1\]: expected 1 or more, got 0"):
        g_chart([3, 0], counting="until")
    with pytest.raises(SpcError, match=r"gaps\[0\]: expected 0 or more, got -1"):
        g_chart([-1])
    with pytest.raises(SpcError, match=r"times\[0\]: expected 0 or more, got -1"):
        t_chart([-1.0])
    with pytest.raises(SpcError, match="times: expected 2 different ones"):
        t_chart([1.0, 1.0], method="weibull")
    with pytest.raises(SpcError, match="mean, sigma: a frozen t chart by weibull needs both"):
        t_chart([1.0], method="weibull", mean=3.0)
    with pytest.raises(SpcError, match="gaps: expected one number per point"):
        g_chart([])
    with pytest.raises(SpcError, match="sigma: an exponential has 1; got 2"):
        t_chart([1.0], mean=1.0, sigma=2.0)
