"""Run lengths against published tables, and against charts that are drawn."""

import numpy as np
import pytest

from inspection.spc.attribute_run_length import c_chart_arl, g_chart_parts, p_chart_arl
from inspection.spc.bernoulli import BernoulliDesign, bernoulli_cusum_chart
from inspection.spc.cusum import binomial_cusum_chart
from inspection.spc.errors import SpcError
from inspection.spc.rare import g_chart
from inspection.spc.rules import NELSON, Conventions
from inspection.spc.rules_run_length import rules_arl, simulated_rules_arl
from inspection.spc.run_length import (
    bernoulli_parts,
    binomial_cusum_arl,
    cusum_arl,
    ewma_arl,
    shewhart_arl,
)


@pytest.mark.parametrize(
    ("rules", "arl"),
    [
        (["we1"], 370.40), (["we1", "we2"], 225.44), (["we1", "we3"], 166.05),
        (["we1", "we4"], 152.73), (["we1", "we2", "we3"], 132.89), (["we1", "we2", "we4"], 122.05),
        (["we1", "we3", "we4"], 105.78), (["we1", "we2", "we3", "we4"], 91.75),
    ],
)  # fmt: skip
def test_rule_sets_in_control_are_those_of_champ_and_woodall_1987_table_1(
    rules: list[str], arl: float
) -> None:
    assert rules_arl(rules) == pytest.approx(arl, abs=0.0051)


@pytest.mark.parametrize(
    ("rules", "arl"),
    [
        (["nelson1", "nelson2"], 216.7), (["nelson1", "nelson2", "nelson5"], 158.7),
        (["nelson1", "nelson2", "nelson5", "nelson6"], 109.0), (["nelson7"], 963.0),
        (["nelson2"], 511.0),
    ],
)  # fmt: skip
def test_nelsons_rules_in_control_run_as_long_as_exact_chains_say(
    rules: list[str], arl: float
) -> None:
    assert rules_arl(rules) == pytest.approx(arl, rel=1e-3)


@pytest.mark.parametrize(
    ("rules", "arl"),
    [(["nelson1", "nelson2", "nelson3"], 146), (NELSON[:4], 119), (["nelson3"], 422)],
)
def test_rules_that_compare_neighbours_are_right_to_one_percent(
    rules: list[str], arl: float
) -> None:
    assert rules_arl(rules) == pytest.approx(arl, rel=0.01)


@pytest.mark.parametrize("shift", [0.5, 1.5])
def test_rule_sets_off_center_run_as_long_as_drawn_charts(shift: float) -> None:
    rules = ["nelson1", "nelson2", "nelson5", "nelson6", "nelson7", "nelson8"]
    drawn, error = simulated_rules_arl(rules, shift=shift, runs=600)
    assert rules_arl(rules, shift=shift) == pytest.approx(drawn, abs=4 * error)


def test_all_eight_rules_give_a_false_alarm_every_73_points() -> None:
    drawn, error = simulated_rules_arl(NELSON, runs=500)
    assert drawn == pytest.approx(73.5, abs=4 * error)


def test_a_set_that_remembers_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspection.spc.rules_run_length.MOST_STATES", 1000)
    with pytest.raises(SpcError, match="rules: more than 1000 states"):
        rules_arl(NELSON)


def test_a_three_sigma_chart_runs_as_long_as_the_normal_tail_says() -> None:
    assert shewhart_arl() == pytest.approx(370.398, abs=1e-3)
    assert shewhart_arl(shift=1.0) == pytest.approx(43.89, abs=5e-3)  # Montgomery, section 9.1
    assert shewhart_arl(shift=1.0, size=5) == pytest.approx(4.5, abs=0.01)
    assert rules_arl(["nelson1"], conventions=Conventions(sigmas=2.5)) == pytest.approx(
        shewhart_arl(sigmas=2.5)
    )


@pytest.mark.parametrize(
    ("limit", "head_start", "arls"),
    [
        (4.0, 0.0, [168, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71]),
        (5.0, 0.0, [465, 139, 38.0, 17.0, 10.4, 5.75, 4.01, 3.11, 2.57, 2.01]),
        (4.0, 0.5, [149, 62.7, 20.1, 8.97, 5.29, 2.86, 2.01, 1.59, 1.32, 1.07]),
    ],
)
def test_cusum_run_lengths_are_those_of_montgomery_table_9_3_and_lucas_and_crosier_1982(
    limit: float, head_start: float, arls: list[float]
) -> None:
    for shift, arl in zip([0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4], arls, strict=True):
        ours = cusum_arl(limit=limit, shift=shift, head_start=head_start)
        assert ours == pytest.approx(arl, rel=5e-3)


@pytest.mark.parametrize(
    ("weight", "width", "arls"),
    [
        (0.40, 3.054, [500, 224, 71.2, 28.4, 14.3]),
        (0.25, 2.998, [500, 170, 48.2, 20.1, 11.1]),
        (0.20, 2.962, [500, 150, 41.8, 18.2, 10.5]),
        (0.10, 2.814, [500, 106, 31.3, 15.9, 10.3]),
        (0.05, 2.615, [500, 84.1, 28.8, 16.4, 11.4]),
    ],
)
def test_ewma_run_lengths_are_those_of_lucas_and_saccucci_1990(
    weight: float, width: float, arls: list[float]
) -> None:
    for shift, arl in zip([0, 0.25, 0.5, 0.75, 1.0], arls, strict=True):
        assert ewma_arl(weight=weight, width=width, shift=shift) == pytest.approx(arl, rel=5e-3)


