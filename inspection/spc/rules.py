"""Western Electric's and Nelson's rules, each on its own, judged on standardised points."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from inspection.spc.arrays import ON_LINE, Counts, Floats, Mask
from inspection.spc.errors import SpcError
from inspection.spc.result import Side, Signal

DEFAULT_RULES = ("nelson1", "nelson2")
WESTERN_ELECTRIC = ("we1", "we2", "we3", "we4")
NELSON = tuple(f"nelson{number}" for number in range(1, 9))


@dataclass(frozen=True, slots=True)
class Conventions:
    """Where textbooks and packages differ (docs/decisions, conventions of the charts).

    sigmas: where rule 1 draws its line; rules 5 to 8 stay at 1 and 2 sigmas.
    run: points on one side for Nelson 2 (9; some take 7 or 8). Western Electric's fourth is 8.
    trend: points that rise or fall for Nelson 3. alternating: points for Nelson 4.
    within, beyond: points for Nelson 7 and 8.
    on_center: a point on the center line `breaks` a run on one side, or is left out of it (`skip`).
    within_includes_line: whether a point on 1 sigma counts as within for Nelson 7.
    nelson8: points `both` sides of the center (Nelson), or on `either` side (Minitab).
    restart: whether a rule counts from anew after a signal; otherwise every further point of a
        long run signals.
    """

    sigmas: float = 3.0
    run: int = 9
    trend: int = 6
    alternating: int = 14
    within: int = 15
    beyond: int = 8
    on_center: Literal["breaks", "skip"] = "breaks"
    within_includes_line: bool = True
    nelson8: Literal["both", "either"] = "both"
    restart: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.sigmas < np.inf:
            raise SpcError(f"sigmas: expected a number above 0, got {self.sigmas}")
        for name in ("run", "trend", "alternating", "within", "beyond"):
            if getattr(self, name) < 2:
                raise SpcError(f"{name}: expected 2 points or more, got {getattr(self, name)}")


STANDARD_CONVENTIONS = Conventions()


def judge(
    z: Floats,
    rules: Iterable[str] = DEFAULT_RULES,
    *,
    conventions: Conventions = STANDARD_CONVENTIONS,
    outside: Counts | None = None,
) -> tuple[Signal, ...]:
    """The signals of points in sigmas from their center, shape (k,), by point and then by rule.

    outside: -1, 0 or 1 per point, where a chart's limits are not `sigmas` from the center (exact
        limits); rule 1 then goes by it. A NaN in z is no point: it ends every run.
    A signal stands at the point that completes its pattern: for 2 of 3, that is the second point.
    Source: Western Electric, Statistical Quality Control Handbook (1956) 25; Nelson, Journal of
    Quality Technology 16 (1984) 237.
    Raises SpcError for a rule that does not exist.
    """
    found: list[Signal] = []
    names = known_rules(rules)
    for name in names:
        found.extend(_restarting(_RULES[name], name, z, conventions, outside))
    found.sort(key=lambda signal: (signal.at, names.index(signal.rule)))
    return tuple(found)


def known_rules(rules: Iterable[str]) -> tuple[str, ...]:
    """The rules' names, each once. Raises SpcError for one that does not exist."""
    names = (rules,) if isinstance(rules, str) else tuple(dict.fromkeys(rules))
    for name in names:
        if name not in _RULES:
            raise SpcError(f"rules: expected any of {', '.join(_RULES)}; got {name!r}")
    return names


_Pattern = tuple[int, Side, tuple[int, ...]]
_Rule = Callable[[Floats, Conventions, Counts | None], Iterator[_Pattern]]


def _restarting(
    rule: _Rule, name: str, z: Floats, conventions: Conventions, outside: Counts | None
) -> Iterator[Signal]:
    begin = 0
    while begin < len(z):
        part = None if outside is None else outside[begin:]
        last = None
        for at, side, points in rule(z[begin:], conventions, part):
            moved = tuple(begin + point for point in points) if begin else points
            yield Signal(begin + at, name, side, moved)
            last = begin + at
            if conventions.restart:
                break
        if last is None or not conventions.restart:
            return
        begin = last + 1


def _beyond_limit(
    z: Floats, conventions: Conventions, outside: Counts | None
) -> Iterator[_Pattern]:
    line = conventions.sigmas + ON_LINE
    sides = (z > line).astype(np.int64) - (z < -line) if outside is None else outside
    for at in np.flatnonzero(sides):
        yield int(at), _side(sides[at]), (int(at),)


