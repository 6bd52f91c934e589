"""Exposure and gain until the picture is as bright as it should be, and nothing saturates."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from camera.features import FeatureValue, set_features
from camera.frame import CameraConfigError, Pixels
from camera.node_map import is_settable

TARGET = 0.8
"""Grey value to aim at, 0 to 1 of full scale: bright, with room for a brighter part."""
PERCENTILE = 99.0
"""Of the picture's values, the one that is held against the target; a reflection is above it."""
SATURATED_AT = 0.99
MOST_STEPS = 16
NEAR_ENOUGH = 0.02
BOUND = 4.0
"""A step changes the light by this factor at most: far from the target the response misleads."""
TOO_DARK = "still too dark at the longest exposure and the highest gain: more light, open the iris"
TOO_BRIGHT = "still too bright at the shortest exposure and lowest gain: less light, close the iris"
UNSTEADY = f"no steady level after {MOST_STEPS} steps: does the light flicker, or the part move?"
EXPOSURES = ("ExposureTime", "ExposureTimeAbs")
GAINS = ("Gain",)
AUTOMATICS = ("ExposureAuto", "GainAuto")


@dataclass(frozen=True, slots=True)
class Level:
    """How bright a picture is.

    value: its percentile, 0 to 1 of full scale. saturated: share of values at full scale.
    """

    value: float
    saturated: float


@dataclass(frozen=True, slots=True)
class Range:
    """A setting that can be moved, and how far."""

    name: str
    value: float
    lowest: float
    highest: float

    def within(self, value: float) -> float:
        return min(max(value, self.lowest), self.highest)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was found; `why_not` is empty when the target was met."""

    exposure_us: float
    gain_db: float
    level: Level
    steps: int
    why_not: str


def level_of(pixels: Pixels, full_scale: int, percentile: float = PERCENTILE) -> Level:
    """The brightness of a picture of any format, over all its channels."""
    return Level(
        float(np.percentile(pixels, percentile)) / full_scale,
        np.count_nonzero(pixels >= full_scale) / pixels.size,
    )


def auto_expose(
    node_map: Any,
    measure: Callable[[], Level],
    *,
    target: float = TARGET,
    longest_us: float = math.inf,
) -> Exposure:
    """Set ExposureTime, and Gain only where that does not do, until the level meets the target.

    measure: gives the level of a picture that was taken with the settings as they then are.
    longest_us: what the part's motion allows; longer blurs.
    Raises CameraConfigError for a camera without ExposureTime, or one that refuses a value.
    """
    if not 0.05 <= target <= 0.95:
        raise CameraConfigError(f"target {target:g}: expected 0.05 to 0.95 of full scale")
    _end_automatics(node_map)
    exposure, gain = _range_of(node_map, EXPOSURES), _range_of(node_map, GAINS)
    if exposure is None:
        raise CameraConfigError("the camera has no ExposureTime that can be set")
    longest_us = min(exposure.highest, max(longest_us, exposure.lowest))
    exposure = replace(exposure, highest=longest_us)
    exposure_us = exposure.within(exposure.value)
    gain_db = 0.0 if gain is None else gain.within(0.0)
    found = Exposure(exposure_us, gain_db, Level(0.0, 0.0), 0, "")
    while found.steps < MOST_STEPS:
        _write(node_map, exposure, exposure_us, gain, gain_db)
        level = measure()
        found = Exposure(exposure_us, gain_db, level, found.steps + 1, "")
        factor = _factor(level, target)
        if abs(factor - 1.0) <= NEAR_ENOUGH:
            return found
        light = exposure_us * 10 ** (gain_db / 20) * factor
        exposure_us = exposure.within(light)
        gain_db = 0.0 if gain is None else gain.within(20 * math.log10(light / exposure_us))
        if (exposure_us, gain_db) == (found.exposure_us, found.gain_db):
            return replace(found, why_not=TOO_DARK if factor > 1.0 else TOO_BRIGHT)
    return replace(found, why_not=UNSTEADY)


def _factor(level: Level, target: float) -> float:
    """How much more light is wanted; a saturated picture does not say how much less."""
    if level.value >= SATURATED_AT:
        return 1.0 / BOUND
    return min(max(target / max(level.value, 1e-4), 1.0 / BOUND), BOUND)


def _write(
    node_map: Any, exposure: Range, exposure_us: float, gain: Range | None, gain_db: float
) -> None:
    settings: dict[str, FeatureValue] = {exposure.name: exposure_us}
    if gain is not None:
        settings[gain.name] = gain_db
    set_features(node_map, settings, "auto-exposure")


def _range_of(node_map: Any, names: tuple[str, ...]) -> Range | None:
    """The first of these features that can be set now."""
    for name in names:
        if node_map.has_node(name) and is_settable(node := getattr(node_map, name)):
            return Range(name, node.value, node.min, node.max)
    return None


def _end_automatics(node_map: Any) -> None:
    there = [name for name in AUTOMATICS if node_map.has_node(name)]
    off = {name: "Off" for name in there if is_settable(getattr(node_map, name))}
    set_features(node_map, off, "auto-exposure")
