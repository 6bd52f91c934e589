"""The health of a picture moves with its own cause, and hardly with another's or with the part."""

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import CameraConfigError
from camera.health import GRID, LightReference, PictureHealth, measure_health, take_reference
from camera.renderer import PartMix, PartRenderer

SIZE_PX = 384
RENDERER = PartRenderer(SIZE_PX, 1)
CHANCE = np.random.default_rng(6)
Light = NDArray[np.float64]


@cache
def part(number: int, light: float = 1.0) -> Light:
    """What falls on the sensor, 0 to 255: without the noise that the renderer's own sensor adds."""
    pixels = RENDERER.render(number, PartMix(light=light)).pixels.astype(np.float64)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.0), np.float64)


def taken(light: Light, noise: float = 1.0) -> NDArray[np.uint8]:
    """What the sensor makes of it, with noise of so many grey values."""
    noisy = light + CHANCE.normal(0, noise, light.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def blurred(light: Light) -> Light:
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 2.0), np.float64)


def vignetted(light: Light) -> Light:
    """Half the light in the corners."""
    down, across = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    return light * (1 - 0.25 * (down**2 + across**2))


def dirty(light: Light) -> Light:
    """A smear beside the middle of the lens takes half of the light."""
    down, across = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    return light * (1 - 0.5 * np.exp(-((down - 0.4) ** 2 + (across - 0.4) ** 2) / 0.1))


REFERENCE = take_reference([taken(part(number)) for number in range(12)], 255)


def health(pixels: NDArray[Any]) -> PictureHealth:
    return measure_health(pixels, 255, REFERENCE)


def mean_of(name: str, change: Callable[[Light], NDArray[np.uint8]]) -> float:
    """Of six parts that are not in the reference."""
    found = [getattr(health(change(part(number))), name) for number in range(12, 18)]
    return float(np.mean(found))


CAUSES: dict[str, tuple[str, Callable[[Light], NDArray[np.uint8]], float, float]] = {
    "a lamp at 80 %": ("brightness", lambda light: taken(0.8 * light), 0.78, 0.82),
    "a lens out of focus": ("sharpness", lambda light: taken(blurred(light)), 0.1, 0.5),
    "a sensor that heats up": ("noise", lambda light: taken(light, 4.0), 1.5, 5.0),
    "a shaded lens": ("vignetting", lambda light: taken(vignetted(light)), 2.0, 20.0),
    "dirt on the lens": ("vignetting", lambda light: taken(dirty(light)), 2.0, 20.0),
}
"""What happened, the measure that says so, and the range of its mean over that of good pictures."""

STEADY: dict[str, dict[str, float]] = {
    "a lamp at 80 %": {"sharpness": 0.1, "noise": 0.2, "vignetting": 0.2},
    "a lens out of focus": {"brightness": 0.02, "noise": 0.25, "vignetting": 0.2},
    "a sensor that heats up": {"brightness": 0.02, "sharpness": 0.1, "vignetting": 0.2},
    "a shaded lens": {"brightness": 0.3, "sharpness": 0.2, "noise": 0.2},
    "dirt on the lens": {"brightness": 0.2, "sharpness": 0.2, "noise": 0.2},
}
"""How far the others may move by it, as a share; shade and dirt do take light."""


@pytest.mark.parametrize("cause", CAUSES)
def test_a_measure_moves_with_its_cause(cause: str) -> None:
    name, change, low, high = CAUSES[cause]
    assert low < mean_of(name, change) / mean_of(name, taken) < high


@pytest.mark.parametrize("cause", CAUSES)
def test_a_measure_hardly_moves_with_another_cause(cause: str) -> None:
    _, change, _, _ = CAUSES[cause]
    for name, within in STEADY[cause].items():
        assert abs(mean_of(name, change) / mean_of(name, taken) - 1) < within, name


def test_good_parts_have_good_health() -> None:
    for number in range(18, 24):
        good = health(taken(part(number)))
        assert 0.8 < good.sharpness < 1.25
        assert good.vignetting < 0.12
        assert good.saturated < 0.001


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0, 8.0])
def test_noise_is_the_noise_that_was_added(sigma: float) -> None:
    flat = np.full((SIZE_PX, SIZE_PX), 120.0)
    measured = measure_health(taken(flat, sigma), 255).noise * 255
    assert measured == pytest.approx(math.hypot(sigma, 1 / math.sqrt(12)), rel=0.05)


