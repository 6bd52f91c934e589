"""Drift: block by block, a distribution is held against that of the stage's first parts."""

import math
from dataclasses import dataclass, field

from inspection.recipe.charts import DriftChart
from inspection.records.charts import StageLimits
from inspection.spc.distributions import kolmogorov_smirnov, neighbours_correlation
from inspection.spc.result import Side
from inspection.watch.observed import Observed
from inspection.watch.sheet import Hit, Judged, Lines, Sheet
from inspection.watch.stages import Epoch, Stages, StageState
from inspection.watch.subgroups import Filled, Subgroup, fill

MOST_ALPHA = 0.05
"""Of one look, where a line is so slow that a look comes more seldom than a false alarm may."""


@dataclass(slots=True)
class DriftState:
    """Where the chart stands; written as JSON.

    values: of phase I so far, in order; after it, of the open block.
    """

    stage: StageState = field(default_factory=StageState)
    open: Subgroup | None = None
    values: list[float] = field(default_factory=list[float])


class DriftRunner:
    """Takes measurements; its points are blocks of them, each with the evidence that it differs.

    The reference is phase I. Blocks do not overlap, and each is tested once (Kolmogorov-Smirnov,
    exact), at the chance that gives the wanted days between false alarms of all such charts.
    reference: that of the present stage, sorted; written once, as it does not change.
    """

    def __init__(
        self, name: str, section: DriftChart, state: DriftState, reference: tuple[float, ...]
    ) -> None:
        self._section = section
        self._state = state
        self._stages = Stages(name, section.alarm, state.stage)
        self.reference = reference

    @property
    def state(self) -> DriftState:
        """To be written, and gone on from."""
        self._state.stage = self._stages.state
        return self._state

    def take(self, observed: Observed, epoch: Epoch, label: str, sheet: Sheet) -> None:
        """Watch more measurements, in order."""
        if len(observed) == 0:
            return
        if self._stages.outdated(epoch):
            self._state, self.reference = DriftState(), ()
            self._stages.begin(epoch, observed, sheet)
        if self._stages.state.limits is None:
            room = self._section.reference_parts - len(self._state.values)
            self._learn(observed.piece(0, room), sheet)
            observed = observed.piece(room, len(observed))
        for filled in fill(self._state.open, observed, self._section.subgroup, ""):
            self._state.values.extend(filled.piece.values.tolist())
            self._state.open = filled.subgroup
            if filled.whole:
                self._look(filled, sheet)
                self._state.open, self._state.values = None, []

    def _learn(self, observed: Observed, sheet: Sheet) -> None:
        """More of the reference; the last of it ends phase I."""
        values, stage = self._state.values, self._stages.state
        values.extend(observed.values.tolist())
        stage.seen += len(observed)
        if len(values) < self._section.reference_parts:
            return
        pace = self._stages.parts_per_day(int(observed.running_ns[-1]))
        limits = limits_of_drift(self._section, values, pace)
        self._stages.freeze(
            limits,
            int(observed.part_number[-1]),
            int(observed.utc_ns[-1]),
            sheet,
            reference=tuple(sorted(values)),
        )
        self.reference, self._state.values = tuple(sorted(values)), []

    def _look(self, block: Filled, sheet: Sheet) -> None:
        limits = self._stages.state.limits
        assert limits is not None, "blocks are filled after phase I"
        correlation, alpha = limits.design["correlation"], limits.design["alpha"]
        found = kolmogorov_smirnov(self.reference, self._state.values, correlation=correlation)
        hits = (Hit("ks", Side.ABOVE, block.subgroup.first_part),)
        signals = found.p_value <= alpha
        lines = Lines(found.evidence, 0.0, None, -math.log10(alpha), ("ks",) if signals else ())
        judged = Judged(block.subgroup, lines, hits if signals else ())
        self._stages.put(block.subgroup, lines, sheet)
        self._stages.signal(judged, block.known_part, sheet)


def limits_of_drift(section: DriftChart, reference: list[float], per_day: float) -> StageLimits:
    """The chance of a false alarm at each look, which leaves the wanted days between them.

    reference: in order. per_day: measurements in 24 hours of the running line. False alarms of
    `together` charts add up, whatever hangs together among them (Bonferroni).
    """
    wanted = section.false_alarm_days * section.together * per_day
    alpha = min(section.subgroup / wanted, MOST_ALPHA)
    return StageLimits(
        center=0.0,
        sigma=1.0,
        subgroups=len(reference),
        provisional=False,
        parts_per_day=per_day,
        false_alarm_parts=section.subgroup / alpha,
        seen_after_parts=None,
        design={
            "alpha": alpha,
            "correlation": neighbours_correlation(reference),
            "together": float(section.together),
        },
    )
