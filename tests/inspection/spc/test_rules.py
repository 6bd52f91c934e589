"""Each rule on a pattern that it must see and on the nearest that it must not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.spc.errors import SpcError
from inspection.spc.result import Side
from inspection.spc.rules import NELSON, WESTERN_ELECTRIC, Conventions, judge

UP, DOWN, BOTH = Side.ABOVE, Side.BELOW, Side.BOTH


def found(
    points: list[float], rule: str, conventions: Conventions | None = None
) -> list[tuple[int, Side, tuple[int, ...]]]:
    signals = judge(np.array(points), [rule], conventions=conventions or Conventions())
    assert {signal.rule for signal in signals} <= {rule}
    return [(signal.at, signal.side, tuple(signal.points)) for signal in signals]


PATTERNS = [
    ("nelson1", [0, 3.01, -3.01, 3.0], [(1, UP, (1,)), (2, DOWN, (2,))]),
    ("nelson2", [0.1] * 9, [(8, UP, tuple(range(9)))]),
    ("nelson2", [-0.1] * 10, [(8, DOWN, tuple(range(9))), (9, DOWN, tuple(range(1, 10)))]),
    ("nelson2", [0.1] * 8 + [-0.1], []),
    ("nelson2", [0.1] * 4 + [0.0] + [0.1] * 5, []),
    ("nelson2", [0.1] * 4 + [math.nan] + [0.1] * 5, []),
    ("nelson3", [0, 0.1, 0.2, 0.3, 0.4, 0.5], [(5, UP, tuple(range(6)))]),
    ("nelson3", [0, 0.1, 0.2, 0.2, 0.4, 0.5], []),
    ("nelson3", [5.0, 0.5, 0.4, 0.3, 0.2, 0.1], [(5, DOWN, tuple(range(6)))]),
    ("nelson4", [0, 1] * 7, [(13, BOTH, tuple(range(14)))]),
    ("nelson4", [0, 1] * 6 + [0, 0], []),
    ("nelson5", [0, 2.1, 0, 2.1], [(3, UP, (1, 3))]),
    ("nelson5", [2.1, 2.1, 0], [(1, UP, (0, 1))]),
    ("nelson5", [2.1, -2.1, 0, 2.1], []),
    ("nelson5", [2.0, 2.0, 2.0], []),
    ("nelson6", [1.1, 1.1, 0, 1.1, 1.1], [(4, UP, (0, 1, 3, 4))]),
    ("nelson6", [-1.1, -1.1, 0, 0, -1.1, -1.1], []),
    ("nelson7", [0.9, -0.9] * 7 + [1.0], [(14, BOTH, tuple(range(15)))]),
    ("nelson7", [0.9, -0.9] * 7 + [1.01], []),
    ("nelson8", [1.1, -1.1] * 4, [(7, BOTH, tuple(range(8)))]),
    ("nelson8", [1.1] * 8, []),
    ("nelson8", [1.1, -1.1] * 3 + [1.1, 1.0], []),
    ("we1", [3.2], [(0, UP, (0,))]),
    ("we2", [-2.2, 0, -2.2], [(2, DOWN, (0, 2))]),
    ("we3", [1.2] * 4, [(3, UP, (0, 1, 2, 3))]),
    ("we4", [0.2] * 8, [(7, UP, tuple(range(8)))]),
]


@pytest.mark.parametrize(("rule", "points", "expected"), PATTERNS)
def test_a_rule_signals_at_the_point_that_completes_its_pattern(
    rule: str, points: list[float], expected: list[tuple[int, Side, tuple[int, ...]]]
) -> None:
    assert found(points, rule) == expected


@pytest.mark.parametrize(("rule", "points", "expected"), PATTERNS)
def test_a_rule_sees_the_mirrored_pattern_on_the_other_side(
    rule: str, points: list[float], expected: list[tuple[int, Side, tuple[int, ...]]]
) -> None:
    other = {UP: DOWN, DOWN: UP, BOTH: BOTH}
    mirrored = [(at, other[side], pattern) for at, side, pattern in expected]
    assert found([-point for point in points], rule) == mirrored


def test_conventions_that_differ_between_packages_can_be_chosen() -> None:
    assert found([1.1] * 8, "nelson8", Conventions(nelson8="either"))[0][:2] == (7, UP)
    on_line = [0.9] * 14 + [1.0]
    assert found(on_line, "nelson7", Conventions(within_includes_line=False)) == []
    skipping = [0.1] * 4 + [0.0] + [0.1] * 5
    pattern = (0, 1, 2, 3, 5, 6, 7, 8, 9)
    assert found(skipping, "nelson2", Conventions(on_center="skip")) == [(9, UP, pattern)]
    assert [at for at, _, _ in found([0.1] * 18, "nelson2", Conventions(restart=True))] == [8, 17]
    assert [at for at, _, _ in found([0.1] * 7, "nelson2", Conventions(run=7))] == [6]
    assert [at for at, _, _ in found([2.6, 2.4], "nelson1", Conventions(sigmas=2.5))] == [0]


def test_signals_stand_in_order_of_points_and_rules_and_each_rule_once() -> None:
    points = np.array([2.5, 2.5, 3.5])
    signals = judge(points, ["nelson5", "nelson1", "nelson5"])
    assert [(s.at, s.rule) for s in signals] == [(1, "nelson5"), (2, "nelson5"), (2, "nelson1")]


def test_rules_and_conventions_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SpcError, match="rules: expected any of nelson1"):
        judge(np.zeros(3), ["nelson0"])
    with pytest.raises(SpcError, match="run: expected 2 points or more, got 1"):
        Conventions(run=1)
    with pytest.raises(SpcError, match="sigmas: expected a number above 0"):
        Conventions(sigmas=0)


@given(st.lists(st.floats(-4, 4), max_size=60))
def test_what_was_signalled_does_not_change_when_points_are_added(points: list[float]) -> None:
    """A signal needs nothing that comes after it: a chart may be judged as it grows."""
    whole = judge(np.array(points), NELSON + WESTERN_ELECTRIC)
    cut = len(points) // 2
    first = judge(np.array(points[:cut]), NELSON + WESTERN_ELECTRIC)
    assert first == tuple(signal for signal in whole if signal.at < cut)
