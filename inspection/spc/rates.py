"""Honest rates: an inspector that errs, a rate that wanders, points that hang together."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.spc.arrays import counts as whole_counts
from inspection.spc.arrays import counts_of, finite, open_share, sizes_of
from inspection.spc.errors import SpcError

AUTOCORRELATION_LIMIT = 0.2
"""Above this lag-1 correlation limits from moving ranges are not to be trusted."""


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """The true share of defective parts behind the share that the station rejects.

    rate, lower, upper: within 0 to 1. raw: before clipping; below 0 where the station rejects less
    than its false rejects alone would make. seen: the share rejected.
    """

    rate: float
    lower: float
    upper: float
    raw: float
    seen: float

    @property
    def below_false_rejects(self) -> bool:
        """Whether fewer parts were rejected than false rejects alone explain."""
        return self.raw < 0.0


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """A measurement-system study: known bad parts and how many were rejected, good and passed."""

    bad: int
    bad_rejected: int
    good: int
    good_passed: int

    @property
    def sensitivity(self) -> float:
        """Share of bad parts that are rejected; 1 less the escape rate."""
        return self.bad_rejected / self.bad

    @property
    def specificity(self) -> float:
        """Share of good parts that pass; 1 less the false-reject rate."""
        return self.good_passed / self.good


def rogan_gladen(
    rejected: int,
    inspected: int,
    study: StudyCounts,
    *,
    confidence: float = 0.95,
    method: str = "beta",
    draws: int = 100_000,
    seed: int = 1,
) -> CorrectedRate:
    """The true rate (seen + Sp - 1) / (Se + Sp - 1), with the study's own uncertainty.

    method: `delta` for the normal interval of Rogan and Gladen; `beta` for quantiles over `draws`
        of the three shares, each from its beta posterior with Jeffreys' prior. The
        delta interval is too narrow where a share is at 0 or 1.
    The ends are clipped as well: 0 to 0 says that no defect is needed to explain the rejects.
    Source: Rogan and Gladen, American Journal of Epidemiology 107 (1978) 71.
    Raises SpcError where Se + Sp <= 1: such an inspector tells nothing.
    """
    (seen_count, parts), (hits, bad), (passed, good) = (
        _pair(rejected, inspected, "rejected", "inspected"),
        _pair(study.bad_rejected, study.bad, "study.bad_rejected", "study.bad"),
        _pair(study.good_passed, study.good, "study.good_passed", "study.good"),
    )
    open_share(confidence, "confidence")
    se, sp, seen = hits / bad, passed / good, seen_count / parts
    if se + sp <= 1.0:
        raise SpcError(
            f"study: sensitivity {se:.4g} and specificity {sp:.4g} add up to 1 or less; an "
            "inspector no better than chance cannot be corrected"
        )
    raw = (seen + sp - 1.0) / (se + sp - 1.0)
    if method == "delta":
        variances = [s * (1 - s) / n for s, n in ((seen, parts), (se, bad), (sp, good))]
        factors = [1.0, raw**2, (1.0 - raw) ** 2]
        spread = math.sqrt(np.dot(variances, factors)) / (se + sp - 1.0)
        half = _normal_quantile(0.5 + confidence / 2) * spread
        lower, upper = raw - half, raw + half
    elif method == "beta":
        rng = np.random.default_rng(seed)
        pairs = ((seen_count, parts), (hits, bad), (passed, good))
        p, se_draws, sp_draws = (rng.beta(x + 0.5, n - x + 0.5, draws) for x, n in pairs)
        told = se_draws + sp_draws - 1.0
        true = np.where(told > 0, (p + sp_draws - 1.0) / np.where(told > 0, told, 1.0), np.nan)
        tail = (1.0 - confidence) / 2.0
        lower, upper = (float(q) for q in np.nanquantile(true, [tail, 1.0 - tail]))
    else:
        raise SpcError(f"method: expected beta or delta, got {method!r}")
    rate, low, high = (min(1.0, max(0.0, value)) for value in (raw, lower, upper))
    return CorrectedRate(rate, low, high, raw, seen)


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Do counts vary as binomial ones do?

    ratio: variance observed over expected, 1 for binomial counts. p_value: of so much or more
    variation by chance. advice: the chart to take, and why, in one sentence.
    """

    chi_square: float
    degrees: int
    ratio: float
    p_value: float
    overdispersed: bool
    underdispersed: bool
    advice: str


