"""Capability of measured sizes, with intervals; sigma level, yields, Pareto and OEE's quality."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.spc.arrays import Floats, finite, number, open_share, rows, share
from inspection.spc.errors import SpcError
from inspection.spc.individuals import individuals_chart
from inspection.spc.subgroups import xbar_s_chart

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Capability:
    """How a size fits its tolerance.

    cp, cpk: with sigma within subgroups, what the process could do. pp, ppk: with the standard
    deviation of all values, what it did. cp and pp are None with one limit only. Each has its
    interval. stable: whether no point of the chart signalled; without that cp and cpk promise
    nothing. outside_ppm: of the values themselves.
    """

    cp: float | None
    cp_interval: Interval | None
    cpk: float
    cpk_interval: Interval
    pp: float | None
    pp_interval: Interval | None
    ppk: float
    ppk_interval: Interval
    mean: float
    sigma_within: float
    sigma_overall: float
    values: int
    stable: bool
    outside_ppm: float


def capability(
    data: Sequence[ArrayLike] | NDArray[np.float64],
    *,
    lower: float | None = None,
    upper: float | None = None,
    confidence: float = 0.95,
    rounded: bool = False,
) -> Capability:
    """Cp, Cpk, Pp and Ppk of single values, shape (k,), or of subgroups, shape (k, n) or sequences.

    lower, upper: the tolerance; one may be left out. Sigma within is the mean moving range over d2
    for single values, pooled over c4 for subgroups. rounded: constants as printed.
    Intervals: chi-square for Cp and Pp, Bissell's normal approximation for Cpk and Ppk, with n - 1
    degrees of freedom for overall, sum of (n - 1) for pooled, 0.62 (k - 1) for moving ranges.

    Source: Montgomery (7th ed.), section 8.3; Bissell, Applied Statistics 39 (1990) 331.
    Raises SpcError for values that never change, and limits that are none or in disorder.
    """
    _tolerance(lower, upper)
    open_share(confidence, "confidence")
    values, within, freedom, stable = _read(data, rounded)
    overall = float(values.std(ddof=1))
    if overall == 0.0 or within == 0.0:
        raise SpcError("data: the values never change; there is no spread to compare")
    mean, n = float(values.mean()), len(values)
    cp, cpk = _indices(mean, within, lower, upper)
    pp, ppk = _indices(mean, overall, lower, upper)
    outside = np.zeros(n, np.bool_)
    outside |= values < (-math.inf if lower is None else lower)
    outside |= values > (math.inf if upper is None else upper)
    return Capability(
        cp=cp,
        cp_interval=None if cp is None else _spread_interval(cp, freedom, confidence),
        cpk=cpk,
        cpk_interval=_center_interval(cpk, n, freedom, confidence),
        pp=pp,
        pp_interval=None if pp is None else _spread_interval(pp, n - 1, confidence),
        ppk=ppk,
        ppk_interval=_center_interval(ppk, n, n - 1, confidence),
        mean=mean,
        sigma_within=within,
        sigma_overall=overall,
        values=n,
        stable=stable,
        outside_ppm=1e6 * float(outside.mean()),
    )


def dpmo(defects: int, units: int, opportunities: int = 1) -> float:
    """Defects per million opportunities, each unit having `opportunities`. Raises SpcError."""
    if units < 1 or opportunities < 1 or defects < 0:
        raise SpcError(
            "defects, units, opportunities: expected 0 or more, 1 or more, 1 or more; got "
            f"{defects}, {units}, {opportunities}"
        )
    if defects > units * opportunities:
        raise SpcError(f"defects: expected at most {units * opportunities}, got {defects}")
    return 1e6 * defects / (units * opportunities)


def sigma_level(defects_per_million: float, *, shift: float = 1.5) -> float:
    """The one-sided normal quantile of the share that is right, plus the customary shift of 1.5.

    3.4 per million is 6.0. shift: 0 for the quantile itself. Infinite without defects: give an
    upper bound instead. Raises SpcError.
    """
    bad = share(defects_per_million / 1e6, "defects_per_million, in millionths")
    if bad in (0.0, 1.0):
        return math.inf if bad == 0.0 else -math.inf
    return -NormalDist().inv_cdf(bad) + number(shift, "shift")


def first_pass_yield(inspected: int, right_first_time: int) -> float:
    """Share of parts that were right without rework; also OEE's quality term. Raises SpcError."""
    if inspected < 1 or not 0 <= right_first_time <= inspected:
        raise SpcError(
            f"right_first_time: expected from 0 to inspected, 1 or more; got {right_first_time} "
            f"of {inspected}"
        )
    return right_first_time / inspected


