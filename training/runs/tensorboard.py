"""Learning curves as event files, which TensorBoard and many other tools read."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tensorboardX import SummaryWriter

from models.learning import Point
from training.errors import TrainingError


@contextmanager
def tensorboard(folder: Path, points: Sequence[Point]) -> Generator[Callable[[], None]]:
    """Gives a call that writes the newest point of a learning curve into event files.

    The x axis is per mille of the training, so that phases follow each other. Raises TrainingError
    when `folder` cannot be written.
    """
    try:
        writer = SummaryWriter(str(folder))
    except OSError as error:
        raise TrainingError(f"{folder}: logs cannot be written: {error}") from error

    def write() -> None:
        point = points[-1]
        at = round(1000 * point.share)
        writer.add_scalar("loss/training", point.loss, at)
        writer.add_scalar("learning_rate", point.learning_rate, at)
        if point.validation is not None:
            writer.add_scalar("loss/validation", point.validation, at)
        writer.flush()

    try:
        yield write
    finally:
        writer.close()
