"""Who goes along with a training: is told of its steps, and keeps it through a kill."""

from collections.abc import Callable
from dataclasses import dataclass, field

from models.learning import Point
from training.fitting.checkpoint import Checkpoints
from training.fitting.ranks import ALONE, Ranks


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands after a step.

    phase: what is being learnt from. share: of the training, 0 to 1. step: how many were taken.
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
    """What a training is accompanied by.

    tell: called after every step. marks: called when the learning curve has a new point.
    checkpoints: where the training is kept, None for nowhere.
    phase: what is being learnt from; names the checkpoint. points: the learning curve so far.
    ranks: this process among those that fit together.
    """

    tell: Callable[[Progress], None] = nobody
    marks: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    checkpoints: Checkpoints | None = None
    phase: str = "fit"
    points: list[Point] = field(default_factory=list[Point])
    ranks: Ranks = ALONE

    def progress(self, share: float, step: int, loss: float, rate: float) -> Progress:
        """Where the training stands after a step."""
        return Progress(self.phase, share, step, loss, rate)
