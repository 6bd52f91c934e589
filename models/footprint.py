"""How much memory a bundle takes at work: `python -m models.footprint BUNDLE` prints it in MiB.

A process of its own, since a peak belongs to a process: what ran before in it would count.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from models.bundle import open_bundle
from models.errors import BundleError
from models.session import ModelSession

_RUNS = 5
_WITHIN_S = 120


def peak_mib(folder: Path) -> float:
    """Peak memory of a process that opens the bundle and runs it. Raises BundleError."""
    command = [sys.executable, "-m", "models.footprint", str(folder)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_WITHIN_S)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["without a word"])[-1]
        raise BundleError(f"{folder}: a process that runs it ended badly: {last}") from error
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{folder}: five runs took longer than {_WITHIN_S} s") from error
    return float(ran.stdout)


def _own_peak_mib() -> float:
    """From /proc, since `getrusage` counts what the parent had when it forked."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _main(folder: Path) -> None:
    session = ModelSession(open_bundle(folder))
    spec = session.bundle.card.input
    blank = np.zeros((1, spec.planes, *spec.size_hw), np.float32)
    for _ in range(_RUNS):
        session.run(blank)
    sys.stdout.write(f"{_own_peak_mib():.3f}\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
