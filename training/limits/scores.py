"""What a model says of known parts: one score per part and class, however many pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspection.judge import Fusion, Limits, Seen
from models.fusion import fused_score, strongest
from training.errors import TrainingError
from training.measuring.evaluate import Measured

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PartScores:
    """Known parts and how strongly a model sees each class on them.

    parts: n names, each once. defects: the classes of each one's defects, none for a good part.
    scores: shape (n, classes), 0 where nothing was found, which no limit rejects.
    pictures: how many show each of them, shape (n,).
    """

    classes: tuple[str, ...]
    parts: tuple[str, ...]
    defects: tuple[frozenset[str], ...]
    scores: Floats
    pictures: NDArray[np.int64]

    @property
    def is_bad(self) -> Bools:
        """True for the defective ones, shape (n,)."""
        return np.array([bool(each) for each in self.defects], np.bool_)

    def rejected(self, limits: Floats) -> Bools:
        """The parts with a class at or above its limit; limits have shape (classes,)."""
        at_limit: Bools = self.scores >= limits
        return np.logical_or.reduce(at_limit, axis=1)


def by_part(
    measured: Iterable[Measured], classes: tuple[str, ...], limits: Limits, fusion: Fusion
) -> PartScores:
    """Pictures as parts: a part's score of a class is its highest, or its mean, over its pictures.

    limits: for their areas: what is smaller does not count, as on the line.
    A part is defective when one of its pictures is labelled so.
    Raises TrainingError for a score that is no number from 0 to 1.
    """
    pictures: dict[str, list[Measured]] = {}
    for one in measured:
        _check(one)
        pictures.setdefault(one.sample.part, []).append(one)
    scores = np.zeros((len(pictures), len(classes)))
    for row, of_part in enumerate(pictures.values()):
        views = [strongest(Seen(one.findings, limits).counting) for one in of_part]
        for name, score in _fused(views, fusion).items():
            scores[row, classes.index(name)] = score
    return PartScores(
        classes,
        tuple(pictures),
        tuple(
            frozenset(name for one in of_part for name in one.sample.classes)
            for of_part in pictures.values()
        ),
        scores,
        np.array([len(of_part) for of_part in pictures.values()], np.int64),
    )


def _fused(views: Sequence[dict[str, float]], fusion: Fusion) -> dict[str, float]:
    if fusion is Fusion.MEAN:
        return fused_score(views)
    names = {name for view in views for name in view}
    return {name: max(view[name] for view in views if name in view) for name in names}


def _check(one: Measured) -> None:
    for finding in one.findings:
        if not 0.0 <= finding.score <= 1.0:
            raise TrainingError(
                f"{one.sample.picture}: the score of {finding.class_name!r} is {finding.score}, "
                "no number from 0 to 1: no limit can be chosen from it"
            )
