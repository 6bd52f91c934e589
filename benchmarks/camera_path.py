"""The camera path beside a bare Harvesters loop, over the simulator: frames a second and age.

    python benchmarks/camera_path.py                  all figures, about a minute
    python benchmarks/camera_path.py --seconds 5      longer runs

Each round runs in turn, at the same camera: WorkerSource (what the line has: a process of the
camera's own, and the ring), GenicamSource in this process, and the bare loop, which copies nothing;
"and copy" takes the one copy that a picture needs to outlive its buffer. A picture's age is from
the start of its exposure to its hand-over, by one clock. Then two cameras at once beside one alone,
and the ring by itself: from a picture's last byte in one process to its first in another.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from harvesters.core import Harvester

from camera.features import FeatureValue, set_features
from camera.frame import Frame, FrameSource
from camera.genicam import GenicamSource
from camera.ring import RingReader, RingWriter
from camera.ring_memory import Geometry
from camera.simulator import producer_path
from camera.simulator.frames import write_frames
from camera.worker import WorkerSource
from camera.worker_link import wait_readable
from camera.worker_spec import CameraSpec

BUFFERS = 8
SIZES_HW = {"400x400": (400, 400), "5 megapixels": (2048, 2448)}
RATES_HZ = {"400x400": (100, 500, 1000), "5 megapixels": (50, 200, 1000)}
HAND_OVER_HZ = 100.0
WARM_UP_S = 0.3
"""Not counted: what waited in the buffers while the source was started."""


def main() -> None:
    parser = argparse.ArgumentParser(description="the camera path beside a bare Harvesters loop")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each run")
    parser.add_argument("--write-ring", type=int, nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write_ring:
        write_ring(*arguments.write_ring)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, size_hw in SIZES_HW.items():
            file = Path(folder) / f"{size_hw[0]}.frames"
            chance = np.random.default_rng(1)
            write_frames(
                file, [chance.integers(0, 256, size_hw, np.uint8) for _ in range(4)], "Mono8"
            )
            print(
                f"\n{name} Mono8; one core copies {copies_hz(size_hw):.0f} such pictures a second"
            )
            for rate_hz in RATES_HZ[name]:
                measure(file, rate_hz, arguments.rounds, arguments.seconds)
            measure_two(file, RATES_HZ[name][1], arguments.rounds, arguments.seconds)
            measure_hand_over(size_hw, arguments.rounds * arguments.seconds)


class Run(NamedTuple):
    """Frames a second, and how long a core worked for each, in all processes together."""

    hz: float
    cpu_ms: float


def measure(file: Path, rate_hz: float, rounds: int, seconds: float) -> None:
    features = features_for(file, rate_hz)
    ages_ms: dict[str, list[float]] = {"worker": [], "source": []}
    runs: dict[str, list[Run]] = {"worker": [], "source": [], "bare": [], "bare and copy": []}
    for _ in range(rounds):
        runs["worker"].append(run_source(worker(features), seconds, ages_ms["worker"]))
        source = GenicamSource(
            "camera", [producer_path()], serial="SIM0", features=features, buffers=BUFFERS
        )
        runs["source"].append(run_source(source, seconds, ages_ms["source"]))
        runs["bare"].append(run_bare(features, seconds, copy=False))
        runs["bare and copy"].append(run_bare(features, seconds, copy=True))
    share = statistics.median(
        whole.hz / bare.hz for whole, bare in zip(runs["worker"], runs["bare"], strict=True)
    )
    print(f"  camera at {rate_hz} Hz: worker / bare {share:.1%}")
    for name, done in runs.items():
        hz, cpu_ms = (statistics.median(values) for values in zip(*done, strict=True))
        age = f", age {percentiles(ages_ms[name], 'ms')}" if name in ages_ms else ""
        print(f"    {name}: {hz:.1f} frames a second, {cpu_ms:.2f} ms of a core for each{age}")


def measure_two(file: Path, rate_hz: float, rounds: int, seconds: float) -> None:
    """Frames a second of a camera alone, beside another one, and beside one that hangs."""
    rates: dict[str, list[float]] = {"alone": [], "beside another": [], "beside a hung one": []}
    for _ in range(rounds):
        for name, hz in rates.items():
            first, second = (worker(features_for(file, rate_hz)) for _ in range(2))
            if name != "alone":
                second.start()
            if name == "beside a hung one" and second.process_id is not None:
                os.kill(second.process_id, signal.SIGSTOP)
            beside = second if "another" in name else None
            hz.append(run_source(first, seconds, [], beside).hz)
            second.stop()
    shown = ", ".join(f"{name} {statistics.median(hz):.1f}" for name, hz in rates.items())
    print(f"  two cameras at {rate_hz} Hz, frames a second of one: {shown}")


def measure_hand_over(size_hw: tuple[int, int], seconds: float) -> None:
    """The ring alone: time from `put` in one process to the frame in this one."""
    geometry = Geometry(8, size_hw[0] * size_hw[1])
    reader = RingReader("ring", geometry)
    reader.begin()
    numbers = reader.memory, reader.bell, *size_hw
    command = [sys.executable, __file__, "--write-ring", *map(str, numbers)]
    waits_us: list[float] = []
    with subprocess.Popen(command, pass_fds=numbers[:2]) as writer:
        while len(waits_us) < seconds * HAND_OVER_HZ:
            wait_readable([reader.bell], 1.0)
            for outcome in reader.next() or ():
                if isinstance(outcome, Frame):
                    waits_us.append((time.monotonic_ns() - outcome.captured_ns) / 1e3)
        writer.kill()
    print(f"  hand-over from process to process: {percentiles(waits_us, 'us')}")


def write_ring(memory: int, bell: int, height: int, width: int) -> None:
    """The writing process of `measure_hand_over`, until it is killed."""
    ring = RingWriter(memory, bell, Geometry(8, height * width))
    for trigger_id in range(1_000_000):
        pixels = ring.room((height, width), np.dtype(np.uint8))
        pixels[...] = trigger_id % 256
        now_ns = time.monotonic_ns()
        ring.put(Frame(pixels, "Mono8", "ring", trigger_id, now_ns, now_ns))
        time.sleep(1 / HAND_OVER_HZ)


def features_for(file: Path, rate_hz: float) -> dict[str, FeatureValue]:
    return {
        "ReplayFrames": str(file),
        "ExposureTime": 1000.0,
        "AcquisitionFrameRate": float(rate_hz),
    }


def worker(features: dict[str, FeatureValue]) -> WorkerSource:
    spec = CameraSpec(
        camera_id="camera",
        producers=(str(producer_path()),),
        serial="SIM0",
        features=features,
        buffers=BUFFERS,
    )
    return WorkerSource(spec)


def run_source(
    source: FrameSource, seconds: float, all_ages_ms: list[float], beside: FrameSource | None = None
) -> Run:
    """A source; adds the age of each frame, and empties the source beside it."""
    source.start()
    ages_ms: list[float] = []

    def take() -> int:
        outcome = source.fetch(5.0)
        while beside is not None and beside.fetch(0.0) is not None:
            continue
        if not isinstance(outcome, Frame) or outcome.producer_timestamp_ns is None:
            return 0
        ages_ms.append((time.monotonic_ns() - outcome.producer_timestamp_ns) / 1e6)
        outcome.give_back()
        return 1

    try:
        run(take, WARM_UP_S)
        ages_ms.clear()
        return run(take, seconds, source.process_id if isinstance(source, WorkerSource) else None)
    finally:
        all_ages_ms += ages_ms
        source.stop()


def run_bare(features: dict[str, FeatureValue], seconds: float, *, copy: bool) -> Run:
    """Harvesters' own loop, as its documentation shows it."""
    harvester = Harvester()
    harvester.add_file(str(producer_path()))
    harvester.update()
    acquirer: Any = harvester.create({"serial_number": "SIM0"})
    acquirer.num_buffers = BUFFERS
    set_features(acquirer.remote_device.node_map, features, "bare")
    acquirer.start()

    def take() -> int:
        with acquirer.fetch(timeout=5.0) as buffer:
            pixels = buffer.payload.components[0].data
            if copy:
                pixels.copy()
        return 1

    try:
        run(take, WARM_UP_S)
        return run(take, seconds)
    finally:
        harvester.reset()