def test_widths_of_ewma_and_cusum_for_370_are_those_of_r_spc() -> None:
    for weight, width in ((0.05, 2.490), (0.1, 2.702), (0.2, 2.859)):
        assert ewma_arl(weight=weight, width=width) == pytest.approx(370.4, rel=2e-3)
    assert ewma_arl(weight=0.1, width=2.7, asymptotic=False) == pytest.approx(356, abs=0.5)
    assert ewma_arl(weight=1.0, width=3.0, asymptotic=False) == pytest.approx(370.4, abs=0.01)
    assert cusum_arl(limit=4.775) == pytest.approx(370.4, abs=0.1)
    assert cusum_arl(limit=5.0, sides=1) == pytest.approx(2 * cusum_arl(limit=5.0))


@pytest.mark.parametrize(
    ("size", "rate", "arl"), [(1000, 0.001, 52.8), (500, 0.002, 53.0), (3600, 0.0006, 148.0)]
)
def test_three_sigma_p_charts_of_rare_defects_alarm_far_more_often_than_every_370(
    size: int, rate: float, arl: float
) -> None:
    assert p_chart_arl(size, center=rate) == pytest.approx(arl, rel=2e-3)
    assert p_chart_arl(size, center=rate, limits="exact") > 370.4


def test_a_c_chart_runs_as_long_as_the_poisson_tail_says() -> None:
    rng = np.random.default_rng(3)
    drawn = rng.poisson(4.0, 2_000_000) > 10  # 4 + 3 · 2 = 10
    assert c_chart_arl(center=4.0) == pytest.approx(1 / drawn.mean(), rel=0.03)
    assert c_chart_arl(center=4.0, mean=0.0) == float("inf")


def test_a_bernoulli_cusum_runs_as_long_as_drawn_ones() -> None:
    design = BernoulliDesign(rate=0.02, parts=30, limit=90, head_start=30)
    lengths = []
    rng = np.random.default_rng(4)
    for _ in range(500):
        signals = ()
        n = 1000
        while not signals:
            n *= 2
            signals = bernoulli_cusum_chart(rng.random(n) < 0.05, design=design).signals
        lengths.append(signals[0].at + 1)
    error = np.std(lengths) / len(lengths) ** 0.5
    assert bernoulli_parts(design, rate=0.05) == pytest.approx(np.mean(lengths), abs=4 * error)
    assert bernoulli_parts(design, rate=0.0) == float("inf")


def test_the_false_alarms_of_the_stations_alarm_are_those_of_the_notes_on_600_ppm() -> None:
    """850,000 parts between false alarms; twice the rate after 17,700, ten times after 1,420."""
    design = BernoulliDesign(rate=0.0006, parts=1155, limit=8050)
    between = bernoulli_parts(design)
    assert between == pytest.approx(850_000, rel=0.1)
    for rise, parts in ((2, 17_700), (4, 4_570), (10, 1_420)):
        assert bernoulli_parts(design, rate=0.0006 * rise) == pytest.approx(parts, rel=0.05)


def test_a_binomial_cusum_runs_as_long_as_drawn_ones() -> None:
    rng = np.random.default_rng(6)
    lengths = []
    for _ in range(500):
        drawn = rng.binomial(50, 0.03, 100)
        chart = binomial_cusum_chart(drawn, [50] * 100, center=0.01, limit=4.0)
        lengths.append(chart.signals[0].at + 1)
    error = np.std(lengths) / len(lengths) ** 0.5
    ours = binomial_cusum_arl(50, center=0.01, limit=4.0, rate=0.03)
    assert ours == pytest.approx(np.mean(lengths), abs=4 * error)
    with pytest.raises(SpcError, match="limit: expected up to 4000 steps"):
        binomial_cusum_arl(50, center=0.01, limit=100.0)


def test_a_g_chart_runs_as_long_as_drawn_ones() -> None:
    rng = np.random.default_rng(7)
    gaps = rng.geometric(0.05, 200_000) - 1
    signals = len(g_chart(gaps, rate=0.01, false_alarm=0.05, zeros=False).signals)
    drawn = (gaps + 1).sum() / signals
    ours = g_chart_parts(rate=0.01, true_rate=0.05, false_alarm=0.05)
    assert ours == pytest.approx(drawn, rel=0.05)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="rate: expected a number that is a share"):
        p_chart_arl(100, center=0.1, rate=2.0)
    with pytest.raises(SpcError, match="sides: expected 1 or 2, got 3"):
        cusum_arl(sides=3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpcError, match="weight: expected above 0"):
        ewma_arl(weight=2.0)
    with pytest.raises(SpcError, match="rules: expected any of"):
        rules_arl(["trend"])
    with pytest.raises(SpcError, match="runs: expected 2 or more"):
        simulated_rules_arl(runs=1)
