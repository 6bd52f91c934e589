"""Measuring a bundle: every picture judged as the line would judge it, then counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspection.judge import Limit, Limits, OnDoubt, Outcome, judge
from inspection.spc.intervals import clopper_pearson
from models.card import ClassLimit, Rate
from models.decode import peak
from models.errors import InferenceError
from models.findings import Finding
from models.session import ModelSession
from training.data.dataset import Sample
from training.errors import TrainingError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model said of one picture whose truth is known.

    score: the highest probability anywhere on it, also below the card's floor.
    """

    sample: Sample
    findings: tuple[Finding, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Escapes and false rejects at given limits, with exact intervals.

    Counted in pictures, since each is judged on its own; where several show one part the
    intervals are too narrow, and `parts` says how many parts there were.
    escapes_by_class: of the pictures that show this class, those that passed.
    auroc: None where only good or only defective pictures were measured.
    """

    escapes: Rate
    false_rejects: Rate
    escapes_by_class: dict[str, Rate]
    auroc: float | None
    parts: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "parts": self.parts,
            "escapes": self.escapes.model_dump(),
            "false_rejects": self.false_rejects.model_dump(),
            "escapes_by_class": {k: v.model_dump() for k, v in self.escapes_by_class.items()},
            "auroc": self.auroc,
        }


def measure(
    session: ModelSession,
    samples: Iterable[Sample],
    report: Callable[[], None] = lambda: None,
) -> list[Measured]:
    """Judge every picture. Raises TrainingError or InferenceError for one that cannot be."""
    card = session.bundle.card
    measured: list[Measured] = []
    for sample in samples:
        template = sample.template_pixels() if card.input.template else None
        pixels = sample.pixels(card.input.channels)
        prediction = session.predict(pixels, sample.full_scale, template=template)
        score = peak(prediction.output, card)
        measured.append(Measured(sample, prediction.findings, score))
        report()
    return measured


def measure_answered(
    session: ModelSession,
    samples: Iterable[Sample],
    report: Callable[[], None] = lambda: None,
) -> tuple[list[Measured], list[Sample]]:
    """Judge every picture; those that the model has no answer to come apart.

    The line rejects these, whatever the limits. Raises TrainingError for one that cannot be read.
    """
    measured: list[Measured] = []
    unanswered: list[Sample] = []
    for sample in samples:
        try:
            measured += measure(session, [sample])
        except InferenceError:
            unanswered.append(sample)
        report()
    return measured, unanswered


def figures(measured: Sequence[Measured], limits: Mapping[str, ClassLimit]) -> Figures:
    """Count what the limits do to what was measured. Raises TrainingError for no pictures."""
    if not measured:
        raise TrainingError("nothing to measure on: no pictures of locked parts")
    bad = [one for one in measured if not one.sample.is_good]
    good = [one for one in measured if one.sample.is_good]
    names = sorted({name for one in bad for name in one.sample.classes})
    return Figures(
        escapes=_rate_of([not rejects(one, limits) for one in bad]),
        false_rejects=_rate_of([rejects(one, limits) for one in good]),
        escapes_by_class={
            name: _rate_of([not rejects(one, limits) for one in bad if name in one.sample.classes])
            for name in names
        },
        auroc=auroc([one.score for one in bad], [one.score for one in good]),
        parts=len({one.sample.part for one in measured}),
    )


def rejects(measured: Measured, limits: Mapping[str, ClassLimit]) -> bool:
    """True when the line would reject this picture at these limits."""
    return judge(measured.findings, in_force(limits)).outcome is Outcome.REJECT


def in_force(limits: Mapping[str, ClassLimit]) -> Limits:
    """A card's limits as the line applies them where a recipe overrides none."""
    by_class = {
        name: Limit(limit.score, limit.area_px, doubt_score=limit.score)
        for name, limit in limits.items()
    }
    return Limits(by_class, OnDoubt.REJECT)


def rate(events: int, n: int) -> Rate:
    """A share with its exact interval; 0 of 0 says nothing, so its interval is everything."""
    lower, upper = clopper_pearson(events, n, CONFIDENCE) if n else (0.0, 1.0)
    share = events / n if n else 0.0
    return Rate(events=events, n=n, rate=share, lower=lower, upper=upper, confidence=CONFIDENCE)


def auroc(bad: Sequence[float], good: Sequence[float]) -> float | None:
    """Probability that a bad part scores higher than a good one, ties counting half.

    From ranks (Mann and Whitney 1947); None when there are no bad or no good ones.
    """
    if not bad or not good:
        return None
    scores: NDArray[np.float64] = np.array([*bad, *good], np.float64)
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    wins = ranks[: len(bad)].sum() - len(bad) * (len(bad) + 1) / 2
    return float(wins / (len(bad) * len(good)))


def _rate_of(events: list[bool]) -> Rate:
    return rate(sum(events), len(events))
