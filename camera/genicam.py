"""GenICam cameras behind any GenTL producer, through Harvesters.

With its neighbours (`device`, `open_camera`, `features`, `node_map`, `trigger_setup`,
`trigger_count`, `vendor`) the only place that imports Harvesters or GenICam. Frames are taken from
the new-buffer event itself, not from Harvesters' `fetch`: that one drops an incomplete buffer with
its frame id, waits by the wall clock, and shears pictures with padded lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from harvesters.core import Harvester

from camera.camera_clock import CameraClock
from camera.clock import Clock, SystemClock
from camera.device import create_acquirer, find_device, free, names_of, read_info
from camera.features import FeatureValue, read_settings, set_features
from camera.frame import (
    CameraConfigError,
    CameraLost,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
)
from camera.open_camera import OpenCamera, usable_pixel_format
from camera.pixelformat import PictureForm, form_of, unpack
from camera.room import Allocate, NoRoom
from camera.trigger_count import count_triggers
from camera.trigger_setup import set_trigger
from camera.trigger_watch import TriggerWatch
from camera.triggers import FreeRun, TriggerPlan
from camera.vendor import vendor_errors

POLL_S = 0.0005
"""Pause between two looks for a buffer. Waiting inside the producer's code would be exact, but the
binding keeps Python's lock there: measured, other threads of the process stood still."""
LOOK_EVERY_S = 0.01
"""How often all is looked after while the producer says that no buffer waits."""
BUFFERS = 8
SILENCE_S = 1.0
"""After so long without a buffer the camera is asked whether it is still there: no GenTL event says
that it is gone."""
MAX_WAIT_S = 1.0


