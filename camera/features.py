"""SFNC features of a camera: written, read back, and compared with what was wanted."""

import math
from collections.abc import Mapping
from typing import Any

from genicam import genapi

from camera.frame import CameraConfigError
from camera.vendor import vendor_errors

FeatureValue = bool | int | float | str

ROUNDING = 0.01
"""A camera rounds exposure and frame rate to its own steps; further off than this is a fault."""

_WRITABLE = (genapi.EAccessMode.RW, genapi.EAccessMode.WO)


def set_features(node_map: Any, features: Mapping[str, FeatureValue], camera_id: str) -> None:
    """Write the features in the order given and read each back.

    Raises CameraConfigError with the feature's name, what was wanted and what the camera has: for a
    name it does not know, a feature that cannot be written now, a value that it refuses, and one
    that it took but did not keep.
    """
    for name, wanted in features.items():
        asked = f"{camera_id}: feature {name} wanted {wanted!r}"
        node = _find(node_map, name, asked)
        with vendor_errors(CameraConfigError, asked):
            try:
                node.value = wanted
            except TypeError as error:
                raise CameraConfigError(
                    f"{asked}: the camera takes no {type(wanted).__name__} here, "
                    f"it has {node.value!r}"
                ) from error
            got = node.value
        if not _kept(wanted, got):
            raise CameraConfigError(f"{asked}: the camera took it, but reads back {got!r}")


def _find(node_map: Any, name: str, asked: str) -> Any:
    if not node_map.has_node(name):
        raise CameraConfigError(f"{asked}: the camera has no feature of this name")
    node = getattr(node_map, name)
    if not hasattr(type(node), "value"):
        raise CameraConfigError(f"{asked}: it is a {type(node).__name__}, it holds no value")
    mode = node.node.get_access_mode()
    if mode not in _WRITABLE:
        raise CameraConfigError(
            f"{asked}: it cannot be written now (access mode {genapi.EAccessMode(mode).name})"
        )
    return node


def _kept(wanted: FeatureValue, got: object) -> bool:
    if isinstance(wanted, float) and isinstance(got, float):
        return math.isclose(wanted, got, rel_tol=ROUNDING)
    return got == wanted
