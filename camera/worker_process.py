"""The process of one camera: opens it and puts what it gives into the ring.

Started by `camera.worker_handle`, with one end of a link and of a lifeline. The line may be killed
at any moment and this process may stand still in a vendor's code at any moment, so its end does not
depend on itself: the kernel ends it when the line's end of the lifeline closes.
"""

import faulthandler
import fcntl
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera.frame import CameraConfigError, CameraLost
from camera.genicam import GenicamSource
from camera.ring import RingWriter
from camera.room import NoRoom
from camera.triggers import SoftwareTrigger
from camera.worker_link import Fault, Open, Opened, Trigger, UseRing, hear, say, wait_readable
from camera.worker_spec import CameraSpec

LOOK_S = 0.05
"""The longest wait for a picture: how often the loop beats, and looks what the line says."""
COMMANDED_LOOK_S = 0.002
"""The same where the line commands each picture: how late a command may be."""
PRODUCER_WAIT_MS = 20
"""Nothing else runs in this process that Python's lock would hold up meanwhile."""


def main() -> None:
    """Serve the line that started this process until it says stop, is gone, or the camera is."""
    control, lifeline = (int(number) for number in sys.argv[1:])
    die_with(lifeline)
    faulthandler.enable()  # a crash in a vendor's code shows where
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)  # the line ends it, after the last outcome
    with socket.socket(fileno=control) as link:
        told = hear(link)
        if isinstance(told, Open):
            _run(_Worker(told.spec, link), link)


def _run(worker: "_Worker", link: socket.socket) -> None:
    try:
        worker.serve()
    except (CameraConfigError, CameraLost) as error:
        say(link, Fault(error))
    worker.free()


def die_with(lifeline: int) -> None:
    """Have the kernel kill this process once nobody holds the other end of the pipe.

    PR_SET_PDEATHSIG would kill it too when only the thread that started it ends. The signal needs
    no code of ours, so a process that hangs in a vendor's code, or is halted, dies as well.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    if wait_readable([lifeline], 0.0):  # it closed before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)


class _Worker:
    """One camera and the ring that its outcomes go to."""

    def __init__(self, spec: CameraSpec, link: socket.socket) -> None:
        self._link = link
        self._ring: RingWriter | None = None
        is_commanded = spec.trigger == SoftwareTrigger(rate_hz=None)
        self._look_s = COMMANDED_LOOK_S if is_commanded else LOOK_S
        self._source = GenicamSource(
            spec.camera_id,
            [Path(producer) for producer in spec.producers],
            serial=spec.serial,
            device_id=spec.device_id,
            model=spec.model,
            features=spec.features,
            trigger=spec.trigger,
            max_wait_s=spec.max_wait_s,
            buffers=spec.buffers,
            producer_wait_ms=PRODUCER_WAIT_MS,
            allocate=self._room,
        )

    def serve(self) -> None:
        """Open the camera, wait for a ring, and fill it until told to stop.

        Raises CameraConfigError and CameraLost, with all outcomes before it in the ring.
        """
        self._source.start()
        say(self._link, Opened(self._source.form.nbytes, self._source.settings))
        told = hear(self._link)
        if isinstance(told, UseRing):
            self._ring = RingWriter(
                told.memory, told.bell, told.geometry, check_pixels=told.check_pixels
            )
            self._fill(self._ring)

    def free(self) -> None:
        """Let go of the camera, so that it need not wait for its own heartbeat to be free again."""
        with suppress(CameraLost):  # then it ends with this process
            self._source.stop()

    def _fill(self, ring: RingWriter) -> None:
        ring.beat(0)
        while self._goes_on():
            outcome = self._source.fetch(self._look_s)
            ring.beat(self._source.triggers)
            if outcome is not None:
                ring.put(outcome)

    def _goes_on(self) -> bool:
        """Do what the line says; False once it says stop or is gone."""
        while wait_readable([self._link.fileno()], 0.0):
            if not isinstance(hear(self._link), Trigger):
                return False
            self._source.trigger()
        return True

    def _room(self, shape: tuple[int, ...], dtype: "np.dtype[Any]", /) -> "NDArray[Any]":
        if self._ring is None:
            raise NoRoom("the line has given no ring yet")
        return self._ring.room(shape, dtype)


if __name__ == "__main__":
    main()
