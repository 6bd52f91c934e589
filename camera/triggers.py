"""What starts a picture: the camera's own pace, the station's command, or an edge at an input."""

from dataclasses import dataclass
from typing import Literal

Activation = Literal["RisingEdge", "FallingEdge", "AnyEdge"]


@dataclass(frozen=True, slots=True)
class FreeRun:
    """The camera takes pictures at its own pace; nobody outside knows when.

    rate_hz: AcquisitionFrameRate; None leaves it as it is.
    """

    rate_hz: float | None = None


@dataclass(frozen=True, slots=True)
class SoftwareTrigger:
    """The station commands each picture.

    rate_hz: how often; None for only when `GenicamSource.trigger` is called.
    """

    rate_hz: float | None = None


@dataclass(frozen=True, slots=True)
class LineTrigger:
    """A light barrier, an encoder or a PLC at an input of the camera starts each picture.

    line: SFNC name of the input.
    activation: SFNC TriggerActivation.
    """

    line: str = "Line0"
    activation: Activation = "RisingEdge"


TriggerPlan = FreeRun | SoftwareTrigger | LineTrigger
