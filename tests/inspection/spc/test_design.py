"""Designs do what they promise, by the run lengths that other tests hold against drawn charts."""

import pytest

from inspection.spc.bernoulli import BernoulliDesign
from inspection.spc.design import design_bernoulli, design_mean_chart, design_rate_chart
from inspection.spc.errors import SpcError
from inspection.spc.run_length import bernoulli_parts, cusum_arl


def test_a_designed_bernoulli_cusum_has_the_lowest_limit_that_is_quiet_enough() -> None:
    design = design_bernoulli(0.001, 3.0, false_alarm_parts=100_000)
    tighter = BernoulliDesign(design.rate, design.parts, design.limit - 1)
    assert bernoulli_parts(tighter) < 100_000 <= bernoulli_parts(design)


def test_for_600_ppm_the_bernoulli_cusum_beats_every_np_chart() -> None:
    best, *others = design_rate_chart(0.0006, 2.0, false_alarm_parts=850_000)
    assert best.chart == "bernoulli cusum"
    assert best.seen_after == pytest.approx(17_700, rel=0.01)  # R and exact chains agree
    for candidate in others:
        assert candidate.false_alarm_every >= 850_000
        assert candidate.seen_after > best.seen_after


def test_small_shifts_take_a_memory_and_large_ones_none() -> None:
    small, large = design_mean_chart(1.0), design_mean_chart(4.0)
    assert small[0].chart in ("cusum", "ewma")
    assert small[-1].chart == "shewhart"
    assert small[-1].parameters["sigmas"] == pytest.approx(3.0, abs=1e-3)
    assert large[0].seen_after < 1.3
    cusum = next(found for found in small if found.chart == "cusum")
    assert cusum.parameters["limit"] == pytest.approx(4.775, abs=1e-3)
    assert cusum_arl(limit=cusum.parameters["limit"]) == pytest.approx(370.4, abs=1e-2)


def test_a_design_in_days_of_production_is_that_in_parts_and_says_so() -> None:
    days = design_rate_chart(0.0006, 4.0, false_alarm_days=10, parts_per_day=85_000)
    parts = design_rate_chart(0.0006, 4.0, false_alarm_parts=850_000)
    assert [one.parameters for one in days] == [one.parameters for one in parts]
    assert days[0].sentence.startswith(
        "A false alarm about every 10 days; a rise to 4 times of the defect rate is seen after "
    )
    assert parts[0].sentence.startswith("A false alarm about every 850,")
    mean = design_mean_chart(1.0, false_alarm_days=30, points_per_day=24)[0]
    assert mean.false_alarm_every == 720
    assert "a shift of 1 sigmas is seen after" in mean.sentence


def test_a_false_alarm_interval_is_said_once_and_days_need_their_parts() -> None:
    with pytest.raises(SpcError, match="false_alarm_parts, false_alarm_days: expected one of"):
        design_rate_chart(0.001, 2.0)
    with pytest.raises(SpcError, match="false_alarm_every, false_alarm_days: expected one of"):
        design_mean_chart(1.0, false_alarm_every=370, false_alarm_days=3, points_per_day=9)
    with pytest.raises(SpcError, match="parts_per_day: false_alarm_days need parts in a day"):
        design_rate_chart(0.001, 2.0, false_alarm_days=3)
    with pytest.raises(SpcError, match="points_per_day: false_alarm_days need points in a day"):
        design_mean_chart(1.0, false_alarm_days=3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="rate: expected"):
        design_rate_chart(0.0, 2.0, false_alarm_parts=1e5)
    with pytest.raises(SpcError, match="false_alarm_parts: expected a number that is above 0"):
        design_bernoulli(0.001, 2.0, false_alarm_parts=0)
    with pytest.raises(SpcError, match="shift: expected a number that is above 0"):
        design_mean_chart(0.0)
