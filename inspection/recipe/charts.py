"""The sections of a recipe for charts and for the outputs that are told of their signals."""

from typing import Annotated, Literal

from pydantic import Field

from inspection.recipe.section import Count, Name, Positive, Section


class PlanStep(Section):
    """A step of an out-of-control action plan: shown to the operator, whose answer is recorded.

    `hold_lot`, `stop_line` and `run_challenge_parts` are for people to do, as `inform` is: the
    watch never moves the line.
    """

    do: Literal["inform", "hold_lot", "stop_line", "run_challenge_parts"]
    text: str = ""


class ChartSection(Section):
    """What every chart has.

    alarm: whether it raises signals; without, it is a picture. false_alarm_days: days of the
    running line between false alarms, on average, that an alarm is designed for.
    """

    name: Name
    alarm: bool = True
    false_alarm_days: Positive = 30.0
    plan: list[PlanStep] = []


class VerdictCusum(ChartSection):
    """Bernoulli CUSUM of every verdict. rise: the factor in the rate that it is to notice.

    Phase I takes `baseline_parts` inspected parts, and goes on until `baseline_rejects` of them
    are rejected, up to ten times as many.
    """

    kind: Literal["bernoulli"]
    of: Literal["rejects", "reviewed_rejects", "false_rejects"] = "rejects"
    rise: Annotated[float, Field(gt=1.0)] = 2.0
    baseline_parts: Annotated[int, Field(ge=10, le=100_000)] = 2000
    baseline_rejects: Annotated[int, Field(ge=0)] = 10


Subgroups = Literal["hour", "shift", "lot", "product"] | Count
"""What makes a subgroup: an hour (UTC), a shift, a lot, a product, or a number of parts."""


class RateChart(ChartSection):
    """Share of rejects per subgroup: a p chart, or Laney's p' for a rate that wanders."""

    kind: Literal["p", "laney_p"]
    of: Literal["rejects", "reviewed_rejects", "false_rejects"] = "rejects"
    alarm: bool = False
    subgroup: Subgroups = "hour"
    baseline_subgroups: Annotated[int, Field(ge=2, le=1000)] = 20
    rules: list[Literal["nelson1", "nelson2", "nelson3", "nelson4", "nelson5"]] = ["nelson1"]


class GapChart(ChartSection):
    """g charts of good parts between two rejects, one for each defect class."""

    kind: Literal["g"]
    of: Literal["classes"] = "classes"
    alarm: bool = False
    baseline_gaps: Annotated[int, Field(ge=2, le=1000)] = 20


class MeanChart(ChartSection):
    """EWMA or CUSUM of subgroup means; of a picture's health, one chart for each camera."""

    kind: Literal["ewma", "cusum"]
    of: Literal[
        "score", "finding_px", "brightness", "sharpness", "noise", "vignetting", "saturated"
    ]
    subgroup: Subgroups = "hour"
    baseline_subgroups: Annotated[int, Field(ge=2, le=1000)] = 20


class GuardChart(ChartSection):
    """The guard on a new champion; a recipe has it by its section [guard].

    sides: where the rate may not go. action: what a signal does, see `PromotionGuard`. bound: of
    the rate, where it was agreed; None where it comes from the champion before.
    """

    kind: Literal["guard"]
    of: Literal["rejects", "false_rejects", "escapes"]
    sides: tuple[Literal["above", "below"], ...]
    action: Literal["roll_back", "propose"]
    parts: int
    baseline_parts: int
    false_alarm: float
    bound: float | None = None


class DriftChart(ChartSection):
    """A distribution against that of phase I; a recipe has these by its section [drift].

    together: how many of these charts share one false alarm in `false_alarm_days`.
    """

    kind: Literal["ks"]
    of: Literal[
        "score", "finding_px", "brightness", "sharpness", "noise", "vignetting", "saturated"
    ]
    subgroup: int
    reference_parts: int
    together: int


Chart = Annotated[VerdictCusum | RateChart | GapChart | MeanChart, Field(discriminator="kind")]

StationChart = Chart | GuardChart | DriftChart
"""A chart that the watch draws: of the recipe's own, or of its sections [guard] and [drift]."""

DEFAULT_CHARTS: tuple[Chart, ...] = (
    VerdictCusum(name="rejects", kind="bernoulli"),
    RateChart(name="rejects-by-hour", kind="laney_p"),
    RateChart(name="reviewed-rejects-by-hour", kind="laney_p", of="reviewed_rejects"),
    RateChart(name="false-rejects", kind="p", of="false_rejects", subgroup=50),
    GapChart(name="gaps", kind="g"),
    MeanChart(name="score", kind="ewma", of="score"),
    MeanChart(name="finding-size", kind="ewma", of="finding_px"),
    MeanChart(name="brightness", kind="ewma", of="brightness"),
    MeanChart(name="sharpness", kind="ewma", of="sharpness"),
    MeanChart(name="noise", kind="ewma", of="noise"),
    MeanChart(name="vignetting", kind="ewma", of="vignetting"),
    MeanChart(name="saturated", kind="ewma", of="saturated"),
)
"""The charts of a recipe that names none: one alarm, its pictures, and what moves before it."""


class JsonLinesOutput(Section):
    """Signals appended to a file, one JSON object a line."""

    kind: Literal["jsonl"]
    name: Name
    path: str


class WebhookOutput(Section):
    """Signals posted to a URL as JSON, each again and again until it is answered with 2xx."""

    kind: Literal["webhook"]
    name: Name
    url: Annotated[str, Field(pattern=r"^https?://")]
    timeout_s: Annotated[float, Field(gt=0.0, le=60.0)] = 5.0


SignalOutput = Annotated[JsonLinesOutput | WebhookOutput, Field(discriminator="kind")]
