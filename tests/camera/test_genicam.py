"""GenICam cameras, proved with the GenTL producer that the genicam wheel carries."""

import inspect
import signal
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harvesters.core
import numpy as np
import pytest
from genicam import genapi, gentl

from camera.features import FeatureValue
from camera.frame import (
    CameraConfigError,
    CameraError,
    CameraLost,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
)
from camera.genicam import GenicamSource
from camera.open_camera import OpenCamera
from camera.room import NoRoom
from camera.vendor import vendor_errors

MONO8 = {"PixelFormat": "Mono8"}
WITHIN_S = 20.0
PAYLOAD = gentl.PAYLOADTYPE_INFO_IDS

CameraOpener = Callable[..., GenicamSource]


@pytest.fixture
def open_camera(viky: Path) -> Generator[CameraOpener]:
    """Opens a camera of the producer; it is freed at the end, started or not."""
    opened: list[GenicamSource] = []

    def opener(features: dict[str, FeatureValue] | None = None, **name: Any) -> GenicamSource:
        source = GenicamSource(
            "cam", [viky], features=MONO8 | (features or {}), **(name or {"serial": "1"})
        )
        opened.append(source)
        source.start()
        return source

    yield opener
    for source in opened:
        source.stop()


def fetch_frame(source: GenicamSource) -> Frame:
    frame = source.fetch(WITHIN_S)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize(
    "name",
    [
        {"serial": "2"},
        {"device_id": "VikyTL_DEV_blue"},
        {"serial": "2", "model": "Viky"},
    ],
)
def test_a_camera_is_found_by_serial_or_id(open_camera: CameraOpener, name: dict[str, str]) -> None:
    frame = fetch_frame(open_camera(**name))
    assert (frame.pixel_format, frame.size_hw, frame.trigger_id) == ("Mono8", (400, 400), 0)
    assert frame.producer_timestamp_ns is None  # this producer has no clock


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        (
            {"serial": "77"},
            CameraLost,
            "found 0 of 3; model, serial and id there: Viky 0 VikyTL_DEV_red",
        ),
        (
            {"model": "Viky"},
            CameraConfigError,
            "expected one camera with {'model': 'Viky'}, found 3 of 3",
        ),
        ({"serial": "1", "device_id": "VikyTL_DEV_red"}, CameraLost, "found 0 of 3"),
    ],
)
def test_no_camera_is_waited_for_and_more_than_one_refused_with_those_that_are_there(
    open_camera: CameraOpener, name: dict[str, str], kind: type[CameraError], message: str
) -> None:
    with pytest.raises(kind) as fault:
        open_camera(**name)
    assert message in str(fault.value)


def test_a_missing_producer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraConfigError, match=r"GenTL producer .*none\.cti does not exist"):
        GenicamSource("cam", [tmp_path / "none.cti"], serial="1").start()


def test_a_file_that_is_no_producer_is_refused(tmp_path: Path) -> None:
    producer = tmp_path / "text.cti"
    producer.write_text("not a library")
    with pytest.raises(CameraConfigError, match=r"text\.cti cannot be loaded"):
        GenicamSource("cam", [producer], serial="1").start()


def test_a_camera_that_is_held_is_refused_and_its_holder_keeps_it(
    open_camera: CameraOpener,
) -> None:
    holder = open_camera()
    with pytest.raises(CameraLost, match=r"found 0 of 0; .* held by another program"):
        open_camera()
    assert fetch_frame(holder).trigger_id == 0


def test_features_are_set_and_reach_the_picture(open_camera: CameraOpener) -> None:
    assert fetch_frame(open_camera({"Width": 128, "Height": 110})).size_hw == (110, 128)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"Exposure": 10}, "feature Exposure wanted 10: the camera has no feature of this name"),
        ({"PayloadSize": 1}, "feature PayloadSize wanted 1: it cannot be written now .*RO"),
        ({"AcquisitionStart": True}, "feature AcquisitionStart wanted True: it is a ICommand"),
        ({"AcquisitionFrameRate": 1e6}, "wanted 1000000.0: OutOfRangeException: .*200"),
        ({"AcquisitionFrameRate": -1.0}, "AcquisitionFrameRate wanted -1.0: OutOfRange"),
        ({"Width": 3.5}, "feature Width wanted 3.5: the camera takes no float here, it has 400"),
        ({"Width": "wide"}, "feature Width wanted 'wide': InvalidArgumentException"),
        ({"Width": "128"}, "feature Width wanted '128': the camera took it, but reads back 128"),
        ({"PixelFormat": "Mono9"}, "feature PixelFormat wanted 'Mono9': InvalidArgument"),
    ],
)
def test_a_feature_that_cannot_be_set_is_refused_by_name(
    open_camera: CameraOpener, features: dict[str, FeatureValue], message: str
) -> None:
    with pytest.raises(CameraConfigError, match=f"cam: .*{message}"):
        open_camera(features)


