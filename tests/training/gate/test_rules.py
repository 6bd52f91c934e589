"""What each check says yes and no to, on verdicts that are given."""

from collections.abc import Mapping, Sequence

import pytest
from scipy import stats

from training.gate.accuracy import accuracy_checks, past_escapes
from training.gate.judging import Part, pair
from training.gate.report import Answer, Check
from training.gate.rules import is_surely_worse, is_worse, mcnemar

CRACK, CHIP = frozenset({"crack"}), frozenset({"chip"})


def parts(good: int, crack: int, chip: int = 0) -> list[Part]:
    kinds = [frozenset[str]()] * good + [CRACK] * crack + [CHIP] * chip
    return [Part(f"part {number}", kind) for number, kind in enumerate(kinds)]


def verdicts(of: Sequence[Part], wrong: Sequence[int] = ()) -> dict[str, bool]:
    """Every part judged rightly but these, by their place."""
    return {part.name: part.is_good is (at in wrong) for at, part in enumerate(of)}


def named(checks: Sequence[Check]) -> Mapping[str, Check]:
    return {check.name: check for check in checks}


def refusing(checks: Sequence[Check]) -> set[str]:
    return {check.name for check in checks if check.answer is Answer.NO}


@pytest.mark.parametrize(
    ("only_one", "only_other"), [(0, 0), (3, 0), (1, 8), (12, 5), (40, 61), (900, 700)]
)
def test_the_p_value_is_that_of_the_exact_binomial_test(only_one: int, only_other: int) -> None:
    n = only_one + only_other
    expected = stats.binomtest(only_one, n).pvalue if n else 1.0
    assert mcnemar(only_one, only_other) == pytest.approx(expected)


def test_an_equal_challenger_is_not_better() -> None:
    held = parts(20, 20)
    checks = accuracy_checks(held, verdicts(held, [0, 30]), verdicts(held, [1, 31]))
    assert refusing(checks) == {"better"}
    assert named(checks)["better"].found.startswith("neither fewer escapes nor fewer")


def test_one_escape_more_is_one_too_many() -> None:
    held = parts(40, 40)
    checks = accuracy_checks(held, verdicts(held, [0, 1, 2, 3]), verdicts(held, [60]))
    assert refusing(checks) == {"escapes"}
    assert named(checks)["escapes"].found == "1 escapes more than the champion"


@pytest.mark.parametrize(("more", "refused"), [(1, False), (2, True)])
def test_one_false_reject_more_is_chance_two_in_forty_are_not(more: int, refused: bool) -> None:
    held = parts(40, 40)
    checks = accuracy_checks(held, verdicts(held, [60]), verdicts(held, range(more)))
    assert ("false rejects" in refusing(checks)) is refused


def test_many_false_rejects_more_are_refused_by_the_test_where_the_share_allows_them() -> None:
    held = parts(1000, 20)
    checks = accuracy_checks(held, verdicts(held, [1010]), verdicts(held, range(6)))
    paired = named(checks)["false rejects"].rates[0]
    assert paired.p_value is not None
    assert paired.p_value < 0.05
    assert refusing(checks) == {"false rejects"}


def test_a_class_may_not_be_given_away_for_another() -> None:
    held = parts(20, 20, chip=20)
    champion, challenger = verdicts(held, range(20, 26)), verdicts(held, range(40, 42))
    checks = accuracy_checks(held, champion, challenger)
    assert refusing(checks) == {"every class"}
    assert named(checks)["every class"].found == "2 of 20 more escapes, chip"


@pytest.mark.parametrize(("good", "defective"), [(9, 10), (10, 9)])
def test_too_few_parts_cannot_say_yes(good: int, defective: int) -> None:
    held = parts(good, defective)
    checks = accuracy_checks(held, None, verdicts(held))
    assert refusing(checks) == {"enough parts"}


def test_a_part_that_escaped_once_and_is_caught_now_may_not_escape_again() -> None:
    held = parts(2, 3)
    escaped = frozenset({"part 2", "part 3", "gone"})
    check = past_escapes(held, escaped, verdicts(held, [3]), verdicts(held, [2]))
    assert check.answer is Answer.NO
    assert check.found == "1 of 2 pass, 1 of them caught by the champion: part 2"
    check = past_escapes(held, escaped, verdicts(held, [3]), verdicts(held, [3]))
    assert check.answer is Answer.YES
    assert check.found == "1 of 2 pass, 0 of them caught by the champion"


def test_without_past_escapes_nothing_is_said_of_them() -> None:
    held = parts(2, 3)
    check = past_escapes(held, frozenset({"part 0"}), verdicts(held), verdicts(held))
    assert check.answer is Answer.NOT_MEASURED


def test_surely_worse_takes_both_many_errors_and_little_chance() -> None:
    held = parts(0, 60)
    few = pair("escapes", held, verdicts(held), verdicts(held, range(6)))
    many = pair("escapes", held, verdicts(held), verdicts(held, range(12)))
    assert is_worse(few, 0.05)
    assert not is_surely_worse(few, 0.05, tests=12)
    assert is_surely_worse(many, 0.05, tests=12)
