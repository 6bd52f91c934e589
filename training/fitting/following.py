"""Who goes along with a training: is told of its steps, and keeps it through a kill."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from models.learning import Point
from training.fitting.checkpoint import Checkpoints


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step.

    phase: what is being learnt from. share: of the whole training, 0 to 1. step: of this phase.
    loss: of the batch.
    """

    phase: str
    share: float
    step: int
    loss: float
    learning_rate: float


def nobody(*_said: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Following:
    """What a training, or a phase of it, is accompanied by.

    tell: called after every step. marks: called when the learning curve has a new point.
    checkpoints: where the training is kept, None for nowhere.
    start, end: which share of the whole training the phase is.
    points: the learning curve so far, of all phases.
    """

    tell: Callable[[Progress], None] = nobody
    marks: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    checkpoints: Checkpoints | None = None
    phase: str = "fit"
    start: float = 0.0
    end: float = 1.0
    points: list[Point] = field(default_factory=list[Point])

    def of(self, phase: str, start: float, end: float) -> "Following":
        """The same for one phase, from `start` to `end` of what this one covers."""
        width = self.end - self.start
        return replace(
            self, phase=phase, start=self.start + start * width, end=self.start + end * width
        )

    def progress(self, share: float, step: int, loss: float, rate: float) -> Progress:
        """The phase's progress as one of the whole training."""
        return Progress(self.phase, self.whole(share), step, loss, rate)

    def whole(self, share: float) -> float:
        """A share of the phase as one of the whole training."""
        return self.start + share * (self.end - self.start)
