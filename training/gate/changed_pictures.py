"""Pictures as they come on a worse day, and pictures of what is no part at all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.preprocess import FULL_SCALE
from training.data.dataset import Sample
from training.data.pictures import read_picture
from training.errors import TrainingError

Pixels = NDArray[Any]
_FASTEST = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_LAMP_OFF_NOISE = 0.004
"""Standard deviation of a dark picture, of full scale: one grey value in 255."""
_TILES = 4


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture with the highest value that its camera gives, and chance of its own.

    pixels: (height, width), or (height, width, 3) in colour.
    """

    pixels: Pixels
    full_scale: int
    chance: np.random.Generator

    def held(self, values: NDArray[np.float64]) -> Pixels:
        """Values as pixels of the same kind, cut off at 0 and at full scale."""
        return np.clip(np.round(values), 0, self.full_scale).astype(self.pixels.dtype)


Change = Callable[[Taken], Pixels]


def changed(
    samples: Iterable[Sample], change: Change, folder: Path, channels: int = 1
) -> list[Sample]:
    """The same samples, their pictures changed and written into `folder`.

    channels: that the models see, see `training.data.pictures.read_picture`.
    Chance is the same for every model and every run: it depends on the place in the list alone.
    Raises TrainingError for a picture that cannot be read, or a disk that is full.
    """
    return [
        replace(sample, picture=_write(sample, change, folder, number, channels))
        for number, sample in enumerate(samples)
    ]


def _write(sample: Sample, change: Change, folder: Path, number: int, channels: int) -> Path:
    pixels = read_picture(sample.picture, channels)
    full_scale = sample.full_scale or FULL_SCALE[pixels.dtype]
    taken = Taken(pixels, full_scale, np.random.default_rng(number))
    path = folder / f"{number:05d}.png"
    try:
        after = change(taken)
        if channels == 3:
            after = cv2.cvtColor(after, cv2.COLOR_RGB2BGR)
        if not cv2.imwrite(str(path), after, _FASTEST):
            raise TrainingError(f"{path}: the changed picture cannot be written")
    except cv2.error as error:
        raise TrainingError(f"{path}: the changed picture cannot be written: {error}") from error
    return path


def _brighter(factor: float) -> Change:
    return lambda taken: taken.held(taken.pixels * factor)


def _blurred(taken: Taken) -> Pixels:
    return cv2.GaussianBlur(taken.pixels, (0, 0), 1.0)


def _shifted(taken: Taken) -> Pixels:
    padded = cv2.copyMakeBorder(taken.pixels, 2, 0, 2, 0, cv2.BORDER_REPLICATE)
    return padded[: taken.pixels.shape[0], : taken.pixels.shape[1]]


def _noisy(taken: Taken) -> Pixels:
    noise = taken.chance.normal(0.0, 0.02 * taken.full_scale, taken.pixels.shape)
    return taken.held(taken.pixels + noise)


def _compressed(taken: Taken) -> Pixels:
    """Through JPEG and back; JPEG has 8 bits."""
    eight = np.round(taken.pixels * (255.0 / taken.full_scale)).astype(np.uint8)
    _, content = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, 60])
    back = np.asarray(cv2.imdecode(content, cv2.IMREAD_UNCHANGED))
    return taken.held(back * (taken.full_scale / 255.0))


WORSE_DAYS: Mapping[str, Change] = {
    "20 % darker": _brighter(0.8),
    "20 % brighter": _brighter(1.2),
    "blur of 1 px": _blurred,
    "shift of 2 px": _shifted,
    "noise of 2 %": _noisy,
    "JPEG at 60 %": _compressed,
}
"""What lamp, lens, conveyor, gain and network do to a picture of a part."""


def _blank(taken: Taken) -> Pixels:
    return np.full_like(taken.pixels, int(np.median(taken.pixels)))


def _dark(taken: Taken) -> Pixels:
    noise = taken.chance.normal(0.0, _LAMP_OFF_NOISE * taken.full_scale, taken.pixels.shape)
    return taken.held(np.abs(noise))


def _inverted(taken: Taken) -> Pixels:
    return taken.held(float(taken.full_scale) - taken.pixels)


def _noise_alone(taken: Taken) -> Pixels:
    return taken.held(taken.chance.uniform(0.0, taken.full_scale, taken.pixels.shape))


def _turned(taken: Taken) -> Pixels:
    height, width = taken.pixels.shape[:2]
    return cv2.resize(cv2.rotate(taken.pixels, cv2.ROTATE_90_CLOCKWISE), (width, height))


def _shuffled(taken: Taken) -> Pixels:
    """The same grey values in the wrong places: tiles of the picture, dealt anew."""
    height, width = (side // _TILES for side in taken.pixels.shape[:2])
    places = [(row * height, column * width) for row in range(_TILES) for column in range(_TILES)]
    picture = taken.pixels.copy()
    for (top, left), number in zip(places, taken.chance.permutation(len(places)), strict=True):
        from_top, from_left = places[number]
        picture[top : top + height, left : left + width] = taken.pixels[
            from_top : from_top + height, from_left : from_left + width
        ]
    return picture


STRANGERS: Mapping[str, Change] = {
    "blank": _blank,
    "lamp off": _dark,
    "inverted": _inverted,
    "noise alone": _noise_alone,
    "turned by 90°": _turned,
    "shuffled": _shuffled,
}
"""What is no picture of the product as it should lie, made from pictures of it."""
