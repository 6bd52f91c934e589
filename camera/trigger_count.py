"""The camera's own count of its triggers: by a counter, and by a chunk with each picture."""

from dataclasses import dataclass
from typing import Any

from genicam import genapi
from harvesters.core import ImageAcquirer

from camera.device import read_info
from camera.features import set_features
from camera.frame import CameraConfigError, CameraLost, FrameError
from camera.node_map import is_offered, is_settable
from camera.vendor import VENDOR_ERRORS, vendor_errors

_EVENT = "FrameTrigger"  # SFNC CounterEventSource: every trigger of a frame, obeyed or not
_CHUNK = "CounterValue"


@dataclass(frozen=True, slots=True)
class TriggerCount:
    """A counter of frame triggers of one camera.

    before: what it said before acquisition began.
    with_pictures: whether each picture brings its own trigger's count in a chunk.
    """

    camera_id: str
    acquirer: ImageAcquirer
    before: int
    with_pictures: bool

    def now(self) -> int:
        """Triggers since acquisition began. Raises CameraLost when the camera does not answer."""
        node_map: Any = self.acquirer.remote_device.node_map
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot read its count of triggers"):
            return int(node_map.CounterValue.value) - self.before

    def of(self, buffer: Any) -> int | None:
        """The count with this buffer, from 1; None where it brings none."""
        if not self.with_pictures or not buffer.is_complete():
            return None
        node_map: Any = self.acquirer.remote_device.node_map
        # Harvesters holds the adapter as long as the node map lives that it is attached to; its
        # own way to use it goes on with the chunks of the buffer before when these are broken.
        adapter: Any = self.acquirer._chunk_adapter  # pyright: ignore[reportPrivateUsage]
        try:
            adapter.attach_buffer(buffer.raw_buffer, _chunks_of(buffer, adapter))
            try:
                return int(node_map.ChunkCounterValue.value) - self.before
            finally:
                adapter.detach_buffer()
        except VENDOR_ERRORS as error:
            raise FrameError(f"the buffer's chunks cannot be read: {error}") from error


def count_triggers(acquirer: ImageAcquirer, camera_id: str) -> TriggerCount | None:
    """Let the camera count its triggers from now on; None where it has no such counter.

    Chunks are switched on where the camera has them, which makes its buffers larger: before they
    are made. Raises CameraConfigError when the camera does not keep a setting.
    """
    node_map: Any = acquirer.remote_device.node_map
    with vendor_errors(CameraConfigError, f"{camera_id}: cannot set up its count of triggers"):
        counter = _counter_of_triggers(node_map)
        if counter is None:
            return None
        with_pictures = _send_with_pictures(node_map, counter, camera_id)
        if _offers(node_map, "CounterReset"):
            node_map.CounterReset.execute()
        return TriggerCount(camera_id, acquirer, int(node_map.CounterValue.value), with_pictures)


def _counter_of_triggers(node_map: Any) -> str | None:
    """The counter of frame triggers, now selected: one that counts them, or that can be told to."""
    names = ("CounterSelector", "CounterEventSource", "CounterValue")
    if not all(_offers(node_map, name) for name in names):
        return None
    counters: list[str] = list(node_map.CounterSelector.symbolics)
    for counter in counters:
        node_map.CounterSelector.value = counter
        if node_map.CounterEventSource.value == _EVENT:
            return counter
    for counter in counters:
        node_map.CounterSelector.value = counter
        source = node_map.CounterEventSource
        if is_settable(source) and _EVENT in source.symbolics:
            source.value = _EVENT
            return counter
    return None


def _send_with_pictures(node_map: Any, counter: str, camera_id: str) -> bool:
    names = ("ChunkModeActive", "ChunkSelector", "ChunkEnable", "ChunkCounterSelector")
    if not all(_offers(node_map, name) for name in names):
        return False
    offered = _CHUNK in node_map.ChunkSelector.symbolics
    if not offered or counter not in node_map.ChunkCounterSelector.symbolics:
        return False
    features = {"ChunkModeActive": True, f"ChunkEnable[{_CHUNK}]": True}
    set_features(node_map, features | {"ChunkCounterSelector": counter}, camera_id)
    return True


def _offers(node_map: Any, name: str) -> bool:
    return node_map.has_node(name) and is_offered(getattr(node_map, name))


def _chunks_of(buffer: Any, adapter: Any) -> Any:
    """Where GenApi finds the chunks: told by the producer, or at the end of so many bytes."""
    if isinstance(adapter, genapi.ChunkAdapterGeneric):
        return buffer.chunk_data_info_list
    return read_info(buffer, "delivered_chunk_payload_size") or buffer.size_filled
