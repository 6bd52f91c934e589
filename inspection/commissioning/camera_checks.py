"""Whether the recipe's cameras are there, free, set as it asks, and not too fast for their link."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from camera.discovery import (
    SeenCamera,
    SeenProducer,
    installed_producers,
    look_for_cameras,
    open_for_settings,
)
from camera.features import FeatureValue, differences, read_known
from camera.frame import CameraError
from camera.health import LightReference
from inspection.commissioning.diagnosis import Diagnosis, fail, ok, warn
from inspection.commissioning.host_checks import (
    check_receive_buffer,
    check_usb_memory,
    largest_mtu,
)
from inspection.recipe import FolderCamera, GenicamCamera, RecordedCamera, View

BUFFERS = 8
"""Pictures that the producer holds; `camera.genicam.BUFFERS`."""
JUMBO_BYTES = 8000
"""A GigE packet below this makes more interrupts than a picture of some megapixels can afford."""
RATES = ("AcquisitionResultingFrameRate", "ResultingFrameRate", "AcquisitionFrameRate")
LINK_FEATURES = (
    "PayloadSize",
    "DeviceLinkThroughputLimit",
    "DeviceLinkSpeed",
    "GevSCPSPacketSize",
    *RATES,
)
_NOT_SEEN = "plug it in; close the maker's viewer; check rights (udev) and, for GigE, the subnet"


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What was found of one camera; payload_bytes: a picture of it, 0 where that is not known."""

    diagnoses: tuple[Diagnosis, ...]
    payload_bytes: int = 0


def check_installed() -> list[Diagnosis]:
    """The producers that are installed, for a station without a recipe yet."""
    producers = installed_producers()
    if not producers:
        return [
            warn(
                "producers",
                "GENICAM_GENTL64_PATH names none",
                "install the camera maker's driver; `passline camera list --simulator` needs none",
            )
        ]
    return [_check_producer(seen) for seen in look_for_cameras(producers)]


def check_camera(view: View) -> CameraReport:
    """One camera of the recipe, as far as it can be looked at without taking a picture."""
    report = _check_device(view)
    if view.light_reference is None:
        return report
    reference = _check_reference(view.id, Path(view.light_reference))
    return replace(report, diagnoses=(*report.diagnoses, reference))


def _check_device(view: View) -> CameraReport:
    device = view.device
    if isinstance(device, GenicamCamera):
        return _check_genicam(view.id, device)
    if isinstance(device, FolderCamera | RecordedCamera):
        return CameraReport((_check_folder(view.id, Path(device.path)),))
    return CameraReport((ok(f"camera {view.id}", "rendered parts, no camera"),))


def check_link(
    subject: str, link: str, facts: Mapping[str, FeatureValue], mtu_bytes: int | None
) -> list[Diagnosis]:
    """Whether the pictures fit through the link, by what the camera says of it.

    link: the transport, as U3V or GEV. facts: of `LINK_FEATURES`, those that the camera has.
    """
    payload_bytes = _number(facts, "PayloadSize")
    rate_hz = next((_number(facts, name) for name in RATES if name in facts), 0.0)
    needed = payload_bytes * rate_hz
    limit = _number(facts, "DeviceLinkThroughputLimit") or _number(facts, "DeviceLinkSpeed")
    said = f"{payload_bytes:.0f} bytes x {rate_hz:.4g} Hz = {needed / 1e6:.1f} MB/s"
    found: list[Diagnosis] = []
    if limit and needed > limit:
        found.append(
            warn(
                subject,
                f"{said}, the link carries {limit / 1e6:.1f}",
                "lower AcquisitionFrameRate or the picture, or raise DeviceLinkThroughputLimit",
            )
        )
    else:
        found.append(ok(subject, f"{said}" + (f" of {limit / 1e6:.1f}" if limit else "")))
    packet_bytes = _number(facts, "GevSCPSPacketSize")
    if link == "GEV" and packet_bytes:
        found.append(_check_packets(subject, packet_bytes, mtu_bytes))
    return found


