"""How long sets of rules run, by a Markov chain of what they remember (Champ and Woodall)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inspection.spc.arrays import Floats, Mask, number
from inspection.spc.errors import SpcError
from inspection.spc.rules import (
    DEFAULT_RULES,
    STANDARD_CONVENTIONS,
    Conventions,
    judge,
    known_rules,
)

MOST_STATES = 120_000
_CELLS_PER_SIGMA = 10
_FAR = 9.0
_MOST_POINTS = 200_000
_STEADY = 20
_AS_NELSON = {"we1": "nelson1", "we2": "nelson5", "we3": "nelson6"}

_State = tuple[int, ...]


def rules_arl(
    rules: Iterable[str] = DEFAULT_RULES,
    *,
    shift: float = 0.0,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Points until any of the rules signals on normal points that are `shift` sigmas off center.

    Exact for rules that ask in which zone a point lies. Nelson 3 and 4 compare neighbours: for
    them a zone is divided into cells of a tenth of a sigma, neighbours within one cell count half
    as a rise and half as a fall, and the result is right to about 1 in 100. All eight of Nelson's
    take half a minute.

    Source: Champ and Woodall, Technometrics 29 (1987) 393.
    Raises SpcError for unknown rules, and for sets that need more than MOST_STATES states
    (conventions with long windows: `simulated_rules_arl` answers those).
    """
    memory = _Memory.of(known_rules(rules), conventions)
    cells = _Cells.of(memory.ordered, number(shift, "shift"), conventions.sigmas)
    return _mean_survival(*_chain(memory, cells))


def counted_rules_arl(
    z: Floats,
    chances: Floats,
    outside: Mask,
    rules: Iterable[str],
    *,
    conventions: Conventions = STANDARD_CONVENTIONS,
) -> float:
    """Points until any of the rules signals where a point can only lie on some values.

    z: those values in sigmas, rising, shape (v,); chances: of each, summing to 1; outside: which
    of them rule 1 signals at. Exact, also for ties and for values on the center line.
    Raises SpcError as rules_arl does.
    """
    memory = _Memory.of(known_rules(rules), conventions)
    cells = _Cells.of_values(z, chances, outside, memory.ordered)
    return _mean_survival(*_chain(memory, cells))


def simulated_rules_arl(
    rules: Iterable[str] = DEFAULT_RULES,
    *,
    shift: float = 0.0,
    conventions: Conventions = STANDARD_CONVENTIONS,
    runs: int = 2000,
    seed: int = 1,
) -> tuple[float, float]:
    """The average run length by drawing `runs` charts of normal points, and its standard error.

    For sets that rules_arl has too many states for. Raises SpcError.
    """
    names = known_rules(rules)
    if runs < 2:
        raise SpcError(f"runs: expected 2 or more, got {runs}")
    rng = np.random.default_rng(seed)
    lengths = np.array([_drawn_length(rng, names, shift, conventions) for _ in range(runs)])
    return float(lengths.mean()), float(lengths.std(ddof=1) / math.sqrt(runs))


