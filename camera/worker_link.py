"""What a camera's process and the line say to each other: one packet, one message.

Pictures never pass here, only their ring's memory. A packet socket cannot be left half written by a
process that is killed, and tells the other side at once that it is gone.
"""

import json
import select
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_args

from camera.frame import CameraConfigError, CameraLost
from camera.ring_memory import Geometry
from camera.triggers import TriggerPlan
from camera.worker_spec import CameraSpec

if TYPE_CHECKING:  # it brings the vendors' libraries along
    from camera.features import FeatureValue

_PACKET_BYTES = 1 << 20
"""More than the settings of any camera; a longer packet would be cut."""

_PLANS = {plan.__name__: plan for plan in get_args(TriggerPlan)}
_FAULTS = {kind.__name__: kind for kind in (CameraConfigError, CameraLost)}


@dataclass(frozen=True, slots=True)
class Open:
    """The camera to open; the first message of all."""

    spec: CameraSpec


@dataclass(frozen=True, slots=True)
class Opened:
    """The camera is open, set up and acquiring; the process waits for a ring.

    frame_bytes: size of its pictures.
    settings: what the camera had, read back.
    """

    frame_bytes: int
    settings: "Mapping[str, FeatureValue]"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why no more frames come."""

    error: CameraConfigError | CameraLost


@dataclass(frozen=True, slots=True)
class UseRing:
    """Where outcomes go from now on; the descriptors of memory and bell travel with it."""

    geometry: Geometry
    check_pixels: bool
    memory: int
    bell: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """Command a picture."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End acquisition, free the camera and end."""


Message = Open | Opened | Fault | UseRing | Trigger | Stop


def link() -> tuple[socket.socket, socket.socket]:
    """The two ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(to: socket.socket, message: Message) -> None:
    """Send a message; one to a process that is gone is lost without an error."""
    descriptors: list[int] = []
    told: dict[str, Any] = {}
    match message:
        case Open():
            told = asdict(message.spec) | {"plan": type(message.spec.trigger).__name__}
        case Opened():
            told = {
                "frame_bytes": message.frame_bytes,
                "settings": dict(message.settings),
            }
        case Fault():
            told = {"kind": type(message.error).__name__, "message": str(message.error)}
        case UseRing():
            descriptors = [message.memory, message.bell]
            told = {
                "slots": message.geometry.slots,
                "slot_bytes": message.geometry.slot_bytes,
                "check_pixels": message.check_pixels,
            }
        case Trigger() | Stop():
            pass
    packet = json.dumps({"says": type(message).__name__} | told).encode()
    try:
        socket.send_fds(to, [packet], descriptors)
    except (BrokenPipeError, ConnectionResetError):
        return


def hear(at: socket.socket) -> Message | None:
    """The next message, or None when the other process is gone; waits as the socket is set to."""
    try:
        packet, descriptors, _, _ = socket.recv_fds(at, _PACKET_BYTES, 2)
    except ConnectionResetError:
        return None
    if not packet:
        return None
    told: dict[str, Any] = json.loads(packet)
    match told.pop("says"):
        case "Open":
            told["producers"] = tuple(told["producers"])
            plan = _PLANS.get(told.pop("plan"))
            told["trigger"] = plan and plan(**told["trigger"])
            return Open(CameraSpec(**told))
        case "Opened":
            return Opened(told["frame_bytes"], told["settings"])
        case "Fault":
            return Fault(_FAULTS[told["kind"]](told["message"]))
        case "UseRing":
            geometry = Geometry(told["slots"], told["slot_bytes"])
            return UseRing(geometry, told["check_pixels"], *descriptors)
        case "Trigger":
            return Trigger()
        case _:
            return Stop()


def wait_readable(descriptors: Iterable[int], within_s: float) -> bool:
    """Whether one of them is readable, or its other end gone, within the time."""
    waiting = select.poll()  # not `select.select`, which takes no descriptor above 1023
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(within_s * 1e3))
