"""A camera that is open and acquires: its buffers, and what they say of themselves."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from genicam import gentl
from harvesters.core import Harvester, ImageAcquirer

from camera.device import free, read_info
from camera.frame import CameraConfigError, CameraLost, FrameError
from camera.node_map import read_from_camera
from camera.pixelformat import BufferLayout, PictureForm, form_of
from camera.vendor import vendor_errors
from camera.wireformats import WIRE_FORMATS, wire_name

_BIG_ENDIAN = 2  # GenTL 1.6, PIXELENDIANNESS_BIG


@dataclass(frozen=True, slots=True)
class OpenCamera:
    """What is held between the start and the stop of a source."""

    camera_id: str
    harvester: Harvester
    acquirer: ImageAcquirer
    pixel_format: str

    @property
    def node_map(self) -> Any:
        return self.acquirer.remote_device.node_map

    def counts_buffers(self) -> bool:
        """Whether the producer says that a buffer waits; not all do, and it costs next to nothing.

        Raises CameraLost.
        """
        with vendor_errors(CameraLost, f"{self.camera_id}: no more buffers"):
            return self._event.num_in_queue > 0

    def has_new_buffer(self, wait_ms: int = 0) -> bool:
        """Whether another buffer has come; it is then the event's buffer.

        wait_ms: wait so long inside the producer, which holds Python's lock meanwhile.
        Raises CameraLost.
        """
        with vendor_errors(CameraLost, f"{self.camera_id}: no more buffers"):
            try:
                self._event.update_event_data(wait_ms)
            except gentl.TimeoutException:
                return False
        return True

    def check_answers(self) -> None:
        """Read a register of the camera itself, not the copy kept of it.

        Raises CameraLost when it does not answer.
        """
        with vendor_errors(CameraLost, f"{self.camera_id}: does not answer"):
            read_from_camera(self.node_map.Width)

    def command_trigger(self) -> None:
        """Run TriggerSoftware. Raises CameraLost when the camera does not take it."""
        with vendor_errors(CameraLost, f"{self.camera_id}: does not take TriggerSoftware"):
            self.node_map.TriggerSoftware.execute()

    def stop_stream(self) -> None:
        """End acquisition and empty all buffers: nothing taken before comes after `start_stream`.

        Raises CameraLost.
        """
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot stop acquisition"):
            self.acquirer.stop()

    def start_stream(self) -> None:
        """Begin acquisition again. Raises CameraLost."""
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot start acquisition again"):
            self.acquirer.start()

    @contextmanager
    def borrowed_buffer(self) -> Generator[Any]:
        """The buffer of the last event, queued back at the end of the block."""
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot read the buffer"):
            buffer = self._event.buffer
            try:
                yield buffer
            finally:
                buffer.parent.queue_buffer(buffer)

    def form(self) -> PictureForm:
        """What the camera's pictures are, by its settings."""
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot read its picture's size"):
            height, width = self.node_map.Height.value, self.node_map.Width.value
        return form_of(BufferLayout(self.pixel_format, height, width, filled_bytes=0))

    def layout_of(self, buffer: Any) -> BufferLayout:
        """What the buffer says of itself, and where it says nothing the camera.

        Raises FrameError for a buffer that is not complete or not one picture.
        """
        if not buffer.is_complete():
            raise FrameError("the producer marks the buffer incomplete")
        if buffer.payload_type not in (
            gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_IMAGE,
            gentl.PAYLOADTYPE_INFO_IDS.PAYLOAD_TYPE_CHUNK_DATA,
        ):
            raise FrameError(f"payload type {buffer.payload_type} is not one picture")
        return BufferLayout(
            pixel_format=wire_name(read_info(buffer, "pixel_format"), self.pixel_format),
            height=read_info(buffer, "height") or self.node_map.Height.value,
            width=read_info(buffer, "width") or self.node_map.Width.value,
            filled_bytes=read_info(buffer, "size_filled") or buffer.size,
            offset_bytes=read_info(buffer, "image_offset") or 0,
            line_padding_bytes=read_info(buffer, "padding_x") or 0,
            big_endian=read_info(buffer, "pixel_endianness") == _BIG_ENDIAN,
        )

    def close(self) -> None:
        """Free all; a camera that is gone already is as good as closed."""
        free(self.harvester, self.camera_id)

    @property
    def _event(self) -> Any:
        # A private name: Harvesters has registered the event, and GenTL allows it once.
        monitors = self.acquirer._new_buffer_event_monitor_dict  # pyright: ignore[reportPrivateUsage]
        return next(iter(monitors.values()))


def usable_pixel_format(node_map: Any, camera_id: str) -> str:
    """The camera's PixelFormat. Raises CameraConfigError for one that cannot be unpacked."""
    with vendor_errors(CameraConfigError, f"{camera_id}: cannot read PixelFormat"):
        if not node_map.has_node("PixelFormat"):
            raise CameraConfigError(f"{camera_id}: the camera has no feature PixelFormat")
        current, offered = str(node_map.PixelFormat.value), node_map.PixelFormat.symbolics
    if current not in WIRE_FORMATS:
        usable = ", ".join(name for name in offered if name in WIRE_FORMATS)
        raise CameraConfigError(
            f"{camera_id}: PixelFormat is {current}, which is not known; of those that are, the "
            f"camera offers {usable or 'none'}: set one under [camera.device.features]"
        )
    return current
