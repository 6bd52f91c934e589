from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.judge import (
    Fusion,
    Limit,
    Limits,
    OnDoubt,
    Outcome,
    Reason,
    ReasonKind,
    Seen,
    Verdict,
    judge,
    judge_views,
    not_inspected,
    union,
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


def fused(*views: list[tuple[str, float, float]], fusion: Fusion = Fusion.MEAN) -> Verdict:
    """The verdict on a part whose views show these findings: class, score and area of each."""
    both = Limits(
        {"dent": Limit(0.6, 10.0, 0.5), "rust": Limit(0.3, 0.0, 0.3)}, OnDoubt.REVIEW, fusion
    )
    seen = [
        Seen(tuple(Finding(name, score, (0, 0, 5, 4), area) for name, score, area in view), both)
        for view in views
    ]
    by_view = {f"view{n}": judge(each.findings, both) for n, each in enumerate(seen)}
    return judge_views(by_view, seen)


def test_noise_in_one_view_of_three_rejects_no_part_whose_views_are_averaged() -> None:
    noisy = [("dent", 0.7, 20.0)]
    assert fused(noisy, [], [], fusion=Fusion.ANY).outcome is Outcome.REJECT
    assert fused(noisy, [], []) == Verdict(Outcome.PASS)


def test_a_defect_that_every_view_half_sees_rejects_by_its_mean() -> None:
    verdict = fused([("rust", 0.25, 1.0), ("dent", 0.1, 20.0)], [("rust", 0.4, 1.0)])
    assert verdict == Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "rust"),))


def test_a_mean_in_the_doubt_band_is_doubtful() -> None:
    verdict = fused([("dent", 0.9, 20.0)], [("dent", 0.2, 20.0)])
    assert verdict == Verdict(Outcome.PASS, (Reason(ReasonKind.DOUBT, "dent"),), review=True)


def test_what_is_too_small_in_its_view_does_not_count_to_the_mean() -> None:
    assert fused([("dent", 0.9, 20.0)], [("dent", 0.9, 9.0)]).outcome is Outcome.PASS


def test_a_view_that_is_missing_rejects_whatever_the_mean_of_the_others_is() -> None:
    good = Seen((), Limits({}, OnDoubt.REJECT, Fusion.MEAN))
    lost = not_inspected(ReasonKind.LOST, "no picture")
    verdict = judge_views({"top": Verdict(Outcome.PASS), "side": lost}, [good])
    assert verdict.outcome is Outcome.REJECT
    assert verdict.reasons == (Reason(ReasonKind.LOST, "no picture", "side"),)


def test_a_class_without_limits_rejects_from_one_view_of_many() -> None:
    assert fused([("crack", 0.01, 0.0)], [], []).outcome is Outcome.REJECT


FINDINGS = st.lists(
    st.tuples(st.sampled_from(["dent", "rust"]), st.floats(0, 1), st.sampled_from([5.0, 20.0])),
    max_size=4,
)


@given(st.lists(FINDINGS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_views_is_of_no_matter_to_their_mean(
    views: list[Any], chance: Any
) -> None:
    shuffled = list(views)
    chance.shuffle(shuffled)
    assert fused(*views) == fused(*shuffled)


@given(FINDINGS)
def test_a_part_of_one_view_is_judged_the_same_however_views_are_fused(view: Any) -> None:
    assert fused(view) == fused(view, fusion=Fusion.ANY)


@given(st.lists(FINDINGS, min_size=1, max_size=5))
def test_without_fusion_a_part_is_the_union_of_its_views(views: list[Any]) -> None:
    by_view = {f"view{n}": fused(view, fusion=Fusion.ANY) for n, view in enumerate(views)}
    assert fused(*views, fusion=Fusion.ANY) == union(by_view)


@given(st.lists(FINDINGS, min_size=2, max_size=5), st.integers(0, 4), st.floats(0, 1))
def test_one_more_finding_in_a_view_never_turns_a_reject_by_the_mean_into_a_pass(
    views: list[Any], at: int, score: float
) -> None:
    more = [*views]
    more[at % len(views)] = [*more[at % len(views)], ("dent", score, 20.0)]
    assert (fused(*views).outcome, fused(*more).outcome) != (Outcome.REJECT, Outcome.PASS)
