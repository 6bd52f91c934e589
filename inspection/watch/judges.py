"""Phase II: subgroups held against frozen limits, one after the other, from a small memory."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from inspection.records.charts import StageLimits
from inspection.spc.attributes import p_chart
from inspection.spc.cusum_state import CusumDesign, CusumState
from inspection.spc.ewma import EwmaDesign, EwmaState
from inspection.spc.laney import laney_p_chart
from inspection.spc.result import Side, Signal
from inspection.spc.rules import judge
from inspection.watch.sheet import Hit, Judged, Lines
from inspection.watch.subgroups import Subgroup

LONGEST_PATTERN = 15
"""No rule looks further back than this (Nelson 7)."""


@dataclass(slots=True)
class JudgeMemory:
    """What judging the next subgroup needs of those before; written as JSON.

    z, firsts: of the latest points, in sigmas, and their first parts. average, variance: of an
    EWMA. high, low, and for how many points: of a CUSUM. above_since, below_since: first part of
    the point at which an EWMA crossed its center, or a CUSUM began to climb.
    """

    z: list[float] = field(default_factory=list[float])
    firsts: list[int] = field(default_factory=list[int])
    average: float | None = None
    variance: float = 0.0
    high: float = 0.0
    low: float = 0.0
    above_since: int = 0
    below_since: int = 0


def judge_rates(
    kind: Literal["p", "laney_p"],
    rules: Sequence[str],
    subgroups: Sequence[Subgroup],
    limits: StageLimits,
    memory: JudgeMemory,
) -> list[Judged]:
    """Shares of rejects against the frozen center; moves the memory on."""
    found, sizes = [round(s.total) for s in subgroups], [s.size for s in subgroups]
    if kind == "p":
        center = Fraction(int(limits.design["defectives"]), int(limits.design["inspected"]))
        chart = p_chart(found, sizes, center=center, rules=rules)
    else:
        sigma_z = max(limits.sigma, 1e-9)
        chart = laney_p_chart(found, sizes, center=limits.center, sigma_z=sigma_z, rules=rules)
    before = len(memory.z)
    z = [*memory.z, *chart.z.tolist()]
    firsts = [*memory.firsts, *(s.first_part for s in subgroups)]
    signals = [signal for signal in chart.signals if signal.rule == "nelson1"]
    patterns = judge(np.array(z), [rule for rule in rules if rule != "nelson1"])
    hits: dict[int, list[Hit]] = {}
    for signal in signals:
        hits.setdefault(signal.at, []).append(_hit(signal, firsts[before:]))
    for signal in patterns:
        if signal.at >= before:
            hits.setdefault(signal.at - before, []).append(_hit(signal, firsts))
    memory.z, memory.firsts = z[-LONGEST_PATTERN:], firsts[-LONGEST_PATTERN:]
    return [
        _judged(
            subgroup,
            float(chart.values[at]),
            (float(chart.center[at]), float(chart.lower[at]), float(chart.upper[at])),
            hits.get(at, []),
        )
        for at, subgroup in enumerate(subgroups)
    ]


def judge_averages(
    subgroups: Sequence[Subgroup], limits: StageLimits, memory: JudgeMemory
) -> Iterator[Judged]:
    """The EWMA of means; its pattern begins where it last crossed the center."""
    design = EwmaDesign(
        limits.center, limits.sigma, limits.design["weight"], limits.design["width"]
    )
    begun = limits.center if memory.average is None else memory.average
    state = EwmaState(begun, memory.variance)
    for subgroup in subgroups:
        was_above = state.value > limits.center
        state, signals = state.step([subgroup.mean], design, sizes=[float(subgroup.size)])
        is_above = state.value > limits.center
        if memory.average is None or is_above is not was_above:
            memory.above_since = subgroup.first_part
        memory.average, memory.variance = state.value, state.variance
        half = design.width * design.sigma * math.sqrt(state.variance)
        lines = (limits.center, limits.center - half, limits.center + half)
        hits = [Hit("ewma", signal.side, memory.above_since) for signal in signals]
        yield _judged(subgroup, state.value, lines, hits)


def judge_sums(
    subgroups: Sequence[Subgroup], limits: StageLimits, memory: JudgeMemory
) -> Iterator[Judged]:
    """The tabular CUSUM of means; its pattern begins where the sum last was 0."""
    design = CusumDesign(
        limits.center, limits.sigma, limits.design["slack"], limits.design["limit"]
    )
    state = CusumState(memory.high, memory.low)
    for subgroup in subgroups:
        if state.high == 0.0:
            memory.above_since = subgroup.first_part
        if state.low == 0.0:
            memory.below_since = subgroup.first_part
        state, signals = state.step([subgroup.mean], design, sizes=[float(subgroup.size)])
        memory.high, memory.low = state.high, state.low
        value = state.high if state.high >= state.low else -state.low
        since = {Side.ABOVE: memory.above_since, Side.BELOW: memory.below_since}
        hits = [Hit("cusum", signal.side, since[signal.side]) for signal in signals]
        yield _judged(subgroup, value, (0.0, -design.limit, design.limit), hits)


def _hit(signal: Signal, firsts: Sequence[int]) -> Hit:
    return Hit(signal.rule, signal.side, firsts[signal.points[0]])


def _judged(
    subgroup: Subgroup, value: float, lines: tuple[float, float, float], hits: Sequence[Hit]
) -> Judged:
    center, lower, upper = lines
    rules = tuple(dict.fromkeys(hit.rule for hit in hits))
    return Judged(subgroup, Lines(value, center, lower, upper, rules), tuple(hits))
