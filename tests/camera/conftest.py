"""What the camera's tests share: the GenTL producer of the genicam wheel, and pictures."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import cv2
import genicam
import numpy as np
import pytest
from genicam import gentl
from harvesters.core import Harvester, ImageAcquirer

from camera.device import create_acquirer
from camera.features import FeatureValue, set_features
from camera.frame import CameraConfigError
from camera.genicam import GenicamSource
from camera.simulator import CAMERAS_VARIABLE, FRAMES_VARIABLE, power_cycle, producer_path
from camera.simulator.build import BUILD_COMMAND, SOURCES

SimulatorOpener = Callable[..., GenicamSource]
RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]


def viky_producer() -> Path:
    """The GenTL producer with three virtual cameras that the genicam wheel carries."""
    return Path(genicam.__file__).with_name("viky.cti")


@pytest.fixture(scope="session")
def viky() -> Path:
    return viky_producer()


@pytest.fixture(scope="session")
def built_producer() -> Path:
    """Our own producer, built from the sources as they are."""
    try:
        producer = producer_path()
    except CameraConfigError as error:
        pytest.skip(str(error))
    built = producer.stat().st_mtime
    if any(source.stat().st_mtime > built for source in SOURCES.iterdir()):
        pytest.fail(f"{producer} is older than its sources; build it with `{BUILD_COMMAND}`")
    return producer


@pytest.fixture
def simulator(built_producer: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our own producer with one camera, SIM0, just switched on, with its test picture."""
    monkeypatch.delenv(FRAMES_VARIABLE, raising=False)
    monkeypatch.delenv(CAMERAS_VARIABLE, raising=False)
    power_cycle()
    return built_producer


@pytest.fixture
def open_simulator(simulator: Path) -> Generator[SimulatorOpener]:
    """Opens a camera of the simulator as a source; it is freed at the end, started or not."""
    opened: list[GenicamSource] = []

    def opener(
        features: dict[str, FeatureValue] | None = None, serial: str = "SIM0", **options: Any
    ) -> GenicamSource:
        options = {"buffers": 64} | options  # a busy machine must not add losses of its own
        source = GenicamSource("cam", [simulator], serial=serial, features=features, **options)
        opened.append(source)
        source.start()
        return source

    yield opener
    for source in opened:
        source.stop()


@pytest.fixture
def open_raw(simulator: Path) -> Generator[RawOpener]:
    """Opens a camera of the simulator as Harvesters sees it, not started."""
    harvesters: list[Harvester] = []

    def opener(serial: str = "SIM0", **features: FeatureValue) -> ImageAcquirer:
        harvester = Harvester()
        harvesters.append(harvester)
        harvester.add_file(str(simulator))
        harvester.update()
        names = [device.serial_number for device in harvester.device_info_list]
        acquirer = create_acquirer(harvester, harvester.device_info_list[names.index(serial)])
        set_features(acquirer.remote_device.node_map, features, "raw")
        return acquirer

    yield opener
    for harvester in harvesters:
        harvester.reset()


@pytest.fixture
def fetch_raw() -> RawFetcher:
    """Takes the next buffer, gives it back, and returns its bytes and what was said of it."""
    return _fetch_raw


def _fetch_raw(acquirer: ImageAcquirer, timeout_ms: int = 20_000) -> tuple[bytes, dict[str, Any]]:
    """What the producer does not say of the buffer is None."""
    event: Any = next(iter(acquirer._new_buffer_event_monitor_dict.values()))
    event.update_event_data(timeout_ms)
    buffer = event.buffer
    names = ("frame_id", "width", "height", "offset_x", "offset_y", "padding_x", "pixel_format",
             "size_filled", "timestamp_ns", "delivered_image_height")  # fmt: skip
    said: dict[str, Any] = {"complete": buffer.is_complete()}
    for name in names:
        try:
            said[name] = getattr(buffer, name)
        except gentl.NotAvailableException:
            said[name] = None
    data = bytes(memoryview(buffer.raw_buffer)[: said["size_filled"]])  # queueing clears it
    buffer.parent.queue_buffer(buffer)
    return data, said


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Five grey pictures, each of another brightness, in the order of their names."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(5):
        pixels = np.full((20, 30), 10 * (number + 1), np.uint8)
        assert cv2.imwrite(str(folder / f"part{number}.png"), pixels)
    (folder / "notes.txt").write_text("not a picture")
    return folder
