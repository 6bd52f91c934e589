"""When did the defect rate rise? The likely first part, and how early it may have been."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Floats, open_share, truth_values

_LOWEST_RISE, _HIGHEST_RATE, _RISES = 1.25, 0.95, 24


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Where the rate of a run of verdicts rose; parts are counted from the first verdict given.

    start: the first part of the change, as likely too early as too late. earliest, latest: the
        parts between which it began, with the confidence asked for.
    end: one past the last verdict. rate_after: share of defective parts from `start` on.
    """

    start: int
    earliest: int
    latest: int
    end: int
    rate_after: float

    @property
    def reinspect(self) -> range:
        """The parts to inspect again: from the earliest part that may have changed."""
        return range(self.earliest, self.end)


def change_point(defective: ArrayLike, *, rate: float, confidence: float = 0.95) -> ChangePoint:
    """The likely part at which the rate rose above `rate`, for good, within these verdicts.

    defective: one truth value per part, shape (n,), up to the part that signalled; begin well
        before the start of the CUSUM's last climb, so that an earlier change can be found.
    rate: in control, p0. Every part is held as likely a start as any other, and odds from 1.25
        times those of p0 to 19 (a rate of 0.95) as likely on a logarithmic scale; the likelihood
        of a start is the mean over them.
    start is the middle of that likelihood; earliest and latest leave half of 1 - confidence on
    either side. At 0.95, 95 to 98 of 100 drawn changes lie between them.

    Source: Hinkley and Hinkley, Biometrika 57 (1970) 477, for the likelihood; Smith, Biometrika 62
    (1975) 407, for the weighing. Raises SpcError.
    """
    verdicts = truth_values(defective, "defective")
    p0 = open_share(rate, "rate")
    tail = (1.0 - open_share(confidence, "confidence")) / 2.0
    left = np.arange(len(verdicts), 0, -1, dtype=np.float64)
    found = np.cumsum(verdicts[::-1], dtype=np.float64)[::-1]
    weights = _weights(found, left, p0)
    reached = np.cumsum(weights)
    reached /= reached[-1]
    start = int(np.searchsorted(reached, 0.5))
    return ChangePoint(
        start,
        int(np.searchsorted(reached, tail)),
        int(np.searchsorted(reached, 1.0 - tail)),
        len(verdicts),
        float(found[start] / left[start]),
    )


def _weights(found: Floats, parts: Floats, p0: float) -> Floats:
    """How likely each start is, up to a factor: `found` defective of `parts` from it on."""
    odds = p0 / (1.0 - p0)
    highest = max(_HIGHEST_RATE / (1.0 - _HIGHEST_RATE) / odds, 2.0 * _LOWEST_RISE)
    total = np.full(len(found), -np.inf)
    for times in np.geomspace(_LOWEST_RISE, highest, _RISES):
        more_good = np.log1p(odds) - np.log1p(odds * times)
        np.logaddexp(total, found * np.log(times) + parts * more_good, out=total)
    return np.exp(total - total.max())