def _run(z: Floats, conventions: Conventions, length: int) -> Iterator[_Pattern]:
    kept = np.flatnonzero(z != 0) if conventions.on_center == "skip" else np.arange(len(z))
    signs, points = np.nan_to_num(np.sign(z[kept])), kept.tolist()
    for sign in (1, -1):
        for at in np.flatnonzero(_streak(signs == sign) >= length).tolist():
            pattern = slice(at - length + 1, at + 1)
            yield points[at], _side(sign), tuple(points[pattern])


def _trend(z: Floats, conventions: Conventions, _: Counts | None) -> Iterator[_Pattern]:
    steps = _steps(z)
    length = conventions.trend - 1
    for sign in (1, -1):
        for at in np.flatnonzero(_streak(steps == sign) >= length):
            yield int(at) + 1, _side(sign), tuple(range(int(at) + 1 - length, int(at) + 2))


def _alternation(z: Floats, conventions: Conventions, _: Counts | None) -> Iterator[_Pattern]:
    steps = _steps(z)
    turns = steps[1:] * steps[:-1] == -1
    length = conventions.alternating
    for at in np.flatnonzero(_streak(turns) >= length - 2):
        yield int(at) + 2, Side.BOTH, tuple(range(int(at) + 3 - length, int(at) + 3))


def _most_beyond(z: Floats, sigmas: float, wanted: int, window: int) -> Iterator[_Pattern]:
    for sign in (1, -1):
        beyond = sign * z > sigmas
        sums = np.cumsum(np.concatenate([np.zeros(window, np.int64), beyond]))
        recent = sums[window:] - sums[:-window]
        for at in np.flatnonzero(beyond & (recent >= wanted)):
            first = max(0, int(at) - window + 1)
            points = first + np.flatnonzero(beyond[first : at + 1])
            yield int(at), _side(sign), _ints(points[-wanted:])


def _within(z: Floats, conventions: Conventions, _: Counts | None) -> Iterator[_Pattern]:
    inside = np.abs(z) <= 1 if conventions.within_includes_line else np.abs(z) < 1
    length = conventions.within
    for at in np.flatnonzero(_streak(inside) >= length):
        yield int(at), Side.BOTH, tuple(range(int(at) + 1 - length, int(at) + 1))


def _none_within(z: Floats, conventions: Conventions, _: Counts | None) -> Iterator[_Pattern]:
    length = conventions.beyond
    for at in np.flatnonzero(_streak(np.abs(z) > 1) >= length):
        signs = np.sign(z[at - length + 1 : at + 1])
        one_side = bool(np.all(signs == signs[0]))
        if not (one_side and conventions.nelson8 == "both"):
            side = _side(signs[0]) if one_side else Side.BOTH
            yield int(at), side, tuple(range(int(at) + 1 - length, int(at) + 1))


def _steps(z: Floats) -> Counts:
    """1 where a point lies above the one before it, -1 where below, else 0 (also beside a NaN)."""
    return (z[1:] > z[:-1]).astype(np.int64) - (z[1:] < z[:-1])


def _streak(holds: Mask) -> Counts:
    """How many points in a row, up to each, hold."""
    at = np.arange(len(holds))
    last_break = np.maximum.accumulate(np.where(holds, -1, at)) if len(holds) else at
    return at - last_break


def _side(sign: float) -> Side:
    return Side.ABOVE if sign > 0 else Side.BELOW


def _ints(indices: Counts) -> tuple[int, ...]:
    return tuple(int(index) for index in indices)


_RULES: dict[str, _Rule] = {
    "nelson1": _beyond_limit,
    "nelson2": lambda z, c, _: _run(z, c, c.run),
    "nelson3": _trend,
    "nelson4": _alternation,
    "nelson5": lambda z, _c, _o: _most_beyond(z, 2.0, 2, 3),
    "nelson6": lambda z, _c, _o: _most_beyond(z, 1.0, 4, 5),
    "nelson7": _within,
    "nelson8": _none_within,
    "we1": _beyond_limit,
    "we2": lambda z, _c, _o: _most_beyond(z, 2.0, 2, 3),
    "we3": lambda z, _c, _o: _most_beyond(z, 1.0, 4, 5),
    "we4": lambda z, c, _: _run(z, c, 8),
}
