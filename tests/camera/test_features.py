"""A camera's settings: named behind selectors, written in any order, read back, kept."""

import json
import logging
import struct
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from genicam import genapi
from harvesters.core import Harvester

from camera.device import add_producer, create_acquirer, free
from camera.features import (
    Difference,
    differences,
    read_feature,
    read_settings,
    set_features,
    snapshot,
)
from camera.frame import CameraConfigError, CameraLost
from camera.node_map import FeatureKey, read_from_camera


@pytest.fixture
def node_map(open_raw: Any) -> Any:
    """The settings of a camera of our simulator, just switched on."""
    return open_raw().remote_device.node_map


@pytest.fixture
def viky_node_map(viky: Path) -> Generator[Any]:
    """The settings of a camera that nobody here wrote, with selectors of its own."""
    harvester = Harvester()
    harvester.add_file(str(viky))
    harvester.update()
    yield create_acquirer(harvester, harvester.device_info_list[0]).remote_device.node_map
    harvester.reset()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ExposureTime", FeatureKey("ExposureTime")),
        (" TriggerMode[ FrameStart ] ", FeatureKey("TriggerMode", ("FrameStart",))),
        ("LUTValue[Luminance, 7]", FeatureKey("LUTValue", ("Luminance", "7"))),
    ],
)
def test_a_feature_is_named_with_its_selectors_in_brackets(text: str, key: FeatureKey) -> None:
    assert FeatureKey.parse(text) == key
    assert FeatureKey.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "Trigger Mode", "TriggerMode[]", "TriggerMode[On", "A[b][c]"])
def test_another_notation_is_refused(text: str) -> None:
    with pytest.raises(CameraConfigError, match=r"is no feature: expected .*TriggerMode\[Frame"):
        FeatureKey.parse(text)


def test_a_setting_behind_a_selector_is_written_there_and_the_selector_stays(node_map: Any) -> None:
    set_features(node_map, {"LineInverter[Line2]": True, "LineInverter[Line1]": False}, "cam")
    assert node_map.LineSelector.value == "Line0"
    assert read_feature(node_map, "LineInverter[Line2]") is True
    assert read_feature(node_map, "LineInverter[Line0]") is False


def test_a_recipe_may_move_the_selector_itself_as_well(node_map: Any) -> None:
    features = {"LineSelector": "Line1", "LineInverter": True, "LineInverter[Line2]": False}
    set_features(node_map, features, "cam")
    assert read_feature(node_map, "LineInverter[Line1]") is True
    assert node_map.LineSelector.value == "Line1"


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"TriggerMode[FrameBurst]": "On"}, r"TriggerMode\[FrameBurst\] wanted 'On': Invalid"),
        ({"Gain[All]": 1.0}, r"Gain\[All\] names 1 entries; the feature's selectors: none"),
        ({"LineInverter[Line0,Line1]": True}, "names 2 entries; .* selectors: LineSelector"),
        ({"LineSelector": "Line9", "LineInverter": True}, "LineSelector wanted 'Line9'"),
    ],
)
def test_a_selector_that_does_not_fit_is_refused(
    node_map: Any, features: dict[str, Any], message: str
) -> None:
    with pytest.raises(CameraConfigError, match=f"cam: feature .*{message}"):
        set_features(node_map, features, "cam")
    assert read_feature(node_map, "LineInverter") is False, "nothing behind it was written"


def test_a_width_that_needs_a_smaller_offset_first_is_set_all_the_same(node_map: Any) -> None:
    """As a camera comes back that kept another recipe's picture."""
    set_features(node_map, {"Width": 100, "OffsetX": 300}, "cam")
    set_features(node_map, {"Width": 400, "OffsetX": 0}, "cam")
    assert (node_map.Width.value, node_map.OffsetX.value) == (400, 0)


def test_of_several_refused_settings_the_first_is_named_and_the_rest_is_written(
    node_map: Any,
) -> None:
    with pytest.raises(CameraConfigError, match=r"feature Gain wanted 99\.0: OutOfRange"):
        set_features(node_map, {"Gain": 99.0, "Width": 7000, "BlackLevel": 2.0}, "cam")
    assert node_map.BlackLevel.value == 2.0


def test_what_another_setting_changed_afterwards_is_noticed(node_map: Any) -> None:
    features = {"DeviceUserID": "left", "Width": 200, "OffsetX": 8}
    set_features(node_map, features, "cam")
    assert differences(node_map, features) == []
    node_map.OffsetX.value = 4
    node_map.Gain.value = 3.0
    wanted = {"OffsetX": 8, "Gain": 3.01, "ExposureTime": 1000, "Shutter": 1.0}
    assert differences(node_map, wanted) == [
        Difference("OffsetX", 8, 4),
        Difference("Shutter", 1.0, None),
    ]


ROUNDING_CAMERA = """<RegisterDescription ModelName="Rounds" VendorName="Test" ToolTip=""
 StandardNameSpace="None" SchemaMajorVersion="1" SchemaMinorVersion="1" SchemaSubMinorVersion="0"
 MajorVersion="1" MinorVersion="0" SubMinorVersion="0" ProductGuid="0" VersionGuid="0"
 xmlns="http://www.genicam.org/GenApi/Version_1_1">
 <Category Name="Root"><pFeature>ExposureTime</pFeature><pFeature>Gain</pFeature></Category>
 <Float Name="ExposureTime"><pValue>ExposureReg</pValue></Float>
 <Float Name="Gain"><Streamable>Yes</Streamable><pValue>GainReg</pValue></Float>
 <FloatReg Name="ExposureReg"><Address>0</Address><Length>8</Length><AccessMode>RW</AccessMode>
  <pPort>Device</pPort><Cachable>WriteThrough</Cachable><Endianess>LittleEndian</Endianess></FloatReg>
 <FloatReg Name="GainReg"><Address>8</Address><Length>8</Length><AccessMode>RW</AccessMode>
  <pPort>Device</pPort><Cachable>WriteThrough</Cachable><Endianess>LittleEndian</Endianess></FloatReg>
 <Port Name="Device"/></RegisterDescription>"""


