"""What every chart gives: points, lines and signals, frozen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from inspection.spc.arrays import Floats, Mask, frozen
from inspection.spc.errors import SpcError

PROVISIONAL_UNDER = 20
"""Limits from fewer subgroups are provisional (Montgomery, section 5.3: 20 to 25 subgroups)."""

Exclude = Mapping[int, str] | Iterable[int]
"""Points that do not enter an estimate: index to reason, or indices alone."""


class Side(StrEnum):
    """Where the points of a signal lie."""

    ABOVE = "above"
    BELOW = "below"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Signal:
    """A chart says: this is not the usual variation.

    at: index of the point that completes the pattern, which is when the alarm goes.
    rule: `nelson1` to `nelson8`, `we1` to `we4`, or the chart's own: `ewma`, `cusum`, `zeros`.
    points: indices of the pattern's points, the last of them `at`. For a CUSUM these are the points
        from the start of its last climb, which is where the change likely began: a range, since
        a climb may be as long as the history.
    """

    at: int
    rule: str
    side: Side
    points: Sequence[int]


@dataclass(frozen=True, slots=True)
class Standard:
    """What limits are made from: estimated in phase I, frozen in phase II.

    center: the rate, or the mean of one measurement.
    sigma: of one measurement; for counts the factor on the sigma of their distribution, which is
        1, or Laney's sigma_z.
    subgroups: how many it was estimated from; 0 where it was given (a target or a standard).
    excluded: points left out of the estimate, with the reason.
    """

    center: float
    sigma: float
    subgroups: int = 0
    excluded: tuple[tuple[int, str], ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether it was estimated from too few subgroups to be relied on."""
        return 0 < self.subgroups < PROVISIONAL_UNDER


@dataclass(frozen=True, slots=True, eq=False)
class ControlChart:
    """A chart of k points; all arrays are read-only, of shape (k,).

    values: what is plotted. center, lower, upper: the lines at each point; a side without a limit
        has -inf or inf. z: the points in sigmas from the center, which rules are judged on.
    sizes: of the subgroups. signals: in order of the points.
    companion: the chart of the spread that belongs to it (moving ranges, ranges, deviations).
    """

    name: str
    values: Floats
    center: Floats
    lower: Floats
    upper: Floats
    z: Floats
    sizes: Floats
    signals: tuple[Signal, ...]
    standard: Standard
    companion: "ControlChart | None" = None

    def __post_init__(self) -> None:
        for array in (self.values, self.center, self.lower, self.upper, self.z, self.sizes):
            frozen(array)

    @property
    def signalling(self) -> Mask:
        """True at the points that complete a pattern."""
        return _at(len(self.values), (signal.at for signal in self.signals))

    @property
    def marked(self) -> Mask:
        """True at every point of every pattern: some packages mark these."""
        return _at(len(self.values), (point for s in self.signals for point in s.points))


def used_points(
    points: int, baseline: int | None, exclude: Exclude
) -> tuple[Mask, tuple[tuple[int, str], ...]]:
    """Which points enter an estimate, and which of them were left out for which reason.

    baseline: only the first so many, or all where there are fewer.
    Raises SpcError for an index that does not exist, and when nothing is left.
    """
    if baseline is not None and baseline < 1:
        raise SpcError(f"baseline: expected one subgroup or more, got {baseline}")
    reasons = dict(exclude) if isinstance(exclude, Mapping) else dict.fromkeys(exclude, "")
    used = np.arange(points) < (points if baseline is None else baseline)
    for at in reasons:
        if not 0 <= at < points:
            raise SpcError(f"exclude: expected indices from 0 to {points - 1}, got {at}")
        used[at] = False
    if not used.any():
        raise SpcError(f"exclude: all {points} points are left out; nothing to estimate from")
    return used, tuple(sorted(reasons.items()))


def _at(points: int, indices: Iterable[int]) -> Mask:
    mask = np.zeros(points, np.bool_)
    mask[list(indices)] = True
    return frozen(mask)
