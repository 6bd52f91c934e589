"""What charts and their signals are called, the same on screens and in reports."""

from collections.abc import Mapping
from typing import Any

from inspection.records.charts import ChartKind, Measure, PlanStep, StageLimits, WatchedChart
from inspection.records.words import class_in_words
from inspection.spc.diagnosis import Origin
from inspection.spc.rates import AUTOCORRELATION_LIMIT

SHARES = frozenset(
    {Measure.REJECTS, Measure.REVIEWED_REJECTS, Measure.FALSE_REJECTS, Measure.ESCAPES}
)
SHARE_KINDS = frozenset({ChartKind.P, ChartKind.LANEY_P, ChartKind.GUARD})

_KINDS = {
    ChartKind.BERNOULLI: "Bernoulli CUSUM of every verdict",
    ChartKind.P: "p chart",
    ChartKind.LANEY_P: "Laney p′ chart",
    ChartKind.G: "g chart",
    ChartKind.EWMA: "EWMA chart",
    ChartKind.CUSUM: "CUSUM chart",
    ChartKind.KS: "drift: −log₁₀ p of a Kolmogorov-Smirnov test against phase I",
    ChartKind.GUARD: "guard on the new champion",
}
_MEASURES = {
    Measure.REJECTS: "rejects",
    Measure.REVIEWED_REJECTS: "rejects after review",
    Measure.FALSE_REJECTS: "false rejects among reviewed ones",
    Measure.ESCAPES: "known escapes",
    Measure.CLASSES: "rejects for",
    Measure.SCORE: "the model's score",
    Measure.FINDING_PX: "area of the largest finding, in pixels",
    Measure.BRIGHTNESS: "brightness of the picture",
    Measure.SHARPNESS: "sharpness of the picture",
    Measure.NOISE: "noise of the picture",
    Measure.VIGNETTING: "vignetting of the picture",
    Measure.SATURATED: "saturated pixels",
}
_HEADINGS = {
    Origin.CAMERA: "Look at the camera",
    Origin.PROCESS: "Look at the process",
    Origin.SETTINGS: "A setting was changed",
    Origin.UNCLEAR: "Process or camera: not clear",
    Origin.NOTHING: "Nothing else moved",
}
_RULES = {
    "nelson1": "outside the limits",
    "nelson2": "nine in a row on one side of the center",
    "nelson3": "six in a row rising or falling",
    "nelson4": "fourteen in a row up and down",
    "nelson5": "two of three far from the center",
    "cusum": "the sum reached its limit",
    "ewma": "the average left its limits",
    "ks": "another distribution than in phase I",
    "guard": "the new champion left the bound of the one before",
}
_STEPS = {
    "inform": "Inform",
    "hold_lot": "Hold the lot",
    "stop_line": "Stop the line",
    "run_challenge_parts": "Run the challenge parts",
}


def in_percent(chart: WatchedChart) -> bool:
    """Whether the values of a chart are shares of parts."""
    return chart.kind in SHARE_KINDS and chart.measure in SHARES | {Measure.CLASSES}


def title(chart: WatchedChart) -> str:
    """What a chart is of, in words."""
    said = _MEASURES[chart.measure]
    if chart.class_name:
        said += f" {class_in_words(chart.class_name)}"
    if chart.camera_id:
        said += f", {chart.camera_id}"
    return f"{said[0].upper()}{said[1:]}"


def kind_in_words(chart: WatchedChart) -> str:
    """How a chart is drawn, and of what subgroups."""
    subgroup = chart.settings.get("subgroup")
    if chart.kind in (ChartKind.BERNOULLI, ChartKind.G) or subgroup is None:
        return _KINDS[chart.kind]
    per = f"{subgroup} parts each" if isinstance(subgroup, int) else f"per {subgroup}"
    return f"{_KINDS[chart.kind]}, {per}"


def limits_in_words(chart: WatchedChart, limits: StageLimits | None) -> str:
    """What the limits rest on, how often they alarm falsely, how fast they see the change."""
    if limits is None:
        return "phase I: limits are being estimated"
    if chart.kind is ChartKind.GUARD:
        return f"bound from {limits.subgroups:,} verdicts of the champion before"
    of = "parts" if chart.kind in (ChartKind.BERNOULLI, ChartKind.KS) else "points"
    said = [f"limits from {limits.subgroups:,} {of}{', provisional' if limits.provisional else ''}"]
    if chart.kind is ChartKind.LANEY_P:
        wanders = ": the rate wanders" if limits.sigma > 1.5 else ""
        said.append(f"σz {limits.sigma:.2f}{wanders}")
    if limits.false_alarm_parts is not None:
        said.append(f"a false alarm about every {_parts(limits.false_alarm_parts, limits)}")
    if chart.kind is ChartKind.KS:
        said.extend(_of_drift(limits))
    if limits.seen_after_parts is not None:
        said.append(f"the change is seen after {limits.seen_after_parts:,.0f} parts on average")
    return " · ".join(said)


def _of_drift(limits: StageLimits) -> list[str]:
    """What all charts of drift promise together, and whether neighbours hang together."""
    together, correlation = limits.design["together"], limits.design["correlation"]
    said: list[str] = []
    if together > 1 and limits.false_alarm_parts is not None:
        every = _parts(limits.false_alarm_parts / together, limits)
        said.append(f"of the {together:.0f} charts of drift together about every {every}")
    if correlation > AUTOCORRELATION_LIMIT:
        counted = (1.0 - correlation) / (1.0 + correlation)
        said.append(
            f"neighbours correlate ({correlation:.2f}): each value counts for {counted:.2f}"
        )
    return said


def _parts(parts: float, limits: StageLimits) -> str:
    if not limits.parts_per_day:
        return f"{parts:,.0f} parts"
    days = parts / limits.parts_per_day
    return f"{days:.1f} days" if days < 10 else f"{days:,.0f} days"


def rule_in_words(rule: str) -> str:
    """What a rule saw; one that is not known here by its own name."""
    return _RULES.get(rule, rule)


def step_in_words(step: PlanStep) -> str:
    """A step of an action plan, with its sentence."""
    said = _STEPS.get(step.do, step.do)
    return f"{said}: {step.text}" if step.text else said


def origin_in_words(diagnosis: Mapping[str, Any]) -> str:
    """Process or camera? As a heading."""
    if "origin" not in diagnosis:
        return "Process or camera: too little is known"
    return _HEADINGS[Origin(diagnosis["origin"])]
