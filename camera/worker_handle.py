"""The line's hold on a camera's process: started, heard, and ended whatever state it is in."""

import os
import subprocess
import sys
from signal import Signals

from camera.frame import CameraLost
from camera.worker_link import Fault, Message, Open, Opened, Stop, hear, link, say, wait_readable
from camera.worker_spec import CameraSpec

STOPS_WITHIN_S = 3.0
"""To free the camera; a process that takes longer is killed."""
_BURIED_WITHIN_S = 5.0


class WorkerProcess:
    """A process of `camera.worker_process`; the kernel kills it when this object or the line dies.

    Args:
        spec: the camera that it opens.

    Raises CameraLost when no process can be started.
    """

    def __init__(self, spec: CameraSpec) -> None:
        self._camera_id = spec.camera_id
        self._link, theirs = link()
        lifeline, ours = os.pipe()
        self._lifeline = os.fdopen(ours, "wb")
        command = [sys.executable, "-m", "camera.worker_process"]
        with theirs, os.fdopen(lifeline, "rb"):
            passed = theirs.fileno(), lifeline
            try:
                self._process = subprocess.Popen(
                    [*command, *map(str, passed)], stdin=subprocess.DEVNULL, pass_fds=passed
                )
            except OSError as error:
                self._close()
                raise CameraLost(f"{self._camera_id}: cannot start its process: {error}") from error
        say(self._link, Open(spec))

    @property
    def id(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when there is `news`."""
        return self._link.fileno()

    def say(self, message: Message) -> None:
        """Tell it something; once it is gone, nothing happens."""
        say(self._link, message)

    def wait_opened(self, within_s: float) -> Opened:
        """What it says once its camera is open.

        Raises CameraConfigError in its own words, and CameraLost when it reports that, died, or
        said nothing within the time.
        """
        if not wait_readable([self.fileno()], within_s):
            self.kill()
            raise CameraLost(
                f"{self._camera_id}: not open after {within_s:.0f} s; its process {self.id} "
                "was killed"
            )
        said = self.news()
        if not isinstance(said, Opened):
            raise CameraLost(f"{self._camera_id}: expected Opened of its process, got {said}")
        return said

    def news(self) -> Message | None:
        """What it said since, or None. Raises the fault that it reports, CameraLost if it died."""
        if not wait_readable([self.fileno()], 0.0):
            return None
        said = hear(self._link)
        if said is None:
            raise CameraLost(f"{self._camera_id}: its process {self.id} {self._how_it_died()}")
        if isinstance(said, Fault):
            raise said.error
        return said

    def kill(self) -> None:
        """Kill it, wherever it hangs; `end` buries it."""
        self._process.kill()

    def end(self) -> bool:
        """Have it free its camera and end, or kill it; whether it is gone for certain.

        A process that the kernel itself cannot end (it waits in a driver) may still write to memory
        that it holds.
        """
        self.say(Stop())
        is_gone = self._is_gone_within(STOPS_WITHIN_S)
        if not is_gone:
            self.kill()
            is_gone = self._is_gone_within(_BURIED_WITHIN_S)
        self._close()
        return is_gone

    def _is_gone_within(self, within_s: float) -> bool:
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _how_it_died(self) -> str:
        if not self._is_gone_within(STOPS_WITHIN_S):
            return "hung up and does not end"
        code = self._process.returncode
        if code < 0:
            return f"was ended by {Signals(-code).name}"
        return f"ended with exit code {code}; its last words are in the log"

    def _close(self) -> None:
        self._link.close()
        self._lifeline.close()
