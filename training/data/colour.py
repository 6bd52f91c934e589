"""Whether the pictures of a data set say more in colour than in grey."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.preprocess import FULL_SCALE
from training.data.dataset import Sample
from training.data.pictures import is_in_colour
from training.errors import TrainingError

GREY: Literal[1] = 1
RGB: Literal[3] = 3
_LOOKED_AT = 25
_SHRUNK = 4  # times, before channels are compared: sensors' noise is not colour
LEAST_SPREAD = 0.01
"""Of full scale: so much colours vary over a picture that shows any, beyond one tint for all."""


class Colour(StrEnum):
    """What of its pictures a model is to see."""

    AUTO = "auto"  # colours where they vary over the pictures
    GREY = "grey"
    RGB = "rgb"


def channels_of(samples: Sequence[Sample], wanted: Colour) -> Literal[1, 3]:
    """How many channels a model for these pictures sees.

    Raises TrainingError where colours are asked for and a picture has none.
    """
    if wanted is Colour.GREY:
        return GREY
    grey = next((each for each in samples if not is_in_colour(each.picture)), None)
    if wanted is Colour.RGB and grey is not None:
        raise TrainingError(
            f"{grey.picture}: a grey picture; --colour rgb needs all of them in colour"
        )
    if wanted is Colour.RGB:
        return RGB
    if grey is not None:
        return GREY
    good = [sample for sample in samples if sample.is_good]
    bad = [sample for sample in samples if not sample.is_good]
    return RGB if any(_spread(each) >= LEAST_SPREAD for each in (good, bad)) else GREY


def _spread(samples: Sequence[Sample]) -> float:
    """How much colours vary over most of the pictures, of full scale; 0 for no pictures."""
    step = max(1, len(samples) // _LOOKED_AT)
    return median([spread_of(sample.pixels(RGB)) for sample in samples[::step]] or [0.0])


def spread_of(pixels: NDArray[Any]) -> float:
    """How much the colours of one picture vary, of full scale: 0 for a tinted grey one.

    pixels: (height, width, 3), red, green, blue. What red and blue differ from green once both are
    made as bright; the standard deviation of the larger difference.
    """
    height, width = (max(1, side // _SHRUNK) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.float64)
    level = np.maximum(small.mean((0, 1)), 1e-9)
    red, green, blue = (small[..., at] * (level[1] / level[at]) for at in range(3))
    apart = max(float((red - green).std()), float((blue - green).std()))
    return apart / FULL_SCALE[pixels.dtype]
