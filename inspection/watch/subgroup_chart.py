"""Charts of subgroups: shares of rejects, and means of scores and of picture health."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from inspection.recipe import MeanChart, RateChart
from inspection.records.charts import StageLimits
from inspection.watch.judges import JudgeMemory, judge_averages, judge_rates, judge_sums
from inspection.watch.limits import limits_of_means, limits_of_rates
from inspection.watch.observed import Observed
from inspection.watch.sheet import Judged, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Filled, Subgroup, fill


@dataclass(slots=True)
class SubgroupState:
    """Where a chart of subgroups stands; written as JSON. baseline: its whole ones in phase I."""

    stage: StageState = field(default_factory=StageState)
    open: Subgroup | None = None
    baseline: list[Subgroup] = field(default_factory=list[Subgroup])
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
        self._state = SubgroupState()
        self._stages.begin(epoch, first, sheet)

    def _estimate(self, subgroup: Subgroup, running_ns: int, sheet: Sheet) -> None:
        """One more subgroup of phase I; the last one freezes the limits of all."""
        baseline = self._state.baseline
        baseline.append(subgroup)
        value = self._plain_value(subgroup)
        self._stages.put(subgroup, Lines(value), sheet)
        if len(baseline) < self._section.baseline_subgroups:
            return
        limits = self._limits(self._stages.parts_per_day(running_ns))
        self._stages.freeze(limits, subgroup.last_part, subgroup.to_utc_ns, sheet)
        for back, judged in enumerate(reversed(list(self._judged(baseline, limits))), 1):
            self._stages.replace(back, judged.subgroup, judged.lines, sheet)
        self._state.memory = JudgeMemory()
        baseline.clear()

    def _limits(self, parts_per_day: float) -> StageLimits:
        section, baseline = self._section, self._state.baseline
        if isinstance(section, RateChart):
            return limits_of_rates(section, baseline, parts_per_day)
        return limits_of_means(section, baseline, parts_per_day)

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
