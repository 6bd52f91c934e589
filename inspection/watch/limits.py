"""Phase I: limits from a stage's first subgroups, each designed for its false-alarm interval."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from inspection.recipe.charts import MeanChart, RateChart, VerdictCusum
from inspection.records.charts import StageLimits
from inspection.spc.attributes import p_chart
from inspection.spc.design import cusum_limit, design_bernoulli, ewma_width
from inspection.spc.errors import SpcError
from inspection.spc.ewma import ewma_chart
from inspection.spc.laney import laney_p_chart
from inspection.spc.rare import g_chart
from inspection.spc.result import PROVISIONAL_UNDER, Standard
from inspection.spc.run_length import bernoulli_parts, cusum_arl, ewma_arl
from inspection.watch.subgroups import Subgroup

DAY_NS = 86_400_000_000_000
USUAL_PARTS_PER_DAY = 86_400.0
"""Where the clock stood still in phase I: a part a second."""

LEAST_SIGMA = 1e-3
"""Sigma is at least this share of the center: pictures of a resting line are all the same."""

EWMA_WEIGHT = 0.2
NOTICED_SIGMAS = 1.0
"""The shift of a mean that charts of means are designed for, in sigmas of a subgroup."""

RARE = 1 / 200
"""Defects that come more often than this are not rare: their g chart ends with phase I."""


def pace(parts: int, running_ns: int) -> float:
    """Observations in 24 hours of the running line."""
    return parts * DAY_NS / running_ns if running_ns > 0 else USUAL_PARTS_PER_DAY


def cusum_of_verdicts(
    section: VerdictCusum, rejected: int, parts: int, parts_per_day: float
) -> StageLimits:
    """The CUSUM for the rate of the baseline, which is never taken as 0 or 1.

    The rate is (rejected + 1/2) / (parts + 1). A rise that would take it to 1 is cut to half way.
    A rate of nearly one half or more has no such CUSUM: the design is empty.
    """
    rate = (rejected + 0.5) / (parts + 1.0)
    rise = section.rise if section.rise * rate < 1.0 else (1.0 + 1.0 / rate) / 2.0
    wanted = max(100.0, section.false_alarm_days * parts_per_day)
    provisional = rejected < section.baseline_rejects
    try:
        design = design_bernoulli(rate, rise, false_alarm_parts=wanted) if rate < 0.45 else None
    except SpcError:  # so rare that no sum of bearable size alarms as seldom as wanted
        design = None
    if design is None:
        return StageLimits(rate, 1.0, parts, provisional, parts_per_day, None, None, {})
    return StageLimits(
        center=rate,
        sigma=1.0,
        subgroups=parts,
        provisional=provisional,
        parts_per_day=parts_per_day,
        false_alarm_parts=bernoulli_parts(design),
        seen_after_parts=bernoulli_parts(design, rate=rate * rise),
        design={"parts": float(design.parts), "limit": float(design.limit), "rise": rise},
    )


def limits_of_rates(
    section: RateChart,
    baseline: Sequence[Subgroup],
    parts_per_day: float,
    excluded: Mapping[int, str],
) -> StageLimits:
    """Center and, of Laney's chart, sigma_z. design: the exact sums that the center is made of.

    excluded: indices left out, with the reason. Raises SpcError when nothing is left.
    """
    found, sizes = [round(s.total) for s in baseline], [s.size for s in baseline]
    draw = laney_p_chart if section.kind == "laney_p" else p_chart
    standard = draw(found, sizes, exclude=excluded, rules=()).standard
    used = [at for at in range(len(baseline)) if at not in excluded]
    design = {
        "defectives": float(sum(found[at] for at in used)),
        "inspected": float(sum(sizes[at] for at in used)),
    }
    return _plain(standard, parts_per_day, design)


def limits_of_means(
    section: MeanChart,
    baseline: Sequence[Subgroup],
    parts_per_day: float,
    excluded: Mapping[int, str],
) -> StageLimits:
    """Center and sigma of one measurement, and a chart of the wanted false-alarm interval.

    excluded: as for rates. Raises SpcError when no two neighbours are left.
    """
    sizes = [s.size for s in baseline]
    standard = ewma_chart([s.mean for s in baseline], sizes, exclude=excluded).standard
    sigma = max(standard.sigma, LEAST_SIGMA * abs(standard.center), 1e-9)
    size = sum(sizes) / len(sizes)
    wanted = section.false_alarm_days * parts_per_day / size
    every = float(f"{min(max(wanted, 50.0), 1e5):.2g}")
    parameters, seen_after = _designed(section.kind, every)
    return StageLimits(
        center=standard.center,
        sigma=sigma,
        subgroups=standard.subgroups,
        provisional=standard.provisional,
        parts_per_day=parts_per_day,
        false_alarm_parts=every * size,
        seen_after_parts=seen_after * size,
        design=parameters,
    )


def limits_of_gaps(gaps: Sequence[int], parts_per_day: float) -> StageLimits:
    """The rate of a defect, from the good parts between. Raises SpcError when there are none."""
    standard = g_chart(gaps, rules=()).standard
    return _plain(standard, parts_per_day, {"rare": float(standard.center <= RARE)})


def _plain(standard: Standard, parts_per_day: float, design: dict[str, float]) -> StageLimits:
    return StageLimits(
        center=standard.center,
        sigma=standard.sigma,
        subgroups=standard.subgroups,
        provisional=standard.subgroups < PROVISIONAL_UNDER,
        parts_per_day=parts_per_day,
        false_alarm_parts=None,
        seen_after_parts=None,
        design=design,
    )


@lru_cache(maxsize=64)
def _designed(kind: str, every: float) -> tuple[dict[str, float], float]:
    """Parameters of a chart with `every` points between false alarms, and points to the shift."""
    if kind == "cusum":
        slack = NOTICED_SIGMAS / 2.0
        limit = cusum_limit(slack, false_alarm_every=every)
        seen_after = cusum_arl(slack=slack, limit=limit, shift=NOTICED_SIGMAS)
        return {"slack": slack, "limit": limit}, seen_after
    width = ewma_width(EWMA_WEIGHT, false_alarm_every=every)
    seen_after = ewma_arl(weight=EWMA_WEIGHT, width=width, shift=NOTICED_SIGMAS)
    return {"weight": EWMA_WEIGHT, "width": width}, seen_after
