"""The stages of a chart: where phase I began, what it froze, and how signals are raised."""

from dataclasses import dataclass, field

from inspection.records.charts import StageLimits
from inspection.watch.limits import pace
from inspection.watch.observed import Observed
from inspection.watch.sheet import Frozen, Hit, Judged, Lines, NewStage, Raised, Sheet
from inspection.watch.subgroups import Subgroup


@dataclass(slots=True)
class StageState:
    """Where a chart stands; written as JSON.

    number: of the stage, from 1; 0 before the first. epoch: what the stage belongs to, see
    `inspection.watch.memory`. begun_running_ns: running time of the line when it began. seen:
    observations in phase I. next_point: number of the chart's next point. signalling: rules that
    signal at the last point, each with its side: a signal is raised where this begins. because: why
    the next stage begins, where that is not the epoch.
    """

    number: int = 0
    epoch: int = -1
    begun_running_ns: int = 0
    seen: int = 0
    next_point: int = 0
    limits: StageLimits | None = None
    because: str = ""
    signalling: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Epoch:
    """What limits belong to. number: counts up with every change that ends them, told `because`."""

    number: int
    because: str


@dataclass(slots=True)
class Stages:
    """One chart's stages. alarm: whether the chart raises signals."""

    chart: str
    alarm: bool
    state: StageState

    def outdated(self, epoch: Epoch) -> bool:
        """Whether the present stage belongs to another epoch."""
        return self.state.epoch != epoch.number

    def begin(self, epoch: Epoch, first: Observed, sheet: Sheet) -> None:
        """Begin a stage, in phase I, at the first of these observations."""
        because = self.state.because or epoch.because
        self.state = StageState(
            number=self.state.number + 1,
            epoch=epoch.number,
            begun_running_ns=int(first.running_ns[0]),
            next_point=self.state.next_point,
        )
        part, utc_ns = int(first.part_number[0]), int(first.utc_ns[0])
        sheet.stages.append(NewStage(self.chart, self.state.number, part, utc_ns, because))

    def parts_per_day(self, running_ns: int) -> float:
        """The pace of the phase I that ends now."""
        return pace(self.state.seen, running_ns - self.state.begun_running_ns)

    def freeze(
        self,
        limits: StageLimits,
        part: int,
        utc_ns: int,
        sheet: Sheet,
        reference: tuple[float, ...] = (),
    ) -> None:
        """End phase I at this part. reference: what is kept of it, beside the limits."""
        self.state.limits = limits
        frozen = Frozen(self.chart, self.state.number, part, utc_ns, limits, reference)
        sheet.frozen.append(frozen)

    def put(self, subgroup: Subgroup, lines: Lines, sheet: Sheet) -> None:
        """Add a point to the chart."""
        sheet.points[self.chart, self.state.next_point] = (self.state.number, subgroup, lines)
        self.state.next_point += 1

    def redraw(self, number: int, subgroup: Subgroup, lines: Lines, sheet: Sheet) -> None:
        """Draw a point of the present stage anew."""
        sheet.points[self.chart, number] = (self.state.number, subgroup, lines)

    def signal(self, judged: Judged, known_part: int, sheet: Sheet) -> None:
        """Raise a signal for each rule that did not signal on this side at the point before.

        known_part: the part with which the point was known to be whole.
        """
        before = self.state.signalling
        self.state.signalling = {hit.rule: hit.side.value for hit in judged.hits}
        for hit in judged.hits:
            if before.get(hit.rule) != hit.side.value:
                last = judged.subgroup
                self.say(hit, last, judged.lines, known_part, sheet)

    def say(self, hit: Hit, until: Subgroup, lines: Lines, known_part: int, sheet: Sheet) -> None:
        """Raise a signal whose pattern ends with this subgroup, if this chart is an alarm."""
        if self.alarm:
            sheet.raised.append(
                Raised(
                    chart=self.chart,
                    stage=self.state.number,
                    rule=hit.rule,
                    side=hit.side,
                    first_part=hit.first_part,
                    last_part=until.last_part,
                    known_part=known_part,
                    at_utc_ns=until.to_utc_ns,
                    lines=lines,
                    rate=hit.rate,
                )
            )
