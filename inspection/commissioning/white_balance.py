"""White balance: a grey card becomes grey."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camera.features import read_known, set_features
from camera.frame import CHANNELS_BY_FORMAT, FULL_SCALE_BY_FORMAT, CameraConfigError, Frame
from camera.node_map import is_settable

RATIO, AUTOMATIC = "BalanceRatio", "BalanceWhiteAuto"
CHANNELS = ("Red", "Green", "Blue")
MOST_STEPS = 8
NEAR_ENOUGH = 0.01
DARKEST, BRIGHTEST = 0.05, 0.95
"""Of full scale: a channel outside says nothing reliable of the light."""


@dataclass(frozen=True, slots=True)
class WhiteBalance:
    """What was found: the ratios by channel, and how far red and blue are from green."""

    ratios: dict[str, float]
    off: float
    steps: int


def channel_means(frame: Frame) -> tuple[float, float, float]:
    """Mean of red, green and blue in the middle of the picture, 0 to 1 of full scale.

    Raises CameraConfigError for a grey picture.
    """
    if CHANNELS_BY_FORMAT[frame.pixel_format] != 3:
        raise CameraConfigError(
            f"{frame.camera_id}: {frame.pixel_format} has no colour to balance; set a colour "
            "PixelFormat first"
        )
    height, width = frame.size_hw
    middle = frame.pixels[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    means = middle.reshape(-1, 3).mean(axis=0) / FULL_SCALE_BY_FORMAT[frame.pixel_format]
    first, green, last = (float(mean) for mean in means)
    return (last, green, first) if frame.pixel_format.startswith("BGR") else (first, green, last)


def balance_white(node_map: Any, measure: Callable[[], tuple[float, float, float]]) -> WhiteBalance:
    """Set BalanceRatio of red and blue until a white card is as red and as blue as it is green.

    measure: red, green and blue of a picture that was taken with the settings as they then are.
    Raises CameraConfigError for a camera without BalanceRatio, and a card too dark or too bright.
    """
    if node_map.has_node(AUTOMATIC) and is_settable(node_map.BalanceWhiteAuto):
        set_features(node_map, {AUTOMATIC: "Off"}, "white balance")
    names = {channel: f"{RATIO}[{channel}]" for channel in CHANNELS}
    known = read_known(node_map, names.values())
    ratios = {channel: float(known[name]) for channel, name in names.items() if name in known}
    if "Red" not in ratios or "Blue" not in ratios:
        raise CameraConfigError(
            "the camera has no BalanceRatio of red and blue: balance the light, or the model's data"
        )
    found = WhiteBalance(ratios, 1.0, 0)
    while found.off > NEAR_ENOUGH and found.steps < MOST_STEPS:
        red, green, blue = measure()
        _check_card({"red": red, "green": green, "blue": blue})
        wanted = {"Red": green / red, "Blue": green / blue}
        off = max(abs(factor - 1.0) for factor in wanted.values())
        if off > NEAR_ENOUGH:
            for channel, factor in wanted.items():
                ratios[channel] *= factor
                set_features(node_map, {names[channel]: ratios[channel]}, "white balance")
        found = WhiteBalance(dict(ratios), off, found.steps + 1)
    return found


def _check_card(means: dict[str, float]) -> None:
    for channel, mean in means.items():
        if not DARKEST <= mean <= BRIGHTEST:
            raise CameraConfigError(
                f"{channel} is at {mean:.2f} of full scale, expected {DARKEST} to "
                f"{BRIGHTEST}: hold a white card into the picture and set the exposure first"
            )
