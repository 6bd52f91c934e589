"""Phase I estimates and freezes; phase II holds points against what was frozen."""

from typing import Any

import numpy as np
import pytest

from inspection.spc.errors import SpcError
from inspection.spc.phases import CHARTS, FrozenLimits, estimate, monitor
from inspection.spc.result import Standard

# Montgomery, Introduction to Statistical Quality Control, table 7.1: cans, 30 samples of 50.
ORANGE_JUICE = [
    12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22,
    8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
]  # fmt: skip
SIZED = {"p", "np", "u", "laney p", "laney u", "ewma rate"}


def test_phase_one_of_the_orange_juice_goes_as_in_the_book_section_7_2_1() -> None:
    first = estimate("p", ORANGE_JUICE, [50] * 30, rules=("nelson1",))
    assert [signal.at + 1 for signal in first.chart.signals] == [15, 23]
    second = first.exclude({14: "new batch of stock", 22: "untrained operator"})
    assert second.standard.center == pytest.approx(0.2150, abs=5e-5)
    frozen = second.freeze()
    assert dict(frozen.standard.excluded) == {14: "new batch of stock", 22: "untrained operator"}
    new = monitor(frozen, [9, 24], [50, 50])
    assert new.upper[0] == pytest.approx(0.3893, abs=5e-5)
    assert [signal.at for signal in new.signals] == [1]
    assert first.exclude({14: "a"}).exclude({22: "b"}).standard.center == second.standard.center


def data_for(chart: str) -> Any:
    rng = np.random.default_rng(8)
    if chart.startswith("xbar"):
        return rng.normal(5, 1, (12, 4))
    if chart in ("individuals", "ewma", "cusum", "moving center"):
        return rng.normal(5, 1, 12)
    return rng.integers(1, 9, 12)


@pytest.mark.parametrize("chart", CHARTS)
def test_the_same_points_against_their_own_frozen_limits_have_the_same_lines(chart: str) -> None:
    data, sizes = data_for(chart), [40] * 12 if chart in SIZED else None
    first = estimate(chart, data, sizes)
    again = monitor(first.freeze(), data, sizes)
    assert first.chart.name == chart
    assert first.standard.provisional
    np.testing.assert_allclose(again.upper, first.chart.upper, rtol=1e-12)
    np.testing.assert_allclose(again.lower, first.chart.lower, rtol=1e-12)
    np.testing.assert_allclose(again.values, first.chart.values, rtol=1e-12)
    assert again.signals == first.chart.signals


@pytest.mark.parametrize("method", ["exponential", "weibull", "nelson"])
def test_a_t_chart_of_any_method_freezes(method: str) -> None:
    times = [8.0, 120.0, 33.0, 71.0, 5.0, 260.0, 44.0]
    first = estimate("t", times, method=method, exclude={5: "line stood still"})
    again = monitor(first.freeze(), times)
    assert again.upper.tolist() == first.chart.upper.tolist()
    assert again.lower.tolist() == first.chart.lower.tolist()
    assert first.freeze().standard.subgroups == 6


def test_a_difference_that_is_left_out_does_not_widen_a_moving_center() -> None:
    data = [5.0, 5.1, 4.9, 9.0, 5.0, 5.1, 4.9, 5.0]
    wide = estimate("moving center", data)
    assert wide.exclude({3: "wrong part"}).standard.sigma < wide.standard.sigma


def test_limits_from_a_target_are_frozen_limits_too() -> None:
    target = FrozenLimits("individuals", Standard(center=10.0, sigma=0.1))
    assert monitor(target, [10.0, 10.5]).signals[0].at == 1


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="chart: expected any of p, np"):
        estimate("pie", [1])
    with pytest.raises(SpcError, match="sizes: a p chart needs the size of each subgroup"):
        estimate("p", [1])
    with pytest.raises(SpcError, match=r"exclude\[0\]: a point is left out for a reason"):
        estimate("c", [1, 2], exclude={0: " "})
    with pytest.raises(SpcError, match="center: phase I estimates it"):
        estimate("c", [1, 2], center=3.0)