def test_noise_is_not_taken_for_detail() -> None:
    """White noise alone gives 24 times its variance as the mean squared Sobel gradient."""
    flat = taken(np.full((SIZE_PX, SIZE_PX), 120.0), 3.0)
    assert measure_health(flat, 255).sharpness < 0.05 * 24 * 3.0**2 / 120**2


def test_saturated_is_the_share_at_full_scale() -> None:
    pixels = np.full((SIZE_PX, SIZE_PX), 100, np.uint8)
    pixels[:, : SIZE_PX // 4] = 255
    assert measure_health(pixels, 255).saturated == pytest.approx(0.25)


@pytest.mark.parametrize("full_scale", [1023, 4095, 65535])
def test_health_is_the_same_whatever_the_camera_counts_to(full_scale: int) -> None:
    light = part(3)
    eight = measure_health(taken(light), 255)
    noisy = (light + CHANCE.normal(0, 1.0, light.shape)) / 255 * full_scale
    deep = measure_health(np.clip(np.round(noisy), 0, full_scale).astype(np.uint16), full_scale)
    assert deep.brightness == pytest.approx(eight.brightness, abs=0.002)
    assert deep.sharpness == pytest.approx(eight.sharpness, rel=0.05)
    assert deep.noise == pytest.approx(eight.noise, rel=0.1)
    assert deep.vignetting == pytest.approx(eight.vignetting, abs=0.02)


def test_a_colour_picture_is_measured_by_its_green() -> None:
    grey = taken(part(4))
    colour = np.stack([grey // 2, grey, grey // 3], 2)
    assert measure_health(colour, 255) == measure_health(grey, 255)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (7, 300), (9, 9), (31, 40), (33, 1000)])
@pytest.mark.parametrize("value", [0, 255])
def test_no_picture_is_too_small_or_too_dark_to_be_measured(
    shape: tuple[int, int], value: int
) -> None:
    measured = measure_health(np.full(shape, value, np.uint8), 255, REFERENCE)
    assert measured.brightness == pytest.approx(value / 255)
    assert measured.saturated == (1.0 if value == 255 else 0.0)
    assert (measured.sharpness, measured.noise) == (0.0, 0.0)
    assert 0 <= measured.vignetting <= 1


def test_the_picture_is_not_changed() -> None:
    pixels = taken(part(5))
    pixels.flags.writeable = False
    assert health(pixels) == health(pixels)


def test_a_reference_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "light" / "cam1.json"
    REFERENCE.save(path)
    assert LightReference.load(path) == REFERENCE
    assert [file.name for file in path.parent.iterdir()] == ["cam1.json"]


ROW = ", ".join(["0.5"] * GRID)
GOOD_GRID = f"[{', '.join([f'[{ROW}]'] * GRID)}]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"light": [], "spread": [], "sharpness": 1}',
        f'{{"light": {GOOD_GRID}, "spread": {GOOD_GRID}}}',
        f'{{"light": {GOOD_GRID}, "spread": [[1]], "sharpness": 1}}',
        f'{{"light": {GOOD_GRID}, "spread": {GOOD_GRID}, "sharpness": NaN}}',
        f'{{"light": {GOOD_GRID}, "spread": {GOOD_GRID}, "sharpness": -1}}',
    ],
)
def test_a_file_that_is_no_reference_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cam1.json"
    path.write_text(text)
    with pytest.raises(CameraConfigError, match=r"cam1\.json: not a light reference"):
        LightReference.load(path)


def test_a_missing_reference_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraConfigError, match=r"cam1\.json: not a light reference"):
        LightReference.load(tmp_path / "cam1.json")


def test_a_reference_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "light").write_text("a file where the folder should be")
    with pytest.raises(CameraConfigError, match="cannot keep the reference"):
        REFERENCE.save(tmp_path / "light" / "cam1.json")


def test_a_reference_needs_pictures() -> None:
    with pytest.raises(CameraConfigError, match="got none"):
        take_reference([], 255)
