"""The board: all charts of a station as its recipe wants them, each drawn on by what it is of."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from inspection.recipe.charts import (
    DriftChart,
    GapChart,
    GuardChart,
    StationChart,
    VerdictCusum,
)
from inspection.records.charts import HEALTH, Measure
from inspection.watch.drift_chart import DriftRunner, DriftState
from inspection.watch.gap_chart import ClassGaps, GapState
from inspection.watch.guard_chart import GuardRunner, GuardState
from inspection.watch.memory import PICTURES, SCORES, VERDICTS, Memory
from inspection.watch.observed import Observed
from inspection.watch.sheet import Sheet
from inspection.watch.stages import Epoch
from inspection.watch.stretch import Stretch
from inspection.watch.subgroup_chart import SubgroupChart, SubgroupState
from inspection.watch.takeover import Promoted
from inspection.watch.verdict_chart import VerdictChart, VerdictState

Runner = VerdictChart | SubgroupChart | ClassGaps | DriftRunner | GuardRunner
RunnerState = VerdictState | SubgroupState | GapState | DriftState | GuardState

_STATES: Mapping[type[RunnerState], TypeAdapter[Any]] = {
    kind: TypeAdapter(kind)
    for kind in (VerdictState, SubgroupState, GapState, DriftState, GuardState)
}


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """A chart on the board. class_name, camera_id: "" where it is not of one."""

    name: str
    section: StationChart
    class_name: str
    camera_id: str
    runner: Runner

    @property
    def measure(self) -> Measure:
        return Measure(self.section.of)

    def state_json(self) -> str:
        """The chart's state, to be written."""
        state = self.runner.state
        return json.dumps(_STATES[type(state)].dump_python(state))

    def saved(self) -> "SavedChart":
        """As it would come from the database now."""
        reference = self.runner.reference if isinstance(self.runner, DriftRunner) else ()
        settings = self.section.model_dump(mode="json")
        return SavedChart(self.class_name, self.camera_id, settings, self.state_json(), reference)


@dataclass(frozen=True, slots=True)
class SavedChart:
    """A chart as the watch's database has it.

    settings: the recipe's section it was drawn by. reference: of a chart of drift, its stage's.
    """

    class_name: str
    camera_id: str
    settings: Mapping[str, Any]
    state_json: str
    reference: tuple[float, ...] = ()


class Board:
    """Charts by name; those that the recipe no longer wants are left as they are."""

    def __init__(self, saved: dict[str, SavedChart], promoted: Promoted) -> None:
        """saved: all charts of the database, by name; kept up to date when the recipe changes."""
        self._saved = saved
        self._promoted = promoted
        self._sections: tuple[StationChart, ...] = ()
        self._charts: dict[str, DrawnChart] = {}
        self._retired: list[DrawnChart] = []

    def drawn(self) -> list[DrawnChart]:
        """The charts that may have been drawn on since this was last asked, the present last."""
        drawn = [*self._retired, *self._charts.values()]
        self._retired = []
        return drawn

    def want(self, sections: tuple[StationChart, ...]) -> None:
        """Draw these charts from now on; one whose settings differ is begun anew."""
        if sections == self._sections:
            return
        self._retired.extend(self._charts.values())
        for chart in self._charts.values():
            self._saved[chart.name] = chart.saved()
        self._sections, self._charts = sections, {}
        for section in sections:
            for saved in list(self._saved.values()):
                own = saved.settings["name"] == section.name
                if own and saved.class_name and isinstance(section, GapChart):
                    self._chart(section, class_name=saved.class_name)

    def exclude(self, name: str, point: int, reason: str, sheet: Sheet) -> bool:
        """Leave a point of phase I out of a chart's limits; False where it is not on this board.

        Raises SpcError when it cannot be left out.
        """
        saved = self._saved.get(name)
        wanted = next(
            (s for s in self._sections if saved and s.name == saved.settings["name"]), None
        )
        if name not in self._charts and saved is not None and wanted is not None:
            self._chart(wanted, saved.class_name, saved.camera_id)
        chart = self._charts.get(name)
        if chart is None or not isinstance(chart.runner, SubgroupChart):
            return False
        chart.runner.exclude(point, reason, sheet)
        return True

    def take(self, stretch: Stretch, memory: Memory, sheet: Sheet) -> None:
        """Draw on every chart that is of parts."""
        for section in self._sections:
            if isinstance(section, GuardChart):
                self._guard(section, stretch, memory, sheet)
                continue
            for chart, observed in self._observed(section, stretch, memory, sheet):
                self._draw(chart, observed, memory, sheet)
        memory.count_inspected(stretch.inspected, stretch.first_inspected())

    def _observed(
        self, section: StationChart, stretch: Stretch, memory: Memory, sheet: Sheet
    ) -> Iterator[tuple[DrawnChart, Observed]]:
        measure = Measure(section.of)
        if measure in (Measure.REJECTS, Measure.REVIEWED_REJECTS):
            yield self._chart(section), stretch.verdicts()
        elif measure is Measure.FALSE_REJECTS:
            yield self._chart(section), stretch.false_rejects()
        elif measure is Measure.SCORE:
            yield self._chart(section), stretch.scores()
        elif measure is Measure.FINDING_PX:
            yield self._chart(section), stretch.finding_sizes()
        elif measure is Measure.CLASSES:
            for name in stretch.classes():
                self._class_chart(section, name, stretch, memory, sheet)
            for chart in list(self._charts.values()):
                if chart.section is section:
                    yield chart, stretch.verdicts_on(chart.class_name)
        elif measure in HEALTH:
            for camera in stretch.cameras():
                yield self._chart(section, camera=camera), stretch.health(camera, measure)

    def _draw(self, chart: DrawnChart, observed: Observed, memory: Memory, sheet: Sheet) -> None:
        epoch = memory.epoch(_EPOCHS.get(chart.measure, PICTURES))
        if not isinstance(chart.runner, GuardRunner):
            chart.runner.take(observed, epoch, _label(chart.section, memory), sheet)

    def _guard(self, section: GuardChart, stretch: Stretch, memory: Memory, sheet: Sheet) -> None:
        """There is a guard once a champion was promoted over another."""
        observed = _guarded(section, stretch)
        if len(observed) == 0:
            return
        recent = memory.recently(section.of, int(observed.utc_ns[0]), self._promoted)
        recent.add(observed.values, section.baseline_parts)
        if recent.before is not None:
            runner = self._chart(section).runner
            if isinstance(runner, GuardRunner):
                runner.take(observed, recent.before, memory.epoch(VERDICTS), sheet)

    def learn_escapes(self, escaped: Callable[[], Iterable[int]], epoch: int, sheet: Sheet) -> bool:
        """Tell the guards of this epoch which parts escaped, by number; whether that is any news.

        escaped: asked where there is such a guard.
        """
        told = False
        for section in self._sections:
            known = section.name in self._charts or section.name in self._saved
            if section.of == Measure.ESCAPES and known:
                runner = self._chart(section).runner
                if isinstance(runner, GuardRunner) and runner.state.stage.epoch == epoch:
                    told |= runner.learn(escaped(), sheet)
        return told

    def _class_chart(
        self, section: StationChart, name: str, stretch: Stretch, memory: Memory, sheet: Sheet
    ) -> None:
        """A class that comes for the first time: its first gap began with the epoch."""
        if f"{section.name} {name}" in self._charts:
            return
        chart = self._chart(section, class_name=name)
        epoch = memory.epochs[VERDICTS]
        if isinstance(chart.runner, ClassGaps) and chart.runner.state.stage.number == 0:
            first = memory.first_of_epoch() or stretch.first_inspected()
            runner_epoch = Epoch(epoch.number, epoch.because)
            chart.runner.begin(runner_epoch, first, epoch.inspected, sheet)

    def _chart(self, section: StationChart, class_name: str = "", camera: str = "") -> DrawnChart:
        name = " ".join(part for part in (section.name, class_name, camera) if part)
        chart = self._charts.get(name)
        if chart is None:
            runner = _runner(name, section, self._saved.get(name))
            chart = DrawnChart(name, section, class_name, camera, runner)
            self._charts[name] = chart
        return chart


