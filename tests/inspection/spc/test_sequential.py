"""Sequential tests against an independent library, and their chances by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from inspection.spc.errors import SpcError
from inspection.spc.sequential import Decision, SprtDesign, rate_evidence, sprt

DESIGN = SprtDesign(null=0.5, alternative=0.75, alpha=0.05, beta=0.1)


def test_the_ratio_is_that_of_the_binomial_likelihoods() -> None:
    state = sprt(9, 4, DESIGN)
    wanted = binom.logpmf(9, 13, 0.75) - binom.logpmf(9, 13, 0.5)
    assert state.log_ratio == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize(
    ("right", "wrong", "decision"),
    [(7, 0, Decision.OPEN), (8, 0, Decision.YES), (0, 3, Decision.OPEN), (0, 4, Decision.NO)],
)
def test_the_shortest_way_to_each_decision(right: int, wrong: int, decision: Decision) -> None:
    """log 20 / log 1.5 is 7.4, and log 0.1 / log 0.5 is 3.3."""
    assert sprt(right, wrong, DESIGN).decision is decision


def decisions(share: float, design: SprtDesign, runs: int, seed: int) -> dict[Decision, float]:
    """How often each decision comes first, looked at after every observation."""
    right = np.random.default_rng(seed).random((runs, 400)) < share
    s = np.cumsum(right, axis=1)
    n = np.arange(1, 401)
    gain = math.log(design.alternative / design.null)
    loss = math.log((1 - design.alternative) / (1 - design.null))
    path = s * gain + (n - s) * loss
    yes, no = path >= math.log(1 / design.alpha), path <= math.log(design.beta)
    first = np.where(yes.any(1), yes.argmax(1), 400), np.where(no.any(1), no.argmax(1), 400)
    return {
        Decision.YES: float((first[0] < first[1]).mean()),
        Decision.NO: float((first[1] < first[0]).mean()),
    }


def test_a_shadow_no_better_than_the_champion_is_seldom_proposed() -> None:
    assert decisions(0.5, DESIGN, 20_000, 1)[Decision.YES] <= DESIGN.alpha


def test_a_shadow_that_is_as_good_as_wanted_is_seldom_turned_down() -> None:
    found = decisions(0.75, DESIGN, 20_000, 2)
    assert found[Decision.NO] <= DESIGN.beta
    assert found[Decision.YES] >= 0.88


def test_the_evidence_is_the_mean_of_likelihood_ratios() -> None:
    found = rate_evidence(np.array([7]), np.array([100]), 0.03, (2.0, 40.0))
    null = binom.logpmf(7, 100, 0.03)
    ratios = [np.exp(binom.logpmf(7, 100, share) - null) for share in (0.06, 0.515)]
    assert found[0] == pytest.approx(math.log(sum(ratios) / 2), rel=1e-10)


@pytest.mark.parametrize("factors", [(1.5, 2.0, 4.0, 8.0), (1 / 1.5, 1 / 2, 1 / 4, 1 / 8)])
def test_evidence_of_a_rate_that_did_not_change_seldom_convinces(
    factors: tuple[float, ...],
) -> None:
    """Looked at after each of 2000 parts: Ville's bound of 5 % holds, and is not far off."""
    rejected = np.random.default_rng(5).random((2000, 2000)) < 0.05
    events, n = np.cumsum(rejected, axis=1), np.arange(1, 2001)
    highest = [rate_evidence(row, n, 0.05, factors).max() for row in events]
    alarms = float((np.array(highest) >= math.log(20)).mean())
    assert 0.005 < alarms <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("changes", [{"null": 0.0}, {"alternative": 0.5}, {"alpha": 0.0}])
def test_a_test_that_cannot_be_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SpcError, match="expected"):
        SprtDesign(**changes)
