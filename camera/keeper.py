"""A camera that is started again whenever it is lost, and whose triggers are counted throughout."""

import threading
from collections.abc import Callable, Generator
from typing import Any

from camera.clock import Clock
from camera.frame import CameraLost, Frame, FrameSource, MissedFrame, MissReason, SourceEnded

RETRY_S = (0.5, 1.0, 2.0, 5.0)
"""Pauses between two tries to reach a camera that is away; the last one for ever."""

Tell = Callable[[str, dict[str, Any]], None]
"""Takes the kind of an event and its details."""


class KeptCamera:
    """One source over all its restarts.

    A restart runs in a thread of its own, so that a camera that is away holds up nobody; whatever
    the camera had counted and not given before it was lost comes out as LOST.

    Args:
        source: the camera.
        tell: is told of losses and returns, also from the restarting thread.
        clock: the station's clocks.
    """

    def __init__(self, source: FrameSource, tell: Tell, clock: Clock) -> None:
        self.source = source
        self.ended = False
        self.starts = 0  # that went well; triggers count from 0 after each
        self._tell = tell
        self._clock = clock
        self._runs = False  # so that what the source counts is of the present start
        self._given = 0  # outcomes since the present start
        self._before = 0  # triggers of the starts before the present one
        self._left: Generator[MissedFrame] | None = None
        self._starter: threading.Thread | None = None
        self._stopping = threading.Event()
        self._fault: BaseException | None = None

    @property
    def camera_id(self) -> str:
        return self.source.camera_id

    @property
    def is_away(self) -> bool:
        return self._starter is not None

    @property
    def triggers(self) -> int:
        """What the camera counted, over all starts."""
        now = self.source.triggers if self._runs else 0
        return self._before + max(now, self._given)

    def start(self) -> None:
        """Start the camera, or begin to wait for one that is away. Raises CameraConfigError."""
        self._stopping.clear()
        try:
            self.source.start()
        except CameraLost as fault:
            self._tell("camera_away", {"camera": self.camera_id, "fault": str(fault)})
            self._restart()
        else:
            self._has_started()

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next outcome; None when nothing came in time, also while the camera is away.

        Raises CameraConfigError when a camera that was away comes back with settings that do not
        fit any more.
        """
        if self._left is not None:
            return self._next_left()
        if self._starter is not None:
            self._await_start(timeout_s)
            return None
        try:
            outcome = self.source.fetch(timeout_s)
        except CameraLost as fault:
            self._tell("camera_lost", {"camera": self.camera_id, "fault": str(fault)})
            self._left = self._unaccounted("the camera was lost before its picture came")
            return self._next_left()
        except SourceEnded:
            self.ended = True
            return None
        if outcome is not None:
            self._given += 1
        return outcome

    def end(self) -> Generator[MissedFrame]:
        """Stop the camera; gives LOST for every trigger that it counted and nobody fetched."""
        left = self._left or self._unaccounted("the line stopped before its turn came")
        self.stop()
        yield from left

    def stop(self) -> None:
        """Stop the camera, also one that is being started; may be called twice."""
        self._stopping.set()
        if self._starter is not None:
            self._starter.join()
            self._starter = None
        self.source.stop()

    def _unaccounted(self, detail: str) -> Generator[MissedFrame]:
        """A LOST for each trigger that was counted and not given."""
        given, known = self._given, self.source.triggers if self._runs else 0
        self._runs = False
        self._before, self._given = self._before + max(known, given), 0
        noticed = self._clock.monotonic_ns(), self._clock.utc_ns()
        return (
            MissedFrame(self.camera_id, trigger_id, MissReason.LOST, *noticed, detail)
            for trigger_id in range(given, known)
        )

    def _next_left(self) -> MissedFrame | None:
        missed = None if self._left is None else next(self._left, None)
        if missed is None:
            self._left = None
            self.source.stop()
            self._restart()
        return missed

    def _restart(self) -> None:
        self._starter = threading.Thread(
            target=self._start_again, name=f"start {self.camera_id}", daemon=True
        )
        self._starter.start()

    def _start_again(self) -> None:
        tries = 0
        try:
            while not self._stopping.is_set():
                try:
                    self.source.start()
                except CameraLost as fault:
                    self._tell("camera_away", {"camera": self.camera_id, "fault": str(fault)})
                    self._stopping.wait(RETRY_S[min(tries, len(RETRY_S) - 1)])
                    tries += 1
                else:
                    return
        except BaseException as fault:  # noqa: BLE001 top of the thread: `fetch` raises it
            self._fault = fault

    def _await_start(self, timeout_s: float) -> None:
        if self._starter is None:
            return
        self._starter.join(timeout_s)
        if self._starter.is_alive():
            return
        self._starter = None
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
        if not self._stopping.is_set():
            self._has_started()
            self._tell("camera_back", {"camera": self.camera_id})

    def _has_started(self) -> None:
        self._runs = True
        self.starts += 1
