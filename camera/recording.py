"""Recording: a camera's triggers go to disk, frames and misses alike, until enough have come.

The camera's side never waits for the disk: a writing thread has a backlog of bounded size, and a
frame that finds it full is counted and put on record as one that the disk had no time for.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from camera.clock import Clock, SystemClock
from camera.frame import CameraLost, Frame, FrameSource, MissedFrame, MissReason, SourceEnded
from camera.session_file import About, RecordingError, SessionWriter, Tally

BACKLOG_BYTES = 256 << 20
"""Half a second of a 5 megapixel camera at 100 Hz: longer than a disk's usual pause."""
SYNC_BYTES = 64 << 20
STALLED_S = 30.0
"""A disk that takes nothing for so long is as good as full."""
MOST_WAITING = 100_000
"""Misses and frames that may wait; misses take no bytes worth counting."""
_POLL_S = 0.2

Settings = Mapping[str, bool | int | float | str]


def record_session(
    source: FrameSource,
    folder: Path,
    *,
    software: str,
    settings: Callable[[], Settings] = dict[str, bool | int | float | str],
    frames: int | None = None,
    seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    backlog_bytes: int = BACKLOG_BYTES,
    clock: Clock | None = None,
) -> Tally:
    """Record a source, which is started and stopped here, and say what came of every trigger.

    settings: what the camera has, asked once it has started. frames: triggers to record; seconds:
    how long to record; both None until `stop()` or the source's end.

    Raises what `source` raises, and RecordingError when the folder is not empty or the disk is
    full; what was written until then can be read.
    """
    clock = clock or SystemClock()
    source.start()
    try:
        about = About(source.camera_id, software, clock.utc_ns(), settings())
        enough = _Enough(stop, frames, seconds, clock)
        with _Backlog(SessionWriter(folder, about), backlog_bytes) as backlog:
            counted = _Counted()
            while (why := enough.why(counted.triggers)) is None:
                try:
                    outcome = source.fetch(_POLL_S)
                except SourceEnded as ended:
                    why = str(ended)
                    break
                except CameraLost as lost:
                    backlog.finish(counted.tally(f"the camera was lost: {lost}"))
                    raise
                if outcome is not None:
                    counted.add(outcome, kept=_keep(outcome, backlog))
            tally = counted.tally(why)
            backlog.finish(tally)
            return tally
    finally:
        source.stop()


class _Enough:
    """When a recording is long enough, counted from now."""

    def __init__(
        self, stop: Callable[[], bool], frames: int | None, seconds: float | None, clock: Clock
    ) -> None:
        self._stop, self._frames, self._seconds, self._clock = stop, frames, seconds, clock
        self._begun_ns = clock.monotonic_ns()

    def why(self, triggers: int) -> str | None:
        """Why no more is recorded, or None."""
        if self._stop():
            return "stopped by hand"
        if self._frames is not None and triggers >= self._frames:
            return f"{self._frames} triggers were asked for"
        ran_s = (self._clock.monotonic_ns() - self._begun_ns) / 1e9
        if self._seconds is not None and ran_s >= self._seconds:
            return f"{self._seconds:g} s were asked for"
        return None


def _keep(outcome: Frame | MissedFrame, backlog: "_Backlog") -> bool:
    """Hand it to the disk; False for a frame that there is no room for, which is then a miss."""
    if isinstance(outcome, MissedFrame):
        backlog.put(outcome)
        return True
    if not backlog.has_room(outcome.pixels.nbytes):
        backlog.put(_not_kept(outcome, MissReason.LOST, "the disk could not keep up"))
        outcome.give_back()
        return False
    frame = outcome
    if outcome.lease is not None:
        frame = Frame(
            pixels=outcome.pixels.copy(),
            pixel_format=outcome.pixel_format,
            camera_id=outcome.camera_id,
            trigger_id=outcome.trigger_id,
            captured_ns=outcome.captured_ns,
            captured_utc_ns=outcome.captured_utc_ns,
            producer_timestamp_ns=outcome.producer_timestamp_ns,
            frame_id=outcome.frame_id,
        )
        torn = not outcome.intact()
        outcome.give_back()
        if torn:
            detail = "its memory was taken for a later frame before it was copied"
            backlog.put(_not_kept(outcome, MissReason.INCOMPLETE, detail))
            return False
    backlog.put(frame, frame.pixels.nbytes)
    return True


