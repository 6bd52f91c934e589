"""Parts as they come, in any batches, and all at once: the same to the bit."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.spc.bernoulli import BernoulliDesign, BernoulliState, bernoulli_cusum_chart
from inspection.spc.cusum import binomial_cusum_chart, cusum_chart
from inspection.spc.cusum_state import BinomialCusumDesign, CusumDesign, CusumState
from inspection.spc.errors import SpcError
from inspection.spc.ewma import EwmaDesign, EwmaState, ewma_chart
from inspection.spc.gaps import GDesign, GState, gaps_between
from inspection.spc.rare import g_chart
from inspection.spc.result import Side, Signal

Cuts = st.lists(st.integers(0, 200), max_size=6)
AfterSignal = st.sampled_from(["continue", "restart"])
Measured = st.lists(
    st.tuples(st.floats(-4, 4), st.integers(1, 9).map(float)), min_size=1, max_size=200
)
Verdicts = st.lists(st.booleans(), min_size=1, max_size=200)


def batches(points: int, cuts: list[int]) -> Iterator[slice]:
    """Slices, none of them empty, that make up the whole."""
    edges = sorted({0, points, *(cut for cut in cuts if cut < points)})
    for first, last in pairwise(edges):
        yield slice(first, last)


@given(Measured, Cuts, st.floats(0.05, 1.0), st.booleans())
def test_an_ewma_in_batches_is_that_of_all_points(
    points: list[tuple[float, float]], cuts: list[int], weight: float, asymptotic: bool
) -> None:
    data, sizes = (np.array(column) for column in zip(*points, strict=True))
    design = EwmaDesign(0.3, 1.1, weight, 1.5, asymptotic)
    state, signals = EwmaState.begin(design), []
    for batch in batches(len(data), cuts):
        state, raised = state.step(data[batch], design, sizes=sizes[batch])
        signals.extend(raised)
    chart = ewma_chart(
        data, sizes, center=0.3, sigma=1.1, weight=weight, width=1.5, asymptotic=asymptotic
    )
    each, one_by_one = EwmaState.begin(design), []
    for value, size in zip(data.tolist(), sizes.tolist(), strict=True):
        each, signal = each.update(value, design, size)
        one_by_one += [] if signal is None else [signal]
    assert tuple(signals) == chart.signals == tuple(one_by_one)
    assert state.value == chart.values[-1]
    assert state == each


@given(Measured, Cuts, st.floats(0, 0.9), AfterSignal, st.booleans())
def test_a_cusum_in_batches_is_that_of_all_points(
    points: list[tuple[float, float]], cuts: list[int], head: float, after: Any, on_limit: bool
) -> None:
    data, sizes = (np.array(column) for column in zip(*points, strict=True))
    design = CusumDesign(0.2, 0.9, 0.5, 3.0, head, after, on_limit)
    state, signals = CusumState.begin(design), []
    for batch in batches(len(data), cuts):
        state, raised = state.step(data[batch], design, sizes=sizes[batch])
        signals.extend(raised)
    chart = cusum_chart(
        data, sizes, center=0.2, sigma=0.9, limit=3.0, head_start=head, after_signal=after,
        signal_on_limit=on_limit,
    )  # fmt: skip
    each, one_by_one = CusumState.begin(design), []
    for value, size in zip(data.tolist(), sizes.tolist(), strict=True):
        each, signal = each.update(value, design, size)
        one_by_one += [] if signal is None else [signal]
    assert tuple(signals) == chart.signals == tuple(one_by_one)
    assert state == chart.state == each
    assert design == chart.design


@given(st.lists(st.integers(0, 5), min_size=1, max_size=100), Cuts, AfterSignal)
def test_a_binomial_cusum_in_batches_is_that_of_all_subgroups(
    defectives: list[int], cuts: list[int], after: Any
) -> None:
    design = BinomialCusumDesign(0.01, 3.0, after_signal=after, head_start=0.5)
    state, signals = CusumState.begin(design), []
    for batch in batches(len(defectives), cuts):
        state, raised = state.step(defectives[batch], design, sizes=100)
        signals.extend(raised)
    chart = binomial_cusum_chart(
        defectives, 100, center=0.01, limit=3.0, after_signal=after, head_start=0.5
    )
    each = CusumState.begin(design)
    for count in defectives:
        each, _ = each.update(count, design, 100)
    assert (tuple(signals), state) == (chart.signals, chart.state)
    assert each == state


@given(Verdicts, Cuts, st.integers(2, 12), st.integers(1, 40), st.data())
def test_a_bernoulli_cusum_in_batches_is_that_of_all_verdicts_and_of_each(
    verdicts: list[bool], cuts: list[int], parts: int, limit: int, data: st.DataObject
) -> None:
    design = BernoulliDesign(0.1, parts, limit, data.draw(st.integers(0, limit - 1)))
    state, signals = BernoulliState.begin(design), []
    for batch in batches(len(verdicts), cuts):
        state, raised = state.step(verdicts[batch], design)
        signals.extend(raised)
    each, one_by_one, sums = BernoulliState.begin(design), [], []
    for defective in verdicts:
        sums.append(max(0, each.steps + (parts - 1 if defective else -1)))
        each, signal = each.update(defective, design)
        one_by_one += [] if signal is None else [signal]
    chart = bernoulli_cusum_chart(verdicts, design=design)
    assert tuple(signals) == chart.signals == tuple(one_by_one)
    assert state == chart.state == each
    assert (chart.values * parts).round().astype(int).tolist() == sums


@given(Verdicts, Cuts, st.sampled_from([0.02, 0.2, 0.6]), st.sampled_from(["exact", "sigma"]))
def test_a_g_chart_of_verdicts_in_batches_is_that_of_all_gaps(
    verdicts: list[bool], cuts: list[int], rate: float, limits: Any
) -> None:
    design = GDesign(rate, limits, false_alarm=0.2)
    state, signals, open_gap = GState(), [], 0
    for batch in batches(len(verdicts), cuts):
        found = gaps_between(verdicts[batch], open_before=open_gap)
        open_gap = found.open
        state, raised = state.step(found.lengths, design)
        signals.extend(raised)
    whole = gaps_between(verdicts)
    assert (state.seen, open_gap) == (len(whole.lengths), whole.open)
    if state.seen:
        chart = g_chart(whole.lengths, rate=rate, limits=limits, false_alarm=0.2)
        assert tuple(signals) == chart.signals


def test_gaps_count_the_good_parts_before_each_defective_one() -> None:
    found = gaps_between([False, False, True, True, False, True, False])
    assert (found.lengths.tolist(), found.ends.tolist(), found.open) == ([2, 0, 1], [2, 3, 5], 1)
    later = gaps_between([False, True], open_before=found.open)
    assert (later.lengths.tolist(), later.open) == ([2], 0)
    assert gaps_between([False] * 3, open_before=4).open == 7


def test_a_long_climb_past_the_limit_takes_no_room() -> None:
    """100,000 points that all signal, each with all points since the first."""
    chart = cusum_chart(np.full(100_000, 2.0), center=0.0, sigma=1.0)
    assert chart.signals[-1] == Signal(99_999, "cusum", Side.ABOVE, range(100_000))


def test_batches_that_cannot_be_are_refused_and_leave_the_state_as_it_was() -> None:
    with pytest.raises(SpcError, match=r"data\[1\]: expected a finite number, got nan"):
        EwmaState.begin(EwmaDesign(0, 1)).step([1.0, float("nan")], EwmaDesign(0, 1))
    with pytest.raises(SpcError, match=r"defective\[0\]: expected 0 or 1, got 2"):
        BernoulliState().step([2], BernoulliDesign(0.1, 5, 10))
    with pytest.raises(SpcError, match=r"gaps\[0\]: expected 0 or more, got -1"):
        GState().step([-1], GDesign(0.1))
    with pytest.raises(SpcError, match="sizes: a binomial cusum needs the size"):
        CusumState().step([1], BinomialCusumDesign(0.01, 3.0))
    with pytest.raises(SpcError, match="open_before: expected 0 good parts or more, got -1"):
        gaps_between([True], open_before=-1)
    with pytest.raises(SpcError, match="limits: expected exact or sigma"):
        GDesign(0.1, "wide")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpcError, match="after_signal: expected continue or restart"):
        CusumDesign(0, 1, after_signal="stop")  # pyright: ignore[reportArgumentType]
