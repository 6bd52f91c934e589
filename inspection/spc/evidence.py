"""What moved at a change, and by how much: one named test, effect and interval per column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from inspection.spc.arrays import Floats, Mask

MOST_BLOCKS = 25
"""Numbers are averaged over so many stretches of rows: neighbours are alike, stretches less so."""

SMALLEST_SIGMAS = 0.25
"""A mean that surely moved less than this many sigmas of one row explains no rise of rejects."""

SMALLEST_RATIO = 1.25
"""A share that surely rose by less than this factor counts as unmoved."""


class Kind(StrEnum):
    """What a column is about."""

    REJECTS = "rejects"
    HEALTH = "picture health"
    SCORE = "score"
    SENSOR = "sensor"
    VIEW = "view"
    DEFECT_CLASS = "defect class"
    SETTING = "setting"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How one column differs between the rows before and after a change.

    name, label: the column, and which camera, class or value of it (empty for numbers).
    test: by name. p_value: of the test alone; p_adjusted: by Holm over all evidence.
    effect, lower, upper: with a 95 % interval; for numbers the move of the mean in sigmas of one
        row before, for shares the ratio of after to before.
    before, after: means, or shares. at: the row at which a setting or a material changed.
    moved: whether p_adjusted is below the significance and the effect surely matters.
    """

    kind: Kind
    name: str
    label: str
    test: str
    p_value: float
    p_adjusted: float
    effect: float
    lower: float
    upper: float
    before: float
    after: float
    moved: bool = False
    at: int | None = None

    @property
    def rose(self) -> bool:
        """Whether it went up."""
        return self.after > self.before

    @property
    def is_mean(self) -> bool:
        """Whether the effect is in sigmas of a mean, and not a ratio of shares."""
        return self.kind in (Kind.HEALTH, Kind.SCORE, Kind.SENSOR)

    @property
    def sentence(self) -> str:
        """In words, with the effect and its interval."""
        if self.is_mean:
            whose = f"{self.name} of {self.label}" if self.label else self.name
            went = f"{'rose' if self.rose else 'fell'} by {abs(self.effect):.1f} sigmas"
            nearer, farther = sorted((abs(self.lower), abs(self.upper)))
            return f"{whose} {went} ({nearer:.1f} to {farther:.1f})"
        times = f"{self.effect:.1f} times as often ({self.lower:.1f} to {self.upper:.1f})"
        if self.at is not None:
            return f"{self.name} became {self.label} at row {self.at}: rejects {times}"
        return f"{self.name}{self.label and ' '}{self.label} {times}"


def moved_mean(kind: Kind, name: str, label: str, before: Floats, after: Floats) -> Evidence | None:
    """Welch's t-test on means of stretches of rows; None where either side tells too little.

    before, after: one number per row, NaN where none was measured. Stretches keep neighbours that
    are alike from counting as so many independent ones.
    Source: Welch, Biometrika 34 (1947) 28.
    """
    from scipy.special import stdtr, stdtrit

    first, second = (values[~np.isnan(values)] for values in (before, after))
    if min(len(first), len(second)) < 2:
        return None
    a, b = _block_means(first), _block_means(second)
    step = float(second.mean() - first.mean())
    noises = [float(means.var(ddof=1)) / len(means) for means in (a, b)]
    error = math.sqrt(sum(noises))
    sigma = _spread(first) or _spread(second)
    if sigma == 0.0:
        return _step_of_constants(kind, name, label, float(first[0]), float(second[0]))
    freedom = _welch_freedom(noises, (len(a), len(b)))
    p = 2.0 * float(stdtr(freedom, -abs(step) / error)) if error > 0 else float(step == 0)
    half = float(stdtrit(freedom, 0.975)) * error
    low, middle, high = ((step + sign * half) / sigma for sign in (-1, 0, 1))
    means = float(first.mean()), float(second.mean())
    return Evidence(kind, name, label, "Welch's t-test", p, p, middle, low, high, *means)


def risen_share(
    kind: Kind,
    name: str,
    label: str,
    before: tuple[int, int],
    after: tuple[int, int],
    at: int | None = None,
) -> Evidence | None:
    """Fisher's exact test on rejects of rows, before and after; None without rows on a side.

    The ratio has the interval of Katz on the logarithm, with half a reject added to each side.
    Source: Fisher, Journal of the Royal Statistical Society 98 (1935) 39; Walter, Biometrics 31
    (1975) 935.
    """
    from scipy.stats import fisher_exact

    (x, n), (y, m) = before, after
    if n == 0 or m == 0 or x + y == 0:
        return None
    p = float(np.asarray(fisher_exact([[y, m - y], [x, n - x]])[1]))
    middle = math.log((y + 0.5) / (m + 0.5)) - math.log((x + 0.5) / (n + 0.5))
    variance = 1 / (y + 0.5) - 1 / (m + 0.5) + 1 / (x + 0.5) - 1 / (n + 0.5)
    half = NormalDist().inv_cdf(0.975) * math.sqrt(max(0.0, variance))
    ratio, low, high = (math.exp(middle + sign * half) for sign in (0, -1, 1))
    test = "Fisher's exact test"
    return Evidence(kind, name, label, test, p, p, ratio, low, high, x / n, y / m, at=at)


def ranked(found: Sequence[Evidence], significance: float) -> tuple[Evidence, ...]:
    """Evidence with p values adjusted by Holm; what moved first, the clearest first.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.
    """
    in_order = sorted(found, key=lambda one: one.p_value)
    judged: list[Evidence] = []
    highest = 0.0
    for at, one in enumerate(in_order):
        highest = max(highest, min(1.0, (len(in_order) - at) * one.p_value))
        moved = highest < significance and _matters(one)
        judged.append(replace(one, p_adjusted=highest, moved=moved))
    return tuple(sorted(judged, key=lambda one: (not one.moved, one.p_adjusted)))


def rejected_of(defective: Mask, rows: Mask) -> tuple[int, int]:
    """Rejects among some rows, and how many rows there are."""
    return int(np.count_nonzero(defective & rows)), int(np.count_nonzero(rows))


def _matters(one: Evidence) -> bool:
    if one.is_mean:
        return one.lower > SMALLEST_SIGMAS or one.upper < -SMALLEST_SIGMAS
    return one.lower > SMALLEST_RATIO or one.upper < 1.0 / SMALLEST_RATIO


def _block_means(values: Floats) -> Floats:
    return np.array([part.mean() for part in np.array_split(values, min(MOST_BLOCKS, len(values)))])


def _welch_freedom(noises: list[float], sizes: tuple[int, int]) -> float:
    below = sum(noise**2 / (size - 1) for noise, size in zip(noises, sizes, strict=True))
    return sum(noises) ** 2 / below if below > 0 else float(sum(sizes) - 2)


def _spread(values: Floats) -> float:
    """The standard deviation; 0 of constants, whose mean may be another float than they are."""
    return float(values.std(ddof=1)) if values.max() > values.min() else 0.0


def _step_of_constants(kind: Kind, name: str, label: str, before: float, after: float) -> Evidence:
    """Both sides never change: either nothing moved, or it moved beyond all doubt."""
    far, p = (0.0, 1.0) if before == after else (math.copysign(math.inf, after - before), 0.0)
    return Evidence(kind, name, label, "Welch's t-test", p, p, far, far, far, before, after)
