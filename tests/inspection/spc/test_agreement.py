"""Agreement against AIAG's worked study, the literature's examples, and statsmodels."""

from typing import Any, cast

import numpy as np
import pytest
from statsmodels.stats import inter_rater

from inspection.spc.agreement import agreement_study, cohen_kappa, effectiveness, fleiss_kappa
from inspection.spc.errors import SpcError


def pairs(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Ratings that make this cross table."""
    cells = [(r, c) for r, row in enumerate(table) for c, n in enumerate(row) for _ in range(n)]
    first, second = zip(*cells, strict=True)
    return np.array(first), np.array(second)


# AIAG, Measurement Systems Analysis (4th ed.), chapter III C: 3 appraisers, 50 parts, 3 trials.
AIAG = [
    ("A and B", [[44, 6], [3, 97]], 0.86), ("B and C", [[42, 5], [9, 94]], 0.79),
    ("A and C", [[43, 7], [8, 92]], 0.78), ("A and truth", [[45, 5], [3, 97]], 0.88),
    ("B and truth", [[45, 2], [3, 100]], 0.92), ("C and truth", [[42, 9], [6, 93]], 0.77),
]  # fmt: skip


@pytest.mark.parametrize(("who", "table", "kappa"), AIAG)
def test_kappas_are_those_of_the_aiag_study(who: str, table: list[list[int]], kappa: float) -> None:
    assert cohen_kappa(*pairs(table)).kappa == pytest.approx(kappa, abs=5e-3), who


@pytest.mark.parametrize("table", [row[1] for row in AIAG] + [[[9, 1, 0], [2, 5, 3], [0, 1, 7]]])
def test_cohens_kappa_and_its_interval_are_those_of_statsmodels(table: list[list[int]]) -> None:
    ours, theirs = cohen_kappa(*pairs(table)), cast(Any, inter_rater.cohens_kappa(np.array(table)))
    assert ours.kappa == pytest.approx(theirs.kappa)
    assert ours.lower == pytest.approx(theirs.kappa_low)
    assert ours.upper == pytest.approx(min(1.0, theirs.kappa_upp))


# Fleiss' example as given in the literature: 10 subjects, 14 raters, 5 categories: 0.210.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def test_fleiss_kappa_is_that_of_the_literature_and_statsmodels() -> None:
    ratings = [[c for c, n in enumerate(row) for _ in range(n)] for row in FLEISS]
    found = fleiss_kappa(ratings)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)
    assert found.kappa == pytest.approx(inter_rater.fleiss_kappa(np.array(FLEISS)))
    assert found.lower < 0.21 < found.upper


# Fleiss (1971), table 1, as in R's irr: 30 patients, diagnoses of 6 raters in 5 categories.
DIAGNOSES = [
    444444, 222555, 233335, 555555, 222444, 113333, 333355, 113334, 114444, 555555, 144444, 124444,
    222333, 144444, 224445, 333335, 111455, 111112, 224444, 133555, 555555, 244444, 224555, 114444,
    144445, 222224, 111155, 224444, 133333, 555555,
]  # fmt: skip


def test_fleiss_kappa_and_its_z_are_those_of_r_irr_on_fleiss_1971_table_1() -> None:
    ratings = [[int(rating) for rating in str(row)] for row in DIAGNOSES]
    found = fleiss_kappa(ratings, interval="normal")
    assert found.kappa == pytest.approx(0.4302445, abs=5e-8)
    error = (found.upper - found.kappa) / 1.959963984540054
    assert found.kappa / error == pytest.approx(17.65183, abs=5e-6)
    assert fleiss_kappa(ratings).kappa == found.kappa


def test_kappa_fools_where_defects_are_rare() -> None:
    found = cohen_kappa(*pairs([[994, 3], [2, 1]]))
    assert found.agreed == pytest.approx(0.995)
    assert found.kappa == pytest.approx(0.28, abs=0.01)


def test_two_who_never_differ_agree() -> None:
    assert cohen_kappa([1, 1, 1], [1, 1, 1]).kappa == 1.0
    assert fleiss_kappa([[0, 0], [0, 0]]).kappa == 1.0


def test_effectiveness_is_judged_by_aiags_limits() -> None:
    """Appraiser A of the study: 42 of 50 parts right, 84 %, 71 to 93 %."""
    truth = np.array([1] * 16 + [0] * 34)
    calls = np.repeat(truth[:, None], 3, axis=1)
    for part in (0, 1, 2):
        calls[part, 0] = 0  # 3 of 48 calls on bad parts missed
    for part in range(20, 25):
        calls[part, 0] = 1  # 5 of 102 calls on good parts false
    found = effectiveness(calls, truth)
    assert found.effectiveness == 0.84
    assert found.effectiveness_interval == pytest.approx((0.71, 0.93), abs=5e-3)
    assert found.miss == pytest.approx(0.063, abs=1e-3)
    assert found.false_alarm == pytest.approx(0.049, abs=5e-4)
    assert found.verdict == "unacceptable"
    assert effectiveness(truth, truth).verdict == "acceptable"


def test_a_study_holds_everybody_against_everybody() -> None:
    truth = [1, 1, 0, 0, 0]
    study = agreement_study(
        {"Ana": [[1, 1], [1, 0], [0, 0], [0, 0], [0, 0]], "station": [1, 1, 0, 0, 1]}, truth
    )
    assert study.names == ("Ana", "station")
    assert [share for share, _ in study.within] == [0.8, 1.0]
    assert [found.effectiveness for found in study.against_truth] == [0.8, 0.8]
    assert study.all_right[0] == 0.6
    assert study.pairs == ()  # two trials against one
    assert study.between is not None
    assert study.between.kappa == pytest.approx(
        fleiss_kappa([[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 1]]).kappa
    )


def test_every_two_appraisers_of_a_study_are_held_against_each_other() -> None:
    calls = {"A": [1, 1, 0, 0], "B": [1, 0, 0, 0], "C": [1, 1, 0, 1]}
    study = agreement_study(calls, [1, 1, 0, 0])
    assert [(one, other) for one, other, _ in study.pairs] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert study.pairs[0][2] == cohen_kappa(calls["A"], calls["B"])


def test_without_bad_parts_nothing_is_said_of_misses() -> None:
    found = effectiveness([0, 0], [0, 0])
    assert found.miss is None
    assert found.miss_interval == (0.0, 1.0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpcError, match="second: expected one rating per part, 2 in all; got 1"):
        cohen_kappa([0, 1], [0])
    with pytest.raises(SpcError, match="first: expected whole numbers as categories"):
        cohen_kappa([0.5], [1])
    with pytest.raises(SpcError, match="ratings: expected 2 parts rated twice"):
        fleiss_kappa([[1, 0]])
    with pytest.raises(SpcError, match="interval: expected jackknife or normal"):
        fleiss_kappa([[1, 0], [1, 1]], interval="exact")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SpcError, match=r"calls\[0, 1\]: expected 0 \(good\) or 1 \(bad\), got 3"):
        effectiveness([[0, 3]], [0])
    with pytest.raises(SpcError, match="truth: expected one per part of calls, 2; got 1"):
        effectiveness([0, 1], [0])
    with pytest.raises(SpcError, match="calls: expected one appraiser or more"):
        agreement_study({}, [0])
