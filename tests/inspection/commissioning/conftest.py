"""What commissioning works with: the command line, and a camera of the simulator."""

import sys
from collections.abc import Callable
from pathlib import Path

import genicam
import pytest

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
