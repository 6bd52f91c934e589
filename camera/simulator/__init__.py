"""Virtual GenICam cameras: a GenTL producer of our own, and the pictures that it replays.

Any GenTL consumer can load it; docs/simulator.md says how.
"""

import ctypes
from pathlib import Path

from camera.frame import CameraConfigError
from camera.simulator.build import BUILD_COMMAND, PRODUCER

FRAMES_VARIABLE = "PASSLINE_SIMULATOR_FRAMES"
"""Environment: the cameras' frames files, `:` between; the last counts for all further ones."""
CAMERAS_VARIABLE = "PASSLINE_SIMULATOR_CAMERAS"
"""Environment: how many cameras there are, 1 to 8; 1 if it is not set."""


def producer_path() -> Path:
    """The producer's .cti file. Raises CameraConfigError where it was not built."""
    if not PRODUCER.is_file():
        raise CameraConfigError(
            f"the camera simulator was not built on this machine: {PRODUCER} is missing; build it "
            f"with `{BUILD_COMMAND}`, which needs a C compiler or `pip install ziglang`"
        )
    return PRODUCER


def power_cycle() -> None:
    """All cameras as after power-on: settings, user sets, pictures and faults.

    Raises CameraConfigError while the producer is in use in this process.
    """
    if ctypes.CDLL(str(producer_path())).PasslinePowerCycle() != 0:
        raise CameraConfigError("the simulator is in use in this process: stop its cameras first")
