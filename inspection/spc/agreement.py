"""Attribute agreement: people and the station against the truth and against each other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Counts, Floats, open_share
from inspection.spc.errors import SpcError
from inspection.spc.intervals import clopper_pearson

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance: 1 is perfect, 0 what chance gives; agreed is the plain share.

    At low defect rates kappa fools: 99.5 % agreement can be a kappa of 0.28. Show it with the
    escape and false-reject rates.
    """

    kappa: float
    lower: float
    upper: float
    agreed: float


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """One appraiser against the truth; each share with its exact interval.

    effectiveness: parts called right in every trial. miss: bad parts called good, of all calls on
    bad parts (None without such calls). false_alarm: good called bad. verdict: AIAG's
    `acceptable`, `marginal` or `unacceptable`, the worst of the three.
    """

    effectiveness: float
    effectiveness_interval: Interval
    miss: float | None
    miss_interval: Interval
    false_alarm: float | None
    false_alarm_interval: Interval
    verdict: str


def cohen_kappa(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Kappa:
    """Cohen's kappa of two ratings of the same parts, shape (k,), whole numbers as categories.

    The interval is normal, with the variance of Fleiss, Cohen and Everitt, within -1 to 1. Where
    both always call the same one category kappa is 1: they agree, though it shows little.

    Source: Cohen, Educational and Psychological Measurement 20 (1960) 37; Fleiss, Cohen and
    Everitt, Psychological Bulletin 72 (1969) 323; AIAG MSA (4th ed.), chapter III C.
    Raises SpcError.
    """
    a, b = _ratings(first, "first"), _ratings(second, "second")
    if len(a) != len(b):
        raise SpcError(f"second: expected one rating per part, {len(a)} in all; got {len(b)}")
    _, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    categories = int(codes.max()) + 1
    table = np.zeros((categories, categories))
    np.add.at(table, (codes[: len(a)], codes[len(a) :]), 1.0)
    return _kappa_of(table / len(a), len(a), confidence)


def fleiss_kappa(
    ratings: ArrayLike,
    *,
    interval: Literal["jackknife", "normal"] = "jackknife",
    confidence: float = 0.95,
) -> Kappa:
    """Fleiss' kappa of k parts, each rated n times, shape (k, n), whole numbers as categories.

    interval: the `jackknife`'s over parts, so that parts, not ratings, are the sample; or `normal`
        with the standard error of Fleiss, Nee and Landis, which holds where there is no agreement
        beyond chance (as Minitab and R's irr).
    Source: Fleiss, Psychological Bulletin 76 (1971) 378; Efron and Stein, Annals of Statistics 9
    (1981) 586; Fleiss, Nee and Landis, Psychological Bulletin 86 (1979) 974.
    Raises SpcError for fewer than 2 parts or 2 ratings of each.
    """
    if interval not in ("jackknife", "normal"):
        raise SpcError(f"interval: expected jackknife or normal, got {interval!r}")
    given = np.asarray(ratings)
    if given.ndim != 2 or given.shape[0] < 2 or given.shape[1] < 2:
        raise SpcError(f"ratings: expected 2 parts rated twice or more; got shape {given.shape}")
    rows = np.stack([_ratings(row, f"ratings[{at}]") for at, row in enumerate(given)])
    _, codes = np.unique(rows, return_inverse=True)
    codes = codes.reshape(rows.shape)
    table = np.stack([(codes == code).sum(axis=1) for code in range(int(codes.max()) + 1)], axis=1)
    kappa, agreed = _fleiss(table)
    error = _jackknife_error(table) if interval == "jackknife" else _null_error(table)
    half = _quantile(confidence) * error
    return Kappa(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), agreed)


def effectiveness(calls: ArrayLike, truth: ArrayLike, *, confidence: float = 0.95) -> Effectiveness:
    """How one appraiser's calls agree with the truth: 1 is bad (reject), 0 is good (pass).

    calls: shape (k,) or (k, trials). truth: shape (k,). A part is right only if every trial is.
    Acceptable from 90 % effectiveness, up to 2 % miss and 5 % false alarms; marginal from 80 %, up
    to 5 % and 10 %. Source: AIAG MSA (4th ed.), chapter III C. Raises SpcError.
    """
    true = _binary(truth, "truth", 1)
    made = _binary(calls, "calls", np.ndim(np.asarray(calls)))
    made = made.reshape(len(made), -1)
    if len(made) != len(true):
        raise SpcError(f"truth: expected one per part of calls, {len(made)}; got {len(true)}")
    open_share(confidence, "confidence")
    right = int((made == true[:, None]).all(axis=1).sum())
    bad, good = made[true == 1], made[true == 0]
    missed, alarmed = int((bad == 0).sum()), int((good == 1).sum())
    shares = (right / len(true), _of(missed, bad.size), _of(alarmed, good.size))
    return Effectiveness(
        shares[0],
        clopper_pearson(right, len(true), confidence),
        shares[1],
        clopper_pearson(missed, bad.size, confidence),
        shares[2],
        clopper_pearson(alarmed, good.size, confidence),
        _verdict(*shares),
    )


@dataclass(frozen=True, slots=True)
class AgreementStudy:
    """All of an attribute study; appraisers in the order given.

    within: share of parts that each called alike in all trials, and its interval. against_truth:
    effectiveness of each. kappas: Cohen's of each against the truth, over all trials. pairs:
    Cohen's of each two appraisers, trial by trial, where both made as many. between: Fleiss' over
    all calls; None for one appraiser with one trial. all_right: share of parts that
    everybody always called right, and its interval.
    """

    names: tuple[str, ...]
    within: tuple[tuple[float, Interval], ...]
    against_truth: tuple[Effectiveness, ...]
    kappas: tuple[Kappa, ...]
    pairs: tuple[tuple[str, str, Kappa], ...]
    between: Kappa | None
    all_right: tuple[float, Interval]


