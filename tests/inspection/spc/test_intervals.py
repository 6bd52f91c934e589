"""Intervals against statsmodels, and what they must say at the ends."""

from collections.abc import Callable

import pytest
from statsmodels.stats.proportion import proportion_confint

from inspection.spc.intervals import clopper_pearson, wilson

Interval = Callable[..., tuple[float, float]]

CASES = [
    (0, 1), (1, 1), (0, 300), (300, 300), (1, 20), (3, 600), (7, 50), (25, 50), (49, 50),
    (113, 11_000), (1, 1_000_000), (999_999, 1_000_000), (500_000, 1_000_000), (12, 3_000_000),
]  # fmt: skip


@pytest.mark.parametrize(("events", "n"), CASES)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_the_exact_interval_is_that_of_statsmodels(events: int, n: int, confidence: float) -> None:
    expected = proportion_confint(events, n, alpha=1 - confidence, method="beta")
    assert clopper_pearson(events, n, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("events", "n"), CASES)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_wilsons_interval_is_that_of_statsmodels(events: int, n: int, confidence: float) -> None:
    expected = proportion_confint(events, n, alpha=1 - confidence, method="wilson")
    assert wilson(events, n, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_no_missed_part_of_300_bounds_the_escapes_at_one_percent() -> None:
    _, upper = clopper_pearson(0, 300, confidence=0.90)  # one-sided 95 %
    assert round(upper, 4) == 0.0099


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
def test_the_ends_are_exact_and_nothing_seen_says_nothing(
    interval: Interval,
) -> None:
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(0, 40)[0] == 0.0
    assert interval(40, 40)[1] == 1.0


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
@pytest.mark.parametrize(
    ("events", "n", "confidence", "fault"),
    [
        (-1, 10, 0.95, "got -1 of 10"),
        (11, 10, 0.95, "got 11 of 10"),
        (1, 10, 1.0, "confidence must lie between 0 and 1, got 1.0"),
        (1, 10, float("nan"), "got nan"),
    ],
)
def test_counts_that_cannot_be_are_refused(
    interval: Interval,
    events: int,
    n: int,
    confidence: float,
    fault: str,
) -> None:
    with pytest.raises(ValueError, match=fault):
        interval(events, n, confidence)
