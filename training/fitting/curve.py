"""The learning curve as a fit draws it: a point for each hundredth, an exam now and then."""

import math
from dataclasses import dataclass, field
from typing import Any

from models.learning import Point

POINTS = 100
"""How many points a fit draws at most."""
EXAM_EVERY = 5
"""How many points lie between two exams on validation parts."""


@dataclass(slots=True)
class Drawing:
    """The curve of one fit so far.

    sum, count: of the losses since the last point. best: the least validation loss, and at which
    exam; exams: how many there were.
    """

    points: list[Point] = field(default_factory=list[Point])
    sum: float = 0.0
    count: int = 0
    exams: int = 0
    best: float = math.inf
    best_exam: int = 0

    def add(self, loss: float) -> None:
        """Take in the loss of a batch."""
        self.sum += loss
        self.count += 1

    def is_due(self, before: float, after: float) -> bool:
        """True when a fit that went from one share to the next has passed a point."""
        return _passed(before) < _passed(after)

    def is_exam(self, after: float) -> bool:
        """True when the point at this share is one with an exam."""
        return _passed(after) % EXAM_EVERY == 0

    def point(
        self, phase: str, share: float, step: int, rate: float, validation: float | None
    ) -> Point:
        """Draw the next point. share: of the whole training."""
        loss = self.sum / max(1, self.count)
        self.sum, self.count = 0.0, 0
        point = Point(
            phase=phase,
            share=share,
            step=step,
            loss=loss,
            learning_rate=rate,
            validation=validation,
        )
        self.points.append(point)
        return point

    def examined(self, validation: float) -> bool:
        """Take in an exam; True when it was the best so far."""
        self.exams += 1
        if not validation < self.best:
            return False
        self.best, self.best_exam = validation, self.exams
        return True

    @property
    def stale(self) -> int:
        """How many exams ago the best one was."""
        return self.exams - self.best_exam

    def state(self) -> dict[str, Any]:
        """All of it, as a checkpoint keeps it."""
        return {
            "points": [point.model_dump() for point in self.points],
            "sum": self.sum,
            "count": self.count,
            "exams": self.exams,
            "best": self.best,
            "best_exam": self.best_exam,
        }

    @staticmethod
    def of(state: dict[str, Any]) -> "Drawing":
        """The drawing that a checkpoint kept."""
        points = [Point.model_validate(point) for point in state["points"]]
        rest = {name: value for name, value in state.items() if name != "points"}
        return Drawing(points, **rest)


def _passed(share: float) -> int:
    """How many points lie behind; 0.29 * 100 is a hair below 29."""
    return math.floor(share * POINTS + 1e-9)