def agreement_study(
    calls: Sequence[ArrayLike] | Mapping[str, ArrayLike],
    truth: ArrayLike,
    *,
    confidence: float = 0.95,
) -> AgreementStudy:
    """The whole study: each appraiser (or the station) within, against the truth, and together.

    calls: by appraiser, each of shape (k,) or (k, trials), 1 bad and 0 good. Raises SpcError.
    """
    by_name = (
        calls if isinstance(calls, Mapping) else {str(at): row for at, row in enumerate(calls)}
    )
    if not by_name:
        raise SpcError("calls: expected one appraiser or more, got none")
    true = _binary(truth, "truth", 1)
    made = {name: np.asarray(row) for name, row in by_name.items()}
    effects = tuple(effectiveness(row, true, confidence=confidence) for row in made.values())
    tables = [row.reshape(len(true), -1).astype(np.int64) for row in made.values()]
    kappas = tuple(
        cohen_kappa(table.ravel(), np.repeat(true, table.shape[1]), confidence=confidence)
        for table in tables
    )
    together = np.concatenate(tables, axis=1)
    within = [int((table == table[:, :1]).all(axis=1).sum()) for table in tables]
    right = int((together == true[:, None]).all(axis=1).sum())
    comparable = together.shape[1] > 1 and len(true) > 1
    return AgreementStudy(
        tuple(made),
        tuple((x / len(true), clopper_pearson(x, len(true), confidence)) for x in within),
        effects,
        kappas,
        tuple(
            (one, other, cohen_kappa(a.ravel(), b.ravel(), confidence=confidence))
            for (one, a), (other, b) in combinations(zip(made, tables, strict=True), 2)
            if a.shape == b.shape
        ),
        fleiss_kappa(together, confidence=confidence) if comparable else None,
        (right / len(true), clopper_pearson(right, len(true), confidence)),
    )


def _kappa_of(shares: Floats, n: int, confidence: float) -> Kappa:
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, by_chance = float(np.trace(shares)), float(rows @ columns)
    if by_chance >= 1.0:
        return Kappa(1.0, 1.0, 1.0, agreed)
    kappa = (agreed - by_chance) / (1.0 - by_chance)
    diagonal = np.diag(shares) * (1.0 - (rows + columns) * (1.0 - kappa)) ** 2
    crossed = shares * (columns[:, None] + rows[None, :]) ** 2
    off = (crossed.sum() - np.trace(crossed)) * (1.0 - kappa) ** 2
    rest = (kappa - by_chance * (1.0 - kappa)) ** 2
    variance = max(0.0, float(diagonal.sum() + off - rest)) / (n * (1.0 - by_chance) ** 2)
    half = _quantile(confidence) * math.sqrt(variance)
    return Kappa(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), agreed)


def _fleiss(table: Counts) -> tuple[float, float]:
    n = int(table[0].sum())
    agreed = float((((table**2).sum(axis=1) - n) / (n * (n - 1))).mean())
    by_chance = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    return (1.0 if by_chance >= 1.0 else (agreed - by_chance) / (1.0 - by_chance)), agreed


def _jackknife_error(table: Counts) -> float:
    k = len(table)
    without = np.array([_fleiss(np.delete(table, at, axis=0))[0] for at in range(k)])
    return math.sqrt((k - 1) / k * float(((without - without.mean()) ** 2).sum()))


def _null_error(table: Counts) -> float:
    """Standard error of a kappa of 0, from the shares of the categories."""
    k, n = len(table), int(table[0].sum())
    shares = table.sum(axis=0) / table.sum()
    crossed = float((shares * (1.0 - shares)).sum())
    if crossed == 0.0:
        return 0.0
    uneven = float((shares * (1.0 - shares) * (1.0 - 2.0 * shares)).sum())
    return math.sqrt(2.0 * (crossed**2 - uneven)) / (crossed * math.sqrt(k * n * (n - 1)))


def _verdict(effective: float, miss: float | None, false_alarm: float | None) -> str:
    missed, alarmed = miss or 0.0, false_alarm or 0.0
    if effective >= 0.90 and missed <= 0.02 and alarmed <= 0.05:
        return "acceptable"
    if effective >= 0.80 and missed <= 0.05 and alarmed <= 0.10:
        return "marginal"
    return "unacceptable"


def _of(events: int, n: int) -> float | None:
    return events / n if n else None


def _ratings(values: ArrayLike, name: str) -> Counts:
    given = np.asarray(values)
    if given.ndim != 1 or given.size == 0:
        raise SpcError(f"{name}: expected one rating per part, got shape {given.shape}")
    if given.dtype.kind not in "biu":
        raise SpcError(f"{name}: expected whole numbers as categories, got {given.dtype}")
    return given.astype(np.int64)


def _binary(values: ArrayLike, name: str, dimensions: int) -> Counts:
    given = np.asarray(values)
    if given.ndim != dimensions or dimensions not in (1, 2) or given.size == 0:
        raise SpcError(f"{name}: expected one call per part and trial, got shape {given.shape}")
    wrong = np.argwhere((given != 0) & (given != 1))
    if len(wrong):
        at = tuple(int(index) for index in wrong[0])
        raise SpcError(f"{name}{list(at)}: expected 0 (good) or 1 (bad), got {given[at]}")
    return given.astype(np.int64)


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + open_share(confidence, "confidence") / 2.0)
