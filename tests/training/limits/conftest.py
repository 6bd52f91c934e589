"""Known parts made up from scores."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from models.card import Card, ClassLimit
from training.limits.scores import PartScores

MakeParts = Callable[..., PartScores]
MakeCard = Callable[..., Card]


@pytest.fixture(scope="session")
def make_parts() -> MakeParts:
    """`make_parts(bad=[0.9, 0.2], good=[0.1])`, or rows of one score per class.

    defects: the classes of each bad part; the first class if left out.
    """

    def make(
        bad: Sequence[Any],
        good: Sequence[Any],
        classes: tuple[str, ...] = ("dent",),
        defects: Sequence[str] = (),
    ) -> PartScores:
        rows = [np.atleast_1d(np.asarray(row, np.float64)) for row in [*bad, *good]]
        shown = [frozenset({name}) for name in (defects or [classes[0]] * len(bad))]
        return PartScores(
            classes,
            tuple(f"part{n}" for n in range(len(rows))),
            (*shown, *[frozenset[str]()] * len(good)),
            np.array(rows).reshape(len(rows), len(classes)),
            np.ones(len(rows), np.int64),
        )

    return make


@pytest.fixture
def make_card(spot_bundle: Any) -> MakeCard:
    """`make_card(dent=0.5, rust=0.4)`: a card with these limits."""
    from models.bundle import open_bundle

    card = open_bundle(spot_bundle).card

    def make(**scores: float) -> Card:
        limits = {name: ClassLimit(score=score) for name, score in scores.items()}
        return card.model_copy(update={"classes": tuple(scores), "limits": limits, "floor": 0.1})

    return make
