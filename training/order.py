"""What is to be trained, as whoever orders it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from models.bundle import Bundle
from training.data.colour import Colour
from training.fitting.fit import Plan
from training.painting.painters import Painter


class Task(StrEnum):
    """What a model is to say of a picture."""

    AUTO = "auto"  # what the labels allow
    SEGMENT = "segment"  # which cells are defective
    DETECT = "detect"  # where defects are, as boxes
    PAIR = "pair"  # the same, with a golden template beside the picture
    CLASSIFY = "classify"  # which defects a picture shows, without saying where


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained.

    size_hw: the network's input in pixels, multiples of 16; the pictures' usual size when None. A
        bundle to start from keeps its own.
    colour: what of its pictures the model is to see; a bundle to start from keeps its own.
    painters: what good parts are given to learn from; labels alone when there is none.
    may_quantise: whether the graph may be put into 8 bits where that loses nothing and is faster.
    pretrained: weights of a backbone on this machine, for a memory of good patches beside what the
        painters teach; the better one is taken. None for none.
    false_rejects: share of good validation parts that the limits may reject.
    about: how the data came about, in words, for the card.
    command: what makes this bundle again.
    """

    name: str
    version: str
    plan: Plan = field(default_factory=Plan)
    size_hw: tuple[int, int] | None = None
    painters: Mapping[str, Painter] = field(default_factory=dict[str, Painter])
    parent: Bundle | None = None
    pretrained: Path | None = None
    false_rejects: float = 0.01
    about: str = ""
    command: str = ""
    licence: str = "Apache-2.0"
    task: Task = Task.AUTO
    may_quantise: bool = False
    colour: Colour = Colour.AUTO
