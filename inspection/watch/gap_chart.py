"""The g chart of one defect class: good parts between two rejects for it."""

from dataclasses import dataclass, field

import numpy as np

from inspection.recipe.charts import GapChart
from inspection.spc.gaps import GDesign, GState, gaps_between
from inspection.spc.result import Signal
from inspection.watch.limits import limits_of_gaps
from inspection.watch.observed import Observed
from inspection.watch.sheet import Hit, Judged, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Subgroup


@dataclass(slots=True)
class GapState:
    """Where a g chart stands; written as JSON.

    open_gap: inspected parts since the last reject for the class. since_part, since_utc_ns: the
    first of these. baseline: gaps of phase I. zeros, seen: as `GState`.
    """

    stage: StageState = field(default_factory=StageState)
    open_gap: int = 0
    since_part: int | None = None
    since_utc_ns: int = 0
    baseline: list[Subgroup] = field(default_factory=list[Subgroup])
    zeros: int = 0
    seen: int = 0


class ClassGaps:
    """Takes verdicts of inspected parts: 1 where a part was rejected for the class, else 0."""

    def __init__(self, name: str, section: GapChart, state: GapState) -> None:
        self._section = section
        self._state = state
        self._stages = Stages(name, section.alarm, state.stage)

    @property
    def state(self) -> GapState:
        """To be written, and gone on from."""
        self._state.stage = self._stages.state
        return self._state

    def take(self, verdicts: Observed, epoch: Epoch, label: str, sheet: Sheet) -> None:
        """Watch more verdicts, in order."""
        if len(verdicts) == 0:
            return
        if self._stages.outdated(epoch):
            self.begin(epoch, verdicts, 0, sheet)
        for gap in self._ended(verdicts):
            self._judge(gap, verdicts, sheet)

    def begin(self, epoch: Epoch, first: Observed, good: int, sheet: Sheet) -> None:
        """Begin a stage at the first of these parts, with so many good ones watched since."""
        part, utc_ns = int(first.part_number[0]), int(first.utc_ns[0])
        self._state = GapState(open_gap=good, since_part=part, since_utc_ns=utc_ns)
        self._stages.begin(epoch, first, sheet)

    def _ended(self, verdicts: Observed) -> list[Subgroup]:
        """The gaps that end among these parts; each is a subgroup of one, its total the gap."""
        state = self._state
        if state.since_part is None:
            state.since_part, state.since_utc_ns = _part_at(verdicts, 0)
        gaps = gaps_between(verdicts.values, open_before=state.open_gap)
        found: list[Subgroup] = []
        for length, at in zip(gaps.lengths.tolist(), gaps.ends.tolist(), strict=True):
            part, utc_ns = _part_at(verdicts, at)
            first, since_ns = state.since_part or 0, state.since_utc_ns
            found.append(Subgroup("", first, part, since_ns, utc_ns, 1, float(length)))
            state.since_part = None
            if at + 1 < len(verdicts):
                state.since_part, state.since_utc_ns = _part_at(verdicts, at + 1)
        state.open_gap = gaps.open
        return found

    def _judge(self, gap: Subgroup, verdicts: Observed, sheet: Sheet) -> None:
        if self._stages.state.limits is None:
            self._estimate(gap, verdicts, sheet)
            return
        design = self._design()
        if design is None:
            return
        judged = self._against(design, gap)
        self._stages.put(judged.subgroup, judged.lines, sheet)
        self._stages.signal(judged, gap.last_part, sheet)

    def _estimate(self, gap: Subgroup, verdicts: Observed, sheet: Sheet) -> None:
        """One more gap of phase I, which goes on while every gap is 0: there is no rate then."""
        baseline = self._state.baseline
        baseline.append(gap)
        self._stages.put(gap, Lines(gap.total), sheet)
        if len(baseline) < self._section.baseline_gaps or not any(g.total for g in baseline):
            return
        lengths = [int(g.total) for g in baseline]
        at = int(np.searchsorted(verdicts.part_number, gap.last_part))
        self._stages.state.seen = sum(lengths) + len(lengths)
        per_day = self._stages.parts_per_day(int(verdicts.running_ns[at]))
        limits = limits_of_gaps(lengths, per_day)
        self._stages.freeze(limits, gap.last_part, gap.to_utc_ns, sheet)
        design = GDesign(limits.center)
        first = self._stages.state.next_point - len(baseline)
        for number, old in enumerate(baseline, first):
            judged = self._against(design, old)
            self._stages.redraw(number, judged.subgroup, judged.lines, sheet)
        self._state.zeros = self._state.seen = 0
        baseline.clear()

    def _design(self) -> GDesign | None:
        """None where the class is not rare: a point for every reject would say nothing."""
        limits = self._stages.state.limits
        return None if limits is None or not limits.design["rare"] else GDesign(limits.center)

    def _against(self, design: GDesign, gap: Subgroup) -> Judged:
        state = self._state
        after, signals = GState(state.zeros, state.seen).step([int(gap.total)], design)
        state.zeros, state.seen = after.zeros, after.seen
        hits = tuple(_hit(signal, gap) for signal in signals)
        lower, upper = design.lines
        rules = tuple(hit.rule for hit in hits)
        return Judged(gap, Lines(gap.total, design.mean, lower, upper, rules), hits)


def _part_at(observed: Observed, at: int) -> tuple[int, int]:
    return int(observed.part_number[at]), int(observed.utc_ns[at])


def _hit(signal: Signal, gap: Subgroup) -> Hit:
    return Hit(signal.rule, signal.side, gap.first_part)
