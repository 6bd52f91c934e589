"""The p chart: the share of defective parts per subgroup, with three-sigma limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SIGMAS = 3


@dataclass(frozen=True, slots=True, eq=False)
class PChart:
    """A p chart of k subgroups; all arrays are read-only, of shape (k,).

    defectives, sizes: what was counted. values: their quotient.
    center: the rate that the limits are built around.
    lower, upper: limits of each subgroup, within 0 to 1; they vary with its size.
    signals: true where a value lies outside its limits. A point on a limit is no signal.
    baseline: how many subgroups the center was estimated from; 0 where it was given.
    """

    defectives: NDArray[np.int64]
    sizes: NDArray[np.int64]
    values: NDArray[np.float64]
    center: float
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    signals: NDArray[np.bool_]
    baseline: int


def p_chart(
    defectives: ArrayLike,
    sizes: ArrayLike,
    *,
    center: float | Fraction | None = None,
    baseline: int | None = None,
) -> PChart:
    """The p chart of subgroups with `defectives` of `sizes` parts each; sizes may differ.

    center: a rate known beforehand (phase II). A float means the decimal number it prints as.
    baseline: estimate the center from the first so many subgroups only, or from all when there
        are fewer; from all when neither is given (phase I).

    Limits are center ± 3 sqrt(center (1 - center) / size), clipped to 0 and 1. Whether a point is
    outside is decided on whole numbers, so that a point exactly on a limit never signals. With a
    center of 0, any defective part is a signal.

    Source: Montgomery, Introduction to Statistical Quality Control, section 7.2.
    Raises ValueError for counts that cannot be: none, NaN, fractions, negative, more defectives
    than parts, an empty subgroup, shapes that differ; and for a center outside 0 to 1.
    """
    counts, totals = _counts(defectives, "defectives"), _counts(sizes, "sizes")
    _check(counts, totals)
    if center is not None and baseline is not None:
        raise ValueError("give a center or a baseline, not both")
    used = 0 if center is not None else _baseline_length(len(counts), baseline)
    rate = _given(center) if center is not None else _estimated(counts[:used], totals[:used])
    middle = float(rate)
    half = _SIGMAS * np.sqrt(middle * (1.0 - middle) / totals)
    return PChart(
        defectives=_frozen(counts),
        sizes=_frozen(totals),
        values=_frozen(counts / totals),
        center=middle,
        lower=_frozen(np.clip(middle - half, 0.0, 1.0)),
        upper=_frozen(np.clip(middle + half, 0.0, 1.0)),
        signals=_frozen(_outside(counts.tolist(), totals.tolist(), rate)),
        baseline=used,
    )


def _outside(counts: Sequence[int], totals: Sequence[int], rate: Fraction) -> NDArray[np.bool_]:
    """|x - n p| > 3 sqrt(n p (1 - p)), squared and multiplied out to whole numbers."""
    part, whole = rate.numerator, rate.denominator
    variance = _SIGMAS**2 * part * (whole - part)
    return np.array(
        [(x * whole - n * part) ** 2 > n * variance for x, n in zip(counts, totals, strict=True)],
        np.bool_,
    )


def _estimated(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> Fraction:
    return Fraction(int(counts.sum()), int(totals.sum()))


def _given(center: float | Fraction) -> Fraction:
    if not 0 <= center <= 1:
        raise ValueError(f"center is a share, from 0 to 1; got {center}")
    return center if isinstance(center, Fraction) else Fraction(repr(float(center)))


def _baseline_length(subgroups: int, baseline: int | None) -> int:
    if baseline is None:
        return subgroups
    if baseline < 1:
        raise ValueError(f"a baseline has one subgroup or more, got {baseline}")
    return min(baseline, subgroups)


def _counts(values: ArrayLike, name: str) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.ndim != 1 or given.size == 0:
        raise ValueError(f"{name} need one number per subgroup, got shape {given.shape}")
    if given.dtype.kind not in "iuf" or not np.isfinite(given).all():
        raise ValueError(f"{name} must be whole numbers, got {given}")
    whole = given.astype(np.int64)
    if (whole != given).any():
        raise ValueError(f"{name} must be whole numbers, got {given[whole != given][0]}")
    return whole


def _check(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> None:
    if counts.shape != totals.shape:
        raise ValueError(f"{len(counts)} counts of defectives, but {len(totals)} sizes")
    wrong = (counts < 0) | (totals < 1) | (counts > totals)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(f"subgroup {at}: {counts[at]} defectives of {totals[at]} parts cannot be")


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
