"""Every chart's run length against charts that are drawn, in control and out of it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from inspection import spc
from inspection.spc import SpcError

Draw = Callable[[Generator], Any]


def drawn_arl(chart: Callable[[Any], Any], draw: Draw, runs: int) -> tuple[float, float]:
    """Average points to the first signal, and its standard error."""
    rng = np.random.default_rng(11)
    lengths: list[int] = []
    for _ in range(runs):
        data = draw(rng)
        while not (signals := chart(data).signals):
            data = np.concatenate([data, draw(rng)])
        lengths.append(signals[0].at + 1)
    return float(np.mean(lengths)), float(np.std(lengths) / math.sqrt(runs))


RULES = ("nelson1", "nelson2", "nelson5")


@pytest.mark.parametrize("rate", [0.05, 0.08])
def test_a_p_chart_with_run_rules_runs_as_long_as_drawn_ones(rate: float) -> None:
    """On counts points lie on the center line and on zone lines, which normal points never do."""
    mean, error = drawn_arl(
        lambda counts: spc.p_chart(counts, 100, center=0.05, rules=RULES),
        lambda rng: rng.binomial(100, rate, 400),
        600,
    )
    ours = spc.p_chart_arl(100, center=0.05, rate=rate, rules=RULES)
    assert ours == pytest.approx(mean, abs=4 * error)


def test_a_c_chart_with_trends_runs_as_long_as_drawn_ones() -> None:
    rules = ("nelson1", "nelson3", "nelson4")
    mean, error = drawn_arl(
        lambda counts: spc.c_chart(counts, center=4.0, rules=rules),
        lambda rng: rng.poisson(4.0, 400),
        800,
    )
    assert spc.c_chart_arl(center=4.0, rules=rules) == pytest.approx(mean, abs=4 * error)


@pytest.mark.parametrize(("rate", "rules"), [(0.02, ("nelson1",)), (0.03, RULES)])
def test_a_laney_p_chart_runs_as_long_as_ones_drawn_of_a_wandering_rate(
    rate: float, rules: tuple[str, ...]
) -> None:
    size, sigma_z = 1000, 2.0
    spread = (size - 1) / (sigma_z**2 - 1) - 1

    def draw(rng: Generator) -> Any:
        return rng.binomial(size, rng.beta(rate * spread, (1 - rate) * spread, 400))

    mean, error = drawn_arl(
        lambda counts: spc.laney_p_chart(counts, size, center=0.02, sigma_z=sigma_z, rules=rules),
        draw,
        1000,
    )
    ours = spc.laney_p_arl(size, center=0.02, sigma_z=sigma_z, rate=rate, rules=rules)
    assert ours == pytest.approx(mean, abs=4 * error)


def test_a_laney_u_chart_runs_as_long_as_ones_drawn_of_a_wandering_rate() -> None:
    mean_of, sigma_z = 10.0, 1.5

    def draw(rng: Generator) -> Any:
        return rng.poisson(mean_of * rng.gamma(8.0, 1 / 8.0, 400))  # 1 + mean / 8 = 1.5²

    mean, error = drawn_arl(
        lambda counts: spc.laney_u_chart(
            counts, 2.0, center=5.0, sigma_z=sigma_z, rules=("nelson1",)
        ),
        draw,
        1000,
    )
    assert spc.laney_u_arl(2.0, center=5.0, sigma_z=sigma_z) == pytest.approx(mean, abs=4 * error)


def test_a_sigma_z_of_one_is_the_p_chart_and_the_u_chart() -> None:
    p = spc.p_chart_arl(500, center=0.02, rate=0.03)
    assert spc.laney_p_arl(500, center=0.02, sigma_z=1.0, rate=0.03) == pytest.approx(p)
    c = spc.c_chart_arl(center=8.0)
    assert spc.laney_u_arl(4.0, center=2.0, sigma_z=1.0) == pytest.approx(c)


def test_a_g_chart_with_its_rule_of_zeros_runs_as_long_as_drawn_ones() -> None:
    rate = 0.3
    mean, error = drawn_arl(
        lambda gaps: spc.g_chart(gaps, rate=rate, false_alarm=0.05),
        lambda rng: rng.geometric(rate, 300) - 1,
        1500,
    )
    ours = spc.g_chart_parts(rate=rate, false_alarm=0.05, zeros=True)
    assert ours * rate == pytest.approx(mean, abs=4 * error)


@pytest.mark.parametrize("ratio", [1.0, 5.0])
def test_a_t_chart_runs_as_long_as_drawn_ones(ratio: float) -> None:
    mean, error = drawn_arl(
        lambda times: spc.t_chart(times, mean=100.0, false_alarm=0.02),
        lambda rng: rng.exponential(100.0 / ratio, 500),
        1500,
    )
    assert spc.t_chart_arl(ratio=ratio, false_alarm=0.02) == pytest.approx(mean, abs=4 * error)


@pytest.mark.parametrize(("shift", "ratio"), [(0.0, 1.0), (1.0, 1.0), (0.0, 1.5)])
def test_an_i_mr_pair_runs_as_long_as_drawn_ones(shift: float, ratio: float) -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(shift, ratio, (4000, 1500))
    widest = spc.individuals_chart([0.0], center=0, sigma=1).companion
    assert widest is not None
    beyond = np.abs(x) > 3
    beyond[:, 1:] |= np.abs(np.diff(x, axis=1)) > widest.upper[0]
    lengths = np.argmax(beyond, axis=1) + 1.0
    assert beyond.any(axis=1).all()
    error = lengths.std() / math.sqrt(len(lengths))
    ours = spc.individuals_arl(shift=shift, ratio=ratio)
    assert ours == pytest.approx(lengths.mean(), abs=4 * error)


@pytest.mark.parametrize(("chart", "size"), [("s", 5), ("range", 5), ("s", 12), ("range", 12)])
@pytest.mark.parametrize("ratio", [1.0, 1.6])
def test_a_chart_of_spreads_runs_as_long_as_drawn_ones(chart: str, size: int, ratio: float) -> None:
    x = np.random.default_rng(13).normal(0, ratio, (200_000, size))
    draw = spc.xbar_s_chart if chart == "s" else spc.xbar_r_chart
    lines = draw([[0.0] * size], center=0, sigma=1).companion
    assert lines is not None
    values = x.std(axis=1, ddof=1) if chart == "s" else np.ptp(x, axis=1)
    chance = ((values > lines.upper[0]) | (values < lines.lower[0])).mean()
    error = math.sqrt(chance / len(x))
    ours = 1 / spc.spread_chart_arl(size, chart=chart, ratio=ratio)
    assert ours == pytest.approx(chance, abs=4 * error)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_a_moving_center_runs_as_long_as_drawn_ones(shift: float) -> None:
    weight = 0.3
    sigma = math.sqrt(2 / (2 - weight))
    mean, error = drawn_arl(
        lambda data: spc.moving_center_chart(data, start=0.0, sigma=sigma, weight=weight),
        lambda rng: rng.normal(shift, 1, 500),
        1000,
    )
    assert spc.moving_center_arl(weight=weight, shift=shift) == pytest.approx(mean, abs=4 * error)


@pytest.mark.parametrize("rate", [0.02, 0.03])
def test_an_ewma_of_rates_runs_as_long_as_drawn_ones(rate: float) -> None:
    mean, error = drawn_arl(
        lambda counts: spc.ewma_rate_chart(counts, 500, center=0.02, asymptotic=True),
        lambda rng: rng.binomial(500, rate, 400),
        400,
    )
    ours = spc.ewma_rate_arl(500, center=0.02, rate=rate)
    assert ours == pytest.approx(mean, abs=4 * error + 0.01 * mean)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="sigma_z: expected a number that is above 0 and below"):
        spc.laney_p_arl(100, center=0.1, sigma_z=11.0)
    with pytest.raises(SpcError, match="chart: expected s or range, got 'mad'"):
        spc.spread_chart_arl(5, chart="mad")
    with pytest.raises(SpcError, match="weight: expected"):
        spc.moving_center_arl(weight=1.0)
    with pytest.raises(SpcError, match="ratio: expected"):
        spc.t_chart_arl(ratio=0.0)
