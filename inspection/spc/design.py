"""Which chart, subgroups and limits, for a false-alarm interval and a change to notice."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from inspection.spc.arrays import above_zero, number, open_share
from inspection.spc.bernoulli import BernoulliDesign
from inspection.spc.cusum_state import reference_rate
from inspection.spc.errors import SpcError
from inspection.spc.run_length import bernoulli_parts, cusum_arl, ewma_arl, shewhart_arl

_SUBGROUP_SIZES = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_MOST_STEPS = 2_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chart with its parameters and what it does.

    false_alarm_every, seen_after: in parts for rates, in points for measurements; on average.
    """

    chart: str
    parameters: dict[str, float]
    false_alarm_every: float
    seen_after: float


def design_bernoulli(
    rate: float, rise: float, *, false_alarm_parts: float, head_start: float = 0.0
) -> BernoulliDesign:
    """The Bernoulli CUSUM with the lowest limit that alarms falsely no more than wanted.

    rate: of defective parts in control. rise: the factor to notice. false_alarm_parts: parts
    between false alarms on average. head_start: share of the limit. Raises SpcError.
    """
    wanted = above_zero(false_alarm_parts, "false_alarm_parts")
    number(head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")
    parts = max(2, round(1.0 / reference_rate(rate, rise)))

    def at(limit: int) -> BernoulliDesign:
        return BernoulliDesign(rate, parts, limit, int(head_start * limit))

    low, high = 0, parts
    while bernoulli_parts(at(high)) < wanted:
        low, high = high, 2 * high
        if high > _MOST_STEPS:
            raise SpcError(f"false_alarm_parts: {wanted:g} takes a limit above {_MOST_STEPS} steps")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bernoulli_parts(at(middle)) < wanted else (low, middle)
    return at(high)


def design_rate_chart(
    rate: float,
    rise: float,
    *,
    false_alarm_parts: float,
    sizes: tuple[int, ...] = _SUBGROUP_SIZES,
) -> tuple[Candidate, ...]:
    """Charts for a share of defective parts, the one that sees the rise soonest first.

    A Bernoulli CUSUM, and np charts with an exact upper limit for each size of subgroup. All alarm
    falsely every `false_alarm_parts` parts or less often. Raises SpcError.
    """
    open_share(rate, "rate")
    design = design_bernoulli(rate, rise, false_alarm_parts=false_alarm_parts)
    cusum = Candidate(
        "bernoulli cusum",
        {"parts": design.parts, "limit": design.limit},
        bernoulli_parts(design),
        bernoulli_parts(design, rate=rate * rise),
    )
    charts = [_np_candidate(rate, rise, false_alarm_parts, size) for size in sizes]
    return tuple(sorted((cusum, *charts), key=lambda candidate: candidate.seen_after))


def design_mean_chart(shift: float, *, false_alarm_every: float = 370.4) -> tuple[Candidate, ...]:
    """Charts for the mean of a measurement, the one that sees the shift soonest first.

    shift: to notice, in sigmas of a point. false_alarm_every: points. Shewhart limits, a two-sided
    CUSUM with a slack of half the shift, and EWMAs of weight 0.05, 0.1, 0.2 and 0.4, each with the
    limit that gives this false-alarm interval. Raises SpcError.
    """
    moved = above_zero(shift, "shift")
    wanted = number(false_alarm_every, "false_alarm_every", lambda arl: 1 < arl <= 1e6, "1 to 1e6")
    sigmas = _limit(lambda k: shewhart_arl(sigmas=k), wanted)
    slack = moved / 2.0
    height = _limit(lambda h: cusum_arl(slack=slack, limit=h), wanted)
    found = [
        Candidate("shewhart", {"sigmas": sigmas}, wanted, shewhart_arl(sigmas=sigmas, shift=moved)),
        Candidate(
            "cusum",
            {"slack": slack, "limit": height},
            wanted,
            cusum_arl(slack=slack, limit=height, shift=moved),
        ),
    ]
    for weight in (0.05, 0.1, 0.2, 0.4):
        width = _ewma_width(weight, wanted)
        seen = ewma_arl(weight=weight, width=width, shift=moved)
        found.append(Candidate("ewma", {"weight": weight, "width": width}, wanted, seen))
    return tuple(sorted(found, key=lambda candidate: candidate.seen_after))


def _np_candidate(rate: float, rise: float, wanted: float, size: int) -> Candidate:
    from scipy.stats import binom

    upper = int(binom.isf(min(1.0, size / wanted), size, rate))
    chances = (float(binom.sf(upper, size, p)) for p in (rate, rate * rise))
    every, seen = (size / chance if chance > 0 else float("inf") for chance in chances)
    return Candidate("np", {"size": size, "upper": upper}, every, seen)


def _ewma_width(weight: float, wanted: float) -> float:
    return _limit(lambda width: ewma_arl(weight=weight, width=width), wanted)


def _limit(arl: Callable[[float], float], wanted: float) -> float:
    """The limit whose run length is the wanted one; run lengths grow with limits.

    Regula falsi on the logarithm, which is nearly straight; Illinois' rule moves the far end.
    """

    def too_long(limit: float) -> float:
        return math.log(arl(limit) / wanted)

    low, high = 1e-3, 1.0
    below, above = too_long(low), too_long(high)
    while above < 0:
        low, below, high = high, above, 2.0 * high
        above = too_long(high)
    while True:
        middle = high - above * (high - low) / (above - below)
        here = too_long(middle)
        if abs(here) < 1e-9 or high - low < 1e-12 * high:
            return middle
        if here > 0:
            high, above, below = middle, here, below / 2.0
        else:
            low, below, above = middle, here, above / 2.0
