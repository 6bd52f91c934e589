"""EWMA and CUSUM charts against the books; updates against recomputation."""

import math

import numpy as np
import pytest

from inspection.spc.bernoulli import (
    BernoulliDesign,
    bernoulli_cusum_chart,
    bernoulli_design,
)
from inspection.spc.cusum import binomial_cusum_chart, cusum_chart
from inspection.spc.cusum_state import reference_rate
from inspection.spc.errors import SpcError
from inspection.spc.ewma import ewma_chart, ewma_rate_chart
from inspection.spc.result import Side, Signal

# Montgomery, Introduction to Statistical Quality Control (7th ed.), table 9.1: the mean is 10 for
# twenty observations and 11 for ten more; sigma is 1.
OBSERVATIONS = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34,
    9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84,
    10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip

# NIST/SEMATECH e-Handbook, 6.3.2.4: target 50, sigma 2.0539, weight 0.3.
NIST_DATA = [
    52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2,
    52.6, 52.4, 53.6, 52.1,
]  # fmt: skip
NIST_EWMA = [
    50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52,
    50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99,
]  # fmt: skip


def test_the_cusum_is_that_of_montgomery_table_9_2() -> None:
    chart = cusum_chart(OBSERVATIONS, center=10.0, sigma=1.0, slack=0.5, limit=5.0)
    assert chart.high[28:] == pytest.approx([5.28, 5.30])
    assert chart.high_since[28] == 7  # so the change began after period 22
    assert chart.low[:3] == pytest.approx([0.05, 1.56, 1.77])
    first = chart.signals[0]
    assert (first.at + 1, first.side, first.points[0] + 1) == (29, Side.ABOVE, 23)
    assert [signal.at + 1 for signal in chart.signals] == [29, 30]


def test_after_a_restart_the_cusum_climbs_from_its_head_start() -> None:
    chart = cusum_chart(
        [2.0] * 6, center=0.0, sigma=1.0, limit=4.0, head_start=0.5, after_signal="restart"
    )
    assert chart.high.tolist() == [3.5, 5.0, 3.5, 5.0, 3.5, 5.0]
    assert [signal.points for signal in chart.signals] == [range(0, 2), range(2, 4), range(4, 6)]


def test_a_sum_on_the_limit_signals_only_where_that_is_asked_for() -> None:
    raised = [
        len(cusum_chart([2.0] * 2, center=0, sigma=1, limit=3, signal_on_limit=on_limit).signals)
        for on_limit in (False, True)
    ]
    assert raised == [0, 1]


def test_the_ewma_is_that_of_nist_6_3_2_4() -> None:
    chart = ewma_chart(NIST_DATA, center=50.0, sigma=2.0539, weight=0.3, width=3.0, asymptotic=True)
    assert chart.values == pytest.approx(NIST_EWMA, abs=6e-3)
    assert chart.upper[0] == pytest.approx(52.5884, abs=5e-5)
    assert chart.lower[0] == pytest.approx(47.4115, abs=1e-4)
    assert chart.signals == ()


def test_the_ewma_is_that_of_montgomery_table_9_10() -> None:
    chart = ewma_chart(OBSERVATIONS, center=10.0, sigma=1.0, weight=0.1, width=2.7)
    assert chart.values[:2] == pytest.approx([9.945, 9.7495])
    assert chart.values[27:] == pytest.approx([10.5731, 10.6468, 10.6341], abs=5e-5)
    assert chart.upper[:2] == pytest.approx([10.27, 10.36], abs=5e-3)
    assert chart.upper[-1] == pytest.approx(10.62, abs=5e-3)
    assert {(signal.rule, signal.side) for signal in chart.signals} == {("ewma", Side.ABOVE)}


def test_montgomerys_data_signal_first_at_observation_29_which_28_is_below_its_limit() -> None:
    """By the sum that the average stands for, without the recursion: z28 = 10.57 < 10.62 < z29."""
    x = np.array(OBSERVATIONS)
    weights = 0.1 * 0.9 ** np.arange(len(x))
    z28, z29 = (weights[:n] @ x[:n][::-1] + 0.9**n * 10.0 for n in (28, 29))
    upper28, upper29 = (10 + 2.7 * math.sqrt(0.1 / 1.9 * (1 - 0.9 ** (2 * n))) for n in (28, 29))
    assert z28 < upper28
    assert z29 > upper29
    chart = ewma_chart(OBSERVATIONS, center=10.0, sigma=1.0, weight=0.1, width=2.7)
    assert [signal.at + 1 for signal in chart.signals] == [29, 30]


# NIST/SEMATECH e-Handbook, 6.3.2.3: means of 20 groups, target 325, k = 0.3175, h = 4.1959, both in
# the unit of the data.
NIST_GROUPS = [
    324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600,
    324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350,
]  # fmt: skip


def test_the_cusum_is_that_of_nist_6_3_2_3() -> None:
    chart = cusum_chart(NIST_GROUPS, center=325.0, sigma=1.0, slack=0.3175, limit=4.1959)
    assert chart.high[:12] == pytest.approx([0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0], abs=0.04)
    book = [3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00, 19.04]
    assert chart.high[12:] == pytest.approx(book, abs=6e-3)
    low = [0, 0.01, 0, 0.33, 0, 0, 0.56, 0.72, 0.17, 0.25, 0.31, 0]
    assert chart.low[:12] == pytest.approx(low, abs=1.1e-2)
    assert [signal.at + 1 for signal in chart.signals] == list(range(14, 21))


