"""What commissioning works with: the command line, and a camera of the simulator."""

import struct
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import genicam
import pytest
from genicam import genapi

from camera.frame import CameraConfigError
from camera.simulator import CAMERAS_VARIABLE, FRAMES_VARIABLE, power_cycle, producer_path
from inspection.cli import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def passline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`passline ARGUMENTS` as it is started: exit code, output, errors."""

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["passline", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The simulator's producer with one camera, SIM0, just switched on."""
    monkeypatch.delenv(FRAMES_VARIABLE, raising=False)
    monkeypatch.delenv(CAMERAS_VARIABLE, raising=False)
    monkeypatch.delenv("GENICAM_GENTL64_PATH", raising=False)
    try:
        producer = producer_path()
    except CameraConfigError as error:
        pytest.skip(str(error))
    power_cycle()
    return producer


BALANCE_CAMERA = """<RegisterDescription ModelName="Colour" VendorName="Test" ToolTip=""
 StandardNameSpace="None" SchemaMajorVersion="1" SchemaMinorVersion="1" SchemaSubMinorVersion="0"
 MajorVersion="1" MinorVersion="0" SubMinorVersion="0" ProductGuid="0" VersionGuid="0"
 xmlns="http://www.genicam.org/GenApi/Version_1_1">
 <Category Name="Root"><pFeature>BalanceRatioSelector</pFeature><pFeature>BalanceRatio</pFeature>
 </Category>
 <Enumeration Name="BalanceRatioSelector"><EnumEntry Name="Red"><Value>0</Value></EnumEntry>
  <EnumEntry Name="Green"><Value>1</Value></EnumEntry><EnumEntry Name="Blue"><Value>2</Value>
  </EnumEntry><pValue>SelectorReg</pValue><pSelected>BalanceRatio</pSelected></Enumeration>
 <Float Name="BalanceRatio"><pValue>RatioReg</pValue><Min>0.1</Min><Max>8</Max></Float>
 <IntReg Name="SelectorReg"><Address>0</Address><Length>8</Length><AccessMode>RW</AccessMode>
  <pPort>Device</pPort><Sign>Unsigned</Sign><Endianess>LittleEndian</Endianess></IntReg>
 <FloatReg Name="RatioReg"><Address>64</Address><pIndex Offset="8">SelectorReg</pIndex>
  <Length>8</Length><AccessMode>RW</AccessMode><pPort>Device</pPort><Cachable>NoCache</Cachable>
  <Endianess>LittleEndian</Endianess></FloatReg>
 <Port Name="Device"/></RegisterDescription>"""


class Registers(genapi.AbstractPort):
    """The memory of a camera: the selector, and from 64 on three ratios of 1."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = bytearray(64) + bytearray(struct.pack("<3d", 1.0, 1.0, 1.0))

    def is_open(self) -> bool:
        return True

    def get_access_mode(self) -> int:
        return genapi.EAccessMode.RW

    def write(self, address: int, buffer: bytes) -> None:
        self.memory[address : address + len(buffer)] = buffer

    def read(self, address: int, buffer: int) -> bytes:
        return bytes(self.memory[address : address + buffer])


@pytest.fixture
def balance_node_map() -> Generator[Any]:
    """The settings of a camera with a white balance."""
    node_map, port = genapi.NodeMap(), Registers()
    node_map.load_xml_from_string(BALANCE_CAMERA)
    node_map.connect(port, "Device")
    yield node_map
    node_map.disconnect()


@pytest.fixture(scope="session")
def viky() -> Path:
    """A producer with three cameras that nobody here wrote."""
    return Path(genicam.__file__).with_name("viky.cti")


@pytest.fixture
def write_recipe(tmp_path: Path, simulator: Path) -> Callable[..., Path]:
    """Writes a recipe whose camera is the simulator's, with these lines of features."""

    def write(*features: str, more: str = "", serial: str = "SIM0") -> Path:
        path = tmp_path / "recipe.toml"
        path.write_text(
            f"""product = "ring"
[camera]
id = "front"
[camera.device]
source = "genicam"
producers = ["{simulator}"]
serial = "{serial}"
[camera.device.features]
"""
            + "\n".join(features)
            + """
[model]
name = "rings"
[gate]
kind = "simulated"
"""
            + more
        )
        return path

    return write
