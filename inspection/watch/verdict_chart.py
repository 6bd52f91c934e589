"""The CUSUM of every verdict: the alarm, part by part."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from inspection.recipe.charts import VerdictCusum
from inspection.spc.bernoulli import BernoulliDesign, BernoulliState
from inspection.spc.result import Side
from inspection.watch.limits import cusum_of_verdicts
from inspection.watch.observed import Observed
from inspection.watch.sheet import Hit, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Subgroup, fill

PHASE_I_AT_MOST = 10
"""Phase I takes at most so many times its parts, however few rejects it has seen."""


@dataclass(slots=True)
class VerdictState:
    """Where the CUSUM stands; written as JSON.

    rejected: in phase I. open: the hour so far, and highest: its highest sum, in steps.
    steps, climb_start, seen: as `BernoulliState`. climb_part: the first part of the climb.
    """

    stage: StageState = field(default_factory=StageState)
    rejected: int = 0
    open: Subgroup | None = None
    highest: int = 0
    signalled: bool = False
    steps: int = 0
    climb_start: int = 0
    climb_part: int = 0
    seen: int = 0


class VerdictChart:
    """Takes verdicts (1 for a reject, 0 for a pass) of inspected parts.

    Its points are hours, each with the highest sum in it, in rejects; in phase I that is 0.
    """

    def __init__(self, name: str, section: VerdictCusum, state: VerdictState) -> None:
        self._section = section
        self._state = state
        self._stages = Stages(name, section.alarm, state.stage)

    @property
    def state(self) -> VerdictState:
        """To be written, and gone on from."""
        self._state.stage = self._stages.state
        return self._state

    def take(self, verdicts: Observed, epoch: Epoch, label: str, sheet: Sheet) -> None:
        """Watch more verdicts, in order."""
        if len(verdicts) == 0:
            return
        if self._stages.outdated(epoch):
            self._end_hour(sheet)
            self._state = VerdictState()
            self._stages.begin(epoch, verdicts, sheet)
        if self._stages.state.limits is None:
            end = self._end_of_phase_one(verdicts)
            self._estimate(verdicts.piece(0, end), sheet)
            verdicts = verdicts.piece(end, len(verdicts))
        if len(verdicts):
            self._monitor(verdicts, sheet)

    def _end_of_phase_one(self, verdicts: Observed) -> int:
        """How many of these parts phase I still takes."""
        parts = self._stages.state.seen + np.arange(1, len(verdicts) + 1)
        rejected = self._state.rejected + np.cumsum(verdicts.values)
        wanted = self._section.baseline_parts
        enough = (parts >= wanted) & (rejected >= self._section.baseline_rejects)
        enough |= parts >= PHASE_I_AT_MOST * wanted
        return int(np.argmax(enough)) + 1 if enough.any() else len(verdicts)

    def _estimate(self, verdicts: Observed, sheet: Sheet) -> None:
        state, stage = self._state, self._stages.state
        stage.seen += len(verdicts)
        state.rejected += int(verdicts.values.sum())
        for _ in self._hours(verdicts, sheet):
            pass
        wanted = self._section.baseline_parts
        if stage.seen < wanted or (
            state.rejected < self._section.baseline_rejects
            and stage.seen < PHASE_I_AT_MOST * wanted
        ):
            return
        self._end_hour(sheet)
        per_day = self._stages.parts_per_day(int(verdicts.running_ns[-1]))
        limits = cusum_of_verdicts(self._section, state.rejected, stage.seen, per_day)
        last, utc_ns = int(verdicts.part_number[-1]), int(verdicts.utc_ns[-1])
        self._stages.freeze(limits, last, utc_ns, sheet)

    def _monitor(self, verdicts: Observed, sheet: Sheet) -> None:
        design = self._design()
        for piece in self._hours(verdicts, sheet):
            if design is not None:
                self._climb(piece, design, sheet)

    def _design(self) -> BernoulliDesign | None:
        limits = self._stages.state.limits
        if limits is None or not limits.design:
            return None
        parts, limit = int(limits.design["parts"]), int(limits.design["limit"])
        return BernoulliDesign(limits.center, parts, limit)

    def _climb(self, piece: Observed, design: BernoulliDesign, sheet: Sheet) -> None:
        """The sum over these verdicts, which lie in one hour."""
        state = self._state
        sums = BernoulliState(state.steps, state.climb_start, state.seen)
        base = state.seen
        for at in np.flatnonzero(piece.values).tolist():
            before = sums.after_good(base + at - sums.seen)
            self._note_climb(before, base, piece)
            reached = before.steps + design.parts - 1
            state.highest = max(state.highest, reached)
            sums, signal = before.update(True, design)
            if signal is not None:
                self._signal(piece, at, reached, design, sheet)
        sums = sums.after_good(base + len(piece) - sums.seen)
        self._note_climb(sums, base, piece)
        state.steps, state.climb_start, state.seen = sums.steps, sums.climb_start, sums.seen

    def _note_climb(self, sums: BernoulliState, base: int, piece: Observed) -> None:
        """Remember the first part of the climb, once it has come."""
        at = sums.climb_start - base
        if 0 <= at < len(piece):
            self._state.climb_part = int(piece.part_number[at])

    def _signal(
        self, piece: Observed, at: int, reached: int, design: BernoulliDesign, sheet: Sheet
    ) -> None:
        self._state.signalled = True
        lines = Lines(reached / design.parts, 0.0, None, design.limit / design.parts, ("cusum",))
        hit = Hit("cusum", Side.ABOVE, self._state.climb_part, design.rate)
        part, utc_ns = int(piece.part_number[at]), int(piece.utc_ns[at])
        reject = Subgroup("", part, part, utc_ns, utc_ns, 1, 1.0)
        self._stages.say(hit, reject, lines, part, sheet)

    def _hours(self, verdicts: Observed, sheet: Sheet) -> Iterator[Observed]:
        """The verdicts hour by hour; an hour that is over becomes a point."""
        for filled in fill(self._state.open, verdicts, "hour", ""):
            if filled.whole:
                self._end_hour(sheet)
            else:
                self._state.open = filled.subgroup
                yield filled.piece

    def _end_hour(self, sheet: Sheet) -> None:
        state, design = self._state, self._design()
        if state.open is None:
            return
        lines = Lines(0.0)
        if design is not None:
            rules = ("cusum",) if state.signalled else ()
            value, limit = state.highest / design.parts, design.limit / design.parts
            lines = Lines(value, 0.0, None, limit, rules)
        self._stages.put(state.open, lines, sheet)
        state.open, state.highest, state.signalled = None, state.steps, False
