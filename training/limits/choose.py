"""Choosing each class's score limit on validation parts: fewest escapes for the false rejects."""

import math
from collections.abc import Sequence

from models.card import ClassLimit
from training.measuring.evaluate import Measured, rejects

_STEP = 0.001
"""Limits carry three digits; one raised past a good part's score lies at least this far above."""

LimitsByClass = dict[str, ClassLimit]


def choose_limits(
    measured: Sequence[Measured], classes: tuple[str, ...], lowest: float, false_rejects: float
) -> LimitsByClass:
    """A score limit per class, such that at most this share of the good parts is rejected.

    Starts with every limit at `lowest` and, while too many good parts are rejected, raises the
    one limit that lets the fewest bad parts escape for each good part that it saves. A good part
    with a score of 1 cannot be saved: then the share is exceeded.
    """
    limits = {name: ClassLimit(score=lowest) for name in classes}
    good = [one for one in measured if one.sample.is_good]
    bad = [one for one in measured if not one.sample.is_good]
    allowed = math.floor(false_rejects * len(good) + 1e-9)
    while len(good := _rejected(good, limits)) > allowed:
        bad = _rejected(bad, limits)
        steps = [_raised(limits, good, name) for name in classes]
        prices = [(_price(step, good, bad), step) for step in steps if step is not None]
        if not prices:
            break
        limits = min(prices, key=lambda priced: priced[0])[1]
    return limits


def _price(
    limits: LimitsByClass, good: Sequence[Measured], bad: Sequence[Measured]
) -> tuple[float, float]:
    """Escapes per good part saved; between equals, the lower limits."""
    saved = len(good) - len(_rejected(good, limits))
    escaped = len(bad) - len(_rejected(bad, limits))
    return escaped / saved if saved else math.inf, sum(each.score for each in limits.values())


def _raised(limits: LimitsByClass, good: Sequence[Measured], name: str) -> LimitsByClass | None:
    """The limits with that of `name` just above its weakest rejecting score on a good part."""
    limit = limits[name].score
    scores = [
        finding.score
        for one in good
        for finding in one.findings
        if finding.class_name == name and finding.score >= limit
    ]
    if not scores or limit >= 1.0:
        return None
    above = min(round(math.ceil(min(scores) / _STEP) * _STEP + _STEP, 3), 1.0)
    return {**limits, name: ClassLimit(score=above)}


def _rejected(parts: Sequence[Measured], limits: LimitsByClass) -> list[Measured]:
    return [one for one in parts if rejects(one, limits)]
