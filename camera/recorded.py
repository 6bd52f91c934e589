"""A recorded session as a camera, and as pictures for the camera simulator."""

from pathlib import Path

from camera.clock import Clock, SystemClock
from camera.frame import (
    CameraConfigError,
    CameraLost,
    Frame,
    MissedFrame,
    SourceEnded,
)
from camera.session_file import Session
from camera.simulator.frames import FramesFile


class RecordingSource:
    """Plays a session back once: frames as frames, misses as misses, each when it is due.

    A trigger comes when it is due, taken or not, as on the line: who fetches late gets a picture
    that is old. Frame ids and the camera's own timestamps are those recorded.

    Args:
        camera_id: the station's name for this view.
        folder: the session's.
        speed: 1 is the original timing, 2 is twice as fast; 0 gives each trigger when asked for.
        clock: the station's clocks.
    """

    def __init__(
        self, camera_id: str, folder: Path, *, speed: float = 1.0, clock: Clock | None = None
    ) -> None:
        self._camera_id = camera_id
        self._folder = folder
        self._speed = speed
        self._clock: Clock = clock or SystemClock()
        self._session: Session | None = None
        self._given = 0
        self._begun_ns = 0

    @property
    def camera_id(self) -> str:
        return self._camera_id

    @property
    def triggers(self) -> int:
        if self._session is None or self._speed <= 0:
            return self._given
        played_ns = (self._clock.monotonic_ns() - self._begun_ns) * self._speed
        return max(self._given, self._session.count_until(int(played_ns)))

    def start(self) -> None:
        """Open the session. Raises CameraConfigError or RecordingError when there is nothing."""
        self.stop()
        session = Session(self._folder)
        if not len(session):
            session.close()
            raise CameraConfigError(f"{self._camera_id}: {self._folder} has no trigger on record")
        self._session, self._given = session, 0
        self._begun_ns = self._clock.monotonic_ns()

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next trigger's outcome, or None when it is not due within `timeout_s`."""
        if self._session is None:
            raise CameraLost(f"{self._camera_id}: is not started, or was stopped")
        if self._given == len(self._session):
            raise SourceEnded(f"{self._folder}: {self._session.end.note}")
        now_ns = self._clock.monotonic_ns()
        due_ns = self._due_ns(self._session, now_ns)
        self._clock.sleep(min((due_ns - now_ns) / 1e9, timeout_s))
        if due_ns - now_ns > timeout_s * 1e9:
            return None
        outcome = self._session.outcome(self._given)
        self._given += 1
        return self._dated(outcome, due_ns)

    def stop(self) -> None:
        """Close the session; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _due_ns(self, session: Session, now_ns: int) -> int:
        if self._speed <= 0:
            return now_ns
        return self._begun_ns + round(session.offset_ns(self._given) / self._speed)

    def _dated(self, outcome: Frame | MissedFrame, due_ns: int) -> Frame | MissedFrame:
        """What came, as of when it was due, on the clocks of today."""
        now_ns, now_utc_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        came_ns = min(due_ns, now_ns)
        came_utc_ns = now_utc_ns - (now_ns - came_ns)
        if isinstance(outcome, MissedFrame):
            return MissedFrame(
                self._camera_id,
                outcome.trigger_id,
                outcome.reason,
                came_ns,
                came_utc_ns,
                outcome.detail,
            )
        return Frame(
            pixels=outcome.pixels,
            pixel_format=outcome.pixel_format,
            camera_id=self._camera_id,
            trigger_id=outcome.trigger_id,
            captured_ns=came_ns,
            captured_utc_ns=came_utc_ns,
            producer_timestamp_ns=outcome.producer_timestamp_ns,
            frame_id=outcome.frame_id,
        )


def write_for_simulator(folder: Path, path: Path) -> int:
    """Write a session's frames for the camera simulator, and say how many.

    With ReplayTiming at Recorded it plays them as they came. Tags are trigger ids: a trigger
    without a frame is left out, so that the gap can be seen.

    Raises RecordingError when there is no session, CameraConfigError when there is no frame or one
    of another size or format than the first, or of a format that the simulator does not replay.
    """
    file: FramesFile | None = None
    with Session(folder) as session:
        try:
            first = None
            for index in range(len(session)):
                outcome = session.outcome(index)
                if isinstance(outcome, MissedFrame):
                    continue
                form = outcome.pixel_format, outcome.size_hw
                if file is None:
                    first = form
                    file = FramesFile(path, *form, capacity=len(session))
                if form != first:
                    raise CameraConfigError(
                        f"{folder}: trigger {outcome.trigger_id} is {form}, the first frame was "
                        f"{first}: the simulator replays frames of one format and size"
                    )
                file.append(
                    outcome.pixels, timestamp_ns=outcome.captured_ns, tag=outcome.trigger_id
                )
        finally:
            if file is not None:
                file.close()
    if file is None:
        raise CameraConfigError(f"{folder}: no trigger on record has a frame")
    return file.count
