"""Exposure, gain, white balance and the light's reference, on a camera that answers to them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from camera.discovery import open_for_settings
from camera.features import read_feature, set_features
from camera.frame import CameraConfigError, CameraLost, Frame
from camera.health import LightReference
from camera.simulator import FRAMES_VARIABLE
from camera.simulator.frames import write_frames
from inspection.commissioning.choice import ChosenCamera
from inspection.commissioning.exposure import (
    TOO_BRIGHT,
    TOO_DARK,
    UNSTEADY,
    Level,
    auto_expose,
    level_of,
)
from inspection.commissioning.live_camera import LiveCamera, open_live
from inspection.commissioning.white_balance import balance_white, channel_means

Command = Callable[..., tuple[int, str, str]]
Shower = Callable[..., ChosenCamera]


@pytest.fixture
def show(simulator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shower:
    """Puts a picture before the simulator's camera, which runs at 200 Hz."""

    def put(pixels: NDArray[Any], pixel_format: str = "Mono8", **features: Any) -> ChosenCamera:
        file = tmp_path / "part.frames"
        write_frames(file, [pixels], pixel_format)
        monkeypatch.setenv(FRAMES_VARIABLE, str(file))
        features = {"PixelFormat": pixel_format, "AcquisitionFrameRate": 200.0} | features
        return ChosenCamera("cam", (simulator,), {}, features)

    return put


def expose(chosen: ChosenCamera, **limits: float) -> Any:
    with open_live(chosen) as live:

        def measure() -> Level:
            frame = live.fresh_frame()
            return level_of(frame.pixels, chosen.full_scale_of(frame))

        found = auto_expose(live.node_map, measure, **limits)
        assert live.node_map.ExposureTime.value == pytest.approx(found.exposure_us)
        return found


@pytest.mark.parametrize("pixel_format", ["Mono8", "Mono12", "RGB8"])
@pytest.mark.parametrize("brightness", [0.02, 0.5, 1.0])
def test_the_exposure_brings_a_dark_and_a_saturated_part_to_the_target(
    show: Shower, pixel_format: str, brightness: float
) -> None:
    full_scale = 4095 if pixel_format == "Mono12" else 255
    shape = (40, 60, 3) if pixel_format == "RGB8" else (40, 60)
    dtype = np.uint16 if pixel_format == "Mono12" else np.uint8
    part = np.full(shape, round(brightness * full_scale), dtype)
    found = expose(show(part, pixel_format, ExposureTime=1000.0))
    assert found.why_not == ""
    assert found.level.value == pytest.approx(0.8, abs=0.02)
    assert found.level.saturated == 0
    assert found.gain_db == 0
    shown = round(brightness * full_scale) / full_scale
    assert found.exposure_us == pytest.approx(800 / shown, rel=0.05)


def test_gain_is_taken_only_where_the_motion_allows_no_longer_exposure(show: Shower) -> None:
    found = expose(show(np.full((40, 60), 51, np.uint8)), longest_us=500.0)
    assert (found.why_not, found.exposure_us) == ("", 500.0)
    assert found.gain_db == pytest.approx(20 * np.log10(8), abs=0.3)


def test_a_gain_that_was_left_high_comes_down_first(show: Shower) -> None:
    found = expose(show(np.full((40, 60), 200, np.uint8), Gain=30.0))
    assert (found.why_not, found.gain_db) == ("", 0.0)


@pytest.mark.parametrize(
    ("value", "features", "limits", "why_not"),
    [
        (1, {}, {"longest_us": 100.0}, TOO_DARK),
        (0, {}, {"longest_us": 1000.0}, TOO_DARK),
        (200, {"BlackLevel": 25.0}, {"target": 0.1}, TOO_BRIGHT),
    ],
)
def test_light_that_does_not_do_is_said(
    show: Shower, value: int, features: dict[str, float], limits: dict[str, float], why_not: str
) -> None:
    found = expose(show(np.full((40, 60), value, np.uint8), **features), **limits)
    assert found.why_not == why_not


def test_a_light_that_flickers_ends_the_search(simulator: Path) -> None:
    levels = iter([0.2, 0.9] * 100)
    with open_for_settings([simulator], {}) as node_map:
        found = auto_expose(node_map, lambda: Level(next(levels), 0.0))
    assert found.why_not == UNSTEADY


def test_a_target_that_is_no_grey_value_is_refused(simulator: Path) -> None:
    with (
        open_for_settings([simulator], {}) as node_map,
        pytest.raises(CameraConfigError, match=r"target 80: expected 0\.05 to 0\.95"),
    ):
        auto_expose(node_map, lambda: Level(0.5, 0.0), target=80.0)


def test_the_command_says_what_to_put_into_the_recipe(passline: Command, show: Shower) -> None:
    show(np.full((40, 60), 51, np.uint8))
    code, said, _ = passline("camera", "auto-exposure", "--simulator")
    lines = said.splitlines()
    assert code == 0
    assert float(lines[0].removeprefix("ExposureTime = ")) == pytest.approx(4000, rel=0.03)
    assert lines[1] == "Gain = 0"
    code, said, _ = passline("camera", "auto-exposure", "--simulator", "--longest-us", "10")
    assert (code, TOO_DARK in said) == (1, True)