def dispersion_test(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    counts: Literal["parts", "defects"] = "parts",
    significance: float = 0.01,
) -> Dispersion:
    """Pearson's chi-square of k subgroups against one common rate, k - 1 degrees of freedom.

    counts: of defective `parts`, held against the binomial; or of `defects`, of which a unit may
        carry several, held against the Poisson.
    significance: of each of the two one-sided verdicts.
    Source: Snedecor and Cochran, Statistical Methods, section 11.7. Raises SpcError for fewer than
    2 subgroups, and where no part or every part is defective.
    """
    from scipy.special import gammainc, gammaincc

    if counts not in ("parts", "defects"):
        raise SpcError(f"counts: expected parts or defects, got {counts!r}")
    found, units = _counted(defectives, sizes, counts)
    open_share(significance, "significance")
    if len(found) < 2:
        raise SpcError("defectives: expected 2 subgroups or more, got 1")
    rate = float(found.sum() / units.sum())
    variance = rate * (1.0 - rate) if counts == "parts" else rate
    if variance == 0.0:
        raise SpcError("defectives: no part or every part is defective; nothing varies")
    chi_square = float(((found - units * rate) ** 2 / (units * variance)).sum())
    degrees = len(found) - 1
    above = float(gammaincc(degrees / 2, chi_square / 2))
    below = float(gammainc(degrees / 2, chi_square / 2))
    over, under = above < significance, below < significance
    ratio = chi_square / degrees
    return Dispersion(
        chi_square, degrees, ratio, above, over, under, _advice(over, under, ratio, rate, counts)
    )


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """How points hang together with the ones before.

    lag1: correlation of neighbours. limit: what independent points exceed in 5 % of cases.
    warning: empty, or why limits are not to be trusted.
    """

    lag1: float
    limit: float
    warning: str


def autocorrelation(data: ArrayLike) -> Autocorrelation:
    """Lag-1 autocorrelation of k points, k >= 3: sum of neighbouring products over sum of squares.

    Source: Montgomery (7th ed.), section 10.4; Box and Jenkins. Values that never change have a
    correlation of 0. Raises SpcError.
    """
    values = finite(data, "data")
    if len(values) < 3:
        raise SpcError(f"data: expected 3 points or more, got {len(values)}")
    away = values - values.mean()
    squares = float(away @ away)
    lag1 = float(away[1:] @ away[:-1]) / squares if squares > 0 else 0.0
    limit = 1.959963984540054 / math.sqrt(len(values))
    warning = ""
    if lag1 > max(AUTOCORRELATION_LIMIT, limit):
        warning = (
            f"neighbouring points correlate ({lag1:.2f}): limits from moving ranges are too narrow "
            "and alarm too often; take longer subgroups, or chart the residuals"
        )
    return Autocorrelation(lag1, limit, warning)


def _counted(
    defectives: ArrayLike, sizes: ArrayLike, counts: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if counts == "parts":
        found, parts = counts_of(defectives, sizes)
        return found, parts.astype(np.float64)
    found = whole_counts(defectives, "defectives")
    return found, sizes_of(sizes, found, "defectives")


def _advice(over: bool, under: bool, ratio: float, rate: float, counts: str) -> str:
    chart, law = ("p", "binomial") if counts == "parts" else ("u", "Poisson")
    if over:
        return (
            f"Take Laney's {chart}' chart: counts vary {ratio:.2f} times as much as {law} ones, "
            f"the rate itself wanders and {chart} limits are too narrow."
        )
    if under:
        return (
            f"Look at how subgroups are formed: counts vary only {ratio:.2f} times as much as "
            f"{law} ones, as when each subgroup mixes several sources."
        )
    return f"A {chart} chart fits: counts vary as {law} ones do around {rate:.4g}."


def _pair(events: int, n: int, events_name: str, n_name: str) -> tuple[int, int]:
    if n < 1 or int(n) != n:
        raise SpcError(f"{n_name}: expected a whole number of 1 or more, got {n}")
    if not 0 <= events <= n or int(events) != events:
        raise SpcError(f"{events_name}: expected a whole number from 0 to {n}, got {events}")
    return int(events), int(n)


def _normal_quantile(chance: float) -> float:
    return NormalDist().inv_cdf(chance)