def test_pictures_are_written_where_the_station_says_and_lost_where_there_is_no_room(
    viky: Path,
) -> None:
    memory = np.zeros((2, 400, 400), np.uint8)
    free = list(memory)

    def allocate(shape: tuple[int, ...], dtype: "np.dtype[Any]", /) -> "np.ndarray[Any, Any]":
        if not free:
            raise NoRoom("both are taken")
        room = free.pop(0)
        assert (room.shape, room.dtype) == (shape, dtype)
        return room

    source = GenicamSource("cam", [viky], serial="1", features=MONO8, allocate=allocate)
    source.start()
    try:
        form = source.form
        first, second, third = (source.fetch(WITHIN_S) for _ in range(3))
    finally:
        source.stop()
    assert (form.pixel_format, form.shape, form.dtype) == ("Mono8", (400, 400), np.uint8)
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert np.shares_memory(first.pixels, memory[0])
    assert np.shares_memory(second.pixels, memory[1])
    assert isinstance(third, MissedFrame)
    assert (third.reason, third.detail) == (MissReason.LOST, "both are taken")


def test_a_pixel_format_that_no_frame_holds_is_refused_at_start(open_camera: CameraOpener) -> None:
    with pytest.raises(
        CameraConfigError, match=r"PixelFormat is RGBa8, which is not known; .* offers Mono8: set"
    ):
        open_camera({"PixelFormat": "RGBa8"})


def test_a_refused_camera_can_be_opened_next_time(open_camera: CameraOpener) -> None:
    with pytest.raises(CameraConfigError):
        open_camera({"Width": -1})
    fetch_frame(open_camera())


def test_a_camera_that_overruns_its_buffers_shows_every_lost_trigger(
    open_camera: CameraOpener,
) -> None:
    """Nobody fetches until the camera has overrun: then ids go on without a hole."""
    source = open_camera({"AcquisitionFrameRate": 200.0})
    first = fetch_frame(source)
    threading.Event().wait(0.3)  # 60 triggers for 8 buffers
    outcomes = [source.fetch(WITHIN_S) for _ in range(40)]
    assert [o.trigger_id for o in outcomes if o] == list(range(first.trigger_id + 1, 41))
    assert any(not isinstance(outcome, Frame) for outcome in outcomes)
    assert source.triggers >= 41


def test_ctrl_c_stays_with_the_station(open_camera: CameraOpener) -> None:
    before = signal.getsignal(signal.SIGINT)
    open_camera()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_camera_can_be_opened_from_another_thread(open_camera: CameraOpener) -> None:
    frames: list[Frame] = []
    thread = threading.Thread(target=lambda: frames.append(fetch_frame(open_camera())))
    thread.start()
    thread.join(WITHIN_S)
    assert len(frames) == 1


def test_a_started_camera_is_not_started_twice(open_camera: CameraOpener) -> None:
    source = open_camera()
    with pytest.raises(CameraConfigError, match="already started"):
        source.start()


@dataclass
class VendorBuffer:
    """A GenTL buffer as a producer may fill it; a value that is None is not available."""

    complete: bool = True
    height: int | None = 2
    width: int | None = 3
    pixel_format: int | None = 0x0108_0001
    size_filled: int | None = 6
    payload_type: int = PAYLOAD.PAYLOAD_TYPE_IMAGE
    frame_id: int = 1
    raw_buffer: bytes = b"abcdef"
    size: int = 6
    queued: list[Any] = field(default_factory=list[Any])

    @property
    def parent(self) -> "VendorBuffer":
        return self

    def queue_buffer(self, buffer: Any) -> None:
        self.queued.append(buffer)

    def is_complete(self) -> bool:
        return self.complete

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if value is None:
            raise gentl.NotAvailableException(name)
        return value

    def __getattr__(self, name: str) -> Any:
        raise gentl.NotAvailableException(name)


