"""GenICam cameras behind any GenTL producer, through Harvesters.

Together with `device`, `features` and `vendor` the only place that imports Harvesters or GenICam.
Frames are taken from the new-buffer event itself, not from Harvesters' `fetch`: that one drops an
incomplete buffer with its frame id, waits by the wall clock, and shears pictures with padded lines.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from genicam import gentl
from harvesters.core import Harvester, ImageAcquirer

from camera.clock import Clock, SystemClock
from camera.device import create_acquirer, find_device, free, names_of, read_info
from camera.features import FeatureValue, set_features
from camera.frame import (
    CameraConfigError,
    CameraLost,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
)
from camera.ledger import FrameLedger
from camera.pixelformat import BufferLayout, PictureForm, form_of, unpack
from camera.room import Allocate, NoRoom
from camera.vendor import vendor_errors
from camera.wireformats import WIRE_FORMATS, wire_name

POLL_S = 0.0005
"""Pause between two looks for a buffer. Waiting inside the producer's code would be exact, but the
binding keeps Python's lock there: measured, other threads of the process stood still."""
BUFFERS = 8
SILENCE_S = 1.0
"""After so long without a buffer the camera is asked whether it is still there: no GenTL event says
that it is gone."""
_BIG_ENDIAN = 2  # GenTL 1.6, PIXELENDIANNESS_BIG