def run(take: Callable[[], int], seconds: float, with_process: int | None = None) -> Run:
    """Take frames for `seconds`; the time of a core is this process's and the other's."""
    frames, started, cpu_s = 0, time.perf_counter(), cpu_time_s(with_process)
    while time.perf_counter() - started < seconds:
        frames += take()
    used_ms = (cpu_time_s(with_process) - cpu_s) * 1e3
    return Run(frames / (time.perf_counter() - started), used_ms / max(frames, 1))


def cpu_time_s(with_process: int | None) -> float:
    """What this process and another one have used; its clock: clock_getcpuclockid(3)."""
    other_s = 0.0 if with_process is None else time.clock_gettime((~with_process << 3) | 2)
    return time.process_time() + other_s


def percentiles(values: list[float], unit: str) -> str:
    middle, late = np.percentile(values, [50, 99])
    return f"p50 {middle:.2f} {unit}, p99 {late:.2f} {unit}"


def copies_hz(size_hw: tuple[int, int]) -> float:
    """How often one core copies a picture from memory to memory."""
    picture, copied = np.ones(size_hw, np.uint8), np.zeros(size_hw, np.uint8)

    def copy() -> int:
        np.copyto(copied, picture)
        return 1

    return 1e3 / run(copy, 0.3).cpu_ms


if __name__ == "__main__":
    main()
