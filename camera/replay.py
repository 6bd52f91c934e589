"""A folder of pictures as a camera: every file is a trigger, in the order of the names."""

from pathlib import Path

from camera.clock import Clock, SystemClock
from camera.frame import (
    CameraConfigError,
    CameraLost,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
    SourceEnded,
)
from camera.pace import Exposure, NoExposure, Pace
from camera.picture import SUFFIXES, read_picture


class FolderSource:
    """Replays the pictures of one folder, once.

    A file that cannot be read as a picture is a trigger as well: it comes out as INCOMPLETE, with
    the reason in its detail. Files that are not named like pictures are left out.

    Args:
        camera_id: the station's name for this view.
        folder: the pictures; folders inside it are left out.
        pace_hz: triggers a second, or None for one whenever it is asked for.
        expect: the pixel format that every picture must have, or None.
        clock: the station's clocks.
    """

    def __init__(
        self,
        camera_id: str,
        folder: Path,
        *,
        pace_hz: float | None = None,
        expect: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._folder = folder
        self._pace_hz = pace_hz
        self._expect = expect
        self._pace = Pace(clock or SystemClock())
        self._paths: list[Path] | None = None
        self._given = 0
        self._next: Exposure | NoExposure | None = None

    @property
    def camera_id(self) -> str:
        return self._camera_id

    @property
    def triggers(self) -> int:
        left = len(self._paths or ()) - self._given
        return self._given + min(left, self._pace.waiting(self._pace_hz))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file of every trigger; empty before `start`."""
        return tuple(self._paths or ())

    def start(self) -> None:
        """List the folder. Raises CameraConfigError when it is missing or holds no picture."""
        try:
            names = sorted(path for path in self._folder.iterdir() if path.is_file())
        except OSError as error:
            raise CameraConfigError(
                f"{self._camera_id}: cannot list the folder: {error}"
            ) from error
        self._paths = [path for path in names if path.suffix.lower() in SUFFIXES]
        if not self._paths:
            raise CameraConfigError(
                f"{self._camera_id}: {self._folder} holds no picture ({', '.join(SUFFIXES)})"
            )
        self._given, self._next = 0, None
        self._pace.restart()

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next file's outcome, or None when it is not due within `timeout_s`."""
        if self._paths is None:
            raise CameraLost(f"{self._camera_id}: is not started, or was stopped")
        if self._given == len(self._paths):
            raise SourceEnded(f"{self._folder}: all {self._given} pictures were given")
        if self._next is None:
            self._next = self._read(self._paths[self._given])
        if not self._pace.wait(self._pace_hz, timeout_s):
            return None
        outcome, self._next = self._next, None
        self._given += 1
        return self._pace.take(self._camera_id, self._given - 1, outcome, self._pace_hz)

    def stop(self) -> None:
        """Forget the folder; may be called twice."""
        self._paths = None
        self._next = None

    def _read(self, path: Path) -> Exposure | NoExposure:
        try:
            return Exposure(*read_picture(path, self._expect))
        except FrameError as error:
            return NoExposure(MissReason.INCOMPLETE, str(error))
