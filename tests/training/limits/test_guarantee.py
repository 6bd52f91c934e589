"""What is promised of escapes holds: against scipy, and over many draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from training.errors import TrainingError
from training.limits.costs import Costs
from training.limits.guarantee import (
    Promise,
    allowed_escapes,
    further_needed,
    guarantee,
    upper_bound,
)
from training.limits.propose import propose

Make = Callable[..., Any]
SURE = Promise(at_most=0.1, confidence=0.9)
ON_AVERAGE = Promise(at_most=0.1, confidence=None)


@pytest.mark.parametrize(
    ("at_most", "confidence", "parts"), [(0.01, 0.95, 299), (0.05, 0.95, 59), (0.1, 0.9, 22)]
)
def test_so_many_parts_without_an_escape_are_needed(
    at_most: float, confidence: float, parts: int
) -> None:
    promise = Promise(at_most, confidence)
    assert further_needed(promise, 0, 0) == parts
    assert (1 - at_most) ** parts <= 1 - confidence < (1 - at_most) ** (parts - 1)
    assert guarantee(promise, 0, parts).holds
    assert guarantee(promise, 0, parts - 1).further == 1


@pytest.mark.parametrize("defective", [1, 17, 60, 299, 1000])
@pytest.mark.parametrize("promise", [Promise(0.01, 0.95), Promise(0.05, 0.95), SURE])
def test_the_escapes_allowed_are_those_of_the_binomial_tail(
    promise: Promise, defective: int
) -> None:
    assert promise.confidence is not None
    tails = stats.binom.cdf(np.arange(defective + 1), defective, promise.at_most)
    expected = int((tails <= 1.0 - promise.confidence).sum()) - 1
    assert allowed_escapes(promise, defective) == expected


@pytest.mark.parametrize(("escapes", "defective"), [(0, 30), (3, 65), (20, 200)])
def test_the_upper_bound_is_one_side_of_clopper_and_pearson(escapes: int, defective: int) -> None:
    _, upper = proportion_confint(escapes, defective, alpha=0.1, method="beta")
    assert upper_bound(escapes, defective, 0.95) == pytest.approx(upper)


def test_further_parts_are_fewer_the_fewer_escaped() -> None:
    needed = [further_needed(SURE, escapes, 30) for escapes in range(4)]
    assert needed == sorted(needed)
    assert guarantee(SURE, 3, 30 + needed[3]).holds
    assert not guarantee(SURE, 3, 30 + needed[3] - 1).holds


def test_on_average_needs_fewer_parts_than_with_confidence() -> None:
    assert further_needed(Promise(0.01, None), 0, 0) == 99
    assert allowed_escapes(ON_AVERAGE, 9) == 0
    assert allowed_escapes(ON_AVERAGE, 8) == -1


def test_nothing_is_promised_without_a_defective_part() -> None:
    told = guarantee(SURE, 0, 0)
    assert (told.holds, told.further) == (False, 22)


@pytest.mark.parametrize(
    "promise", [Promise(0.0, 0.95), Promise(1.0, 0.95), Promise(0.1, 0.5), Promise(0.1, 1.0)]
)
def test_a_promise_that_nothing_could_bear_out_is_refused(promise: Promise) -> None:
    with pytest.raises(TrainingError, match="give one between"):
        promise.check()


def draws(
    seed: int, many: int, decimals: int | None, make_parts: Make, make_card: Make, promise: Promise
) -> NDArray[np.float64]:
    """True escape rates of limits chosen on so many draws of 39 defective and 40 good parts.

    39, since one escape more than allowed breaks either promise at once.
    """
    chance = np.random.default_rng(seed)
    card, costs = make_card(dent=0.5), Costs(escape=1.0, reject=50.0, defect_rate=0.01)
    rates: list[float] = []
    for _ in range(many):
        bad, good = chance.beta(4, 2, 39), chance.beta(2, 5, 40)
        if decimals is not None:
            bad, good = bad.round(decimals), good.round(decimals)
        found = propose(make_parts(bad, good), card, 1e-6, costs, promise)
        assert found.guarantee is not None
        assert found.guarantee.holds
        limit = float(found.limits[0])
        if decimals is None:
            rates.append(float(stats.beta(4, 2).cdf(limit)))
        else:
            below = np.ceil(limit * 10**decimals - 1e-9) - 0.5
            rates.append(float(stats.beta(4, 2).cdf(below / 10**decimals)))
    return np.array(rates)


@pytest.mark.parametrize("decimals", [None, 1], ids=["fine scores", "scores with many ties"])
def test_the_promise_with_confidence_is_kept_as_often_as_it_says(
    decimals: int | None, make_parts: Make, make_card: Make
) -> None:
    rates = draws(1, 250, decimals, make_parts, make_card, SURE)
    kept = int((rates <= SURE.at_most).sum())
    # 90 % at least: so few would be kept by chance once in a thousand
    assert stats.binom.cdf(kept, len(rates), 0.9) > 1e-3
    if decimals is None:  # and it is not kept by being timid: the mean is not far below
        assert rates.mean() > 0.03


def test_the_promise_on_average_is_kept_on_average(make_parts: Make, make_card: Make) -> None:
    rates = draws(2, 250, None, make_parts, make_card, ON_AVERAGE)
    assert rates.mean() <= ON_AVERAGE.at_most + 3 * rates.std() / np.sqrt(len(rates))
    assert rates.mean() > 0.06
    assert (rates > ON_AVERAGE.at_most).mean() > 0.2  # which is why confidence is another promise
