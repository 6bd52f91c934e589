"""The limits of least cost, the doubt band, and the curve they lie on."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.judge import Fusion, Limit, Limits, OnDoubt
from models.findings import Finding
from training.data.dataset import Sample
from training.data.labels import Somewhere
from training.errors import TrainingError
from training.limits.costs import Costs, weigh
from training.limits.curve import curve
from training.limits.doubt import cheapest_band
from training.limits.figures import part_figures
from training.limits.guarantee import Promise
from training.limits.propose import propose
from training.limits.scores import PartScores, by_part
from training.limits.shift import Shift, cuts
from training.measuring.evaluate import Measured

COSTS = Costs(escape=100.0, reject=1.0, defect_rate=0.02)
LOOKS = Costs(escape=100.0, reject=1.0, defect_rate=0.02, look=0.1)
SCORE = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.5, 0.8, 0.9, 1.0])
Make = Callable[..., Any]


def cost_at(parts: PartScores, costs: Costs, limits: Sequence[float]) -> float:
    return weigh(parts, costs).expected(parts.rejected(np.array(limits)))


def test_the_limit_weighs_an_escape_against_false_rejects(
    make_parts: Make, make_card: Make
) -> None:
    parts = make_parts(bad=[0.3, 0.9], good=[*[0.1] * 50, *[0.5] * 50])
    dear = propose(parts, make_card(dent=0.7), 0.1, COSTS)
    cheap = propose(parts, make_card(dent=0.7), 0.1, Costs(10.0, 1.0, 0.02))
    assert 0.1 < dear.limits[0] <= 0.3
    assert 0.5 < cheap.limits[0] <= 0.9


def test_a_class_of_which_nothing_was_found_keeps_the_card_s_place_among_the_limits(
    make_parts: Make, make_card: Make
) -> None:
    parts = make_parts([[0.9, 0.0]] * 3, [[0.2, 0.0]] * 9, ("crack", "stain"))
    crack, stain = propose(parts, make_card(crack=0.5, stain=0.5), 0.1, COSTS).limits
    assert 0.2 < crack <= 0.9
    assert stain > 0.2


def test_a_class_that_costs_more_gets_the_lower_limit(make_parts: Make, make_card: Make) -> None:
    bad = [[0.4, 0.0], [0.0, 0.4]]
    good = [[0.1, 0.5], [0.5, 0.1], *[[0.1, 0.1]] * 8]
    parts = make_parts(bad, good, ("crack", "stain"), ("crack", "stain"))
    costs = Costs(escape=1.0, reject=1.0, defect_rate=0.1, escape_of={"crack": 500.0})
    crack, stain = propose(parts, make_card(crack=0.5, stain=0.5), 0.1, costs).limits
    assert 0.1 < crack <= 0.4
    assert stain > 0.5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(SCORE, SCORE), min_size=1, max_size=6),
    st.lists(st.tuples(SCORE, SCORE), min_size=1, max_size=6),
    st.sampled_from([0.001, 0.02, 0.5]),
)
def test_no_single_limit_can_be_moved_to_a_lower_cost(
    bad: list[tuple[float, float]], good: list[tuple[float, float]], defect_rate: float
) -> None:
    classes = ("crack", "stain")
    parts = PartScores(
        classes,
        tuple(str(n) for n in range(len(bad) + len(good))),
        (*[frozenset({"crack"})] * len(bad), *[frozenset[str]()] * len(good)),
        np.array([*bad, *good]),
        np.ones(len(bad) + len(good), np.int64),
    )
    from training.limits.least import least_cost

    costs = Costs(100.0, 1.0, defect_rate)
    floor, ones = np.full(2, 0.05), np.ones(2)
    limits = least_cost(parts, weigh(parts, costs), [floor, ones], floor)
    least = cost_at(parts, costs, limits.tolist())
    grid = [0.05, 0.15, 0.25, 0.4, 0.65, 0.85, 0.95, 1.0]
    assert all(cost_at(parts, costs, [at, limits[1]]) >= least - 1e-9 for at in grid)
    assert all(cost_at(parts, costs, [limits[0], at]) >= least - 1e-9 for at in grid)


@settings(max_examples=60, deadline=None)
@given(st.lists(SCORE, min_size=1, max_size=8), st.lists(SCORE, min_size=1, max_size=8))
def test_one_class_and_its_doubt_band_cost_least_of_all_pairs_of_limits(
    bad: list[float], good: list[float]
) -> None:
    parts = PartScores(
        ("dent",),
        tuple(str(n) for n in range(len(bad) + len(good))),
        (*[frozenset({"dent"})] * len(bad), *[frozenset[str]()] * len(good)),
        np.array([*bad, *good])[:, None],
        np.ones(len(bad) + len(good), np.int64),
    )
    shift, weights = Shift(np.array([0.5]), np.array([0.05])), weigh(parts, LOOKS)
    lower, upper = cheapest_band(parts, shift, weights)
    assert lower <= upper

    def cost(low: float, high: float) -> float:
        rejected = parts.rejected(np.array([high]))
        return weights.expected(rejected, parts.rejected(np.array([low])) & ~rejected)

    grid = [0.05, 0.15, 0.25, 0.4, 0.65, 0.85, 0.95]
    least = min(cost(low, high) for low, high in itertools.combinations_with_replacement(grid, 2))
    found = cost(float(shift.limits(lower)[0]), float(shift.limits(upper)[0]))
    assert found <= least + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SCORE, SCORE), min_size=2, max_size=12), st.integers(1, 11))
def test_the_curve_counts_what_its_limits_do(scores: list[tuple[float, float]], many: int) -> None:
    many = min(many, len(scores) - 1)
    parts = PartScores(
        ("crack", "stain"),
        tuple(str(n) for n in range(len(scores))),
        (*[frozenset({"crack"})] * many, *[frozenset[str]()] * (len(scores) - many)),
        np.array(scores),
        np.ones(len(scores), np.int64),
    )
    shift, weights = Shift(np.array([0.5, 0.3]), np.array([1e-4, 1e-4])), weigh(parts, COSTS)
    whole = curve(parts, shift, weights)
    for at, escapes, rejects, cost in zip(
        whole.shifts, whole.escapes, whole.false_rejects, whole.cost, strict=True
    ):
        rejected = parts.rejected(shift.limits(float(at)))
        assert escapes == (parts.is_bad & ~rejected).sum()
        assert rejects == (~parts.is_bad & rejected).sum()
        assert cost == pytest.approx(weights.expected(rejected))


def test_equal_scores_are_never_parted() -> None:
    assert cuts(np.array([0.4, 0.4, 0.4])).tolist() == pytest.approx([-0.6, 1.4])
    assert cuts(np.array([-np.inf, np.inf])).tolist() == [0.0]


def test_when_all_parts_score_the_same_nothing_is_gained_and_nothing_breaks(
    make_parts: Make, make_card: Make
) -> None:
    parts = make_parts(bad=[0.5] * 5, good=[0.5] * 5)
    found = propose(parts, make_card(dent=0.6), 0.1, COSTS)
    assert found.curve.cost.tolist() == pytest.approx([0.98, 2.0])
    assert found.limits[0] <= 0.5  # 98 % of the line rejected is cheaper than 2 % escaping


def test_one_defective_part_chooses_and_promises_nothing(make_parts: Make, make_card: Make) -> None:
    parts = make_parts(bad=[0.9], good=[0.2] * 20)
    found = propose(parts, make_card(dent=0.5), 0.1, COSTS, Promise(0.01, 0.95))
    assert 0.2 < found.limits[0] <= 0.9
    assert found.guarantee is not None
    assert (found.guarantee.holds, found.guarantee.further) == (False, 298)


@pytest.mark.parametrize(("bad", "good"), [([], [0.2]), ([0.9], [])])
def test_parts_of_one_kind_alone_choose_nothing(
    bad: list[float], good: list[float], make_parts: Make, make_card: Make
) -> None:
    with pytest.raises(TrainingError, match="both kinds are needed"):
        propose(make_parts(bad, good), make_card(dent=0.5), 0.1, COSTS)


def test_a_promise_holds_the_limits_down_however_dear_false_rejects_are(
    make_parts: Make, make_card: Make
) -> None:
    parts = make_parts(bad=np.linspace(0.2, 0.95, 60), good=np.linspace(0.1, 0.9, 60))
    dear_rejects = Costs(escape=1.0, reject=100.0, defect_rate=0.01)
    free = propose(parts, make_card(dent=0.5), 0.1, dear_rejects)
    bound = propose(parts, make_card(dent=0.5), 0.1, dear_rejects, Promise(0.1, 0.9))
    assert free.limits[0] > 0.9
    assert bound.guarantee is not None
    assert bound.guarantee.holds
    assert bound.guarantee.escapes == bound.guarantee.allowed == 2
    assert (parts.is_bad & ~parts.rejected(bound.limits)).sum() == 2


def test_with_a_person_to_ask_the_doubtful_are_looked_at_and_counted(
    make_parts: Make, make_card: Make
) -> None:
    parts = make_parts(bad=[0.3, 0.9, 0.9], good=[*[0.1] * 90, *[0.5] * 10])
    found = propose(parts, make_card(dent=0.6), 0.1, LOOKS)
    assert found.doubt is not None
    assert found.doubt[0] <= 0.3
    assert 0.5 < found.limits[0] <= 0.9
    figures = part_figures(parts, weigh(parts, LOOKS), found.limits, found.doubt, 0.02)
    assert (figures.escapes.events, figures.false_rejects.events) == (0, 0)
    assert (figures.good_looked.events, figures.good_looked.n) == (10, 100)
    assert figures.looked is not None
    share, lower, upper = figures.looked
    assert share == pytest.approx(0.02 / 3 + 0.98 * 0.1)
    assert 0.03 < lower < share < upper < 0.22
    assert figures.cost == pytest.approx(share * 0.1)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (Costs(100.0, 1.0, 0.0), "defect rate must lie between"),
        (Costs(-1.0, 1.0, 0.1), "numbers above 0"),
        (Costs(1.0, 1.0, 0.1, look=float("nan")), "cost of a look"),
        (Costs(1.0, 1.0, 0.1, escape_of={"rust": 5.0}), "'rust', of which neither"),
    ],
)
def test_costs_that_cannot_be_are_refused(
    costs: Costs, message: str, make_parts: Make, make_card: Make
) -> None:
    with pytest.raises(TrainingError, match=message):
        propose(make_parts([0.9], [0.1]), make_card(dent=0.5), 0.1, costs)


def measured(part: str, truth: str, *scores: float, area_px: float = 20.0) -> Measured:
    labels = () if truth == "good" else (Somewhere(truth),)
    found = tuple(Finding("dent", score, (0, 0, 4, 5), area_px) for score in scores)
    return Measured(Sample(Path(f"{part}.png"), part, labels), found, 0.0)


def limits(area_px: float = 0.0) -> Limits:
    return Limits({"dent": Limit(0.5, area_px, 0.5)}, OnDoubt.REJECT)


def test_pictures_of_one_part_are_one_part() -> None:
    pictures = [
        measured("a", "good", 0.2),
        measured("a", "dent", 0.8, 0.4),
        measured("a", "good"),
        measured("b", "good", 0.3),
    ]
    worst = by_part(pictures, ("dent",), limits(), Fusion.ANY)
    mean = by_part(pictures, ("dent",), limits(), Fusion.MEAN)
    assert worst.parts == ("a", "b")
    assert worst.is_bad.tolist() == [True, False]
    assert worst.pictures.tolist() == [3, 1]
    assert worst.scores[:, 0].tolist() == [0.8, 0.3]
    assert mean.scores[:, 0].tolist() == pytest.approx([1.0 / 3.0, 0.3])


def test_what_is_too_small_for_the_card_s_area_counts_for_nothing() -> None:
    small = [measured("a", "dent", 0.9, area_px=5.0), measured("b", "good", 0.2)]
    assert by_part(small, ("dent",), limits(10.0), Fusion.ANY).scores[0, 0] == 0.0


@pytest.mark.parametrize("score", [float("nan"), 1.5, -0.1])
def test_a_score_that_is_no_probability_is_refused_by_name(score: float) -> None:
    with pytest.raises(TrainingError, match=r"a\.png: the score of 'dent' is"):
        by_part([measured("a", "dent", score)], ("dent",), limits(), Fusion.MEAN)
