"""The producer's build: where it cannot be made the station says so, and what enables it."""

import ctypes
import shutil
import sys
from pathlib import Path

import pytest

import camera.simulator
from camera.frame import CameraConfigError
from camera.simulator.build import COMPILER_VARIABLE, ProducerBuildError, build, compiler, main


def test_a_producer_that_was_not_built_is_said_with_the_command_that_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera.simulator, "PRODUCER", tmp_path / "passline.cti")
    with pytest.raises(CameraConfigError, match=r"not built .* `python -m camera.simulator`"):
        camera.simulator.producer_path()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("none", "PASSLINE_SIMULATOR_CC is none"),
        ("no-such-compiler", "no-such-compiler cannot be run"),
        ("false", "failed"),
    ],
)
def test_a_build_that_fails_says_why_and_leaves_the_old_producer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    message: str,
) -> None:
    producer = tmp_path / "passline.cti"
    producer.write_text("the old one")
    monkeypatch.setenv(COMPILER_VARIABLE, command)
    with pytest.raises(ProducerBuildError, match=message):
        build(producer)
    assert main() == 1
    assert "the camera simulator was not built" in capsys.readouterr().err
    assert producer.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [producer]


def test_another_system_than_linux_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMPILER_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ProducerBuildError, match="written for Linux, this is win32"):
        compiler()


def test_the_system_s_compiler_builds_a_producer_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt-get install gcc libc6-dev")
    monkeypatch.setenv(COMPILER_VARIABLE, "cc -Werror")
    producer = ctypes.CDLL(str(build(tmp_path / "passline.cti")))
    assert producer.GCInitLib() == 0
    assert producer.GCCloseLib() == 0
