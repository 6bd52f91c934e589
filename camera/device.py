"""Cameras behind GenTL producers: found by name, opened and freed through Harvesters."""

import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from genicam import gentl
from harvesters.core import DeviceInfo, Harvester, ImageAcquirer

from camera.frame import CameraConfigError, CameraLost
from camera.vendor import VENDOR_ERRORS, vendor_errors


def find_device(
    harvester: Harvester,
    producers: Sequence[Path],
    wanted: Mapping[str, str | None],
    camera_id: str,
) -> DeviceInfo:
    """The one camera that has all of `wanted`; None there is whatever it is.

    wanted: by GenTL's own names serial_number, id_ and model.
    Raises CameraConfigError: a producer is missing or not one, or more than one camera fits, and
    CameraLost when none does: it may still be starting, or not yet free of who held it before.
    """
    for producer in producers:
        add_producer(harvester, producer, camera_id)
    with vendor_errors(CameraConfigError, f"{camera_id}: cannot look for cameras"):
        harvester.update()
    named = {key: value for key, value in wanted.items() if value is not None}
    found = [
        device
        for device in harvester.device_info_list
        if all(read_info(device, key) == value for key, value in named.items())
    ]
    if len(found) != 1:
        seen = [names_of(device) for device in harvester.device_info_list]
        there = "; ".join(seen) or "none: not plugged in, or held by another program"
        kind = CameraConfigError if found else CameraLost
        raise kind(
            f"{camera_id}: expected one camera with {named or 'any name'}, found "
            f"{len(found)} of {len(seen)}; model, serial and id there: {there}"
        )
    return found[0]


def add_producer(harvester: Harvester, producer: Path, camera_id: str) -> None:
    """Load a GenTL producer. Raises CameraConfigError when it is missing or is not one."""
    if not producer.is_file():
        raise CameraConfigError(
            f"{camera_id}: GenTL producer {producer} does not exist; install the camera's driver "
            "package or correct the path in the recipe"
        )
    try:
        harvester.add_file(str(producer), check_existence=True, check_validity=True)
    except OSError as error:
        raise CameraConfigError(
            f"{camera_id}: GenTL producer {producer} cannot be loaded: {error}"
        ) from error


def create_acquirer(harvester: Harvester, device: DeviceInfo) -> ImageAcquirer:
    """Open the camera; Ctrl-C stays with the station, Harvesters would take it over."""
    if threading.current_thread() is not threading.main_thread():
        return harvester.create(device)
    handler = signal.getsignal(signal.SIGINT)
    try:
        return harvester.create(device)
    finally:
        signal.signal(signal.SIGINT, handler)


def free(harvester: Harvester, camera_id: str) -> None:
    """Close the camera, then the producers. Raises CameraLost when they cannot be closed."""
    with vendor_errors(CameraLost, f"{camera_id}: cannot be freed; restart this process"):
        for acquirer in tuple(harvester.image_acquirers):
            _close(acquirer)
        harvester.reset()


def _close(acquirer: ImageAcquirer) -> None:
    """Close one camera, also one that is gone.

    Harvesters ends half way when that one does not take AcquisitionStop, and holds the producer, so
    that no camera is found in this process any more. Its second run leaves that step out, with the
    stopping of the streams that comes after it. Only the camera's own closing can be run twice:
    `Harvester.reset` does nothing the second time.
    """
    try:
        acquirer.destroy()
    except VENDOR_ERRORS:
        for stream in acquirer.data_streams:
            with suppress(*VENDOR_ERRORS):
                stream.stop_acquisition(gentl.ACQ_STOP_FLAGS_LIST.ACQ_STOP_FLAGS_KILL)
        acquirer.destroy()


def names_of(device: DeviceInfo) -> str:
    """What a camera can be found by: model, serial and id."""
    names = ("model", "serial_number", "id_")
    return " ".join(str(read_info(device, name)) for name in names)


def read_info(module: Any, name: str) -> Any:
    """A value of a buffer or a device, or None where the producer does not give it."""
    try:
        return getattr(module, name)
    except VENDOR_ERRORS:
        return None
