"""Which cameras there are: producers that are installed, and the cameras behind each."""

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genicam import gentl
from harvesters.core import Harvester

from camera.device import add_producer, create_acquirer, find_device, free, names_of, read_info
from camera.frame import CameraConfigError
from camera.vendor import vendor_errors

PRODUCER_PATHS = "GENICAM_GENTL64_PATH"
"""Environment: the folders of 64-bit producers, which drivers' installers set. GenTL 1.6, 3.2."""

ACCESS_IN_WORDS = {
    0: "unknown",
    1: "free",
    2: "read only",
    3: "not reachable",
    4: "in use",
    5: "in use",
    6: "in use",
}
"""Source: GenTL 1.6, DEVICE_ACCESS_STATUS_LIST; 5 and 6 are cameras open in this process."""


@dataclass(frozen=True, slots=True)
class SeenCamera:
    """A camera as its producer announces it; what that does not say is empty.

    link: transport technology, as U3V or GEV.
    access: whether it can be opened, in words.
    """

    vendor: str
    model: str
    serial: str
    device_id: str
    user_name: str
    link: str
    access: str


@dataclass(frozen=True, slots=True)
class SeenProducer:
    """A producer and its cameras, or why they cannot be listed."""

    path: Path
    cameras: tuple[SeenCamera, ...]
    fault: str = ""


def installed_producers(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The `.cti` files of the folders in GENICAM_GENTL64_PATH, each once."""
    folders = environment.get(PRODUCER_PATHS, "").split(os.pathsep)
    found = (path for folder in folders if folder for path in sorted(Path(folder).glob("*.cti")))
    return list(dict.fromkeys(found))


def look_for_cameras(producers: Sequence[Path]) -> list[SeenProducer]:
    """What each producer announces; one that fails says why and hides none of the others."""
    return [_look(producer) for producer in producers]


@contextmanager
def open_for_settings(
    producers: Sequence[Path], wanted: Mapping[str, str | None], camera_id: str = "camera"
) -> Generator[Any]:
    """The node map of a camera that nobody else holds; it takes no pictures.

    wanted: see `camera.device.find_device`.
    Raises CameraConfigError: more than one camera fits, or another program holds it, and CameraLost
    when there is none.
    """
    harvester = Harvester()
    try:
        device = find_device(harvester, producers, wanted, camera_id)
        doing = f"{camera_id}: cannot open {names_of(device)}"
        try:
            with vendor_errors(CameraConfigError, doing):
                acquirer = create_acquirer(harvester, device)
        except CameraConfigError as fault:
            if isinstance(fault.__cause__, gentl.AccessDeniedException | gentl.BusyException):
                raise CameraConfigError(
                    f"{doing}: another program holds it; stop the line, or close the maker's viewer"
                ) from fault
            raise
        yield acquirer.remote_device.node_map
    finally:
        free(harvester, camera_id)


def _look(producer: Path) -> SeenProducer:
    harvester = Harvester()
    try:
        add_producer(harvester, producer, "list")
        with vendor_errors(CameraConfigError, f"{producer}: cannot look for cameras"):
            harvester.update()
        return SeenProducer(producer, tuple(_seen(info) for info in harvester.device_info_list))
    except CameraConfigError as fault:
        return SeenProducer(producer, (), str(fault).removeprefix("list: "))
    finally:
        free(harvester, "list")


def _seen(device: Any) -> SeenCamera:
    def said(name: str) -> str:
        return str(read_info(device, name) or "")

    return SeenCamera(
        vendor=said("vendor"),
        model=said("model"),
        serial=said("serial_number"),
        device_id=said("id_"),
        user_name=said("user_defined_name"),
        link=said("tl_type"),
        access=ACCESS_IN_WORDS.get(read_info(device, "access_status") or 0, "unknown"),
    )
