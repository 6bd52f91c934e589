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
_THREE_SIGMAS = 370.4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chart with its parameters and what it does.

    false_alarm_every, seen_after: on average, in `unit`: parts for rates, points for measurements.
    change: what it is to notice, in words. per_day: parts or points in a day of production.
    """

    chart: str
    parameters: dict[str, float]
    false_alarm_every: float
    seen_after: float
    unit: str
    change: str
    per_day: float | None = None

    @property
    def sentence(self) -> str:
        """What the chart promises, for the people who live with it."""
        seen = f"{self.change} is seen after {self.seen_after:,.0f} {self.unit} on average"
        if self.per_day is None:
            return f"A false alarm about every {self.false_alarm_every:,.0f} {self.unit}; {seen}."
        days = self.false_alarm_every / self.per_day
        return (
            f"A false alarm about every {_spelled_days(days)}; {seen}, "
            f"{_spelled_days(self.seen_after / self.per_day)} of production."
        )


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
    false_alarm_parts: float | None = None,
    false_alarm_days: float | None = None,
    parts_per_day: float | None = None,
    sizes: tuple[int, ...] = _SUBGROUP_SIZES,
) -> tuple[Candidate, ...]:
    """Charts for a share of defective parts, the one that sees the rise soonest first.

    A Bernoulli CUSUM, and np charts with an exact upper limit for each size of subgroup. All alarm
    falsely every `false_alarm_parts` parts or less often; or give `false_alarm_days`, days of
    production of `parts_per_day`. Raises SpcError.
    """
    open_share(rate, "rate")
    per_day = None if parts_per_day is None else above_zero(parts_per_day, "parts_per_day")
    wanted = _wanted(false_alarm_parts, false_alarm_days, per_day, "parts")
    design = design_bernoulli(rate, rise, false_alarm_parts=wanted)
    often = _spelled_rise(rise)
    parameters: dict[str, float] = {"parts": design.parts, "limit": design.limit}
    every, seen = bernoulli_parts(design), bernoulli_parts(design, rate=rate * rise)
    cusum = Candidate("bernoulli cusum", parameters, every, seen, "parts", often, per_day)
    charts = [cusum]
    for size in sizes:
        upper, every, seen = _np_limit(rate, rise, wanted, size)
        found = {"size": float(size), "upper": float(upper)}
        charts.append(Candidate("np", found, every, seen, "parts", often, per_day))
    return tuple(sorted(charts, key=lambda candidate: candidate.seen_after))


def design_mean_chart(
    shift: float,
    *,
    false_alarm_every: float | None = None,
    false_alarm_days: float | None = None,
    points_per_day: float | None = None,
) -> tuple[Candidate, ...]:
    """Charts for the mean of a measurement, the one that sees the shift soonest first.

    shift: to notice, in sigmas of a point. false_alarm_every: points, 370.4 when nothing is given;
    or give `false_alarm_days`, days of production of `points_per_day`. Shewhart limits, a two-sided
    CUSUM with a slack of half the shift, and EWMAs of weight 0.05, 0.1, 0.2 and 0.4, each with the
    limit that gives this false-alarm interval. Raises SpcError.
    """
    moved = above_zero(shift, "shift")
    per_day = None if points_per_day is None else above_zero(points_per_day, "points_per_day")
    if false_alarm_every is None and false_alarm_days is None:
        false_alarm_every = _THREE_SIGMAS
    points = _wanted(false_alarm_every, false_alarm_days, per_day, "points")
    wanted = _interval(points)
    change = f"a shift of {moved:g} sigmas"
    sigmas = _limit(lambda k: shewhart_arl(sigmas=k), wanted)
    slack = moved / 2.0
    height = cusum_limit(slack, false_alarm_every=wanted)
    found: list[tuple[str, dict[str, float], float]] = [
        ("shewhart", {"sigmas": sigmas}, shewhart_arl(sigmas=sigmas, shift=moved)),
        (
            "cusum",
            {"slack": slack, "limit": height},
            cusum_arl(slack=slack, limit=height, shift=moved),
        ),
    ]
    for weight in (0.05, 0.1, 0.2, 0.4):
        width = ewma_width(weight, false_alarm_every=wanted)
        seen = ewma_arl(weight=weight, width=width, shift=moved)
        found.append(("ewma", {"weight": weight, "width": width}, seen))
    found.sort(key=lambda one: one[2])
    return tuple(
        Candidate(chart, parameters, wanted, seen, "points", change, per_day)
        for chart, parameters, seen in found
    )


def _wanted(every: float | None, days: float | None, per_day: float | None, unit: str) -> float:
    """The false-alarm interval in parts or points, from either way to say it."""
    name = "false_alarm_parts" if unit == "parts" else "false_alarm_every"
    if (every is None) == (days is None):
        raise SpcError(f"{name}, false_alarm_days: expected one of them")
    if every is not None:
        return above_zero(every, name)
    if per_day is None:
        raise SpcError(f"{unit}_per_day: false_alarm_days need {unit} in a day of production")
    return above_zero(days or 0.0, "false_alarm_days") * per_day


def _spelled_rise(rise: float) -> str:
    return f"a {'doubling' if rise == 2.0 else f'rise to {rise:g} times'} of the defect rate"


def _spelled_days(days: float) -> str:
    spelled = f"{days:,.0f}" if days >= 10 else f"{days:.2g}"
    return f"{spelled} day{'' if spelled == '1' else 's'}"


def _np_limit(rate: float, rise: float, wanted: float, size: int) -> tuple[int, float, float]:
    """The highest count that is no signal, and the parts between false alarms and to the rise."""
    from scipy.stats import binom

    upper = int(binom.isf(min(1.0, size / wanted), size, rate))
    chances = (float(binom.sf(upper, size, p)) for p in (rate, rate * rise))
    every, seen = (size / chance if chance > 0 else math.inf for chance in chances)
    return upper, every, seen


def ewma_width(weight: float, *, false_alarm_every: float) -> float:
    """The width of an EWMA of this weight that alarms falsely after so many points on average.

    Raises SpcError.
    """
    wanted = _interval(false_alarm_every)
    return _limit(lambda width: ewma_arl(weight=weight, width=width), wanted)


def cusum_limit(slack: float, *, false_alarm_every: float) -> float:
    """The limit of a two-sided CUSUM with this slack; as ewma_width. Raises SpcError."""
    wanted = _interval(false_alarm_every)
    return _limit(lambda limit: cusum_arl(slack=slack, limit=limit), wanted)


def _interval(points: float) -> float:
    return number(points, "false_alarm_every", lambda arl: 1 < arl <= 1e6, "1 to 1e6")


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
