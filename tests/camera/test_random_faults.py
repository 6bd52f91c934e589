"""Random faults in a row, as benchmarks/camera_faults.py runs 500 of them."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "camera_faults.py"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--in-process", "--faults", "20", "--seed", "11"), id="in this process"),
        pytest.param(("--faults", "5", "--seed", "12"), id="in a process of its own"),
    ],
)
def test_every_trigger_is_accounted_for_whatever_befalls_the_camera(
    simulator: Path, options: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{options[options.index('--faults') + 1]} faults in" in done.stdout
