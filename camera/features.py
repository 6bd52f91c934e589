"""SFNC features of a camera: written, read back, and compared with what was wanted."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from genicam import genapi

from camera.frame import CameraConfigError, CameraLost
from camera.node_map import (
    FeatureKey,
    as_it_stands,
    is_readable,
    is_settable,
    keys_of,
    read_from_camera,
    selected_node,
)
from camera.vendor import VENDOR_ERRORS, vendor_errors

FeatureValue = bool | int | float | str

ROUNDING = 0.01
"""A camera rounds exposure and frame rate to its own steps; further off than this is a fault."""

_NO_SETTINGS = frozenset({"TLParamsLocked"})
"""Written by the station itself while the camera runs: SFNC, Transport Layer Control."""

log = logging.getLogger("passline.camera")


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not as wanted; `got` is None where the camera has no such value."""

    name: str
    wanted: FeatureValue
    got: FeatureValue | None


def set_features(node_map: Any, features: Mapping[str, FeatureValue], camera_id: str) -> None:
    """Write the features in the order given, then read all of them back from the camera.

    One that is refused is tried again after the others (an offset may have to become smaller
    before a width can grow), and one that another has changed is written once more. What the
    camera rounds is logged.

    features: by name or, behind a selector, as `TriggerMode[FrameStart]`.
    Raises CameraConfigError with the feature's name, what was wanted and what the camera has: for a
    name it does not know, a feature that cannot be written, a value that it refuses, and one that
    it took but did not keep.
    """
    written = _write_all(node_map, features, camera_id)
    changed = {str(k): v for k, v in written.items() if not is_kept(v, _read_back(node_map, k, v))}
    _write_all(node_map, changed, camera_id)
    for key, wanted in written.items():
        got = _read_back(node_map, key, wanted)
        asked = f"{camera_id}: feature {key} wanted {wanted!r}"
        if not is_kept(wanted, got):
            raise CameraConfigError(f"{asked}: the camera took it, but reads back {got!r}")
        if got != wanted:
            log.warning("%s: the camera rounds it to %r", asked, got)


def read_settings(node_map: Any) -> dict[str, FeatureValue]:
    """All that the camera says of itself now: its settings, names and readings, by feature.

    In the camera's own order. What stands behind a selector is read at each of its entries, as
    `TriggerMode[FrameStart]`. Left out are tables (more than 64 entries), numbers that are not
    finite, and what the camera will not read out. Raises CameraLost when it does not answer.
    """
    return _read(node_map, is_readable)


def snapshot(node_map: Any) -> dict[str, FeatureValue]:
    """The settings that can be written now, so that `set_features` brings them back.

    Those that the camera marks as streamable (GenICam's word for what a file of settings holds), or
    all that can be written where it marks none. Without the selectors themselves: each setting
    behind one names its entry. Raises CameraLost.
    """
    names = {key.name for _, key in keys_of(node_map)}
    marked = {name for name in names if getattr(node_map, name).node.is_streamable()}

    def is_setting(node: Any) -> bool:
        name = node.node.name
        is_left_out = name.endswith("Selector") or name in _NO_SETTINGS
        return name in (marked or names) and is_settable(node) and not is_left_out

    return _read(node_map, is_setting)


def differences(node_map: Any, features: Mapping[str, FeatureValue]) -> list[Difference]:
    """Which of `features` the camera has not, as it stands now; rounded numbers are no difference.

    Raises CameraConfigError for a name that is no feature's notation.
    """
    names = {str(FeatureKey.parse(name)): wanted for name, wanted in features.items()}
    has = read_known(node_map, names)
    return [
        Difference(name, wanted, has.get(name))
        for name, wanted in names.items()
        if name not in has or not is_kept(wanted, has[name])
    ]


def read_feature(node_map: Any, name: str) -> FeatureValue:
    """One value. Raises CameraConfigError when the camera has it not, or does not read it out."""
    key, doing = FeatureKey.parse(name), f"feature {name} cannot be read"
    with vendor_errors(CameraConfigError, doing), selected_node(node_map, key, doing) as node:
        value: FeatureValue = read_from_camera(node)
        return value


def read_known(node_map: Any, names: Iterable[str]) -> dict[str, FeatureValue]:
    """Those of `names` that the camera has and reads out now."""
    found: dict[str, FeatureValue] = {}
    for name in names:
        with suppress(CameraConfigError):
            found[name] = read_feature(node_map, name)
    return found


def is_kept(wanted: FeatureValue, got: FeatureValue) -> bool:
    """Whether the camera has what was wanted, but for its own steps of a number."""
    if isinstance(got, float) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return math.isclose(wanted, got, rel_tol=ROUNDING)
    return got == wanted


def _write_all(
    node_map: Any, features: Mapping[str, FeatureValue], camera_id: str
) -> dict[FeatureKey, FeatureValue]:
    """Write until none is left; gives their keys with the selectors that they were written at."""
    waiting, written = dict(features), dict[FeatureKey, FeatureValue]()
    while waiting:
        refused: dict[str, CameraConfigError] = {}
        for name, wanted in waiting.items():
            try:
                written[_write(node_map, name, wanted, camera_id)] = wanted
            except CameraConfigError as fault:
                if _is_selector(node_map, name):
                    raise
                refused[name] = fault
        if len(refused) == len(waiting):
            raise next(iter(refused.values()))
        waiting = {name: features[name] for name in refused}
    return written


def _write(node_map: Any, name: str, wanted: FeatureValue, camera_id: str) -> FeatureKey:
    """Write one feature; gives its key with the selectors that it was written at."""
    asked = f"{camera_id}: feature {name} wanted {wanted!r}"
    with vendor_errors(CameraConfigError, asked):
        key = as_it_stands(node_map, FeatureKey.parse(name))
        with selected_node(node_map, key, asked) as node:
            mode = node.node.get_access_mode()
            if mode not in (genapi.EAccessMode.RW, genapi.EAccessMode.WO):
                raise CameraConfigError(
                    f"{asked}: it cannot be written now "
                    f"(access mode {genapi.EAccessMode(mode).name})"
                )
            try:
                node.value = wanted
            except TypeError as error:
                raise CameraConfigError(
                    f"{asked}: the camera takes no {type(wanted).__name__} here, "
                    f"it has {node.value!r}"
                ) from error
    return key


def _read_back(node_map: Any, key: FeatureKey, wanted: FeatureValue) -> FeatureValue:
    """What the camera has; as wanted where it can only be written."""
    doing = f"feature {key} cannot be read back"
    with vendor_errors(CameraConfigError, doing), selected_node(node_map, key, doing) as node:
        return read_from_camera(node) if is_readable(node) else wanted


def _is_selector(node_map: Any, name: str) -> bool:
    """What stands behind a selector would be written at the wrong entry while it waits."""
    return node_map.has_node(name) and getattr(node_map, name).node.is_selector()


def _read(node_map: Any, wanted: Callable[[Any], bool]) -> dict[str, FeatureValue]:
    settings: dict[str, FeatureValue] = {}
    with vendor_errors(CameraLost, "the camera's settings cannot be read"):
        for _, key in keys_of(node_map):
            with suppress(*VENDOR_ERRORS), selected_node(node_map, key, str(key)) as node:
                if wanted(node) and _is_finite(value := read_from_camera(node)):
                    settings[str(key)] = value
    return settings


def _is_finite(value: FeatureValue) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
