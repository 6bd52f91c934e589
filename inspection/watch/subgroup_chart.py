"""Charts of subgroups: shares of rejects, and means of scores and of picture health."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from inspection.recipe.charts import MeanChart, RateChart
from inspection.records.charts import StageLimits
from inspection.spc.errors import SpcError
from inspection.watch.judges import JudgeMemory, judge_averages, judge_rates, judge_sums
from inspection.watch.limits import limits_of_means, limits_of_rates
from inspection.watch.observed import Observed
from inspection.watch.sheet import Judged, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Filled, Subgroup, fill


@dataclass(slots=True)
class SubgroupState:
    """Where a chart of subgroups stands; written as JSON.

    baseline: the subgroups of phase I, kept for estimating anew. first_point: number of the first
    of their points. excluded: those left out of the limits, by number, with the reason.
    """

    stage: StageState = field(default_factory=StageState)
    open: Subgroup | None = None
    baseline: list[Subgroup] = field(default_factory=list[Subgroup])
    first_point: int = 0
    excluded: dict[int, str] = field(default_factory=dict[int, str])
    memory: JudgeMemory = field(default_factory=JudgeMemory)


class SubgroupChart:
    """Takes verdicts (1 or 0) or measurements, and judges them subgroup by subgroup."""

    def __init__(self, name: str, section: RateChart | MeanChart, state: SubgroupState) -> None:
        self._section = section
        self._state = state
        self._stages = Stages(name, section.alarm, state.stage)

    @property
    def state(self) -> SubgroupState:
        """To be written, and gone on from."""
        self._state.stage = self._stages.state
        return self._state

    def take(self, observed: Observed, epoch: Epoch, label: str, sheet: Sheet) -> None:
        """Watch more observations, in order, all of one shift, lot and product: the label's."""
        if len(observed) == 0:
            return
        if self._stages.outdated(epoch):
            self._begin(epoch, observed, sheet)
        waiting: list[Filled] = []
        for filled in fill(self._state.open, observed, self._section.subgroup, label):
            if self._stages.state.limits is None:
                self._stages.state.seen += len(filled.piece)
            self._state.open = None if filled.whole else filled.subgroup
            if not filled.whole:
                continue
            if self._stages.state.limits is None:
                self._estimate(filled.subgroup, filled.running_ns, sheet)
            else:
                waiting.append(filled)
        self._monitor(waiting, sheet)

    def _begin(self, epoch: Epoch, first: Observed, sheet: Sheet) -> None:
        """A new stage; what was open is not whole and belongs to none."""
        self._state = SubgroupState(first_point=self._stages.state.next_point)
        self._stages.begin(epoch, first, sheet)

    def _estimate(self, subgroup: Subgroup, running_ns: int, sheet: Sheet) -> None:
        """One more subgroup of phase I; the last one freezes the limits of all."""
        baseline = self._state.baseline
        baseline.append(subgroup)
        value = self._plain_value(subgroup)
        self._stages.put(subgroup, Lines(value), sheet)
        if len(baseline) < self._section.baseline_subgroups:
            return
        self._freeze(self._limits(self._stages.parts_per_day(running_ns)), sheet)

    def exclude(self, point: int, reason: str, sheet: Sheet) -> None:
        """Leave a point of the present phase I out of the limits; estimate them anew if frozen.

        Phase II goes on against the new limits, from their center; its points so far stay as they
        were judged. Raises SpcError when too little is left to estimate from, or for a point that
        is not of this phase I.
        """
        state, frozen = self._state, self._stages.state.limits
        numbers = range(state.first_point, state.first_point + len(state.baseline))
        if point not in numbers:
            raise SpcError(
                f"point {point} is not of the present phase I, which has {len(numbers)} points "
                f"from {state.first_point} on"
            )
        kept = dict(state.excluded)
        state.excluded[point] = reason
        try:
            limits = None if frozen is None else self._limits(frozen.parts_per_day or 0.0)
        except SpcError:
            state.excluded = kept
            raise
        if limits is not None:
            self._freeze(limits, sheet)

    def _freeze(self, limits: StageLimits, sheet: Sheet) -> None:
        """These are the limits from now on; phase I is drawn against them."""
        state = self._state
        last = state.baseline[-1]
        self._stages.freeze(limits, last.last_part, last.to_utc_ns, sheet)
        state.memory = JudgeMemory()
        for number, judged in enumerate(self._judged(state.baseline, limits), state.first_point):
            self._stages.redraw(number, judged.subgroup, judged.lines, sheet)
        state.memory = JudgeMemory()

    def _limits(self, parts_per_day: float) -> StageLimits:
        section, state = self._section, self._state
        excluded = {point - state.first_point: why for point, why in state.excluded.items()}
        if isinstance(section, RateChart):
            return limits_of_rates(section, state.baseline, parts_per_day, excluded)
        return limits_of_means(section, state.baseline, parts_per_day, excluded)

    def _monitor(self, whole: list[Filled], sheet: Sheet) -> None:
        limits = self._stages.state.limits
        if not whole or limits is None:
            return
        judged = self._judged([filled.subgroup for filled in whole], limits)
        for filled, one in zip(whole, judged, strict=True):
            self._stages.put(one.subgroup, one.lines, sheet)
            self._stages.signal(one, filled.known_part, sheet)

    def _judged(self, subgroups: list[Subgroup], limits: StageLimits) -> Iterable[Judged]:
        section, memory = self._section, self._state.memory
        if isinstance(section, RateChart):
            return judge_rates(section.kind, section.rules, subgroups, limits, memory)
        judge = judge_averages if section.kind == "ewma" else judge_sums
        return judge(subgroups, limits, memory)

    def _plain_value(self, subgroup: Subgroup) -> float:
        return 0.0 if self._section.kind == "cusum" else subgroup.mean
