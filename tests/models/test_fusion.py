import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.findings import Finding
from models.fusion import fused_score, strongest

SCORES = st.dictionaries(st.sampled_from(["dent", "rust", "crack"]), st.floats(0, 1))


def test_a_view_is_worth_its_strongest_finding_of_each_class() -> None:
    scores = [("dent", 0.3), ("rust", 0.9), ("dent", 0.7)]
    found = [Finding(name, score, (0, 0, 1, 1), 1.0) for name, score in scores]
    assert strongest(found) == {"dent": 0.7, "rust": 0.9}


@given(st.lists(SCORES, min_size=1, max_size=6))
def test_the_fused_score_is_the_mean_with_nothing_where_nothing_was_seen(
    views: list[dict[str, float]],
) -> None:
    fused = fused_score(views)
    for name, score in fused.items():
        assert score == pytest.approx(np.mean([view.get(name, 0.0) for view in views]))
    assert list(fused.values()) == sorted(fused.values(), reverse=True)


@given(st.lists(SCORES, min_size=1, max_size=6))
def test_the_order_of_views_does_not_change_a_single_bit(views: list[dict[str, float]]) -> None:
    assert fused_score(views) == fused_score(views[::-1])


@given(SCORES)
def test_one_view_keeps_its_scores_to_the_last_bit(view: dict[str, float]) -> None:
    assert fused_score([view]) == view