def _check_packets(subject: str, packet_bytes: float, mtu_bytes: int | None) -> Diagnosis:
    said = f"packets of {packet_bytes:.0f} bytes, the network ports take {mtu_bytes or 'unknown'}"
    if mtu_bytes is not None and packet_bytes > mtu_bytes:
        return fail(subject, said, f"ip link set PORT mtu 9000, or GevSCPSPacketSize={mtu_bytes}")
    if packet_bytes < JUMBO_BYTES:
        to_do = "jumbo frames: ip link set PORT mtu 9000, then GevSCPSPacketSize=9000"
        return warn(subject, said, to_do)
    return ok(subject, said)


def _check_producer(seen: SeenProducer) -> Diagnosis:
    if seen.fault:
        return fail("producer", seen.fault, "install the maker's driver package again")
    many = len(seen.cameras)
    return ok("producer", f"{seen.path}: {many} camera{'' if many == 1 else 's'}")


def _check_genicam(camera_id: str, device: GenicamCamera) -> CameraReport:
    producers = tuple(Path(producer) for producer in device.producers)
    seen = look_for_cameras(producers)
    found = [_check_producer(producer) for producer in seen]
    subject = f"camera {camera_id}"
    cameras = [camera for producer in seen for camera in producer.cameras]
    fits = [camera for camera in cameras if _is_meant(device, camera)]
    if len(fits) != 1:
        there = "; ".join(f"{one.model} {one.serial} {one.device_id}" for one in cameras)
        said = f"{len(fits)} cameras fit the recipe; there: {there or 'none'}"
        to_do = "name it by its serial in the recipe" if len(fits) > 1 else _NOT_SEEN
        return CameraReport((*found, fail(subject, said, to_do)))
    wanted = {"serial_number": device.serial, "id_": device.id, "model": device.model}
    try:
        with open_for_settings(producers, wanted, camera_id) as node_map:
            facts = read_known(node_map, LINK_FEATURES)
            found.append(_check_settings(subject, node_map, device))
    except CameraError as fault:
        to_do = "stop the line and ask again; close the maker's viewer"
        return CameraReport((*found, warn(subject, str(fault), to_do)))
    payload_bytes = round(_number(facts, "PayloadSize"))
    link = fits[0].link
    found += check_link(f"link of {camera_id}", link, facts, largest_mtu())
    if link == "GEV":
        found.append(check_receive_buffer(payload_bytes))
    if link == "U3V":
        found.append(check_usb_memory(BUFFERS * payload_bytes))
    return CameraReport(tuple(found), payload_bytes)


def _check_settings(subject: str, node_map: object, device: GenicamCamera) -> Diagnosis:
    """The line writes them when it starts; what the camera has no feature for would stop it."""
    differ = differences(node_map, device.features)
    unknown = [one.name for one in differ if one.got is None]
    if unknown:
        to_do = "correct the recipe; `passline camera show` lists what the camera has"
        return fail(subject, f"the camera has no {', '.join(unknown)}", to_do)
    if differ:
        told = ", ".join(f"{one.name} {one.got} (recipe {one.wanted})" for one in differ)
        return ok(subject, f"there and free; the line will change {told}")
    return ok(subject, f"there and free; has all {len(device.features)} settings of the recipe")


def _check_folder(camera_id: str, folder: Path) -> Diagnosis:
    subject = f"camera {camera_id}"
    if not folder.is_dir() or not any(folder.iterdir()):
        return fail(subject, f"nothing in {folder}", "correct the recipe's path")
    return ok(subject, f"pictures in {folder}, no camera")


def _check_reference(camera_id: str, path: Path) -> Diagnosis:
    subject = f"light of {camera_id}"
    try:
        LightReference.load(path)
    except CameraError as fault:
        return fail(subject, str(fault), "passline camera reference --recipe RECIPE")
    return ok(subject, f"reference {path}")


def _is_meant(device: GenicamCamera, seen: SeenCamera) -> bool:
    pairs = ((device.serial, seen.serial), (device.id, seen.device_id), (device.model, seen.model))
    return all(wanted in {None, got} for wanted, got in pairs)


def _number(facts: Mapping[str, FeatureValue], name: str) -> float:
    value = facts.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
