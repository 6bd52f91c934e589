"""Columns of a notebook: pandas series and frames as they come, whatever their index."""

from typing import Any

import numpy as np
import pytest

from inspection import spc

pd: Any = pytest.importorskip("pandas", reason="pip install pandas")


@pytest.fixture
def hours() -> Any:
    index = pd.date_range("2026-03-01", periods=25, freq="h")
    drawn = np.random.default_rng(1).binomial(400, 0.02, 25)
    return pd.DataFrame({"bad": drawn, "parts": 400, "mm": np.sqrt(drawn)}, index=index)


def test_a_column_of_a_frame_is_charted_like_its_numbers(hours: Any) -> None:
    bad, parts = hours["bad"], hours["parts"]
    for chart in (spc.p_chart, spc.np_chart, spc.u_chart, spc.laney_p_chart, spc.ewma_rate_chart):
        ours, plain = chart(bad, parts), chart(bad.to_list(), parts.to_list())
        assert ours.upper.tolist() == plain.upper.tolist()
        assert ours.signals == plain.signals
    assert spc.individuals_chart(hours["mm"]).center[0] == pytest.approx(hours["mm"].mean())
    assert spc.dispersion_test(bad, parts).degrees == 24
    assert spc.autocorrelation(hours["mm"][::-1]).lag1 == pytest.approx(
        spc.autocorrelation(hours["mm"]).lag1
    )


def test_rows_of_a_frame_are_subgroups(hours: Any) -> None:
    frame = pd.DataFrame(hours["mm"].to_numpy().reshape(5, 5), columns=list("abcde"))
    assert spc.xbar_r_chart(frame).values.tolist() == pytest.approx(frame.mean(axis=1).tolist())
    assert spc.capability(frame, upper=6.0).values == 25


def test_verdicts_and_counted_causes_come_from_columns(hours: Any) -> None:
    verdicts = pd.Series([True, False, False, True], index=[9, 8, 7, 6])
    assert spc.gaps_between(verdicts).lengths.tolist() == [0, 2]
    design = spc.bernoulli_design(0.1, 2, limit=1)
    assert spc.BernoulliState.begin(design).step(verdicts, design)[0].seen == 4
    causes = pd.Series(["dent", "scratch", "dent"]).value_counts()
    assert [(row.name, row.count) for row in spc.pareto(causes)] == [("dent", 2), ("scratch", 1)]


def test_a_missing_value_of_a_column_is_named(hours: Any) -> None:
    hours["mm"] = hours["mm"].where(hours["mm"] != hours["mm"].iloc[3])
    with pytest.raises(spc.SpcError, match="expected a finite number, got nan"):
        spc.individuals_chart(hours["mm"])
