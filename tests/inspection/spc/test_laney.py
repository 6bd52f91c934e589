"""Laney's charts against his formula, what sigma_z must be, and their edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.spc.attributes import p_chart, subgroup_counts, u_chart
from inspection.spc.errors import SpcError
from inspection.spc.laney import laney_p_chart, laney_u_chart

DEFECTIVES = [20, 18, 14, 16, 13, 29, 21, 14, 6, 6, 35, 11, 9, 12, 8, 18, 25, 9, 17, 22]
SIZES = [980, 760, 860, 930, 840, 1010, 890, 870, 700, 740, 1200, 800, 760, 910, 690, 850, 1000,
         720, 880, 990]  # fmt: skip


def test_the_p_prime_chart_is_laneys_formula_2002() -> None:
    x, n = np.array(DEFECTIVES), np.array(SIZES)
    center = x.sum() / n.sum()
    sigma = [math.sqrt(center * (1 - center) / size) for size in SIZES]
    z = [(a / b - center) / s for a, b, s in zip(x, n, sigma, strict=True)]
    sigma_z = sum(abs(z[i] - z[i - 1]) for i in range(1, 20)) / 19 / 1.128
    chart = laney_p_chart(x, n, rounded=True)
    assert chart.standard.sigma == pytest.approx(sigma_z, rel=1e-12)
    np.testing.assert_allclose(chart.upper, center + 3 * np.array(sigma) * sigma_z, rtol=1e-12)
    exact = laney_p_chart(x, n).standard.sigma
    assert exact == pytest.approx(sigma_z * 1.128 / (2 / math.sqrt(math.pi)), rel=1e-12)


def test_the_u_prime_chart_is_laneys_formula_2002() -> None:
    x, n = np.array(DEFECTIVES), np.array(SIZES) / 10
    center = x.sum() / n.sum()
    z = (x / n - center) / np.sqrt(center / n)
    sigma_z = np.abs(np.diff(z)).mean() / 1.128
    chart = laney_u_chart(x, n, rounded=True)
    assert chart.standard.sigma == pytest.approx(sigma_z, rel=1e-12)
    np.testing.assert_allclose(chart.upper, center + 3 * np.sqrt(center / n) * sigma_z, rtol=1e-12)


def test_sigma_z_measures_the_correlation_between_parts() -> None:
    """sigma_z = sqrt(1 + (n - 1) rho) for beta-binomial counts."""
    rng = np.random.default_rng(5)
    size, rho, rate = 3600, 0.001, 0.01
    strength = 1 / rho - 1
    rates = rng.beta(rate * strength, (1 - rate) * strength, 20_000)
    chart = laney_p_chart(rng.binomial(size, rates), [size] * 20_000)
    assert chart.standard.sigma == pytest.approx(math.sqrt(1 + (size - 1) * rho), rel=0.03)


def test_screening_is_what_qicharts2_does_and_is_off_by_default() -> None:
    x, n = [10, 12, 9, 11, 10, 60, 58, 61, 59, 60], [1000] * 10
    z = laney_p_chart(x, n).z * laney_p_chart(x, n).standard.sigma
    ranges = np.abs(np.diff(z))
    kept = ranges[ranges < 3.267 * ranges.mean()]
    assert len(kept) < len(ranges)
    screened = laney_p_chart(x, n, screen=True, rounded=True)
    assert screened.standard.sigma == pytest.approx(kept.mean() / 1.128, rel=1e-9)
    assert screened.standard.sigma < laney_p_chart(x, n).standard.sigma


def test_frozen_limits_need_the_rate_and_sigma_z() -> None:
    chart = laney_p_chart([500], [1000], center=0.1, sigma_z=2.0)
    assert chart.upper[0] == pytest.approx(0.1 + 3 * 2 * math.sqrt(0.09 / 1000))
    assert [signal.at for signal in chart.signals] == [0]
    with pytest.raises(SpcError, match="a frozen p' or u' chart needs both"):
        laney_p_chart([1], [10], center=0.1)
    with pytest.raises(SpcError, match="sigma_z: expected a number that is above 0"):
        laney_u_chart([1], [10], center=0.1, sigma_z=0.0)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=40))
def test_divided_by_sigma_z_the_limits_are_those_of_the_plain_chart(defectives: list[int]) -> None:
    sizes = [40] * len(defectives)
    wide, plain = (
        laney_p_chart(defectives, sizes, clip=False),
        p_chart(defectives, sizes, clip=False),
    )
    np.testing.assert_allclose(
        wide.upper - wide.center, (plain.upper - plain.center) * wide.standard.sigma, atol=1e-12
    )


def test_no_defects_and_nothing_but_defects_leave_sigma_z_at_one() -> None:
    for defectives in ([0] * 5, [7] * 5):
        chart = laney_p_chart(defectives, [7] * 5)
        assert chart.standard.sigma == 1.0
        assert chart.signals == ()
        assert not np.isnan(chart.upper).any()
    assert laney_u_chart([0] * 5, [7.0] * 5).upper.tolist() == [0.0] * 5
    assert u_chart([0] * 5, [7.0] * 5).upper.tolist() == [0.0] * 5


def test_one_subgroup_alone_tells_no_sigma_z() -> None:
    with pytest.raises(SpcError, match="expected 2 subgroups side by side"):
        laney_p_chart([1], [10])
    with pytest.raises(SpcError, match="expected 2 subgroups side by side"):
        laney_p_chart([1, 2, 3], [10] * 3, exclude={1: "lamp out"})


def test_verdicts_of_a_day_become_a_chart() -> None:
    verdicts = np.random.default_rng(2).random(86_400) < 0.01
    chart = laney_p_chart(*subgroup_counts(verdicts, 3600))
    assert len(chart.values) == 24
    assert chart.standard.sigma == pytest.approx(1.0, abs=0.5)
