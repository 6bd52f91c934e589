"""A camera in a process of its own, as a FrameSource of the line.

A camera's driver may hang, crash or leak; here it does so in a process that can be killed. The line
only reads the process's ring and heartbeat, and never waits for it longer than it said it would.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason
from camera.ring import RingReader
from camera.ring_memory import Geometry, TornEntry
from camera.worker_handle import WorkerProcess
from camera.worker_link import Trigger, UseRing, wait_readable
from camera.worker_spec import CameraSpec

if TYPE_CHECKING:  # it brings the vendors' libraries along
    from camera.features import FeatureValue

OPENS_WITHIN_S = 30.0
"""Looking for GigE cameras and opening one takes seconds with some producers."""
FREEZES_AFTER_S = 3.0
"""Without a turn of the acquisition loop for so long it hangs in the vendor's code."""
RING_BYTES = 64 << 20
"""What the slots of a ring may take together, within FEWEST_SLOTS and MOST_SLOTS."""
FEWEST_SLOTS, MOST_SLOTS = 8, 64
NOT_HANDED_OVER = "the camera's process ended before it handed this trigger over"
_LOOK_S = 0.25

log = logging.getLogger("passline.camera")


class WorkerSource:
    """One camera as a FrameSource, opened by a process that may be killed at any time.

    `start` starts the process, which opens the camera, applies its settings and reads them back.
    When the process dies, hangs or reports its camera gone, `fetch` first gives all outcomes that
    came before, then a LOST for every trigger that was known and not handed over, then raises
    CameraLost, once; `start` then makes a new process. Triggers are counted from 0 again: what the
    camera saw while it was away is not known to anybody. From then on whatever keeps the camera
    from opening is CameraLost: it opened before, so it is waited for.

    Frames lie in shared memory and are to be given back; those that are held outlive the process
    and this source.

    Args:
        spec: which camera, and how it is set.
        slots: pictures that may wait or be held at once; as many as fit into RING_BYTES when None.
        check_pixels: have `Frame.intact` compare a CRC-32, which costs both sides several copies.
        opens_within_s, freezes_after_s: after how long the process is killed.
    """

    def __init__(
        self,
        spec: CameraSpec,
        *,
        slots: int | None = None,
        check_pixels: bool = False,
        opens_within_s: float = OPENS_WITHIN_S,
        freezes_after_s: float = FREEZES_AFTER_S,
    ) -> None:
        self._spec = spec
        self._slots = slots
        self._check_pixels = check_pixels
        self._opens_within_s = opens_within_s
        self._freezes_after_s = freezes_after_s
        self._process: WorkerProcess | None = None
        self._ring: RingReader | None = None
        self._was_open = False
        self._warned = ""
        self._settings: Mapping[str, FeatureValue] = {}
        self._next_id = 0
        self._known_at_end = 0
        self._pending: Iterator[Frame | MissedFrame] = iter(())
        self._fault: CameraLost | None = None

    @property
    def camera_id(self) -> str:
        return self._spec.camera_id

    @property
    def triggers(self) -> int:
        """Triggers since `start` that the camera's process knew of."""
        known = self._ring.triggers if self._ring and self._process else self._known_at_end
        return max(known, self._next_id)

    @property
    def settings(self) -> "Mapping[str, FeatureValue]":
        """What the camera had at the last `start`, read back, by feature."""
        return self._settings

    @property
    def process_id(self) -> int | None:
        """Of the camera's process, while there is one."""
        return self._process.id if self._process else None

    def start(self) -> None:
        """Open the camera in a new process, and wait until it acquires.

        Raises CameraConfigError in the words of the camera's process, or when there is no memory
        for the ring, and CameraLost when the camera is away or its process dies or hangs.
        """
        if self._process is not None:
            raise CameraConfigError(f"{self.camera_id}: is already started; stop it first")
        self._next_id = self._known_at_end = 0
        process = WorkerProcess(self._spec)
        try:
            opened = process.wait_opened(self._opens_within_s)
            ring = self._ring_for(opened.frame_bytes)
        except (CameraConfigError, CameraLost) as error:
            process.end()
            if isinstance(error, CameraConfigError) and not self._was_open:
                raise
            self._warn(str(error))
            raise CameraLost(str(error)) from error
        ring.begin()
        process.say(UseRing(ring.geometry, self._check_pixels, ring.memory, ring.bell))
        self._process, self._ring = process, ring
        self._settings, self._was_open, self._warned = opened.settings, True, ""

    def trigger(self) -> None:
        """Command a picture of a camera whose plan is SoftwareTrigger without a rate."""
        self._running()[0].say(Trigger())

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next trigger's outcome, or None after `timeout_s` of monotonic time.

        Raises CameraLost, once, when all outcomes before the loss are given.
        """
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        while True:
            outcome = next(self._pending, None)
            if outcome is not None:
                self._next_id = outcome.trigger_id + 1
                return outcome
            process, ring = self._running()
            if self._take_up(process, ring):
                continue
            left_s = (deadline_ns - time.monotonic_ns()) / 1e9
            if left_s <= 0:
                return None
            wait_readable((ring.bell, process.fileno()), min(left_s, _LOOK_S))

    def stop(self) -> None:
        """End the process, by force if it must be; outcomes not fetched are dropped."""
        self._known_at_end = self.triggers
        self._pending, self._fault = iter(()), None
        process, self._process = self._process, None
        if process is not None and not process.end():
            self._ring = None  # the process may still write to it

    def _running(self) -> tuple[WorkerProcess, RingReader]:
        """The process and its ring. Raises the fault that ended them, once, and CameraLost then."""
        if self._process is not None and self._ring is not None:
            return self._process, self._ring
        fault, self._fault = self._fault, None
        raise fault or CameraLost(f"{self.camera_id}: is not started, or was stopped")

    def _take_up(self, process: WorkerProcess, ring: RingReader) -> bool:
        """Whether there are outcomes now: those of the next entry, or what a lost process left."""
        try:
            outcomes = ring.next()
            if outcomes is None:
                self._check(process, ring)
                return False
        except (CameraLost, CameraConfigError, TornEntry) as error:
            self._known_at_end = ring.triggers
            self._fault = CameraLost(str(error))
            self._warn(str(error))
            outcomes = self._left_over(ring)
            if not process.end():
                self._ring = None
            self._process = None
        self._pending = outcomes
        return True

    def _warn(self, fault: str) -> None:
        """Log a loss, once while it lasts: who waits for the camera asks again and again."""
        if fault != self._warned:
            log.warning("%s", fault)
        self._warned = fault

    def _check(self, process: WorkerProcess, ring: RingReader) -> None:
        """Raises what the process reports, and CameraLost when it died or hangs."""
        process.news()
        still_s = (time.monotonic_ns() - ring.beat_ns) / 1e9
        if still_s > self._freezes_after_s:
            process.kill()
            raise CameraLost(
                f"{self.camera_id}: its process {process.id} hung for {still_s:.1f} s and was "
                "killed; as a rule it is the camera's driver that hangs"
            )

    def _left_over(self, ring: RingReader) -> Iterator[Frame | MissedFrame]:
        """What a dead process left in its ring, then LOST for what it knew of besides."""
        ring.settle()
        with suppress(TornEntry):
            while (outcomes := ring.next()) is not None:
                yield from outcomes
        noticed = time.monotonic_ns(), time.time_ns()
        for trigger_id in range(self._next_id, self._known_at_end):
            yield MissedFrame(
                self.camera_id, trigger_id, MissReason.LOST, *noticed, NOT_HANDED_OVER
            )

    def _ring_for(self, frame_bytes: int) -> RingReader:
        """The ring there is, or a new one when the pictures have grown."""
        if self._ring is not None and frame_bytes <= self._ring.geometry.slot_bytes:
            return self._ring
        slots = self._slots or min(max(RING_BYTES // frame_bytes, FEWEST_SLOTS), MOST_SLOTS)
        return RingReader(self.camera_id, Geometry(slots, frame_bytes))
