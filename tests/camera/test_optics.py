"""What a technician sets lens and light by: each measure moves with its cause, and only with it."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import Pixels
from camera.health import measure_health, take_reference
from camera.optics import BINS, blur, evenness, histogram, pace
from camera.renderer import PartMix, PartRenderer

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def part() -> Picture:
    """A rendered part, 512x512, as sharp as its lens."""
    return PartRenderer(512, 0).render(0, PartMix()).pixels


def moved(picture: Picture, by_px: int, *, down: bool = False) -> Picture:
    """As it looks when it moves so far during the exposure."""
    way = np.full((by_px, 1) if down else (1, by_px), 1 / by_px, np.float32)
    return np.asarray(cv2.filter2D(picture, -1, way), np.uint8)


def out_of_focus(picture: Picture, sigma_px: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def test_motion_is_told_with_its_length(part: Picture) -> None:
    assert blur(part, 255).motion < 1
    told = [blur(moved(part, by_px), 255).motion for by_px in (3, 5, 9, 15)]
    assert told == sorted(told)
    for motion, by_px in zip(told, (3, 5, 9, 15), strict=True):
        assert 0.6 * by_px <= motion <= 1.1 * by_px


def test_motion_is_told_with_its_direction(part: Picture) -> None:
    along, upright = blur(moved(part, 9), 255), blur(moved(part, 9, down=True), 255)
    assert along.across is not None
    assert along.down is not None
    assert along.across > 2 * along.down
    assert upright.down == pytest.approx(along.across, rel=0.1)


def test_a_lens_out_of_focus_is_no_motion(part: Picture) -> None:
    widths: list[float] = []
    for sigma_px in (1.0, 2.0, 3.0, 5.0):
        found = blur(out_of_focus(part, sigma_px), 255)
        assert found.across is not None
        assert found.motion < 0.4 * found.across
        widths.append(found.across)
    assert widths == sorted(widths)


@pytest.mark.parametrize("angle_px", [1, 4, 10])
def test_the_width_of_an_edge_is_that_of_its_ramp(angle_px: int) -> None:
    picture = np.full((100, 200), 40, np.uint8)
    picture[:, 100:] = 200
    found = blur(moved(picture, angle_px), 255)
    assert found.across == pytest.approx(angle_px, rel=0.1)
    assert found.down is None, "nothing is crossed downwards"


def test_a_picture_without_edges_has_no_blur_to_tell() -> None:
    grey = np.random.default_rng(1).normal(100, 2, (100, 200)).astype(np.uint8)
    for picture in (grey, grey[:, :40], grey[:2]):
        assert (blur(picture, 255).across, blur(picture, 255).motion) == (None, 0.0)


def test_the_blur_of_a_large_picture_is_that_of_its_middle(part: Picture) -> None:
    large = np.zeros((1600, 2000), np.uint8)
    large[544:1056, 744:1256] = moved(part, 9)
    assert blur(large, 255).motion == pytest.approx(blur(moved(part, 9), 255).motion, rel=0.1)
    beside = np.zeros((1600, 2000), np.uint8)
    beside[:256] = np.tile(part[:256], (1, 4))[:, :2000]
    assert blur(beside, 255).across is None


def test_neither_light_nor_depth_of_value_moves_the_blur(part: Picture) -> None:
    wanted = blur(moved(part, 7), 255)
    darker = blur((moved(part, 7) * 0.6).astype(np.uint8), 255)
    deeper = blur(moved(part, 7).astype(np.uint16) * 16, 4080)
    assert darker.motion == pytest.approx(wanted.motion, rel=0.1)
    assert deeper.motion == pytest.approx(wanted.motion, rel=0.01)


def test_a_lamp_that_shines_from_one_side_is_uneven() -> None:
    sheet = np.full((320, 320), 120, np.uint8)
    assert evenness(sheet, 255).lowest == pytest.approx(1.0)
    tilted = (sheet * np.linspace(0.5, 1.0, 320)).astype(np.uint8)
    found = evenness(tilted, 255)
    assert found.lowest == pytest.approx(0.55, abs=0.02)
    places = np.array(found.places)
    assert places.shape == (8, 8)
    assert np.all(np.diff(places[0]) > 0)
    assert np.all(np.ptp(places, axis=0) < 0.01)


def test_a_dim_lamp_is_as_even_as_a_bright_one(part: Picture) -> None:
    bright, dim = evenness(part, 255), evenness((part * 0.5).astype(np.uint8), 255)
    assert dim.lowest == pytest.approx(bright.lowest, abs=0.03)
    assert measure_health((part * 0.5).astype(np.uint8), 255).brightness == pytest.approx(
        0.5 * measure_health(part, 255).brightness, rel=0.03
    )


def test_against_a_reference_the_part_itself_does_not_count(part: Picture) -> None:
    reference = take_reference([part], 255)
    assert evenness(part, 255).lowest < 0.8
    assert evenness(part, 255, reference).lowest == pytest.approx(1.0)
    shaded = (part * np.linspace(0.6, 1.0, 512)[:, None]).astype(np.uint8)
    assert evenness(shaded, 255, reference).lowest == pytest.approx(0.64, abs=0.05)


@pytest.mark.parametrize("full_scale", [255, 1023, 4095, 65535])
def test_a_histogram_counts_every_value_in_its_part_of_the_scale(full_scale: int) -> None:
    values = np.random.default_rng(3).integers(0, full_scale + 1, (90, 70))
    pixels: Pixels = values.astype(np.uint8) if full_scale == 255 else values.astype(np.uint16)
    counts = histogram(pixels, full_scale)
    wanted, _ = np.histogram(pixels, BINS, (0, full_scale + 1))
    assert counts == tuple(wanted.tolist())
    colour: Any = np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
    assert histogram(colour, full_scale) == tuple(3 * count for count in counts)


def test_the_pace_is_that_of_the_pictures() -> None:
    steady = pace([round(number * 1e9 / 50) for number in range(100)])
    assert steady is not None
    assert steady.rate_hz == pytest.approx(50)
    assert steady.jitter_ms == pytest.approx(0, abs=1e-3)
    hiccup = pace([0, 20_000_000, 40_000_000, 140_000_000, 160_000_000])
    assert hiccup is not None
    assert hiccup.longest_ms == 100
    assert hiccup.jitter_ms > 30
    assert pace([0, 1]) is None
