"""A picture of any depth becomes the same network input: what the model learnt on 8 bits holds."""

from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from models.card import InputSpec, Normalisation
from models.errors import InferenceError
from models.preprocess import prepare

CHANCE = np.random.default_rng(4)
FULL_SCALES = [255, 1023, 4095, 16383, 65535]


def spec(kind: Literal["linear", "log_median"], channels: Literal[1, 3]) -> InputSpec:
    normalisation = Normalisation(kind=kind, mean=0.5, std=0.25)
    return InputSpec(channels=channels, size_hw=(32, 40), normalisation=normalisation)


def at_depth(light: NDArray[np.float64], full_scale: int) -> NDArray[Any]:
    """The picture that a camera of this depth takes of it, light being 0 to 1."""
    dtype = np.uint8 if full_scale == 255 else np.uint16
    return np.round(light * full_scale).astype(dtype)


@pytest.mark.parametrize("kind", ["linear", "log_median"])
@pytest.mark.parametrize("shape", [(32, 40), (32, 40, 3), (48, 60), (48, 60, 3)])
@pytest.mark.parametrize("full_scale", FULL_SCALES)
def test_a_model_sees_the_same_whatever_the_camera_counts_to(
    kind: Literal["linear", "log_median"], shape: tuple[int, ...], full_scale: int
) -> None:
    light = CHANCE.uniform(0.1, 0.9, shape)
    channels = 3 if len(shape) == 3 else 1
    seen, _ = prepare(at_depth(light, full_scale), spec(kind, channels), full_scale)
    reference, _ = prepare(at_depth(light, 65535), spec(kind, channels), 65535)
    assert seen.shape == (1, channels, 32, 40)
    assert np.abs(seen - reference).max() < 0.05


@pytest.mark.parametrize("shape", [(33, 41), (33, 41, 3)])
@pytest.mark.parametrize("full_scale", FULL_SCALES)
def test_the_lamps_level_is_taken_out_at_every_depth_and_in_colour(
    shape: tuple[int, ...], full_scale: int
) -> None:
    """Twice the light moves the logarithm by as much everywhere, and the median with it."""
    light = CHANCE.uniform(0.2, 0.45, shape)
    wanted = spec("log_median", 3 if len(shape) == 3 else 1)
    dim, bright = (prepare(at_depth(k * light, full_scale), wanted, full_scale)[0] for k in (1, 2))
    assert abs(float(np.median(dim))) < 0.03
    assert np.abs(dim - bright).max() < 0.12  # the offset of 6 grey values is not scaled


def test_more_than_full_scale_is_full_scale() -> None:
    hot = np.full((32, 40), 5000, np.uint16)
    full = np.full((32, 40), 4095, np.uint16)
    one = spec("linear", 1)
    assert np.array_equal(prepare(hot, one, 4095)[0], prepare(full, one, 4095)[0])


def test_a_colour_picture_is_refused_by_a_grey_model() -> None:
    with pytest.raises(InferenceError, match=r"1 channel\(s\), got uint16 of \(32, 40, 3\)"):
        prepare(np.zeros((32, 40, 3), np.uint16), spec("linear", 1), 4095)
