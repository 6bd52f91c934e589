"""From costs and known parts to limits."""

import math
from dataclasses import dataclass

import numpy as np

from models.card import Card
from training.limits.costs import Costs, Weights, weigh
from training.limits.curve import Curve, curve
from training.limits.doubt import cheapest_band
from training.limits.guarantee import Guarantee, Promise, guarantee
from training.limits.least import least_cost
from training.limits.scores import Floats, PartScores
from training.limits.shift import Shift

_DIGITS = range(2, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Limits for the classes in their order, shape (classes,), and where they come from.

    doubt: doubtful from these scores on; None where nobody is asked to look.
    shift, curve: all limits moved together from where this search began: the card's limits for a
        promise, those of least cost otherwise. reject_at, doubt_at: the shifts that were chosen.
    guarantee: None where no promise was asked for; limits of one that does not hold are those of
        least cost.
    """

    classes: tuple[str, ...]
    limits: Floats
    doubt: Floats | None
    shift: Shift
    curve: Curve
    reject_at: float
    doubt_at: float
    guarantee: Guarantee | None


def propose(
    parts: PartScores, card: Card, lowest: float, costs: Costs, promise: Promise | None = None
) -> Proposal:
    """The limits of least expected cost, among those that keep the promise where one is asked for.

    parts: those to choose on, of the card's classes. lowest: score below which there is none.
    For a promise all the card's limits move together: were classes weighed against each other on
    the same parts, the guarantee would be lost.
    Raises TrainingError for costs or a promise that cannot be, or when parts of a kind are missing.
    """
    costs.check({*card.classes, *(name for each in parts.defects for name in each)})
    weights = weigh(parts, costs)
    start = np.array([card.limits[name].score for name in card.classes])
    floor = np.full(len(start), lowest)
    given = Shift(start, floor)
    kept = None if promise is None else _kept(parts, given, weights, promise)
    if kept is not None and kept[0].holds:
        return _chosen(parts, given, weights, costs, kept)
    best = given.limits(curve(parts, given, weights).cheapest())
    least = least_cost(parts, weights, [best, floor, np.ones(len(start))], floor)
    failed = None if kept is None else (kept[0], math.inf)
    return _chosen(parts, Shift(least, floor), weights, costs, failed)


def _kept(
    parts: PartScores, shift: Shift, weights: Weights, promise: Promise
) -> tuple[Guarantee, float]:
    """What the promise asks for, and the highest shift that keeps it."""
    promise.check()
    whole = curve(parts, shift, weights)
    told = guarantee(promise, int(whole.escapes[0]), whole.defective)
    kept = whole.shifts[whole.escapes <= told.allowed]
    return told, float(kept.max(initial=-math.inf))


def _chosen(
    parts: PartScores,
    shift: Shift,
    weights: Weights,
    costs: Costs,
    kept: tuple[Guarantee, float] | None,
) -> Proposal:
    highest = math.inf if kept is None else kept[1]
    whole = curve(parts, shift, weights)
    if costs.look is None:
        lower = upper = whole.cheapest(highest)
    else:
        lower, upper = cheapest_band(parts, shift, weights, highest)
    limits, doubt = (
        np.maximum(_rounded(shift.limits(at), parts.scores), shift.lowest) for at in (upper, lower)
    )
    told = None
    if kept is not None:
        told = kept[0]
        if told.holds:
            escapes = int((parts.is_bad & ~parts.rejected(doubt)).sum())
            told = guarantee(told.promise, escapes, told.defective)
    return Proposal(
        classes=parts.classes,
        limits=limits,
        doubt=None if costs.look is None else doubt,
        shift=shift,
        curve=whole,
        reject_at=upper,
        doubt_at=lower,
        guarantee=told,
    )


def _rounded(limits: Floats, scores: Floats) -> Floats:
    """Each limit with as few digits as will do, never higher, past no score."""
    rounded = [
        _shortest(float(limit), float(column[column < limit].max(initial=0.0)))
        for limit, column in zip(limits, scores.T, strict=True)
    ]
    return np.array(rounded)


def _shortest(limit: float, above: float) -> float:
    for digits in _DIGITS:
        short = math.floor(limit * 10**digits) / 10**digits
        if short > above:
            return short
    return limit
