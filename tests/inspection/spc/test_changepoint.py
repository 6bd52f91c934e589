"""The start of a rise against rises that are drawn with a known start."""

import numpy as np
import pytest

from inspection.spc.bernoulli import BernoulliState, bernoulli_cusum_chart
from inspection.spc.changepoint import change_point
from inspection.spc.design import design_bernoulli
from inspection.spc.errors import SpcError


def test_the_start_of_a_rise_lies_in_its_interval_as_often_as_promised() -> None:
    """After 2,000 good-rate parts the rate is 3 times as high; the CUSUM says when to ask."""
    rng, before, rate = np.random.default_rng(5), 2000, 0.01
    design = design_bernoulli(rate, 3.0, false_alarm_parts=50_000)
    inside, away = 0, []
    for _ in range(300):
        verdicts = rng.random(30_000) < np.where(np.arange(30_000) < before, rate, 3 * rate)
        _, signals = BernoulliState(0, before, before).step(verdicts[before:], design)
        found = change_point(verdicts[: signals[0].at + 1], rate=rate)
        inside += found.earliest <= before <= found.latest
        away.append(found.start - before)
        assert found.reinspect == range(found.earliest, signals[0].at + 1)
    assert inside / 300 > 0.93
    assert abs(np.median(away)) < 1 / rate  # nothing closer than the next defect can be known


def test_a_clear_change_is_dated_by_the_last_good_and_the_first_bad_part() -> None:
    verdicts = np.concatenate([np.zeros(500, np.bool_), np.ones(20, np.bool_)])
    found = change_point(verdicts, rate=0.001)
    assert 480 < found.earliest <= found.start <= found.latest <= 502
    assert found.rate_after > 0.8
    chart = bernoulli_cusum_chart(
        verdicts, design=design_bernoulli(0.001, 4, false_alarm_parts=1e5)
    )
    assert found.earliest <= chart.signals[0].points[0] <= found.latest


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="rate: expected a number that is above 0 and below 1"):
        change_point([True], rate=0.0)
    with pytest.raises(SpcError, match="defective: expected one truth value per part"):
        change_point([], rate=0.1)
    with pytest.raises(SpcError, match="confidence: expected"):
        change_point([True], rate=0.1, confidence=1.0)
