"""Data at the door: arrays are checked once, and a fault names the argument and the index."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inspection.spc.errors import SpcError

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

ON_LINE = 1e-9
"""A point closer to a line than this, in sigmas, lies on it: floats cannot tell, and it matters."""


def counts(values: ArrayLike, name: str, at_least: int = 0) -> Counts:
    """Whole numbers of `at_least` or more, shape (k,), k >= 1. Raises SpcError."""
    given = finite(values, name)
    whole = given.astype(np.int64)
    _all(whole == given, given, name, "a whole number")
    _all(whole >= at_least, given, name, f"{at_least} or more")
    return whole


def truth_values(values: ArrayLike, name: str) -> Mask:
    """One truth value per part, shape (n,), n >= 1. Raises SpcError for anything but 0 and 1."""
    given = np.asarray(values)
    if given.ndim != 1 or given.size == 0:
        raise SpcError(f"{name}: expected one truth value per part, got shape {given.shape}")
    if given.dtype.kind not in "biuf":
        raise SpcError(f"{name}: expected truth values, got {given.dtype}")
    if given.dtype.kind != "b":
        _all((given == 0) | (given == 1), given, name, "0 or 1")
    return given.astype(np.bool_, copy=False)


def finite(values: ArrayLike, name: str) -> Floats:
    """Finite numbers, shape (k,), k >= 1; a copy, so that the caller's array stays theirs."""
    given = np.asarray(values)
    if given.ndim != 1 or given.size == 0:
        raise SpcError(
            f"{name}: expected one number per point, at least one; got shape {given.shape}"
        )
    if given.dtype.kind not in "biuf":
        raise SpcError(f"{name}: expected numbers, got {given.dtype} such as {given[0]!r}")
    numbers = given.astype(np.float64)
    _all(np.isfinite(numbers), numbers, name, "a finite number")
    return numbers


def positive(values: ArrayLike, name: str) -> Floats:
    """Finite numbers above 0, shape (k,). Raises SpcError."""
    numbers = finite(values, name)
    _all(numbers > 0, numbers, name, "a number above 0")
    return numbers


def not_negative(values: ArrayLike, name: str) -> Floats:
    """Finite numbers of 0 or more, shape (k,). Raises SpcError."""
    numbers = finite(values, name)
    _all(numbers >= 0, numbers, name, "0 or more")
    return numbers


def rows(data: Any) -> list[Any]:
    """The values or subgroups of `data`. Raises SpcError for what holds neither."""
    if not isinstance(data, Iterable) or isinstance(data, str):
        raise SpcError(f"data: expected one number per point, or subgroups; got {data!r}")
    return list(np.asarray(data)) if hasattr(data, "__array__") else list(data)


def per_point(sizes: ArrayLike, points: int) -> ArrayLike:
    """Sizes as given, or one size that all points have, repeated."""
    return np.full(points, sizes) if np.ndim(sizes) == 0 else sizes


def sizes_of(sizes: ArrayLike | None, values: NDArray[Any], name: str) -> Floats:
    """Sizes above 0, one per value: as given, one for all, or 1 when None. Raises SpcError."""
    found = positive(per_point(1.0 if sizes is None else sizes, len(values)), "sizes")
    same_length(values, found, (name, "sizes"))
    return found


def same_length(first: NDArray[Any], second: NDArray[Any], names: tuple[str, str]) -> None:
    """Raises SpcError when one array is longer than the other."""
    if len(first) != len(second):
        raise SpcError(
            f"{names[1]}: expected one per point of {names[0]}, "
            f"{len(first)} in all; got {len(second)}"
        )


def counts_of(
    values: ArrayLike, sizes: ArrayLike, names: tuple[str, str] = ("defectives", "sizes")
) -> tuple[Counts, Counts]:
    """Counts and the sizes they are out of: 0 <= count <= size, size >= 1. Raises SpcError.

    sizes: one per count, or one for all.
    """
    found = counts(values, names[0])
    totals = counts(per_point(sizes, len(found)), names[1], at_least=1)
    same_length(found, totals, names)
    above = found > totals
    if above.any():
        at = int(np.argmax(above))
        raise SpcError(
            f"{names[0]}[{at}]: expected at most its size, {totals[at]}; got {found[at]}"
        )
    return found, totals


def number(
    value: float, name: str, fits: Callable[[float], bool] = np.isfinite, wanted: str = "finite"
) -> float:
    """One finite number that `fits`. Raises SpcError that says it must be `wanted`."""
    given = float(value)
    if not np.isfinite(given) or not fits(given):
        raise SpcError(f"{name}: expected a number that is {wanted}; got {value}")
    return given


def above_zero(value: float, name: str) -> float:
    """One number above 0. Raises SpcError."""
    return number(value, name, lambda given: given > 0, "above 0")


def not_negative_number(value: float, name: str) -> float:
    """One number of 0 or more. Raises SpcError."""
    return number(value, name, lambda given: given >= 0, "0 or more")


def share(value: float, name: str) -> float:
    """One number from 0 to 1. Raises SpcError."""
    return number(value, name, lambda given: 0 <= given <= 1, "a share, from 0 to 1")


def open_share(value: float, name: str) -> float:
    """One number above 0 and below 1. Raises SpcError."""
    return number(value, name, lambda given: 0 < given < 1, "above 0 and below 1")


def standardise(distances: Floats, sigmas: Floats) -> Floats:
    """Distances in sigmas; where sigma is 0, a distance is infinite and none is 0. NaN stays NaN.

    A distance within a billionth of a sigma of 0, 1, 2 or 3 sigmas is set on it.
    """
    safe = np.where(sigmas > 0, sigmas, 1.0)
    z = np.where(sigmas > 0, distances / safe, np.where(distances > 0, np.inf, -np.inf))
    z[distances == 0] = 0.0
    z[np.isnan(distances)] = np.nan
    near = np.where(np.isfinite(z), np.rint(z), 0.0)
    on_line = (np.abs(z - near) < ON_LINE) & (np.abs(near) <= 3)
    z[on_line] = near[on_line]
    return z


def standardise_one(distance: float, sigma: float) -> float:
    """What `standardise` gives for one point, to the bit, without an array."""
    if distance == 0.0:
        return 0.0
    if sigma <= 0.0:
        return math.copysign(math.inf, distance)
    z = distance / sigma
    if abs(z) < 3.5 and abs(z - round(z)) < ON_LINE:
        return float(round(z))
    return z


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array, read-only from here on."""
    array.flags.writeable = False
    return array


def repeated(value: float, points: int) -> Floats:
    """A line that is the same at every point."""
    return np.full(points, value)


def _all(good: Mask, values: NDArray[Any], name: str, wanted: str) -> None:
    if not good.all():
        at = int(np.argmin(good))
        raise SpcError(f"{name}[{at}]: expected {wanted}, got {values[at]:g}")