def rolled_throughput_yield(yields: ArrayLike) -> float:
    """Chance that a part passes every step right first time: the product. Raises SpcError."""
    steps = finite(yields, "yields")
    return math.prod(share(step, f"yields[{at}]") for at, step in enumerate(steps.tolist()))


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One cause: its count, its share of all, and the share of it and all before it."""

    name: str
    count: int
    share: float
    cumulative: float


def pareto(counts: Mapping[str, int]) -> tuple[ParetoRow, ...]:
    """Causes by count, the largest first, ties in order of name. Raises SpcError.

    counts: by defect class, station, camera or shift. Without any defect all shares are 0.
    """
    by_name = dict(counts)
    if not by_name:
        raise SpcError("counts: expected one cause or more, got none")
    for name, count in by_name.items():
        if count < 0 or int(count) != count:
            raise SpcError(f"counts[{name!r}]: expected a whole number of 0 or more, got {count}")
    total = sum(by_name.values())
    rows: list[ParetoRow] = []
    so_far = 0
    for name in sorted(by_name, key=lambda key: (-by_name[key], key)):
        so_far += by_name[name]
        of_all, of_so_far = (part / total if total else 0.0 for part in (by_name[name], so_far))
        rows.append(ParetoRow(name, int(by_name[name]), of_all, of_so_far))
    return tuple(rows)


def _tolerance(lower: float | None, upper: float | None) -> None:
    if lower is None and upper is None:
        raise SpcError("lower, upper: expected one limit of the tolerance or both, got none")
    for name, limit in (("lower", lower), ("upper", upper)):
        if limit is not None:
            number(limit, name)
    if lower is not None and upper is not None and lower >= upper:
        raise SpcError(f"upper: expected above lower, {lower:g}; got {upper:g}")


def _read(
    data: Sequence[ArrayLike] | NDArray[np.float64], rounded: bool
) -> tuple[Floats, float, float, bool]:
    """All values, sigma within, its degrees of freedom, and whether the chart is quiet."""
    given = rows(data)
    if given and np.ndim(given[0]) > 0:
        chart = xbar_s_chart(given, estimator="pooled", rounded=rounded)
        values = np.concatenate([np.asarray(row, np.float64) for row in given])
        freedom = float(len(values) - len(given))
    else:
        values = finite(given, "data")
        chart = individuals_chart(values, rounded=rounded)
        freedom = 0.62 * (len(values) - 1)
    return values, chart.standard.sigma, freedom, not chart.signals


def _indices(
    mean: float, sigma: float, lower: float | None, upper: float | None
) -> tuple[float | None, float]:
    sides = [(upper - mean) / (3 * sigma)] if upper is not None else []
    sides += [(mean - lower) / (3 * sigma)] if lower is not None else []
    if lower is None or upper is None:
        return None, min(sides)
    return (upper - lower) / (6 * sigma), min(sides)


def _spread_interval(index: float, freedom: float, confidence: float) -> Interval:
    """Montgomery (8.19): index · sqrt(chi-square quantile / degrees of freedom)."""
    from scipy.special import gammaincinv

    tail = (1.0 - confidence) / 2.0
    low, high = (
        index * math.sqrt(2.0 * float(gammaincinv(freedom / 2.0, chance)) / freedom)
        for chance in (tail, 1.0 - tail)
    )
    return low, high


def _center_interval(index: float, n: int, freedom: float, confidence: float) -> Interval:
    """Montgomery (8.21), Bissell: index ± z sqrt(1 / (9 n) + index² / (2 degrees of freedom))."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    half = z * math.sqrt(1.0 / (9.0 * n) + index**2 / (2.0 * freedom))
    return index - half, index + half
