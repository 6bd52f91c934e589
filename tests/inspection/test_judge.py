import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.judge import (
    Limit,
    Limits,
    OnDoubt,
    Outcome,
    Reason,
    ReasonKind,
    Verdict,
    judge,
    not_inspected,
)
from models.findings import Finding


def limits(on_doubt: OnDoubt = OnDoubt.REJECT) -> Limits:
    return Limits({"dent": Limit(score=0.6, area_px=10.0, doubt_score=0.5)}, on_doubt)


def dent(score: float, area_px: float = 20.0) -> Finding:
    return Finding("dent", score, (0, 0, 5, 4), area_px)


def test_a_part_without_findings_passes() -> None:
    assert judge([], limits()) == Verdict(Outcome.PASS)


@pytest.mark.parametrize(
    ("score", "area_px", "outcome"),
    [
        (0.6, 10.0, Outcome.REJECT),
        (0.6, 9.99, Outcome.PASS),
        (0.49, 500.0, Outcome.PASS),
        (1.0, 0.0, Outcome.PASS),
    ],
    ids=["on both limits", "just too small", "well below the score", "sure but tiny"],
)
def test_a_finding_rejects_from_both_limits_on(
    score: float, area_px: float, outcome: Outcome
) -> None:
    assert judge([dent(score, area_px)], limits()).outcome is outcome


def test_doubt_rejects_when_the_recipe_says_so() -> None:
    verdict = judge([dent(0.55)], limits())
    assert verdict == Verdict(Outcome.REJECT, (Reason(ReasonKind.DOUBT, "dent"),))


def test_doubt_passes_for_review_when_the_recipe_says_so() -> None:
    verdict = judge([dent(0.55)], limits(OnDoubt.REVIEW))
    assert verdict == Verdict(Outcome.PASS, (Reason(ReasonKind.DOUBT, "dent"),), review=True)


def test_a_defect_beside_a_doubt_rejects_whatever_the_recipe_says_of_doubt() -> None:
    verdict = judge([dent(0.55), dent(0.9)], limits(OnDoubt.REVIEW))
    assert verdict.outcome is Outcome.REJECT
    assert verdict.reasons[0].kind is ReasonKind.DEFECT


def test_a_class_without_limits_rejects() -> None:
    unknown = Finding("crack", 0.31, (0, 0, 1, 1), 1.0)
    assert judge([unknown], limits()).outcome is Outcome.REJECT


def test_two_dents_are_one_reason() -> None:
    assert len(judge([dent(0.9), dent(0.8)], limits()).reasons) == 1


def test_what_was_not_inspected_is_rejected_and_says_so() -> None:
    verdict = not_inspected(ReasonKind.LOST, "frame id jumped")
    assert verdict.outcome is Outcome.REJECT
    assert not verdict.inspected
    with pytest.raises(ValueError, match="inspected part"):
        not_inspected(ReasonKind.DEFECT, "dent")


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), max_size=5),
    st.floats(0, 1),
    st.floats(0, 1e6),
)
def test_one_more_finding_never_turns_a_reject_into_a_pass(
    findings: list[tuple[float, float]], score: float, area_px: float
) -> None:
    before = judge([dent(*finding) for finding in findings], limits()).outcome
    after = judge([dent(*finding) for finding in [*findings, (score, area_px)]], limits()).outcome
    assert (before, after) != (Outcome.REJECT, Outcome.PASS)