def test_the_variance_of_an_ewma_follows_the_sizes() -> None:
    sizes, weight = [4.0, 1.0, 9.0], 0.3
    chart = ewma_chart([0.0] * 3, sizes, center=0.0, sigma=2.0, weight=weight, width=1.0)
    weights = np.array([weight * 0.7**2, weight * 0.7, weight])
    assert chart.upper[2] == pytest.approx(2.0 * math.sqrt((weights**2 / sizes).sum()))


def test_the_ewma_of_rates_begins_at_the_rate_and_stays_within_what_can_be() -> None:
    chart = ewma_rate_chart([0, 2, 0], [50, 100, 50])
    assert chart.standard.center == 0.01
    assert chart.values[0] == pytest.approx(0.8 * 0.01)
    assert chart.lower.min() == 0.0
    assert chart.upper[0] == pytest.approx(0.01 + 2.859 * 0.2 * math.sqrt(0.0099 / 50))
    assert ewma_rate_chart([0, 0], [5, 5]).signals == ()


def test_a_bernoulli_cusum_signals_on_its_limit_and_names_the_start_of_its_climb() -> None:
    design = BernoulliDesign(rate=0.05, parts=10, limit=18)
    verdicts = [True] + [False] * 9 + [False, True, True, False]
    chart = bernoulli_cusum_chart(verdicts, design=design)
    assert chart.values[:3] == pytest.approx([0.9, 0.8, 0.7])
    assert chart.signals == (Signal(12, "cusum", Side.ABOVE, range(11, 13)),)
    assert chart.values[12] == chart.upper[0] == 1.8
    assert chart.values[13] == 0.0


def test_the_reference_rate_is_that_of_reynolds_and_stoumbos_1999() -> None:
    """r1 / r2 with r1 = -ln((1 - p1) / (1 - p0)) and r2 = ln(p1 (1 - p0) / (p0 (1 - p1)))."""
    p0, p1 = 0.01, 0.025
    r1 = -math.log((1 - p1) / (1 - p0))
    r2 = math.log(p1 * (1 - p0) / (p0 * (1 - p1)))
    assert reference_rate(0.01, 2.5) == pytest.approx(r1 / r2)
    design = bernoulli_design(0.01, 2.5, limit=4.0, head_start=0.5)
    assert design == BernoulliDesign(0.01, 61, 244, 122)


def test_the_binomial_cusum_adds_what_lies_above_the_reference() -> None:
    chart = binomial_cusum_chart([1, 3, 0], [100, 100, 50], center=0.01, rise=2.0, limit=1.9)
    r = reference_rate(0.01, 2.0)
    assert chart.high == pytest.approx([0.0, 3 - 100 * r, max(0.0, 3 - 150 * r)])
    assert [signal.at for signal in chart.signals] == []
    assert not chart.low.any()
    low = binomial_cusum_chart([1, 4, 0], [100, 100, 50], center=0.01, rise=2.0, limit=1.9)
    assert [(signal.at, signal.points) for signal in low.signals] == [(1, range(1, 2))]


def test_a_long_quiet_run_costs_nothing_per_good_part() -> None:
    verdicts = np.zeros(1_000_000, np.bool_)
    verdicts[[10, 500_000]] = True
    chart = bernoulli_cusum_chart(verdicts, design=bernoulli_design(0.0006, 2.0, limit=4.0))
    assert chart.signals == ()
    assert chart.values[500_000] > chart.values[500_001] > 0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match=r"defective\[1\]: expected 0 or 1, got 2"):
        bernoulli_cusum_chart([0, 2], design=BernoulliDesign(0.1, 5, 10))
    with pytest.raises(SpcError, match="defective: expected one truth value per part"):
        bernoulli_cusum_chart([], design=BernoulliDesign(0.1, 5, 10))
    with pytest.raises(SpcError, match="head_start: expected below the limit, 10; got 10"):
        BernoulliDesign(0.1, 5, 10, 10)
    with pytest.raises(SpcError, match="rise: expected a number that is above 1; got 1"):
        bernoulli_design(0.1, 1.0, limit=4.0)
    with pytest.raises(SpcError, match="rise: expected rise times center below 1"):
        reference_rate(0.5, 2.0)
    with pytest.raises(SpcError, match="weight: expected above 0 and up to 1, got 0"):
        ewma_chart([1.0, 2.0], weight=0.0)
    with pytest.raises(SpcError, match="sizes: expected one per point of data, 2 in all; got 1"):
        ewma_chart([1.0, 2.0], [1.0])
    with pytest.raises(SpcError, match="sigma: all values of the baseline are the same"):
        cusum_chart([1.0, 1.0])
    with pytest.raises(SpcError, match="head_start: expected a number that is from 0 to below 1"):
        cusum_chart([1.0, 2.0], head_start=1.0)
    with pytest.raises(SpcError, match="expected 2 subgroups side by side"):
        cusum_chart([1.0])