def test_the_camera_has_its_triggers_back_afterwards(show: Shower, simulator: Path) -> None:
    chosen = show(np.full((40, 60), 51, np.uint8))
    with open_for_settings([simulator], {}) as node_map:
        set_features(node_map, {"TriggerMode[FrameStart]": "On"}, "cam")
    with open_live(chosen) as live:
        assert read_feature(live.node_map, "TriggerMode[FrameStart]") == "Off"
        live.fresh_frame()
    with open_for_settings([simulator], {}) as node_map:
        assert read_feature(node_map, "TriggerMode[FrameStart]") == "On"


def test_a_picture_taken_before_a_setting_is_not_measured(show: Shower) -> None:
    with open_live(show(np.full((40, 60), 50, np.uint8))) as live:
        for exposure_us in (2000.0, 1000.0, 3000.0):
            live.node_map.ExposureTime.value = exposure_us
            assert live.fresh_frame().pixels.mean() == pytest.approx(exposure_us / 20)


def test_a_camera_faster_than_its_pictures_are_taken_still_gives_a_fresh_one(
    show: Shower,
) -> None:
    chosen = show(
        np.full((600, 800), 50, np.uint8), AcquisitionFrameRate=5000.0, ExposureTime=100.0
    )
    with open_live(chosen) as live:
        live.node_map.Gain.value = 6.0
        assert live.fresh_frame().pixels.mean() == pytest.approx(5 * 10 ** (6 / 20), abs=1.0)


def test_a_camera_that_gives_no_picture_is_said_to_be_silent(
    show: Shower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspection.commissioning.live_camera.PICTURE_WITHIN_S", 0.05)
    with open_live(show(np.full((40, 60), 50, np.uint8))) as live:
        live.node_map.FaultFreezeAfter.value = 1
        with pytest.raises(CameraLost, match=r"cam: no picture for 0\.05 s"):
            run_dry(live)


def run_dry(live: LiveCamera) -> None:
    for _ in live.frames():
        pass


def test_a_camera_without_balance_says_so(passline: Command, show: Shower) -> None:
    show(np.full((40, 60, 3), 80, np.uint8), "RGB8")
    code, _, fault = passline("camera", "white-balance", "--simulator")
    assert (code, "the camera has no BalanceRatio of red and blue" in fault) == (2, True)


@pytest.mark.parametrize(
    ("pixel_format", "order"), [("RGB8", (200, 100, 50)), ("BGR8", (50, 100, 200))]
)
def test_the_colours_of_the_middle_are_told_apart(
    pixel_format: str, order: tuple[int, int, int]
) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[10:30, 15:45] = order
    frame = Frame(pixels, pixel_format, "cam", 0, 0, 0)
    assert channel_means(frame) == pytest.approx((200 / 255, 100 / 255, 50 / 255))
    with pytest.raises(CameraConfigError, match="Mono8 has no colour to balance"):
        channel_means(Frame(np.zeros((4, 4), np.uint8), "Mono8", "cam", 0, 0, 0))


def test_a_white_card_becomes_grey(balance_node_map: Any) -> None:
    """The camera's red answers too weakly, its blue too strongly."""

    def measure() -> tuple[float, float, float]:
        ratio = {
            channel: float(read_feature(balance_node_map, f"BalanceRatio[{channel}]"))
            for channel in ("Red", "Green", "Blue")
        }
        return 0.25 * ratio["Red"], 0.5 * ratio["Green"], 0.8 * ratio["Blue"]

    found = balance_white(balance_node_map, measure)
    assert found.off <= 0.01
    assert found.ratios["Red"] == pytest.approx(2.0, rel=0.01)
    assert found.ratios["Blue"] == pytest.approx(0.625, rel=0.01)
    red, green, blue = measure()
    assert (red, blue) == (pytest.approx(green, rel=0.01), pytest.approx(green, rel=0.01))


@pytest.mark.parametrize(("level", "colour"), [(0.01, "red"), (0.99, "red")])
def test_a_card_too_dark_or_too_bright_is_refused(
    balance_node_map: Any, level: float, colour: str
) -> None:
    with pytest.raises(CameraConfigError, match=f"{colour} is at {level} of full scale"):
        balance_white(balance_node_map, lambda: (level, level, level))


def test_the_reference_of_the_light_is_kept_in_a_file(
    passline: Command, show: Shower, tmp_path: Path
) -> None:
    part = np.tile(np.linspace(50, 150, 64, dtype=np.uint8), (64, 1))
    show(part)
    file = tmp_path / "references" / "front.json"
    code, said, _ = passline("camera", "reference", file, "--pictures", "5", "--simulator")
    assert (code, said) == (0, f"5 pictures of camera make the reference {file}\n")
    kept = LightReference.load(file)
    assert kept.light[0][0] == pytest.approx(part[:, :8].mean() / 255, abs=0.01)
    assert kept.light[7][7] == pytest.approx(part[:, -8:].mean() / 255, abs=0.01)


def test_the_reference_goes_where_the_recipe_looks_for_it(
    passline: Command, show: Shower, write_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    show(np.full((64, 64), 100, np.uint8))
    recipe = write_recipe()
    code, _, fault = passline("camera", "reference", "--recipe", recipe)
    assert (code, "name a FILE" in fault) == (2, True)
    kept = tmp_path / "light.json"
    named = f'id = "front"\nfull_scale = 200\nlight_reference = "{kept}"'
    recipe.write_text(recipe.read_text().replace('id = "front"', named))
    assert passline("camera", "reference", "--recipe", recipe, "--pictures", "3")[0] == 0
    assert LightReference.load(kept).light[3][3] == pytest.approx(0.5, abs=0.01)
