"""Every chart on data that cannot be: a fault that names the argument and the index."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from inspection import spc
from inspection.spc import SpcError

Chart = Any

COUNTED: dict[str, Chart] = {
    "p": spc.p_chart,
    "np": spc.np_chart,
    "laney p": spc.laney_p_chart,
    "ewma rate": spc.ewma_rate_chart,
    "binomial cusum": partial(spc.binomial_cusum_chart, center=0.01, limit=3.0),
    "u": spc.u_chart,
    "laney u": spc.laney_u_chart,
}
MEASURED: dict[str, Chart] = {
    "individuals": spc.individuals_chart,
    "moving center": spc.moving_center_chart,
    "ewma": spc.ewma_chart,
    "cusum": spc.cusum_chart,
    "autocorrelation": spc.autocorrelation,
    "capability": partial(spc.capability, upper=3.0),
}
WHOLE: dict[str, Chart] = {"c": spc.c_chart, "g": spc.g_chart}
ALL: dict[str, Chart] = COUNTED | MEASURED | WHOLE | {"t": spc.t_chart}


def drawn(name: str, data: Any, sizes: Any = 50) -> Any:
    return ALL[name](data, sizes) if name in COUNTED else ALL[name](data)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("data", [[], [[1, 2], [3, 4]], None, "12"])
def test_anything_but_a_column_of_numbers_is_refused(name: str, data: Any) -> None:
    if name == "capability" and isinstance(data, list) and data:
        data = [[]]
    with pytest.raises(SpcError, match=r"one number per point|expected numbers|finite number"):
        drawn(name, data)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_named_by_its_index(name: str, value: float) -> None:
    with pytest.raises(SpcError, match=r"\[2\]: expected a finite number"):
        drawn(name, [1.0, 2.0, value, 3.0])


@pytest.mark.parametrize("name", [*COUNTED, *WHOLE, "t"])
def test_a_negative_count_is_named_by_its_index(name: str) -> None:
    with pytest.raises(SpcError, match=r"\[1\]: expected 0 or more, got -2"):
        drawn(name, [1, -2, 3])


@pytest.mark.parametrize("name", [*COUNTED, *WHOLE])
def test_half_a_defect_is_named_by_its_index(name: str) -> None:
    with pytest.raises(SpcError, match=r"\[1\]: expected a whole number, got 2.5"):
        drawn(name, [1, 2.5, 3])


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(
    ("sizes", "fault"),
    [
        ([50, 50], "sizes: expected one per point of .*, 3 in all; got 2"),
        ([50, 0, 50], r"sizes\[1\]: expected"),
        ([50, -1, 50], r"sizes\[1\]: expected"),
        ([50, math.nan, 50], r"sizes\[1\]: expected a finite number, got nan"),
    ],
)
def test_sizes_that_do_not_match_are_refused(name: str, sizes: Any, fault: str) -> None:
    with pytest.raises(SpcError, match=fault):
        drawn(name, [1, 2, 3], sizes)


@pytest.mark.parametrize("name", ["p", "np", "laney p", "ewma rate", "binomial cusum"])
def test_more_defectives_than_parts_are_named_by_their_index(name: str) -> None:
    with pytest.raises(SpcError, match=r"defectives\[1\]: expected at most its size, 50; got 51"):
        drawn(name, [1, 51, 3])


@pytest.mark.parametrize("name", COUNTED)
def test_one_size_for_all_is_each_its_size(name: str) -> None:
    one, each = drawn(name, [1, 2, 3], 50), drawn(name, [1, 2, 3], [50, 50, 50])
    np.testing.assert_array_equal(one.upper, each.upper)
    np.testing.assert_array_equal(one.values, each.values)


@pytest.mark.parametrize("name", ["p", "np", "u", "c", "laney p", "laney u", "ewma rate"])
def test_no_defects_at_all_are_lines_at_zero_without_a_signal(name: str) -> None:
    chart = drawn(name, [0] * 30)
    assert chart.signals == ()
    for line in (chart.values, chart.center, chart.lower, chart.upper):
        assert line.tolist() == [0.0] * 30


@pytest.mark.parametrize("name", [*COUNTED, "c", "individuals", "moving center", "ewma"])
def test_no_chart_answers_with_nan(name: str) -> None:
    chart = drawn(name, [3, 0, 50, 2, 1, 1, 0, 4])
    for line in (chart.values, chart.center, chart.lower, chart.upper):
        assert not np.isnan(line).any()
        assert not line.flags.writeable


@pytest.mark.parametrize("name", ["p", "np", "laney p", "ewma rate"])
def test_nothing_but_defectives_are_lines_at_all_without_a_signal(name: str) -> None:
    chart = drawn(name, [50] * 30)
    highest = 50.0 if name == "np" else 1.0
    assert chart.signals == ()
    for line in (chart.values, chart.center, chart.lower, chart.upper):
        assert line.tolist() == [highest] * 30


def test_a_binomial_cusum_of_nothing_but_defectives_signals_at_once() -> None:
    assert drawn("binomial cusum", [50] * 3).signals[0].at == 0


def test_gaps_of_nothing_but_defectives_have_no_rate_and_a_known_one_signals() -> None:
    with pytest.raises(SpcError, match="gaps: every part is defective"):
        spc.g_chart(spc.gaps_between([True] * 9).lengths)
    assert spc.g_chart([0] * 9, rate=0.01).signals[0].rule == "zeros"


@pytest.mark.parametrize("name", ["p", "np", "u", "c", "ewma rate"])
def test_one_subgroup_is_a_provisional_chart(name: str) -> None:
    chart = drawn(name, [3])
    assert chart.standard.provisional
    assert chart.signals == ()


@pytest.mark.parametrize(
    "name", ["laney p", "laney u", "individuals", "moving center", "ewma", "cusum"]
)
def test_one_subgroup_says_nothing_of_the_spread_between_subgroups(name: str) -> None:
    with pytest.raises(SpcError, match=r"expected 2 (subgroups side by side|values or more)"):
        drawn(name, [3])


@pytest.mark.parametrize("exclude", [{-1: "a"}, {3: "a"}])
def test_a_point_that_is_not_there_cannot_be_left_out(exclude: dict[int, str]) -> None:
    with pytest.raises(SpcError, match="exclude: expected indices from 0 to 2"):
        spc.estimate("c", [1, 2, 3], exclude=exclude)


@pytest.mark.parametrize("verdicts", [[], [0, 2], [0.5], ["bad"], [[True]], [math.nan]])
def test_verdicts_that_are_none_or_no_truth_values_are_refused(verdicts: Any) -> None:
    design = spc.BernoulliDesign(0.1, 5, 10)
    uses: list[Chart] = [
        partial(spc.bernoulli_cusum_chart, design=design),
        partial(spc.BernoulliState().step, design=design),
        spc.gaps_between,
        partial(spc.change_point, rate=0.1),
        partial(spc.times_between, stamps_ns=[1]),
    ]
    for use in uses:
        with pytest.raises(SpcError, match="defective"):
            use(verdicts)
    with pytest.raises(SpcError, match="defective"):
        spc.diagnose(spc.Rows(verdicts), 1)
