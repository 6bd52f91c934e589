"""The producer's C code under the sanitizers: a consumer that does everything wrong."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.simulator.build import COMPILER_VARIABLE, SOURCES, build
from camera.simulator.frames import REPLAY_FORMATS, write_frames

ABUSE = Path(__file__).parent / "native" / "abuse.c"


@pytest.fixture
def frames_files(tmp_path: Path) -> list[str]:
    """A file of every format, with sides that fit nothing."""
    files: list[str] = []
    for name, stored in REPLAY_FORMATS.items():
        shape = (7, 61, 3) if stored.channels == 3 else (7, 61)
        pixels: Any = np.full(shape, (1 << stored.bits) - 1, stored.dtype)
        write_frames(tmp_path / f"{name}.frames", [pixels, pixels], name)
        files.append(str(tmp_path / f"{name}.frames"))
    return files


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_a_consumer_that_does_everything_wrong_breaks_nothing(
    tmp_path: Path, frames_files: list[str], monkeypatch: pytest.MonkeyPatch, sanitizers: str
) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc with its sanitizers: apt-get install gcc libc6-dev")
    monkeypatch.setenv(COMPILER_VARIABLE, "gcc")
    flags = ("-g", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all", f"-iquote{SOURCES}")
    program = build(tmp_path / "abuse", flags, [ABUSE])
    done = subprocess.run(
        [str(program), *frames_files], capture_output=True, text=True, check=False, timeout=200
    )
    assert (done.returncode, done.stderr) == (0, "")