def _drawn_length(
    rng: np.random.Generator, rules: tuple[str, ...], shift: float, conventions: Conventions
) -> int:
    z = np.empty(0)
    while len(z) < _MOST_POINTS:
        z = np.concatenate([z, rng.standard_normal(max(200, len(z))) + shift])
        signals = judge(z, rules, conventions=conventions)
        if signals:
            return signals[0].at + 1
    raise SpcError(f"rules: these hardly signal within {_MOST_POINTS} points")


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the rules remember, as a tuple of whole numbers, and how a point changes it.

    steps: the last step's direction, how many steps it goes on, how many turns in a row.
    """

    rules: frozenset[str]
    run: int
    conventions: Conventions

    @staticmethod
    def of(rules: tuple[str, ...], conventions: Conventions) -> "_Memory":
        named = {_AS_NELSON.get(rule, rule) for rule in rules}
        runs = [conventions.run] * ("nelson2" in named) + [8] * ("we4" in named)
        return _Memory(frozenset(named), min(runs, default=0), conventions)

    @property
    def ordered(self) -> bool:
        return bool({"nelson3", "nelson4"} & self.rules)

    @property
    def start(self) -> _State:
        return (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def after(self, state: _State, zone: int, step: int | None) -> _State | None:
        """The memory after a point in a zone, -4 to 4, 0 on the center; None when a rule signals.

        step: 1 where the point lies above the one before, -1 below, 0 beside it; None for the
        first point.
        """
        run, a, b, c, d, e, f, within, beyond, side_run, steps, turns = state
        side, far = (1 if zone > 0 else -1), abs(zone)
        if far == 4 and "nelson1" in self.rules:
            return None
        if self.run and (zone or self.conventions.on_center == "breaks"):
            run = (run + side if run * side >= 0 else side) if zone else 0
            if abs(run) >= self.run:
                return None
        if "nelson5" in self.rules:
            here = side if far >= 3 else 0
            if here and here in (e, f):
                return None
            e, f = f, here
        if "nelson6" in self.rules:
            here = side if far >= 2 else 0
            if here and (a, b, c, d).count(here) >= 3:
                return None
            a, b, c, d = b, c, d, here
        if "nelson7" in self.rules:
            within = within + 1 if far <= 1 else 0
            if within >= self.conventions.within:
                return None
        if "nelson8" in self.rules:
            most = self.conventions.beyond
            beyond = min(most, beyond + 1) if far >= 2 else 0
            same = side_run + side if side_run * side > 0 else side
            side_run = max(-most, min(most, same)) if far >= 2 else 0
            either = self.conventions.nelson8 == "either"
            if beyond >= most and (either or abs(side_run) < most):
                return None
        if self.ordered and step == 0:
            steps = turns = 0
        elif self.ordered and step is not None:
            turned = steps * step < 0
            turns = turns + 1 if turned and "nelson4" in self.rules else 0
            if turns >= self.conventions.alternating - 2 and turned:
                return None
            steps = step if turned or steps == 0 else steps + step
            if "nelson3" in self.rules:
                if abs(steps) >= self.conventions.trend - 1:
                    return None
            else:
                steps = step
        return (run, a, b, c, d, e, f, within, beyond, side_run, steps, turns)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Parts of the axis: the zone of each (-4 to 4), and the chance that a point falls in it."""

    zones: list[int]
    chances: list[float]
    ordered: bool
    ties: bool = False

    @staticmethod
    def of_values(z: Floats, chances: Floats, outside: Mask, ordered: bool) -> "_Cells":
        """A cell per value where the order counts, else one per zone."""
        sizes = np.where(outside, 4, np.clip(np.ceil(np.abs(z)), 0, 3)).astype(np.int64)
        zones = np.where(z < 0, -sizes, sizes)
        if ordered:
            return _Cells(zones.tolist(), chances.tolist(), ordered, ties=True)
        found = np.unique(zones).tolist()
        return _Cells(found, [float(chances[zones == zone].sum()) for zone in found], ordered)

    @staticmethod
    def of(ordered: bool, shift: float, sigmas: float) -> "_Cells":
        lines = sorted({-sigmas, -2.0, -1.0, 0.0, 1.0, 2.0, sigmas})
        if ordered:
            fine = np.arange(-_FAR, _FAR + 1e-9, 1.0 / _CELLS_PER_SIGMA)
            inner = fine[np.abs(fine) <= 3.5]
            lines = sorted({*lines, *(round(float(line), 9) for line in inner)})
        edges = [-math.inf, *lines, math.inf]
        zones: list[int] = []
        chances: list[float] = []
        for low, high in pairwise(edges):
            near = low if low >= 0 else -high
            size = 4 if near >= sigmas else 1 + min(2, int(max(near, 0.0)))
            zones.append(size if low >= 0 else -size)
            chances.append(_between(low - shift, high - shift))
        return _Cells(zones, chances, ordered)

    def ways(self, before: int) -> list[tuple[int, int | None, float]]:
        """Where the next point may fall: cell, step from the cell before, chance."""
        found: list[tuple[int, int | None, float]] = []
        for cell, chance in enumerate(self.chances):
            if not self.ordered or before < 0:
                found.append((cell, None, chance))
            elif cell == before and self.ties:
                found.append((cell, 0, chance))
            elif cell == before:
                found.extend([(cell, 1, chance / 2), (cell, -1, chance / 2)])
            else:
                found.append((cell, 1 if cell > before else -1, chance))
        return found


def _chain(memory: _Memory, cells: _Cells) -> tuple[list[int], list[int], list[float], int]:
    """Every transition that signals nothing: from, to, chance; and the number of states."""
    numbers: dict[tuple[_State, int], int] = {(memory.start, -1): 0}
    waiting = [(memory.start, -1)]
    sources: list[int] = []
    targets: list[int] = []
    chances: list[float] = []
    ways = {before: cells.ways(before) for before in range(-1, len(cells.zones))}
    while waiting:
        state, before = key = waiting.pop()
        for cell, step, chance in ways[before]:
            after = memory.after(state, cells.zones[cell], step)
            if after is None:
                continue
            reached = (after, cell if cells.ordered else -1)
            if reached not in numbers:
                numbers[reached] = len(numbers)
                waiting.append(reached)
            sources.append(numbers[key])
            targets.append(numbers[reached])
            chances.append(chance)
        if len(numbers) > MOST_STATES:
            raise SpcError(
                f"rules: more than {MOST_STATES} states; leave a rule out, or take "
                "simulated_rules_arl"
            )
    return sources, targets, chances, len(numbers)


def _mean_survival(
    sources: list[int], targets: list[int], chances: list[float], states: int
) -> float:
    """Sum of the chances to have no signal yet; in the end each is the same share of the last."""
    from_, to, chance = np.array(sources), np.array(targets), np.array(chances)
    here: Floats = np.zeros(states)
    here[0] = 1.0
    total, alive, share_left, steady = 0.0, 1.0, 0.0, 0
    for _ in range(_MOST_POINTS):
        total += alive
        here = np.bincount(to, weights=here[from_] * chance, minlength=states).astype(np.float64)
        left = float(here.sum())
        if left < 1e-14:
            return total
        steady = steady + 1 if left < alive and abs(left / alive - share_left) < 1e-14 else 0
        if steady == _STEADY:
            return total + left / (1.0 - left / alive)
        share_left, alive = left / alive, left
    raise SpcError(f"rules: these hardly signal within {_MOST_POINTS} points")


def _between(low: float, high: float) -> float:
    root = math.sqrt(2.0)
    if low > 0:
        return 0.5 * (math.erfc(low / root) - math.erfc(high / root))
    return 0.5 * (math.erfc(-high / root) - math.erfc(-low / root))