def _not_kept(frame: Frame, reason: MissReason, why: str) -> MissedFrame:
    return MissedFrame(
        frame.camera_id,
        frame.trigger_id,
        reason,
        frame.captured_ns,
        frame.captured_utc_ns,
        f"not recorded: {why}",
    )


class _Counted:
    def __init__(self) -> None:
        self.frames = self.missed = self.dropped = 0

    @property
    def triggers(self) -> int:
        return self.frames + self.missed + self.dropped

    def add(self, outcome: Frame | MissedFrame, kept: bool) -> None:
        if not kept:
            self.dropped += 1
        elif isinstance(outcome, Frame):
            self.frames += 1
        else:
            self.missed += 1

    def tally(self, why: str) -> Tally:
        return Tally(self.triggers, self.frames, self.missed, self.dropped, why)


class _Backlog:
    """What is still to be written, and the thread that writes it. Use it in a `with` block.

    `put` and `finish` raise RecordingError once the disk has refused something.
    """

    def __init__(self, writer: SessionWriter, most_bytes: int) -> None:
        self._writer = writer
        self._most_bytes = most_bytes
        self._items: deque[tuple[Frame | MissedFrame | Tally, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._fault: OSError | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._write_all, name="recording", daemon=True)

    def __enter__(self) -> "_Backlog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what there is, whatever went wrong before."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()
        self._writer.close()

    def has_room(self, more_bytes: int) -> bool:
        """A frame larger than all the room finds it when nothing else waits."""
        with self._changed:
            return not self._items or self._bytes + more_bytes <= self._most_bytes

    def put(self, item: Frame | MissedFrame | Tally, item_bytes: int = 0) -> None:
        """Misses always find room, unless the disk has stopped for good."""
        with self._changed:
            self._check()
            if len(self._items) >= MOST_WAITING:
                raise RecordingError("the disk takes nothing any more: the session ends here")
            self._items.append((item, item_bytes))
            self._bytes += item_bytes
            self._changed.notify_all()

    def finish(self, tally: Tally) -> None:
        """Write all and the tally, and wait until it is on disk."""
        self.put(tally)
        with self._changed:
            while self._items and self._fault is None:
                before = len(self._items)
                if not self._changed.wait(STALLED_S) and len(self._items) == before:
                    raise RecordingError(f"the disk took nothing for {STALLED_S:.0f} s")
            self._check()

    def _check(self) -> None:
        if self._fault is not None:
            raise RecordingError(
                f"the session ends here: {self._fault}; it can be read up to its last whole entry"
            ) from self._fault

    def _write_all(self) -> None:
        unsynced = 0
        while (work := self._next()) is not None:
            item, item_bytes = work
            try:
                self._write(item)
                unsynced += item_bytes
                if unsynced >= SYNC_BYTES or isinstance(item, Tally):
                    self._writer.sync()
                    unsynced = 0
            except OSError as fault:
                with self._changed:
                    self._fault = fault
                    self._changed.notify_all()
                return
            with self._changed:
                self._items.popleft()
                self._bytes -= item_bytes
                self._changed.notify_all()

    def _next(self) -> tuple[Frame | MissedFrame | Tally, int] | None:
        """The oldest item, which stays in the backlog until it is written; None at the end."""
        with self._changed:
            while not self._items:
                if self._ending:
                    return None
                self._changed.wait()
            return self._items[0]

    def _write(self, item: Frame | MissedFrame | Tally) -> None:
        if isinstance(item, Tally):
            self._writer.end(item)
        elif isinstance(item, Frame):
            self._writer.frame(item, item.pixels)
        else:
            self._writer.missed(item)
