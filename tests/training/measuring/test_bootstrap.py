import numpy as np
import pytest

from training.measuring.bootstrap import auroc_interval
from training.measuring.evaluate import auroc


def test_the_interval_covers_what_was_measured_and_is_the_same_each_time() -> None:
    chance = np.random.default_rng(1)
    bad = [True] * 40 + [False] * 60
    scores = [*chance.normal(0.6, 0.2, 40).tolist(), *chance.normal(0.4, 0.2, 60).tolist()]
    parts = [str(number) for number in range(100)]
    found = auroc_interval(scores, bad, parts, 0.95)
    assert found is not None
    area = auroc(scores[:40], scores[40:])
    assert area is not None
    assert found[0] < area < found[1]
    assert found == auroc_interval(scores, bad, parts, 0.95)
    # Hanley and McNeil, Radiology 143 (1982) 29: the standard error of an AUROC.
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + 39 * (q1 - area**2) + 59 * (q2 - area**2)
    assert found[1] - found[0] == pytest.approx(3.92 * (spread / 2400) ** 0.5, rel=0.15)


def test_six_pictures_of_a_part_say_no_more_than_one() -> None:
    chance = np.random.default_rng(2)
    scores = np.concatenate([chance.normal(0.6, 0.2, 20), chance.normal(0.4, 0.2, 20)])
    bad = [True] * 20 + [False] * 20
    parts = [str(number) for number in range(40)]
    once = auroc_interval(scores.tolist(), bad, parts, 0.95)
    six_times = auroc_interval(np.repeat(scores, 6).tolist(), np.repeat(bad, 6).tolist(),
                               np.repeat(parts, 6).tolist(), 0.95)  # fmt: skip
    assert once == six_times


@pytest.mark.parametrize(
    ("bad", "parts"), [([True, True], ["a", "b"]), ([True, False], ["a", "a"])]
)
def test_one_kind_or_one_part_alone_says_nothing(bad: list[bool], parts: list[str]) -> None:
    assert auroc_interval([0.1, 0.9], bad, parts, 0.95) is None