class GenicamSource:
    """One camera as a FrameSource: opened by `start`, freed by `stop`.

    A trigger that has no picture becomes LOST, a buffer that is torn or does not hold the whole
    picture INCOMPLETE; what finds a loss depends on what starts the pictures and on what the camera
    counts, see docs/triggers-and-timing.md. One source, one Harvester: looking for cameras anew
    disturbs those that run.

    Args:
        camera_id: the station's name for the camera.
        producers: GenTL producers (.cti files) to look for the camera in.
        serial, device_id, model: what the camera is found by; all that are given must fit, and
            exactly one camera.
        features: SFNC features to set, in this order, before acquisition.
        trigger: what starts a picture, set after the features; None leaves it to them. Then, and
            when the camera runs free, the first buffer is trigger 0, and only frame ids tell of
            losses.
        max_wait_s: a trigger that has no picture by then is LOST, and a camera that should run free
            at a known rate and gives nothing for so long stands still.
        buffers: how many pictures the producer may hold while the station is busy.
        silence_s: after so long without a buffer a camera that does not answer is lost.
        producer_wait_ms: wait for a buffer inside the producer, so long at a time. Exact and for
            nothing, but Python's other threads stand still meanwhile: for a process that has none.
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
        trigger: TriggerPlan | None = None,
        max_wait_s: float = MAX_WAIT_S,
        buffers: int = BUFFERS,
        silence_s: float = SILENCE_S,
        producer_wait_ms: int = 0,
        allocate: Allocate = np.empty,
        clock: Clock | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._producers = tuple(producers)
        self._wanted = {"serial_number": serial, "id_": device_id, "model": model}
        self._features = dict(features or {})
        self._plan = trigger
        self._max_wait_s = max_wait_s
        self._buffers = buffers
        self._silence_ns = round(silence_s * 1e9)
        self._producer_wait_ms = producer_wait_ms
        self._allocate = allocate
        self._clock: Clock = clock or SystemClock()
        self._open: OpenCamera | None = None
        self._watch: TriggerWatch | None = None
        self._camera_clock: CameraClock | None = None
        self._settings: dict[str, FeatureValue] = {}
        self._pending: Iterator[Frame | MissedFrame] = iter(())
        self._lost: CameraLost | None = None
        self._heard_ns = self._answered_ns = 0

    @property
    def camera_id(self) -> str:
        return self._camera_id

    @property
    def triggers(self) -> int:
        """Triggers that were commanded, or counted by the camera, or that its frame ids tell of."""
        return self._watch.triggers if self._watch else 0

    @property
    def settings(self) -> Mapping[str, FeatureValue]:
        """What the camera had when it was last set up, read back; see `read_settings`."""
        return self._settings

    @property
    def node_map(self) -> Any:
        """The camera's settings, for the thread that fetches. Raises CameraLost."""
        return self._running()[0].node_map

    @property
    def form(self) -> PictureForm:
        """What the pictures are that come, by the camera's settings. Raises CameraLost."""
        return self._running()[0].form()

    def start(self) -> None:
        """Open and set up the camera and begin acquisition.

        Raises CameraConfigError: a producer is missing or not one, more than one camera fits, a
        feature or trigger cannot be set, or its pixel format is not known. Raises CameraLost: no
        camera fits, or it does not let itself be opened; it may yet.
        """
        if self._open is not None:
            raise CameraConfigError(f"{self._camera_id}: is already started; stop it first")
        self._pending, self._lost = iter(()), None
        harvester = Harvester()
        try:
            self._open = self._set_up(harvester)
        except BaseException:
            free(harvester, self._camera_id)
            raise
        self._heard_ns = self._answered_ns = self._clock.monotonic_ns()

    def trigger(self) -> None:
        """Command a picture, from the thread that fetches; its outcome comes out of `fetch`.

        A camera whose pictures do not say their trigger takes one at a time: a command while
        another's picture is awaited is counted, not given, and LOST.
        Raises CameraConfigError when the plan is another. A camera that is gone is said by `fetch`.
        """
        _, watch = self._running()
        try:
            watch.command()
        except CameraLost as error:
            self._give_up(watch, error)

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next trigger's outcome, or None after `timeout_s` of monotonic time.

        Raises CameraLost when the camera does not answer any more, stands still, or counts anew;
        before that, all triggers that wait come out as LOST.
        """
        outcome = next(self._pending, None)
        if outcome is not None:
            return outcome
        camera, watch = self._running()
        if self._lost is not None:
            raise self._lost
        try:
            return self._wait(camera, watch, timeout_s)
        except CameraLost as error:
            self._give_up(watch, error)
        return self.fetch(timeout_s)

    def stop(self) -> None:
        """End acquisition and free camera and producers; may be called twice."""
        camera, self._open = self._open, None
        self._pending = iter(())
        self._camera_clock = None
        if camera is not None:
            camera.close()

    def _give_up(self, watch: TriggerWatch, error: CameraLost) -> None:
        """What waits for a picture comes out as LOST, and then the error."""
        self._lost = error
        self._pending = chain(self._pending, watch.give_up_all(f"the camera is gone: {error}"))

    def _running(self) -> tuple[OpenCamera, TriggerWatch]:
        if self._open is None or self._watch is None:
            raise CameraLost(f"{self._camera_id}: is not started, or was stopped")
        return self._open, self._watch

    def _set_up(self, harvester: Harvester) -> OpenCamera:
        device = find_device(harvester, self._producers, self._wanted, self._camera_id)
        with vendor_errors(CameraLost, f"{self._camera_id}: cannot open {names_of(device)}"):
            acquirer = create_acquirer(harvester, device)
            if acquirer.min_num_buffers <= self._buffers:
                acquirer.num_buffers = self._buffers
        node_map: Any = acquirer.remote_device.node_map
        set_features(node_map, self._features, self._camera_id)
        count = None
        if self._plan is not None:
            set_trigger(node_map, self._plan, self._camera_id)
        if self._plan is not None and not isinstance(self._plan, FreeRun):
            count = count_triggers(acquirer, self._camera_id)
        self._settings = read_settings(node_map)
        pixel_format = usable_pixel_format(node_map, self._camera_id)
        camera = OpenCamera(self._camera_id, harvester, acquirer, pixel_format)
        self._camera_clock = CameraClock(node_map, self._clock, self._camera_id)
        with vendor_errors(CameraConfigError, f"{self._camera_id}: cannot start acquisition"):
            acquirer.start()
        self._watch = TriggerWatch(camera, self._plan, count, self._max_wait_s, self._clock)
        return camera

    def _wait(
        self, camera: OpenCamera, watch: TriggerWatch, timeout_s: float
    ) -> Frame | MissedFrame | None:
        deadline_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        while True:
            now_ns = self._clock.monotonic_ns()
            watch.command_due(now_ns)
            left_ns = min(deadline_ns, watch.due_ns) - now_ns
            self._pending = iter(watch.begin_anew())
            outcome = next(self._pending, None)
            if outcome is None and self._has_come(camera, left_ns):
                self._pending = self._take(camera, watch)
                outcome = next(self._pending, None)
                if outcome is None:  # it was of a trigger that was given up
                    continue
            if outcome is None:
                self._pending = iter(watch.look())
                outcome = next(self._pending, None)
            if outcome is not None:
                return outcome
            self._check_alive(camera)
            if self._camera_clock is not None:
                self._camera_clock.relate_again(now_ns, is_idle=True)
            if self._clock.monotonic_ns() >= deadline_ns:
                return None
            self._pause(camera, left_ns)

    def _has_come(self, camera: OpenCamera, left_ns: int) -> bool:
        wait_ms = min(self._producer_wait_ms, max(0, left_ns) // 1_000_000)
        return camera.has_new_buffer(wait_ms)

    def _pause(self, camera: OpenCamera, left_ns: int) -> None:
        """Until the producer says that a buffer waits, but not for long: not all count right."""
        if self._producer_wait_ms and left_ns >= 1_000_000:
            return  # the wait was in the producer
        until_ns = self._clock.monotonic_ns() + min(left_ns, round(LOOK_EVERY_S * 1e9))
        while (now_ns := self._clock.monotonic_ns()) < until_ns and not camera.counts_buffers():
            self._clock.sleep(min(POLL_S, (until_ns - now_ns) / 1e9))

    def _check_alive(self, camera: OpenCamera) -> None:
        """After a silence, whether the camera answers, and whether it should have sent anything."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._answered_ns < self._silence_ns:
            return
        camera.check_answers()
        self._answered_ns = now_ns
        rate_hz = self._plan.rate_hz if isinstance(self._plan, FreeRun) else None
        silent_s = (now_ns - self._heard_ns) / 1e9
        if rate_hz is not None and silent_s > self._max_wait_s + 1 / rate_hz:
            raise CameraLost(
                f"{self._camera_id}: answers, but gave no picture for {silent_s:.1f} s where "
                f"{rate_hz:g} a second were asked for: it stands still, open it anew"
            )

    def _take(self, camera: OpenCamera, watch: TriggerWatch) -> Iterator[Frame | MissedFrame]:
        """Copy the buffer that has come, and give it back to the producer whatever is in it."""
        now_ns, now_utc_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        self._heard_ns = self._answered_ns = now_ns
        is_of_nobody = watch.is_in_doubt()
        with camera.borrowed_buffer() as buffer:
            if is_of_nobody:
                return iter(())
            frame_id, count, fault = int(buffer.frame_id), None, None
            try:
                count = watch.count_of(buffer)
            except FrameError as error:
                fault = error
            trigger_id = watch.place(frame_id, count)
            if trigger_id is None:
                return iter(())
            arrival = _Arrival(trigger_id, frame_id, now_ns, now_utc_ns, fault)
            outcome = self._outcome_of(camera, buffer, arrival)
        return watch.enter(outcome)

    def _outcome_of(
        self, camera: OpenCamera, buffer: Any, arrival: "_Arrival"
    ) -> Frame | MissedFrame:
        try:
            if arrival.fault is not None:
                raise arrival.fault
            layout = camera.layout_of(buffer)
            form = form_of(layout)
            room = self._allocate(form.shape, form.dtype)
            pixels = unpack(buffer.raw_buffer, layout, room)
        except (FrameError, NoRoom) as error:
            came_whole = isinstance(error, NoRoom)
            return MissedFrame(
                self._camera_id,
                arrival.trigger_id,
                MissReason.LOST if came_whole else MissReason.INCOMPLETE,
                arrival.ns,
                arrival.utc_ns,
                str(error),
            )
        camera_ns = read_info(buffer, "timestamp_ns")
        captured_ns = self._exposed_ns(camera_ns, arrival.ns)
        return Frame(
            pixels=pixels,
            pixel_format=form.pixel_format,
            camera_id=self._camera_id,
            trigger_id=arrival.trigger_id,
            captured_ns=captured_ns,
            captured_utc_ns=arrival.utc_ns - (arrival.ns - captured_ns),
            producer_timestamp_ns=camera_ns,
            frame_id=arrival.frame_id,
        )

    def _exposed_ns(self, camera_ns: int | None, arrived_ns: int) -> int:
        if self._camera_clock is None:
            return arrived_ns
        self._camera_clock.relate_again(arrived_ns, is_idle=False)
        return self._camera_clock.exposed_ns(camera_ns, arrived_ns)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A buffer that has come, and the fault that makes it no picture, where one is known already.

    ns, utc_ns: when, on the station's clocks.
    """

    trigger_id: int
    frame_id: int
    ns: int
    utc_ns: int
    fault: FrameError | None
