"""Corrected rates, dispersion and correlation against scipy, statsmodels and hand calculation."""

import math
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats
from statsmodels.tsa.stattools import acf

from inspection.spc.errors import SpcError
from inspection.spc.rates import StudyCounts, autocorrelation, dispersion_test, rogan_gladen

STUDY = StudyCounts(bad=300, bad_rejected=294, good=600, good_passed=597)


def test_the_corrected_rate_is_rogan_and_gladens_1978() -> None:
    """Se 98 %, Sp 99.5 %: a seen rate of 0.5975 % is a true one of 0.1 %."""
    seen = 0.001 * 0.98 + 0.999 * 0.005
    found = rogan_gladen(round(seen * 1_000_000), 1_000_000, STUDY)
    assert found.raw == pytest.approx(0.001, rel=1e-3)
    assert found.rate == found.raw
    assert found.seen == pytest.approx(seen, rel=1e-3)
    assert found.lower == 0.0  # 3 false rejects in 600 say too little of so low a rate
    assert found.upper > 0.003


def test_the_delta_interval_is_its_formula() -> None:
    study = StudyCounts(bad=100, bad_rejected=90, good=200, good_passed=180)
    found = rogan_gladen(300, 1000, study, method="delta")
    p, se, sp = 0.3, 0.9, 0.9
    true = (p + sp - 1) / (se + sp - 1)
    variance = (
        p * (1 - p) / 1000 + se * (1 - se) / 100 * true**2 + sp * (1 - sp) / 200 * (1 - true) ** 2
    ) / (se + sp - 1) ** 2
    half = stats.norm.ppf(0.975) * math.sqrt(variance)
    assert (found.lower, found.upper) == pytest.approx((true - half, true + half))


def test_both_intervals_agree_where_all_counts_are_large() -> None:
    study = StudyCounts(bad=20_000, bad_rejected=19_000, good=20_000, good_passed=19_000)
    beta, delta = (rogan_gladen(30_000, 100_000, study, method=m) for m in ("beta", "delta"))
    assert beta.lower == pytest.approx(delta.lower, abs=5e-4)
    assert beta.upper == pytest.approx(delta.upper, abs=5e-4)


def test_fewer_rejects_than_false_rejects_alone_are_clipped_and_said() -> None:
    found = rogan_gladen(1, 10_000, STUDY)
    assert found.rate == 0.0
    assert found.raw < 0
    assert found.below_false_rejects


def test_an_inspector_no_better_than_chance_is_not_corrected() -> None:
    guessing = StudyCounts(bad=100, bad_rejected=50, good=100, good_passed=50)
    with pytest.raises(SpcError, match="no better than chance cannot be corrected"):
        rogan_gladen(5, 100, guessing)
    with pytest.raises(SpcError, match="rejected: expected a whole number from 0 to 10, got 11"):
        rogan_gladen(11, 10, STUDY)
    with pytest.raises(SpcError, match="bad: expected a whole number of 1 or more, got 0"):
        rogan_gladen(1, 10, StudyCounts(0, 0, 10, 10))
    with pytest.raises(SpcError, match="method: expected beta or delta"):
        rogan_gladen(1, 10, STUDY, method="wald")


def test_the_dispersion_test_is_scipys_chi_square_of_the_table() -> None:
    x, n = np.array([12, 30, 8, 25, 17]), np.array([400, 500, 450, 480, 420])
    found = dispersion_test(x, n)
    expected = cast(Any, stats.chi2_contingency(np.stack([x, n - x]), correction=False))
    assert found.chi_square == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.degrees == 4
    assert found.overdispersed
    assert found.advice.startswith("Take Laney's p' chart")


def test_the_dispersion_test_tells_binomial_and_too_even_counts() -> None:
    rng = np.random.default_rng(9)
    binomial = dispersion_test(rng.binomial(500, 0.05, 40), [500] * 40)
    assert not binomial.overdispersed
    assert not binomial.underdispersed
    assert binomial.advice.startswith("A p chart fits")
    even = dispersion_test([25] * 40, [500] * 40)
    assert even.underdispersed
    assert even.ratio == 0.0
    with pytest.raises(SpcError, match="nothing varies"):
        dispersion_test([0, 0], [5, 5])
    with pytest.raises(SpcError, match="expected 2 subgroups or more, got 1"):
        dispersion_test([1], [5])


def test_the_correlation_is_that_of_statsmodels_and_warns() -> None:
    rng = np.random.default_rng(10)
    x = np.zeros(300)
    for at in range(1, 300):
        x[at] = 0.5 * x[at - 1] + rng.normal()
    found = autocorrelation(x)
    assert found.lag1 == pytest.approx(acf(x, nlags=1)[1])
    assert "take longer subgroups" in found.warning
    assert autocorrelation(rng.normal(size=300)).warning == ""
    assert autocorrelation([1.0, 1.0, 1.0]).lag1 == 0.0
    with pytest.raises(SpcError, match="data: expected 3 points or more, got 2"):
        autocorrelation([1.0, 2.0])
