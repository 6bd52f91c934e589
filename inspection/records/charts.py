"""What the watch keeps of its charts, as values: charts, stages, points, signals, roll-ups."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ChartKind(StrEnum):
    """How a chart is drawn and judged; each is a function of `inspection.spc`."""

    BERNOULLI = "bernoulli"  # CUSUM of every verdict: the alarm
    P = "p"  # share of rejects per subgroup, three sigma of the binomial
    LANEY_P = "laney_p"  # the same, with limits for a rate that wanders
    G = "g"  # good parts between two rejects of a class
    EWMA = "ewma"  # average of subgroup means that forgets
    CUSUM = "cusum"  # tabular CUSUM of subgroup means
    KS = "ks"  # a distribution against that of phase I: Kolmogorov-Smirnov
    GUARD = "guard"  # the rate of a new champion against that of the one before


class Measure(StrEnum):
    """What a chart is of."""

    REJECTS = "rejects"  # the station's verdicts on inspected parts
    REVIEWED_REJECTS = "reviewed_rejects"  # the same, less the rejects that people overruled
    FALSE_REJECTS = "false_rejects"  # of the reviewed rejects, those that people overruled
    ESCAPES = "escapes"  # inspected parts that turned out to have escaped
    CLASSES = "classes"  # rejects for one defect class
    SCORE = "score"  # the model's score of a part
    FINDING_PX = "finding_px"  # area of the largest finding of a part that has one
    BRIGHTNESS = "brightness"
    SHARPNESS = "sharpness"
    NOISE = "noise"
    VIGNETTING = "vignetting"
    SATURATED = "saturated"


HEALTH = (
    Measure.BRIGHTNESS, Measure.SHARPNESS, Measure.NOISE, Measure.VIGNETTING, Measure.SATURATED,
)  # fmt: skip
"""The measures of a picture's health, each charted per camera."""


class SignalState(StrEnum):
    """Where people stand with a signal; each state follows the one before."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    EXPLAINED = "explained"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step of an out-of-control action plan: what to do, and a sentence for the operator."""

    do: str
    text: str


@dataclass(frozen=True, slots=True)
class WatchedChart:
    """A chart that the watch draws.

    name: unique, for people and for signals. class_name: of a chart of one defect class, else "".
    camera_id: of a chart of one camera, else "". alarm: whether it raises signals; a chart without
    is a picture. settings: the recipe's section, as JSON values. plan: what to do on a signal.
    """

    chart_id: int
    name: str
    kind: ChartKind
    measure: Measure
    class_name: str
    camera_id: str
    alarm: bool
    settings: Mapping[str, Any]

    @property
    def plan(self) -> tuple[PlanStep, ...]:
        """The steps of the action plan, in order."""
        return tuple(PlanStep(step["do"], step["text"]) for step in self.settings["plan"])


@dataclass(frozen=True, slots=True)
class StageLimits:
    """What phase I of a stage found, frozen for phase II.

    center, sigma: as `inspection.spc.result.Standard`. subgroups: how many they come from; parts,
        for a CUSUM of verdicts. provisional: whether these are too few to be relied on.
    parts_per_day: inspected parts in 24 hours of the running line, measured in phase I.
    false_alarm_parts: parts between false alarms on average, None where it was not designed by it.
    seen_after_parts: parts from the change that the chart is for to its signal, on average.
    design: parameters of the chart by name, e.g. `parts` and `limit` of a CUSUM of verdicts.
    """

    center: float
    sigma: float
    subgroups: int
    provisional: bool
    parts_per_day: float | None
    false_alarm_parts: float | None
    seen_after_parts: float | None
    design: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one set of limits belongs to: one model, one set of limits, one product.

    number: from 1. because: why the stage before ended, in words. frozen_part: the last part of
    phase I; None, as `limits`, while phase I lasts.
    """

    chart_id: int
    number: int
    first_part: int
    begun_utc_ns: int
    because: str
    frozen_part: int | None
    frozen_utc_ns: int | None
    limits: StageLimits | None

    @property
    def phase(self) -> int:
        """1 while limits are estimated, 2 when points are held against them."""
        return 1 if self.limits is None else 2


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """A subgroup on a chart.

    number: from 0, across stages. label: the hour (UTC), lot, shift or product; "" for counts.
    size: parts (reviews, for false rejects; 1 for a gap). total: defective parts, or the sum of a
        measure. value: what is plotted.
    center, lower, upper: None in phase I until its limits are frozen; a side without a limit is
        None for ever. rules: those that signal at this point.
    """

    number: int
    stage: int
    label: str
    first_part: int
    last_part: int
    from_utc_ns: int
    to_utc_ns: int
    size: int
    total: float
    value: float
    center: float | None
    lower: float | None
    upper: float | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartSignal:
    """A chart's signal as the watch raised it.

    first_part, last_part: the parts of the pattern; for a CUSUM from the likely start of the
        change on: the parts to inspect again. at_utc_ns: when `last_part` was captured.
    diagnosis: what moved with it, as JSON values (see docs/watch.md).
    """

    signal_id: int
    chart: WatchedChart
    stage: int
    rule: str
    side: str
    first_part: int
    last_part: int
    at_utc_ns: int
    value: float
    center: float
    lower: float | None
    upper: float | None
    raised_utc_ns: int
    diagnosis: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that a reader of charts must know of: a change, or a note of the staff.

    kind: run, recipe, model, limits, settings, lot, shift, product, note, or that of an event.
    part_number: the first part it holds for, None where there is none.
    """

    at_utc_ns: int
    part_number: int | None
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class HourTotals:
    """One hour of capture (UTC) of one lot and shift.

    parts: all. inspected: of these. rejected: of the inspected ones. review: passed on doubt.
    scored, score_sum: inspected parts with a score, and its sum.
    """

    hour_utc_ns: int
    lot: str
    shift: str
    first_part: int
    last_part: int
    parts: int
    inspected: int
    rejected: int
    review: int
    scored: int
    score_sum: float