def _guarded(section: GuardChart, stretch: Stretch) -> Observed:
    """What a guard sees of parts as they come; none of them is known to have escaped by then."""
    if section.of == Measure.REJECTS:
        return stretch.verdicts()
    if section.of == Measure.FALSE_REJECTS:
        return stretch.false_rejects()
    inspected = stretch.verdicts()
    return replace(inspected, values=np.zeros(len(inspected)))


_EPOCHS: Mapping[Measure, str] = {
    Measure.REJECTS: VERDICTS,
    Measure.REVIEWED_REJECTS: VERDICTS,
    Measure.FALSE_REJECTS: VERDICTS,
    Measure.CLASSES: VERDICTS,
    Measure.SCORE: SCORES,
    Measure.FINDING_PX: SCORES,
}


def _runner(name: str, section: StationChart, saved: SavedChart | None) -> Runner:
    """The chart's runner, from its saved state; begun anew where the settings are others."""
    same = saved is not None and saved.settings == section.model_dump(mode="json")
    text = saved.state_json if saved is not None else None
    if isinstance(section, VerdictCusum):
        return VerdictChart(name, section, _state(VerdictState, text, same))
    if isinstance(section, GapChart):
        return ClassGaps(name, section, _state(GapState, text, same))
    if isinstance(section, GuardChart):
        return GuardRunner(name, section, _state(GuardState, text, same))
    if isinstance(section, DriftChart):
        reference = saved.reference if saved is not None and same else ()
        return DriftRunner(name, section, _state(DriftState, text, same), reference)
    return SubgroupChart(name, section, _state(SubgroupState, text, same))


def _state(kind: type[Any], text: str | None, same: bool) -> Any:
    """The saved state; of other settings, only the numbers that are counted on."""
    if text is None:
        return kind()
    if same:
        return _STATES[kind].validate_json(text)
    stage = TypeAdapter(_Counted).validate_json(text).stage
    state = kind()
    state.stage.number, state.stage.next_point = stage.number, stage.next_point
    state.stage.because = "other settings of the chart"
    return state


@dataclass(slots=True)
class _StageNumbers:
    number: int
    next_point: int


@dataclass(slots=True)
class _Counted:
    stage: _StageNumbers


def _label(section: StationChart, memory: Memory) -> str:
    counted = isinstance(section, VerdictCusum | GapChart | GuardChart | DriftChart)
    by = "hour" if counted else section.subgroup
    if by == "shift":
        began = datetime.fromtimestamp(memory.shift_began_ns // 1_000_000_000, UTC)
        return f"{began:%Y-%m-%d} {memory.shift}".strip()
    labels = {"lot": memory.lot, "product": memory.product}
    return labels.get(str(by)) or ""
