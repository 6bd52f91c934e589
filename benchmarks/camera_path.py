"""The camera path beside a bare Harvesters loop, over the simulator: frames a second and age.

    python benchmarks/camera_path.py                  all figures, under a minute
    python benchmarks/camera_path.py --seconds 5      longer runs

Each round runs GenicamSource and the bare loop in turn, at the same camera. The bare loop copies
nothing; "and copy" takes the one copy that a picture needs to outlive its buffer. A picture's age
is from the start of its exposure to its hand-over, by one clock.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from harvesters.core import Harvester

from camera.features import FeatureValue, set_features
from camera.frame import Frame
from camera.genicam import GenicamSource
from camera.simulator import producer_path
from camera.simulator.frames import write_frames

BUFFERS = 8
SIZES_HW = {"400x400": (400, 400), "5 megapixels": (2048, 2448)}
RATES_HZ = {"400x400": (100, 500, 1000), "5 megapixels": (50, 100, 200)}


def main() -> None:
    parser = argparse.ArgumentParser(description="the camera path beside a bare Harvesters loop")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each run")
    arguments = parser.parse_args()
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


def measure(file: Path, rate_hz: float, rounds: int, seconds: float) -> None:
    features: dict[str, FeatureValue] = {
        "ReplayFrames": str(file),
        "ExposureTime": 1000.0,
        "AcquisitionFrameRate": float(rate_hz),
    }
    ages_ms: list[float] = []
    rates: dict[str, list[float]] = {"source": [], "bare": [], "bare and copy": []}
    for _ in range(rounds):
        rates["source"].append(run_source(features, seconds, ages_ms))
        rates["bare"].append(run_bare(features, seconds, copy=False))
        rates["bare and copy"].append(run_bare(features, seconds, copy=True))
    shown = ", ".join(f"{name} {statistics.median(hz):.1f}" for name, hz in rates.items())
    middle, late = np.percentile(ages_ms, [50, 99])
    print(f"  camera at {rate_hz} Hz: {shown}; age p50 {middle:.2f} ms, p99 {late:.2f} ms")


def run_source(features: dict[str, FeatureValue], seconds: float, ages_ms: list[float]) -> float:
    """Frames a second of GenicamSource; adds the age of each frame."""
    source = GenicamSource(
        "camera", [producer_path()], serial="SIM0", features=features, buffers=BUFFERS
    )
    source.start()

    def take() -> int:
        outcome = source.fetch(5.0)
        if not isinstance(outcome, Frame) or outcome.producer_timestamp_ns is None:
            return 0
        ages_ms.append((time.monotonic_ns() - outcome.producer_timestamp_ns) / 1e6)
        return 1

    try:
        return rate_of(take, seconds)
    finally:
        source.stop()


def run_bare(features: dict[str, FeatureValue], seconds: float, *, copy: bool) -> float:
    """Frames a second of Harvesters' own loop, as its documentation shows it."""
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
        return rate_of(take, seconds)
    finally:
        harvester.reset()


def rate_of(take: Callable[[], int], seconds: float) -> float:
    """Frames a second over `seconds`, after a first one that is not counted."""
    take()
    frames, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        frames += take()
    return frames / (time.perf_counter() - started)


def copies_hz(size_hw: tuple[int, int]) -> float:
    """How often one core copies a picture from memory to memory."""
    picture, copied = np.ones(size_hw, np.uint8), np.zeros(size_hw, np.uint8)

    def copy() -> int:
        np.copyto(copied, picture)
        return 1

    return rate_of(copy, 0.3)


if __name__ == "__main__":
    main()
