"""The sides of a split: what a part is used for."""

from enum import StrEnum


class Side(StrEnum):
    """A part is learnt from, sets the limits, or is locked away to judge what was learnt."""

    TRAIN = "train"
    VALIDATION = "validation"
    LOCKED = "locked"
