"""A camera process in the long run, over the simulator: does every trigger count, is memory flat?

    python benchmarks/camera_worker.py                                a few minutes
    python benchmarks/camera_worker.py --frames 100000 --reconnects 200    what is reported

Slow consumer: cameras show a known number of pictures and then none, and the consumer takes three
times as long for a picture as the camera. Each of them must come out once: as a frame, or as a miss
with its reason. Memory: of the line's process and of the camera's, each including what it maps.
"""

import argparse
import os
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camera.features import FeatureValue
from camera.frame import CameraLost, Frame, MissedFrame
from camera.simulator import producer_path
from camera.simulator.frames import write_frames
from camera.worker import WorkerSource
from camera.worker_spec import CameraSpec

RATES_HZ = (50.0, 100.0, 500.0)
SLOWER = 3.0
SIZE_HW = (64, 64)
QUIET_S = 5.0
"""Nothing more will come: what is missing then is missing."""


def main() -> None:
    parser = argparse.ArgumentParser(description="a camera's process in the long run")
    parser.add_argument("--pictures", type=int, default=500, help="of each slow consumer's camera")
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--reconnects", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "parts.frames"
        pictures = [np.full(SIZE_HW, n % 256, np.uint8) for n in range(arguments.pictures)]
        write_frames(file, pictures, "Mono8")
        for rate_hz in RATES_HZ:
            for cameras in (1, 2):
                show_balance(file, rate_hz, cameras, arguments.pictures)
    show_memory_of_frames(arguments.frames)
    show_memory_of_reconnects(arguments.reconnects)


@dataclass(slots=True)
class Account:
    """What came of one camera's triggers."""

    source: WorkerSource
    came: Counter[str] = field(default_factory=Counter[str])
    next_id: int = 0

    def take(self) -> Frame | None:
        """The next frame that is there, if any, past the misses before it.

        Raises ValueError when a trigger is left out, or a frame was written to.
        """
        while (outcome := self.source.fetch(0.0)) is not None:
            if outcome.trigger_id != self.next_id:
                raise ValueError(f"expected trigger {self.next_id}, got {outcome.trigger_id}")
            self.next_id += 1
            self.came["judged" if isinstance(outcome, Frame) else outcome.reason.value] += 1
            if isinstance(outcome, Frame):
                if not outcome.intact():
                    raise ValueError(f"trigger {outcome.trigger_id}: the slot was written to")
                return outcome
        return None


def show_balance(file: Path, rate_hz: float, cameras: int, pictures: int) -> None:
    """A consumer that takes SLOWER times the camera's time for each picture."""
    features: dict[str, FeatureValue] = {
        "ReplayFrames": str(file),
        "ReplayAtEnd": "Wait",
        "AcquisitionFrameRate": rate_hz,
    }
    accounts = [Account(worker(features, slots=8)) for _ in range(cameras)]
    for account in accounts:
        account.source.start()
    quiet_s = time.monotonic()
    while any(account.next_id < pictures for account in accounts):
        frames = sum(account.take() is not None for account in accounts)
        time.sleep(SLOWER * frames / rate_hz if frames else 0.001)
        if frames:
            quiet_s = time.monotonic()
        elif time.monotonic() - quiet_s > QUIET_S:
            break
    for account in accounts:
        account.source.stop()
        balance = pictures - account.came.total()
        verdict = "balances" if balance == 0 else f"DOES NOT BALANCE: {balance} unaccounted for"
        counts = ", ".join(f"{name} {count}" for name, count in sorted(account.came.items()))
        print(f"{cameras} x {rate_hz:.0f} Hz, slow consumer: {pictures} = {counts}: {verdict}")


def show_memory_of_frames(frames: int) -> None:
    """Resident memory after the first tenth of the frames, and after all."""
    source = worker({"AcquisitionFrameRate": 1000.0, "Width": 64, "Height": 64})
    source.start()
    first: tuple[float, float] | None = None
    seen = 0
    while seen < frames:
        seen += isinstance(source.fetch(5.0), Frame | MissedFrame)
        if first is None and seen >= frames // 10:
            first = memory_mb(os.getpid()), memory_mb(source.process_id)
    last = memory_mb(os.getpid()), memory_mb(source.process_id)
    source.stop()
    for whose, before, after in zip(("line", "camera"), first or last, last, strict=True):
        print(f"memory of the {whose}'s process, {frames // 10} to {frames} frames: "
              f"{before:.1f} to {after:.1f} MB ({after / before - 1:+.1%})")  # fmt: skip


def show_memory_of_reconnects(reconnects: int) -> None:
    """Resident memory and open files of the line after the first tenth, and after all."""
    source = worker({"AcquisitionFrameRate": 200.0})
    before, files_before, slowest_s = 0.0, 0, 0.0
    for number in range(reconnects):
        if number == max(1, reconnects // 10):
            before, files_before = memory_mb(os.getpid()), open_files()
        started_s = time.monotonic()
        source.start()
        while not isinstance(source.fetch(5.0), Frame):
            continue
        slowest_s = max(slowest_s, time.monotonic() - started_s)
        lose(source)
        source.stop()
    after, files_after = memory_mb(os.getpid()), open_files()
    print(f"{reconnects} camera processes killed and started again: line's memory {before:.1f} "
          f"to {after:.1f} MB ({after / before - 1:+.1%}), open files {files_before} to "
          f"{files_after}; slowest to its first frame {slowest_s:.1f} s")  # fmt: skip


def lose(source: WorkerSource) -> None:
    """Kill the camera's process, and take what it left."""
    if source.process_id is not None:
        os.kill(source.process_id, signal.SIGKILL)
    try:
        while True:
            source.fetch(5.0)
    except CameraLost:
        return


def worker(features: dict[str, FeatureValue], slots: int | None = None) -> WorkerSource:
    spec = CameraSpec(
        camera_id="camera", producers=(str(producer_path()),), serial="SIM0", features=features
    )
    return WorkerSource(spec, slots=slots)


def memory_mb(process_id: int | None) -> float:
    """Resident memory, shared parts included."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


if __name__ == "__main__":
    main()
