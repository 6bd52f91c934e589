"""A camera is set up for what shall start its pictures, by SFNC names, and read back."""

from typing import Any

from genicam import genapi

from camera.features import FeatureValue, set_features
from camera.frame import CameraConfigError
from camera.node_map import is_settable
from camera.triggers import FreeRun, LineTrigger, TriggerPlan
from camera.vendor import vendor_errors

_FRAME_START = "FrameStart"


def set_trigger(node_map: Any, plan: TriggerPlan, camera_id: str) -> None:
    """Set the camera up for the plan by its SFNC names, and read everything back.

    Every other kind of trigger that the camera has (AcquisitionStart, FrameBurstStart) is switched
    off: one that was left on would hold all pictures back. TriggerSelector stays at FrameStart.
    Raises CameraConfigError when the camera has no such trigger, or does not keep a setting.
    """
    kinds = _kinds_of_trigger(node_map, camera_id)
    set_features(node_map, dict.fromkeys(kinds, "Off"), camera_id)
    if isinstance(plan, FreeRun):
        set_features(node_map, _pace(node_map, plan.rate_hz), camera_id)
        return
    at = kinds.get(f"TriggerMode[{_FRAME_START}]", kinds.get("TriggerMode"))
    if at is None:
        raise CameraConfigError(
            f"{camera_id}: {plan} wanted: the camera has no frame trigger (TriggerMode of "
            f"{_FRAME_START}); it has {', '.join(kinds) or 'none'}: let it run free"
        )
    settings: dict[str, FeatureValue] = {f"TriggerSource{at}": "Software"}
    if isinstance(plan, LineTrigger):
        settings = {f"TriggerSource{at}": plan.line, f"TriggerActivation{at}": plan.activation}
    set_features(node_map, settings | {f"TriggerMode{at}": "On"}, camera_id)
    if at:
        set_features(node_map, {"TriggerSelector": _FRAME_START}, camera_id)


def _kinds_of_trigger(node_map: Any, camera_id: str) -> dict[str, str]:
    """The TriggerMode of each kind of trigger, and how the kind is written behind a name."""
    if not node_map.has_node("TriggerMode"):
        return {}
    with vendor_errors(CameraConfigError, f"{camera_id}: cannot read its triggers"):
        if not node_map.has_node("TriggerSelector"):
            return {"TriggerMode": ""}
        entries = [
            entry.symbolic
            for entry in node_map.TriggerSelector.entries
            if entry.node.get_access_mode() in (genapi.EAccessMode.RO, genapi.EAccessMode.RW)
        ]
        return {f"TriggerMode[{entry}]": f"[{entry}]" for entry in entries}


def _pace(node_map: Any, rate_hz: float | None) -> dict[str, FeatureValue]:
    if rate_hz is None:
        return {}
    enable = "AcquisitionFrameRateEnable"
    enabled: dict[str, FeatureValue] = {}
    if node_map.has_node(enable) and is_settable(getattr(node_map, enable)):
        enabled[enable] = True
    return enabled | {"AcquisitionFrameRate": float(rate_hz)}
