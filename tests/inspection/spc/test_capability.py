"""Capability, yields and Pareto against the books and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from inspection.spc.capability import (
    capability,
    dpmo,
    first_pass_yield,
    pareto,
    rolled_throughput_yield,
    sigma_level,
)
from inspection.spc.errors import SpcError


def sample(n: int, mean: float, deviation: float) -> np.ndarray:
    """n values with exactly this mean and standard deviation."""
    x = np.random.default_rng(n).normal(size=n)
    return mean + deviation * (x - x.mean()) / x.std(ddof=1)


def test_pp_and_its_interval_are_those_of_montgomery_example_8_4() -> None:
    """USL 62, LSL 38, s 1.75, n 20: 2.29, from 1.57 to 3.01."""
    found = capability(sample(20, 50.0, 1.75), lower=38, upper=62)
    assert found.pp == pytest.approx(2.29, abs=0.005)
    assert found.pp_interval == pytest.approx((1.57, 3.01), abs=0.01)


def test_ppk_and_its_interval_are_those_of_montgomery_example_8_5() -> None:
    """1.33 from 20 values: 0.88 to 1.78."""
    found = capability(sample(20, 0.0, 1.0), upper=3 * 1.33)
    assert found.ppk == pytest.approx(1.33)
    assert found.ppk_interval == pytest.approx((0.88, 1.78), abs=0.006)
    assert found.pp is None


def test_cp_and_cpk_are_those_of_nist_7_1_6() -> None:
    """NIST/SEMATECH e-Handbook 6.1.6: USL 20, LSL 8, mean 16, s 2: Cp 1.0, Cpk 0.6667."""
    found = capability(sample(50, 16.0, 2.0), lower=8, upper=20)
    assert found.pp == pytest.approx(1.0)
    assert found.ppk == pytest.approx(2 / 3)


def test_within_and_overall_differ_where_the_mean_drifts() -> None:
    drifting = np.linspace(0, 10, 20)[:, None] + np.random.default_rng(1).normal(size=(20, 5))
    found = capability(drifting, lower=-20, upper=30)
    assert found.cpk > found.ppk
    assert not found.stable
    pooled = math.sqrt(drifting.var(axis=1, ddof=1).mean())
    assert found.sigma_within == pytest.approx(pooled, rel=0.01)
    assert found.cp_interval is not None
    assert found.cp is not None
    chi = stats.chi2.ppf([0.025, 0.975], 80)
    assert found.cp_interval == pytest.approx(tuple(found.cp * np.sqrt(chi / 80)))


def test_a_mean_outside_the_tolerance_has_a_negative_index_and_an_ordered_interval() -> None:
    found = capability(sample(30, 5.0, 1.0), upper=4.0)
    assert found.ppk == pytest.approx(-1 / 3)
    assert found.ppk_interval[0] < found.ppk < found.ppk_interval[1]
    assert found.outside_ppm > 500_000


def test_sigma_levels_are_those_of_the_customary_table() -> None:
    for ppm, level in ((3.4, 6.0), (233, 5.0), (6210, 4.0), (66_807, 3.0), (308_538, 2.0)):
        assert sigma_level(ppm) == pytest.approx(level, abs=2e-3)
    assert sigma_level(1350, shift=0) == pytest.approx(3.0, abs=1e-3)
    assert sigma_level(0) == math.inf
    assert dpmo(34, 100_000, 100) == pytest.approx(3.4)


def test_yields_multiply() -> None:
    assert first_pass_yield(200, 190) == 0.95
    assert rolled_throughput_yield([0.95, 0.9, 1.0]) == pytest.approx(0.855)


def test_the_pareto_is_ordered_and_adds_up() -> None:
    rows = pareto({"dent": 5, "scratch": 12, "stain": 5, "burr": 0})
    assert [row.name for row in rows] == ["scratch", "dent", "stain", "burr"]
    assert [row.count for row in rows] == [12, 5, 5, 0]
    assert rows[0].share == pytest.approx(12 / 22)
    assert rows[-1].cumulative == 1.0
    assert [row.cumulative for row in pareto({"dent": 0})] == [0.0]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="lower, upper: expected one limit"):
        capability([1.0, 2.0])
    with pytest.raises(SpcError, match="upper: expected above lower, 3; got 2"):
        capability([1.0, 2.0], lower=3, upper=2)
    with pytest.raises(SpcError, match="data: the values never change"):
        capability([2.0, 2.0, 2.0], upper=3)
    with pytest.raises(SpcError, match="expected 2 subgroups side by side"):
        capability([2.0], upper=3)
    with pytest.raises(SpcError, match=r"data\[1\]: expected a finite number, got nan"):
        capability([2.0, math.nan], upper=3)
    with pytest.raises(SpcError, match="data: expected one number per point"):
        capability([], upper=3)
    with pytest.raises(SpcError, match="defects: expected at most 10, got 11"):
        dpmo(11, 10)
    with pytest.raises(SpcError, match="units"):
        dpmo(1, 0)
    with pytest.raises(SpcError, match=r"yields\[1\]"):
        rolled_throughput_yield([0.5, 1.5])
    with pytest.raises(SpcError, match="right_first_time"):
        first_pass_yield(10, 11)
    with pytest.raises(SpcError, match="counts: expected one cause or more"):
        pareto({})
    with pytest.raises(SpcError, match=r"counts\['dent'\]: expected a whole number"):
        pareto({"dent": -1})