def with_event(source: GenicamSource, buffer: VendorBuffer) -> OpenCamera:
    """The open camera, as if `buffer` had just come."""
    camera = source._open
    assert camera is not None

    class Event:
        @property
        def buffer(self) -> VendorBuffer:
            return buffer

    @dataclass
    class Acquirer:
        _new_buffer_event_monitor_dict: dict[str, Event]
        remote_device: Any

    acquirer: Any = Acquirer({"stream": Event()}, camera.acquirer.remote_device)
    return OpenCamera("cam", camera.harvester, acquirer, "Mono8")


def take(source: GenicamSource, buffer: VendorBuffer) -> Frame | MissedFrame:
    assert source._watch is not None
    return next(source._take(with_event(source, buffer), source._watch))


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"complete": False}, "the producer marks the buffer incomplete"),
        ({"size_filled": 5}, "3x2 Mono8 needs 6 bytes, the buffer holds 5"),
        ({"pixel_format": 0x0220_0016}, "pixel format 0x2200016"),
        ({"payload_type": PAYLOAD.PAYLOAD_TYPE_JPEG}, "is not one picture"),
    ],
)
def test_a_torn_buffer_is_a_missed_frame_with_its_own_id_and_goes_back(
    open_camera: CameraOpener, values: dict[str, Any], detail: str
) -> None:
    source = open_camera()
    buffer = VendorBuffer(**values)
    outcome = take(source, buffer)
    assert not isinstance(outcome, Frame)
    assert (outcome.trigger_id, outcome.reason) == (0, "incomplete")
    assert detail in outcome.detail
    assert buffer.queued == [buffer]


@pytest.mark.parametrize("height", [0, None])
def test_a_buffer_without_its_height_takes_it_from_the_camera(
    open_camera: CameraOpener, height: int | None
) -> None:
    source = open_camera({"Width": 128, "Height": 110})
    data = bytes(range(128)) * 110
    buffer = VendorBuffer(
        height=height, width=height, raw_buffer=data, size_filled=len(data), pixel_format=None
    )
    frame = take(source, buffer)
    assert isinstance(frame, Frame)
    assert frame.size_hw == (110, 128)
    assert np.array_equal(frame.pixels[0], np.arange(128))


def test_a_buffer_that_cannot_be_read_is_a_lost_camera_and_still_goes_back(
    open_camera: CameraOpener,
) -> None:
    source = open_camera()
    buffer = VendorBuffer(frame_id=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(CameraLost, match="cannot read the buffer: NotAvailableException"):
        take(source, buffer)
    assert buffer.queued == [buffer]


def vendor_exceptions() -> list[type[Exception]]:
    """Every exception class of the vendors' modules that is their own."""
    found = {
        item
        for module in (gentl, genapi, harvesters.core)
        for _, item in inspect.getmembers(module, inspect.isclass)
        if issubclass(item, Exception)
        and item.__module__.startswith(("_gentl", "_genapi", "genicam", "harvesters"))
    }
    return sorted(found, key=lambda item: (item.__module__, item.__name__))


def test_the_walk_over_the_vendors_exceptions_finds_them() -> None:
    assert {gentl.TimeoutException, genapi.AccessException} <= set(vendor_exceptions())


@pytest.mark.parametrize("vendor", vendor_exceptions())
def test_every_vendor_exception_becomes_one_of_ours(vendor: type[Exception]) -> None:
    with (
        pytest.raises(CameraError, match=f"cam: reading: {vendor.__name__}: why") as fault,
        vendor_errors(CameraLost, "cam: reading"),
    ):
        raise vendor("why")
    assert isinstance(fault.value.__cause__, vendor)


def test_our_own_errors_pass_through_unchanged() -> None:
    with pytest.raises(FrameError, match=r"^ours$"), vendor_errors(CameraLost, "cam: reading"):
        raise FrameError("ours")
