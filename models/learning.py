"""How a model learnt: its learning curve, kept in the bundle and shown while the training runs."""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from models.card import CardPart
from models.errors import BundleError

CURVE_FILE = "learning.json"


class Point(CardPart):
    """One point of a learning curve.

    phase: what was being learnt from. share: of the whole training, 0 to 1. step: of the phase.
    loss: mean over the batches since the point before. validation: loss on crops of validation
        parts that set no weight, None where it was not measured.
    """

    phase: str
    share: float
    step: int
    loss: float
    learning_rate: float
    validation: float | None = None


class Curve(CardPart):
    """The learning curve of a bundle, oldest point first."""

    format: Literal[1] = 1
    points: tuple[Point, ...]


class Run(CardPart):
    """A training that is running, or has ended, as the model desk shows it.

    left_s: how long it will take at this pace, None where that is not known yet.
    said: how it ended, in words: the figures of the new model, or what went wrong.
    """

    format: Literal[1] = 1
    label: str
    command: str
    started_utc: str
    updated_utc: str
    state: Literal["running", "done", "failed"]
    spent_s: float
    left_s: float | None
    said: str = ""
    points: tuple[Point, ...] = ()


def station_run(data: Path) -> Path:
    """The file that says how the last training for a station stands, for its model desk."""
    return data / "retrain" / "live.json"


def write_whole(path: Path, content: CardPart) -> None:
    """Write a curve or a run so that a reader never sees half of it. Raises OSError."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content.model_dump_json() + "\n", encoding="utf-8")
    partial.replace(path)


def read_run(path: Path) -> Run:
    """A training's state as it was last written. Raises BundleError for what is none."""
    try:
        return Run.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise BundleError(f"{path}: does not say how a training stands: {error}") from error


def read_curve(path: Path) -> Curve:
    """A bundle's learning curve. Raises BundleError for what is none."""
    try:
        return Curve.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise BundleError(f"{path}: is no learning curve: {error}") from error
