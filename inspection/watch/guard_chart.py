"""The guard on a new champion: its rate against that of the champion before, part by part."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from inspection.recipe.charts import GuardChart
from inspection.records.charts import StageLimits
from inspection.spc.arrays import Counts, Mask
from inspection.spc.intervals import clopper_pearson
from inspection.spc.result import Side
from inspection.spc.sequential import RISES, rate_evidence
from inspection.watch.observed import Observed
from inspection.watch.sheet import Hit, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Subgroup, fill
from inspection.watch.takeover import Before

FALLS = tuple(1.0 / rise for rise in RISES)
ALL_SIDES = 4
"""Of all guards together: more rejects, fewer rejects, more false rejects, more escapes."""
LEAST_BEFORE = 20
"""A bound from fewer observations than this says nothing."""
_POINTS = 40


@dataclass(slots=True)
class GuardState:
    """Where the guard stands; written as JSON.

    watching: until it has signalled, or its parts are over. signalled: whether it has. seen,
    events: since the promotion. first_part, first_utc_ns, last_part, last_utc_ns: the first and the
    last of these. open: the point so far.
    """

    stage: StageState = field(default_factory=StageState)
    watching: bool = False
    signalled: bool = False
    seen: int = 0
    events: int = 0
    first_part: int = 0
    first_utc_ns: int = 0
    last_part: int = 0
    last_utc_ns: int = 0
    open: Subgroup | None = None


class GuardRunner:
    """Takes verdicts (1 for an event) of the parts after a promotion.

    The rate of the champion before is known no better than its exact interval, that of escapes is
    agreed; the guard signals when the evidence that the new rate lies beyond is too strong for the
    false-alarm rate. Events that come to light later are learnt.
    Its points are the share of events since the promotion, its lines the shares that would signal.
    """

    def __init__(self, name: str, section: GuardChart, state: GuardState) -> None:
        self._section = section
        self._state = state
        self._stages = Stages(name, section.alarm, state.stage)

    @property
    def state(self) -> GuardState:
        """To be written, and gone on from."""
        self._state.stage = self._stages.state
        return self._state

    def take(self, observed: Observed, before: Before, epoch: Epoch, sheet: Sheet) -> None:
        """Watch more observations, in order, of the champion that took over."""
        if len(observed) == 0:
            return
        if self._stages.outdated(epoch):
            self._begin(observed, before, epoch, sheet)
        state = self._state
        if not state.watching:
            return
        observed = observed.piece(0, self._section.parts - state.seen)
        crossed = self._first_crossing(observed)
        if crossed is not None:
            observed = observed.piece(0, crossed[0] + 1)
        for filled in fill(state.open, observed, max(1, self._section.parts // _POINTS), ""):
            state.seen += len(filled.piece)
            state.last_part = filled.subgroup.last_part
            state.last_utc_ns = filled.subgroup.to_utc_ns
            state.events += int(filled.piece.values.sum())
            state.open = None if filled.whole else filled.subgroup
            if filled.whole:
                self._put(filled.subgroup, None, sheet)
        if crossed is not None:
            self._signal(crossed[1], sheet)
        state.watching = crossed is None and state.seen < self._section.parts

    def learn(self, part_numbers: Iterable[int], sheet: Sheet) -> bool:
        """Of these parts it is known by now that they were events; whether that is any news.

        What is known late is evidence as well: at no time are more events known than there are, so
        that the chance of a signal stays below that of a guard which knew all of them at once.
        """
        state = self._state
        events = sum(state.first_part <= number <= state.last_part for number in part_numbers)
        if state.seen == 0 or state.signalled or events <= state.events:
            return False
        state.events = events
        counted, seen = np.array([events]), np.array([state.seen])
        if self._signals(counted, seen, Side.ABOVE).any():
            self._signal(Side.ABOVE, sheet)
            state.watching = False
        else:
            self._put(self._so_far(), None, sheet)
        return True

    def _begin(self, first: Observed, before: Before, epoch: Epoch, sheet: Sheet) -> None:
        """Freeze the bounds: the one agreed, or those from the champion before."""
        self._stages.begin(epoch, first, sheet)
        part, utc_ns = int(first.part_number[0]), int(first.utc_ns[0])
        limits = self._bounds(before)
        self._state = GuardState(
            watching=not limits.provisional, first_part=part, first_utc_ns=utc_ns
        )
        self._stages.freeze(limits, part, utc_ns, sheet)

    def _bounds(self, before: Before) -> StageLimits:
        chance, agreed = self._section.false_alarm / ALL_SIDES, self._section.bound
        if agreed is not None:
            center, lower, upper = agreed, 0.0, agreed
        else:
            chance /= 2.0  # half for the bound, half after it
            center = before.events / before.n if before.n else 0.0
            lower, upper = clopper_pearson(before.events, before.n, 1.0 - 2.0 * chance)
        return StageLimits(
            center=center,
            sigma=1.0,
            subgroups=before.n,
            provisional=agreed is None and before.n < LEAST_BEFORE,
            parts_per_day=None,
            false_alarm_parts=None,
            seen_after_parts=None,
            design={"lower": lower, "upper": upper, "log_limit": -math.log(chance)},
        )

    def _first_crossing(self, observed: Observed) -> tuple[int, Side] | None:
        """Index of the observation with which the guard signals, and on which side."""
        state = self._state
        n = state.seen + np.arange(1, len(observed) + 1)
        events = state.events + np.cumsum(observed.values).astype(np.int64)
        found: list[tuple[int, Side]] = []
        for side in self._section.sides:
            crossed = self._signals(events, n, Side(side))
            if crossed.any():
                found.append((int(np.argmax(crossed)), Side(side)))
        return min(found, default=None)

    def _signals(self, events: Counts, n: Counts, side: Side) -> Mask:
        """Whether so many events in so many observations signal on a side, shape (k,)."""
        design = self._limits.design
        bound = design["upper" if side is Side.ABOVE else "lower"]
        if not 0.0 < bound < 1.0:  # of a champion that rejected nothing, or everything
            return np.zeros(len(n), np.bool_)
        evidence = rate_evidence(events, n, bound, RISES if side is Side.ABOVE else FALLS)
        return evidence >= design["log_limit"]

    def _signal(self, side: Side, sheet: Sheet) -> None:
        state, pattern = self._state, self._so_far()
        state.signalled = True
        hit = Hit("guard", side, state.first_part, self._limits.center)
        self._stages.say(hit, pattern, self._lines(side), state.last_part, sheet)
        if state.open is not None or self._section.bound is not None:
            self._put(state.open or pattern, side, sheet)
            state.open = None

    def _so_far(self) -> Subgroup:
        """All since the promotion."""
        state = self._state
        return Subgroup(
            "",
            state.first_part,
            state.last_part,
            state.first_utc_ns,
            state.last_utc_ns,
            state.seen,
            state.events,
        )

    def _put(self, point: Subgroup, side: Side | None, sheet: Sheet) -> None:
        self._stages.put(point, self._lines(side), sheet)

    def _lines(self, side: Side | None) -> Lines:
        """The share of events so far, and the shares that would signal."""
        n = self._state.seen
        events = np.arange(n + 1)
        all_n = np.full(n + 1, n)
        above = np.flatnonzero(self._signals(events, all_n, Side.ABOVE))
        below = np.flatnonzero(self._signals(events, all_n, Side.BELOW))
        sides = self._section.sides
        return Lines(
            value=self._state.events / n,
            center=self._limits.center,
            lower=float(below[-1]) / n if len(below) and Side.BELOW in sides else None,
            upper=float(above[0]) / n if len(above) and Side.ABOVE in sides else None,
            rules=() if side is None else ("guard",),
        )

    @property
    def _limits(self) -> StageLimits:
        limits = self._stages.state.limits
        assert limits is not None, "a guard's bounds are frozen when its stage begins"
        return limits