class GenicamSource:
    """One camera as a FrameSource: opened by `start`, freed by `stop`.

    A gap in the camera's frame ids becomes LOST, a buffer that is torn or does not hold the whole
    picture INCOMPLETE. The first buffer after `start` is trigger 0: what a camera lost before it
    leaves no trace in the frame ids. One source, one Harvester: looking for cameras anew disturbs
    those that run.

    Args:
        camera_id: the station's name for the camera.
        producers: GenTL producers (.cti files) to look for the camera in.
        serial, device_id, model: what the camera is found by; all that are given must fit, and
            exactly one camera.
        features: SFNC features to set, in this order, before acquisition.
        buffers: how many pictures the producer may hold while the station is busy.
        silence_s: after so long without a buffer a camera that does not answer is lost.
        allocate: gives the memory for each picture; one for which there is none is LOST.
        clock: the station's clocks.
    """

    def __init__(
        self,
        camera_id: str,
        producers: Sequence[Path],
        *,
        serial: str | None = None,
        device_id: str | None = None,
        model: str | None = None,
        features: Mapping[str, FeatureValue] | None = None,
        buffers: int = BUFFERS,
        silence_s: float = SILENCE_S,
        allocate: Allocate = np.empty,
        clock: Clock | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._producers = tuple(producers)
        self._wanted = {"serial_number": serial, "id_": device_id, "model": model}
        self._features = dict(features or {})
        self._buffers = buffers
        self._silence_ns = round(silence_s * 1e9)
        self._heard_ns = 0
        self._allocate = allocate
        self._clock: Clock = clock or SystemClock()
        self._open: _OpenCamera | None = None
        self._ledger: FrameLedger | None = None
        self._first_id = 0
        self._pending: Iterator[Frame | MissedFrame] = iter(())

    @property
    def camera_id(self) -> str:
        return self._camera_id

    @property
    def triggers(self) -> int:
        """Triggers up to the newest frame id that the camera gave."""
        return self._ledger.triggers if self._ledger else 0

    @property
    def form(self) -> PictureForm:
        """What the pictures are that come, by the camera's settings. Raises CameraLost."""
        return self._running()[0].form()

    def start(self) -> None:
        """Open and set up the camera and begin acquisition.

        Raises CameraConfigError: a producer is missing or not one, no camera or more than one fits,
        it is in use, a feature cannot be set, or its pixel format is not one that a Frame holds.
        """
        if self._open is not None:
            raise CameraConfigError(f"{self._camera_id}: is already started; stop it first")
        self._ledger = FrameLedger(self._camera_id)
        self._pending = iter(())
        harvester = Harvester()
        try:
            self._open = self._set_up(harvester)
        except BaseException:
            free(harvester, self._camera_id)
            raise
        self._heard_ns = self._clock.monotonic_ns()

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next trigger's outcome, or None after `timeout_s` of monotonic time.

        Raises CameraLost when the camera does not answer any more, or counts anew.
        """
        outcome = next(self._pending, None)
        if outcome is not None:
            return outcome
        camera, ledger = self._running()
        deadline_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        while True:
            if camera.has_new_buffer():
                self._pending = ledger.enter(self._take(camera))
                return next(self._pending)
            now_ns = self._clock.monotonic_ns()
            if now_ns - self._heard_ns >= self._silence_ns:
                camera.check_answers()
                self._heard_ns = now_ns
            left_s = (deadline_ns - now_ns) / 1e9
            if left_s <= 0:
                return None
            self._clock.sleep(min(POLL_S, left_s))

    def stop(self) -> None:
        """End acquisition and free camera and producers; may be called twice."""
        camera, self._open = self._open, None
        self._pending = iter(())
        if camera is not None:
            camera.close()

    def _running(self) -> tuple["_OpenCamera", FrameLedger]:
        if self._open is None or self._ledger is None:
            raise CameraLost(f"{self._camera_id}: is not started, or was stopped")
        return self._open, self._ledger

    def _set_up(self, harvester: Harvester) -> "_OpenCamera":
        device = find_device(harvester, self._producers, self._wanted, self._camera_id)
        with vendor_errors(CameraConfigError, f"{self._camera_id}: cannot open {names_of(device)}"):
            acquirer = create_acquirer(harvester, device)
            if acquirer.min_num_buffers <= self._buffers:
                acquirer.num_buffers = self._buffers
        node_map: Any = acquirer.remote_device.node_map
        set_features(node_map, self._features, self._camera_id)
        pixel_format = _usable_pixel_format(node_map, self._camera_id)
        with vendor_errors(CameraConfigError, f"{self._camera_id}: cannot start acquisition"):
            acquirer.start()
        return _OpenCamera(self._camera_id, harvester, acquirer, pixel_format)

    def _take(self, camera: "_OpenCamera") -> Frame | MissedFrame:
        """Copy the buffer that has come, and give it back to the producer whatever is in it."""
        now_ns, now_utc_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        self._heard_ns = now_ns
        with camera.borrowed_buffer() as buffer:
            frame_id = int(buffer.frame_id)
            trigger_id = self._from_zero(frame_id)
            try:
                layout = camera.layout_of(buffer)
                form = form_of(layout)
                room = self._allocate(form.shape, form.dtype)
                pixels = unpack(buffer.raw_buffer, layout, room)
            except (FrameError, NoRoom) as error:
                came_whole = isinstance(error, NoRoom)
                return MissedFrame(
                    self._camera_id,
                    trigger_id,
                    MissReason.LOST if came_whole else MissReason.INCOMPLETE,
                    now_ns,
                    now_utc_ns,
                    str(error),
                )
            return Frame(
                pixels=pixels,
                pixel_format=form.pixel_format,
                camera_id=self._camera_id,
                trigger_id=trigger_id,
                captured_ns=now_ns,
                captured_utc_ns=now_utc_ns,
                producer_timestamp_ns=read_info(buffer, "timestamp_ns"),
                frame_id=frame_id,
            )

    def _from_zero(self, camera_frame_id: int) -> int:
        """Cameras count from 0 (U3V) or 1 (GVSP); triggers are counted from 0."""
        if self._ledger is None or self._ledger.triggers == 0:
            self._first_id = camera_frame_id
        return camera_frame_id - self._first_id


@dataclass(frozen=True, slots=True)
class _OpenCamera:
    """What is held between `start` and `stop`."""

    camera_id: str
    harvester: Harvester
    acquirer: ImageAcquirer
    pixel_format: str

    def has_new_buffer(self) -> bool:
        """Whether another buffer has come; it is then the event's buffer."""
        with vendor_errors(CameraLost, f"{self.camera_id}: no more buffers"):
            try:
                self._event.update_event_data(0)
            except gentl.TimeoutException:
                return False
        return True

    def check_answers(self) -> None:
        """Read a register of the camera itself, not the copy kept of it.

        Raises CameraLost when it does not answer.
        """
        node_map: Any = self.acquirer.remote_device.node_map
        with vendor_errors(CameraLost, f"{self.camera_id}: does not answer"):
            node_map.Width.node.invalidate_node()
            _ = node_map.Width.value

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
        node_map: Any = self.acquirer.remote_device.node_map
        with vendor_errors(CameraLost, f"{self.camera_id}: cannot read its picture's size"):
            height, width = node_map.Height.value, node_map.Width.value
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
        node_map: Any = self.acquirer.remote_device.node_map
        return BufferLayout(
            pixel_format=wire_name(read_info(buffer, "pixel_format"), self.pixel_format),
            height=read_info(buffer, "height") or node_map.Height.value,
            width=read_info(buffer, "width") or node_map.Width.value,
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
        # The one private name used: Harvesters has registered the event, and GenTL allows it once.
        monitors = self.acquirer._new_buffer_event_monitor_dict  # pyright: ignore[reportPrivateUsage]
        return next(iter(monitors.values()))


def _usable_pixel_format(node_map: Any, camera_id: str) -> str:
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
