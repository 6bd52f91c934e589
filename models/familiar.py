"""Pictures that a model has no answer to, since it learnt from nothing like them.

A model that looks for known defects finds none on a blank picture. A dead lamp, a covered lens or a
conveyor without a part would pass, were this not asked before each run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
from numpy.typing import NDArray

from models.card import Familiar
from models.errors import InferenceError

LEEWAY = 2.0
"""How many times darker, brighter or flatter than all it learnt from a picture may be."""


class Unfamiliar(InferenceError):
    """A picture unlike all that the model learnt from: the message names figure and bound."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture is like. brightness, contrast: mean and standard deviation, of full scale."""

    brightness: float
    contrast: float


def look_at(pixels: NDArray[Any], full_scale: int) -> Look:
    """What a picture is like; of several channels the mean brightness and the highest contrast.

    pixels: (height, width) or (height, width, channels), uint8 or uint16, in the model's size.
    """
    mean, deviation = cv2.meanStdDev(pixels)
    return Look(float(mean.mean()) / full_scale, float(deviation.max()) / full_scale)


def familiar_with(looks: Iterable[Look]) -> Familiar | None:
    """What a model knows that learnt from pictures like these; None for no pictures."""
    known = list(looks)
    if not known:
        return None
    return Familiar(
        darkest=min(look.brightness for look in known),
        brightest=max(look.brightness for look in known),
        flattest=min(look.contrast for look in known),
    )


def check(look: Look, known: Familiar) -> None:
    """Raise Unfamiliar where a picture is far from all that the model knows."""
    if look.contrast < known.flattest / LEEWAY:
        raise Unfamiliar(
            f"the picture is blank, or nearly: contrast {look.contrast:.2%} of full scale, what "
            f"the model learnt from has {known.flattest:.2%} and more; is there a part, and light?"
        )
    if not known.darkest / LEEWAY <= look.brightness <= known.brightest * LEEWAY:
        raise Unfamiliar(
            f"the picture is too {'dark' if look.brightness < known.darkest else 'bright'} to be "
            f"judged: mean {look.brightness:.1%} of full scale, what the model learnt from has "
            f"{known.darkest:.1%} to {known.brightest:.1%}; see to lamp, exposure and gain"
        )
