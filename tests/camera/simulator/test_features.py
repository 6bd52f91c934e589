"""The virtual cameras as a GenTL consumer sees them: found, described, set, read back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from genicam import genapi, gentl
from harvesters.core import Harvester, ImageAcquirer

from camera.frame import CameraConfigError, CameraLost, Frame
from camera.genicam import GenicamSource
from camera.simulator import CAMERAS_VARIABLE, FRAMES_VARIABLE, power_cycle
from camera.simulator.frames import write_frames

SimulatorOpener = Callable[..., GenicamSource]
RawOpener = Callable[..., ImageAcquirer]
RawFetcher = Callable[..., tuple[bytes, dict[str, Any]]]
WITHIN_S = 20.0


def look(producer: Path) -> Harvester:
    harvester = Harvester()
    harvester.add_file(str(producer))
    harvester.update()
    return harvester


@pytest.mark.parametrize(("asked", "there"), [("1", 1), ("3", 3), ("8", 8), ("99", 8), ("x", 1)])
def test_as_many_cameras_are_found_as_the_environment_asks_for(
    simulator: Path, monkeypatch: pytest.MonkeyPatch, asked: str, there: int
) -> None:
    monkeypatch.setenv(CAMERAS_VARIABLE, asked)
    harvester = look(simulator)
    found = [(device.serial_number, device.vendor) for device in harvester.device_info_list]
    harvester.reset()
    assert found == [(f"SIM{number}", "Passline") for number in range(there)]


def test_a_second_consumer_in_one_process_sees_no_camera_and_no_error(simulator: Path) -> None:
    first = look(simulator)
    second = look(simulator)
    assert [len(h.device_info_list) for h in (first, second)] == [1, 0]
    second.reset()
    first.reset()


def test_the_producer_says_what_it_is(simulator: Path) -> None:
    harvester = look(simulator)
    interface: Any = harvester.device_info_list[0].parent
    system: Any = interface.parent
    said = (system.vendor, system.model, system.tl_type, system.path_name)
    harvester.reset()
    assert said == ("Passline", "Simulator", "Custom", str(simulator))


def test_every_module_has_a_node_map(open_raw: RawOpener) -> None:
    camera = open_raw()
    stream = camera.data_streams[0].node_map
    assert camera.system.node_map.TLVendorName.value == "Passline"
    assert camera.interface.node_map.InterfaceID.value == "PasslineSimulator-0"
    assert camera.device.node_map.DeviceID.value == "PasslineSimulator-0-0"
    assert (stream.StreamID.value, stream.StreamAnnouncedBufferCount.value) == ("Stream0", 0)


def every_feature(node_map: Any) -> list[str]:
    """The features that the categories show."""
    root = node_map.Root
    return [leaf.node.name for category in root.features for leaf in category.features]


def test_every_feature_can_be_read_or_is_a_command(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    names = every_feature(node_map)
    assert len(names) > 75
    for name in names:
        node = getattr(node_map, name)
        mode = node.node.get_access_mode()
        if name in CHUNKS:
            assert mode == genapi.EAccessMode.NA  # until there is a buffer
        elif isinstance(node, genapi.ICommand):
            assert mode == genapi.EAccessMode.WO
        else:
            assert node.value is not None


CHUNKS = (
    "ChunkFrameID",
    "ChunkTimestamp",
    "ChunkCounterValue",
    "ChunkExposureTime",
    "ChunkLineStatusAll",
)

WRITABLE = {
    "DeviceUserID": "left of the belt",
    "PtpEnable": True,
    "Width": 64,
    "Height": 33,
    "OffsetX": 8,
    "OffsetY": 5,
    "PixelFormat": "Mono12p",
    "AcquisitionMode": "MultiFrame",
    "AcquisitionFrameCount": 7,
    "AcquisitionFrameRateEnable": False,
    "AcquisitionFrameRate": 12.5,
    "TriggerMode": "On",
    "TriggerSource": "Line0",
    "TriggerActivation": "AnyEdge",
    "ExposureTime": 250.0,
    "Gain": 6.0,
    "BlackLevel": 1.5,
    "LineInverter": True,
    "UserOutputValue": True,
    "ReplayNextFrame": 3,
    "ReplayTiming": "Recorded",
    "ReplayAtEnd": "Wait",
    "ChunkModeActive": True,
    "ChunkEnable": True,
    "ReplayFrameIds": "Bits16",
    "ReplayFirstFrameId": 65_530,
    "ReplayChunks": True,
    "ReplayCounters": True,
    "ReplayPartRate": 4.0,
    "ReplayPartPerFrame": True,
    "ReplayLine0": True,
    "FaultDropEveryNth": 2,
    "FaultIncompleteEveryNth": 3,
    "FaultTornEveryNth": 4,
    "FaultTriggerLostEveryNth": 5,
    "FaultLateEveryNth": 6,
    "FaultLateMs": 7,
    "FaultFrameIdJump": -8,
    "FaultFrameIdJumpAfter": 9,
    "FaultPayloadSize": 10,
    "FaultHeightZero": True,
    "FaultLinePadding": 11,
    "FaultFreezeAfter": 12,
    "FaultGoneAfter": 13,
    "FaultGoneMs": 14,
    "FaultAccessDenied": 0,
    "FaultSlowEventMs": 16,
}


def test_every_setting_reads_back_as_written(open_raw: RawOpener) -> None:
    node_map: Any = open_raw(**WRITABLE).remote_device.node_map
    assert {name: getattr(node_map, name).value for name in WRITABLE} == WRITABLE


def test_every_writable_feature_is_in_this_file(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    writable = {
        name
        for name in every_feature(node_map)
        if getattr(node_map, name).node.get_access_mode() == genapi.EAccessMode.RW
    }
    selectors = {name for name in writable if name.endswith("Selector")}
    assert writable - selectors - {"TLParamsLocked", "ReplayFrames"} == set(WRITABLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Width", 0),
        ("Width", 401),
        ("Height", 0),
        ("OffsetX", 1),
        ("ExposureTime", 0.5),
        ("Gain", 48.5),
        ("AcquisitionFrameRate", 0.0),
        ("FaultDropEveryNth", -1),
    ],
)
def test_a_value_out_of_range_is_refused_and_the_old_one_stays(
    open_raw: RawOpener, name: str, value: float
) -> None:
    node: Any = getattr(open_raw().remote_device.node_map, name)
    before = node.value
    with pytest.raises(genapi.GenericException):
        node.value = value
    assert node.value == before


def test_the_producer_itself_refuses_what_a_node_map_would_not_have_sent(
    open_raw: RawOpener,
) -> None:
    """A consumer may write registers without the limits of the node map."""
    camera = open_raw()
    port: Any = camera.remote_device.port
    width: Any = camera.remote_device.node_map.Width
    for feature in range(100):
        address = 0x10000 + feature * 0x400
        for written in (b"\xff" * 8, b"\x7f" * 8, bytes(8)):
            try:
                port.write(address, written)
            except gentl.GenericException:
                continue
    with pytest.raises(gentl.InvalidAddressException):
        port.read(0x500, 8)
    with pytest.raises(gentl.InvalidAddressException):
        port.read(0x10000 + 1020, 8)
    camera.remote_device.node_map.DeviceReset.execute()
    assert width.value == 400


def test_the_region_stays_inside_the_sensor(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    node_map.Width.value, node_map.Height.value = 100, 60
    assert (node_map.OffsetX.max, node_map.OffsetY.max) == (300, 340)
    node_map.OffsetX.value = 250
    assert node_map.Width.max == 150
    node_map.PixelFormat.value = "Mono10p"
    assert (node_map.Width.inc, node_map.Width.value) == (4, 100)
    assert node_map.PayloadSize.value == 100 * 60 * 10 // 8
    node_map.OffsetX.value = 250
    node_map.PixelFormat.value = "BayerRG8"
    assert (node_map.OffsetX.inc, node_map.OffsetY.inc) == (2, 2)


def test_what_shapes_the_buffer_is_locked_during_acquisition(open_raw: RawOpener) -> None:
    camera = open_raw()
    node_map: Any = camera.remote_device.node_map
    camera.start()
    for name in ("Width", "Height", "PixelFormat", "ReplayFrames", "FaultLinePadding"):
        assert getattr(node_map, name).node.get_access_mode() == genapi.EAccessMode.RO
    camera.stop()
    node_map.Width.value = 100


def test_a_selector_keeps_one_value_for_each_of_its_entries(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    modes: dict[str, Any] = {}
    for line in node_map.LineSelector.symbolics:
        node_map.LineSelector.value = line
        modes[line] = node_map.LineMode.value
    assert modes == {"Line0": "Input", "Line1": "Output", "Line2": "Output"}


def test_a_user_output_drives_its_line(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    node_map.UserOutputSelector.value = "UserOutput1"
    node_map.UserOutputValue.value = True
    assert node_map.LineStatusAll.value == 0b100
    node_map.LineSelector.value = "Line2"
    assert node_map.LineStatus.value is True
    node_map.LineInverter.value = True
    assert node_map.LineStatus.value is False
    node_map.UserOutputSelector.value = "UserOutput0"
    assert node_map.UserOutputValue.value is False


def test_a_user_set_brings_its_settings_back(open_raw: RawOpener) -> None:
    node_map: Any = open_raw(ExposureTime=77.0, Width=120).remote_device.node_map
    node_map.UserSetSelector.value = "UserSet1"
    node_map.UserSetSave.execute()
    node_map.UserSetSelector.value = "Default"
    node_map.UserSetLoad.execute()
    assert (node_map.ExposureTime.value, node_map.Width.value) == (1000.0, 400)
    node_map.UserSetSelector.value = "UserSet1"
    node_map.UserSetLoad.execute()
    assert (node_map.ExposureTime.value, node_map.Width.value) == (77.0, 120)


def test_the_default_user_set_cannot_be_overwritten(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    with pytest.raises((gentl.GenericException, genapi.GenericException)):
        node_map.UserSetSave.execute()


def test_a_device_reset_brings_the_settings_of_power_on(open_raw: RawOpener) -> None:
    node_map: Any = open_raw(**WRITABLE).remote_device.node_map
    node_map.DeviceReset.execute()
    after = (node_map.Width.value, node_map.PixelFormat.value, node_map.FaultDropEveryNth.value)
    assert after == (400, "Mono8", 0)


def test_settings_stay_when_the_camera_is_closed_and_go_when_its_power_does(
    open_raw: RawOpener, simulator: Path
) -> None:
    camera = open_raw(ExposureTime=77.0)
    camera._parent.reset()
    again = open_raw()
    assert again.remote_device.node_map.ExposureTime.value == 77.0
    with pytest.raises(CameraConfigError, match="in use in this process"):
        power_cycle()
    again._parent.reset()
    power_cycle()
    assert open_raw().remote_device.node_map.ExposureTime.value == 1000.0


def test_the_latched_time_is_the_host_s_monotonic_clock(open_simulator: SimulatorOpener) -> None:
    source = open_simulator({"AcquisitionFrameRate": 200.0})
    frame = source.fetch(WITHIN_S)
    assert isinstance(frame, Frame)
    assert frame.producer_timestamp_ns is not None
    assert abs(frame.captured_ns - frame.producer_timestamp_ns) < WITHIN_S * 1e9
    assert source._open is not None
    node_map: Any = source._open.acquirer.remote_device.node_map
    node_map.TimestampLatch.execute()
    assert node_map.TimestampLatchValue.value > frame.producer_timestamp_ns


def test_the_temperature_of_each_place_is_told(open_raw: RawOpener) -> None:
    node_map: Any = open_raw().remote_device.node_map
    sensor = node_map.DeviceTemperature.value
    node_map.DeviceTemperatureSelector.value = "Mainboard"
    assert (sensor, node_map.DeviceTemperature.value) == (40.0, 35.0)


def test_exposure_limits_the_frame_rate(open_raw: RawOpener) -> None:
    node_map: Any = open_raw(AcquisitionFrameRate=500.0).remote_device.node_map
    assert node_map.AcquisitionResultingFrameRate.value == 500.0
    node_map.ExposureTime.value = 10_000.0
    assert node_map.AcquisitionResultingFrameRate.value == 100.0
    node_map.AcquisitionFrameRateEnable.value = False
    node_map.ExposureTime.value = 400.0
    assert node_map.AcquisitionResultingFrameRate.value == 2500.0


@pytest.mark.parametrize(("mode", "count"), [("SingleFrame", 1), ("MultiFrame", 4)])
def test_a_camera_takes_as_many_pictures_as_its_mode_says(
    fetch_raw: RawFetcher, open_raw: RawOpener, mode: str, count: int
) -> None:
    camera = open_raw(AcquisitionMode=mode, AcquisitionFrameCount=4, AcquisitionFrameRate=1000.0)
    camera.num_buffers = 8
    camera.start()
    ids = [fetch_raw(camera)[1]["frame_id"] for _ in range(count)]
    assert ids == list(range(count))
    with pytest.raises(gentl.TimeoutException):
        fetch_raw(camera, timeout_ms=50)


def test_each_camera_replays_its_own_file(
    fetch_raw: RawFetcher,
    simulator: Path,
    open_raw: RawOpener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [tmp_path / f"{number}.frames" for number in range(2)]
    for number, file in enumerate(files):
        write_frames(file, [np.full((8, 16), 10 + number, np.uint8)], "Mono8")
    monkeypatch.setenv(CAMERAS_VARIABLE, "3")
    monkeypatch.setenv(FRAMES_VARIABLE, ":".join(map(str, files)))
    greys: list[int] = []
    for number in range(3):
        camera = open_raw(f"SIM{number}")
        camera.start()
        greys.append(fetch_raw(camera)[0][0])
        camera._parent.reset()
    assert greys == [10, 11, 11]


def test_two_cameras_run_at_once(
    fetch_raw: RawFetcher, simulator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAMERAS_VARIABLE, "2")
    harvester = look(simulator)
    cameras = [harvester.create({"serial_number": f"SIM{number}"}) for number in range(2)]
    for camera in cameras:
        camera.num_buffers = 64  # a busy machine must not add losses of its own
        camera.remote_device.node_map.AcquisitionFrameRate.value = 200.0
        camera.start()
    ids = [[fetch_raw(camera)[1]["frame_id"] for camera in cameras] for _ in range(10)]
    harvester.reset()
    assert ids == [[number, number] for number in range(10)]


def test_a_camera_whose_file_is_missing_cannot_be_opened(
    open_simulator: SimulatorOpener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FRAMES_VARIABLE, str(tmp_path / "none.frames"))
    with pytest.raises(CameraLost, match=r"frames file .*none\.frames: No such file"):
        open_simulator()