class RoundingRegisters(genapi.AbstractPort):
    """Registers of a camera that exposes in steps of 9.8 us, and has GenApi keep copies of them."""

    def __init__(self) -> None:
        super().__init__()
        self.values = {0: 980.0, 8: 0.0}

    def is_open(self) -> bool:
        return True

    def get_access_mode(self) -> int:
        return genapi.EAccessMode.RW

    def write(self, address: int, buffer: bytes) -> None:
        wanted = struct.unpack("<d", buffer)[0]
        self.values[address] = round(wanted / 9.8) * 9.8 if address == 0 else wanted

    def read(self, address: int, buffer: int) -> bytes:
        return struct.pack("<d", self.values[address])


@pytest.fixture
def registers() -> RoundingRegisters:
    return RoundingRegisters()


@pytest.fixture
def rounding_node_map(registers: RoundingRegisters) -> Generator[Any]:
    node_map = genapi.NodeMap()
    node_map.load_xml_from_string(ROUNDING_CAMERA)
    node_map.connect(registers, "Device")
    yield node_map
    node_map.disconnect()


def test_what_is_read_back_is_the_cameras_own_and_not_a_copy_of_what_was_written(
    rounding_node_map: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole number is fine for a feature of fractions; the camera's own step is said."""
    with caplog.at_level(logging.WARNING):
        set_features(rounding_node_map, {"ExposureTime": 2000}, "cam")
    assert caplog.messages == [
        "cam: feature ExposureTime wanted 2000: the camera rounds it to 1999.2"
    ]
    assert read_settings(rounding_node_map)["ExposureTime"] == 1999.2
    with pytest.raises(CameraConfigError, match=r"wanted 15\.0: .* took it, but reads back 19\.6"):
        set_features(rounding_node_map, {"ExposureTime": 15.0}, "cam")


def test_a_camera_is_asked_itself_and_not_genapis_copy(
    rounding_node_map: Any, registers: RoundingRegisters
) -> None:
    """As a source does that wants to know whether a silent camera is still there."""
    node = rounding_node_map.ExposureTime
    assert node.value == 980.0
    registers.values[0] = 5.0
    node.node.invalidate_node()
    assert node.value == 980.0, "the copy stays, whatever happened to the camera"
    assert read_from_camera(node) == 5.0


def test_a_snapshot_holds_what_the_camera_marks_for_it(rounding_node_map: Any) -> None:
    assert snapshot(rounding_node_map) == {"Gain": 0.0}


def test_settings_for_the_record_hold_every_entry_of_every_selector(node_map: Any) -> None:
    node_map.CounterSelector.value = "Counter1"
    settings = read_settings(node_map)
    assert settings["DeviceSerialNumber"] == "SIM0"
    assert settings["ExposureTime"] == 1000.0
    assert {name for name in settings if name.startswith("LineMode")} == {
        "LineMode[Line0]",
        "LineMode[Line1]",
        "LineMode[Line2]",
    }
    assert (settings["LineMode[Line0]"], settings["LineMode[Line1]"]) == ("Input", "Output")
    assert "AcquisitionStart" not in settings, "a command is no setting"
    assert node_map.CounterSelector.value == "Counter1", "the selectors stand as before"
    assert json.loads(json.dumps(settings, allow_nan=False)) == settings


def read_until_gone(node_map: Any) -> None:
    """The camera goes a moment after its frame has come."""
    while read_settings(node_map):
        pass


def test_a_camera_that_is_gone_has_no_settings_to_read(simulator: Path, fetch_raw: Any) -> None:
    harvester = Harvester()
    add_producer(harvester, simulator, "cam")
    harvester.update()
    acquirer = create_acquirer(harvester, harvester.device_info_list[0])
    node_map: Any = acquirer.remote_device.node_map
    set_features(node_map, {"FaultGoneAfter": 1}, "cam")
    acquirer.start()
    fetch_raw(acquirer)
    with pytest.raises(CameraLost, match="settings cannot be read: IoException"):
        read_until_gone(node_map)
    free(harvester, "cam")


def test_a_snapshot_brings_the_camera_back_to_what_it_was(node_map: Any) -> None:
    set_features(
        node_map,
        {
            "Width": 200,
            "OffsetX": 40,
            "PixelFormat": "Mono12",
            "UserOutputValue[UserOutput1]": True,
        },
        "cam",
    )
    kept = snapshot(node_map)
    assert "TLParamsLocked" not in kept
    assert "LineSelector" not in kept
    node_map.DeviceReset.execute()
    assert differences(node_map, kept) != []
    set_features(node_map, kept, "cam")
    assert differences(node_map, kept) == []
    assert read_feature(node_map, "UserOutputValue[UserOutput1]") is True


def test_a_snapshot_of_another_makers_camera_can_be_applied_too(viky_node_map: Any) -> None:
    kept = snapshot(viky_node_map)
    assert kept["PixelFormat[Intensity]"] == "RGBa8"
    assert "PixelFormat[Range]" not in kept, "it cannot be written"
    set_features(viky_node_map, kept | {"Width": 128}, "cam")
    assert differences(viky_node_map, kept) == [Difference("Width", kept["Width"], 128)]
