"""Which camera a process of its own opens, and how: plain values that can be sent there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera.triggers import TriggerPlan

if TYPE_CHECKING:  # it brings the vendors' libraries along, which the line's process does without
    from camera.features import FeatureValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A GenICam camera; the fields are those of `camera.genicam.GenicamSource`."""

    camera_id: str
    producers: tuple[str, ...]
    serial: str | None = None
    device_id: str | None = None
    model: str | None = None
    features: "Mapping[str, FeatureValue]" = field(default_factory=dict[str, Any])
    trigger: TriggerPlan | None = None
    max_wait_s: float = 1.0
    buffers: int = 16
