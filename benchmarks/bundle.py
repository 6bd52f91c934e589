"""What a bundle costs a station: how soon it judges, how long a picture takes, how much memory.

    python benchmarks/bundle.py                       the bundle that ships with Passline
    python benchmarks/bundle.py BUNDLE [BUNDLE ...]   others, such as one that compares pictures

Each bundle is opened, warmed and run in a process of its own, on one thread, with all that the line
loads. The targets: it loads and warms in under 1 s, takes at most 5 ms for 224x224 in fp32, and the
line stays under 400 MB. A time of another input size is given as it is, and per 224x224 pixels.
Times are the process's own, so that a busy machine counts less; the clock's are given for loading.
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.bundle import open_bundle
from models.library import library_bundle
from models.session import ModelSession

PICTURES = 50
TARGET_PX = 224 * 224


def main() -> None:
    parser = argparse.ArgumentParser(description="what a bundle costs a station")
    parser.add_argument("bundles", type=Path, nargs="*", default=[library_bundle("metal-cap")])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measured(arguments.bundles[0])))
        return
    print("| bundle | input | load and warm (clock) | a picture, p50, p99 | per 224x224 | memory |")
    print("|---|---|---|---|---|---|")
    for bundle in arguments.bundles:
        command = [sys.executable, __file__, "--one", str(bundle)]
        said = json.loads(
            subprocess.run(command, capture_output=True, text=True, check=True).stdout
        )
        print(
            f"| {said['label']} | {said['input']} | "
            f"{said['load_s']:.2f} s ({said['clock_s']:.2f} s) | "
            f"{said['p50_ms']:.1f} ms, {said['p99_ms']:.1f} ms | {said['per_224_ms']:.1f} ms | "
            f"{said['memory_mb']:.0f} MB |"
        )


def measured(folder: Path) -> dict[str, Any]:
    """Figures of one bundle, in this process: what the line imports counts as memory, too."""
    importlib.import_module("inspection.compose")
    cv2.setNumThreads(1)
    begun_s, clock_s = time.process_time(), time.perf_counter()
    session = ModelSession(open_bundle(folder))
    load_s, clock_s = time.process_time() - begun_s, time.perf_counter() - clock_s
    spec = session.bundle.card.input
    height, width = spec.size_hw
    shape = (height, width) if spec.channels == 1 else (height, width, spec.channels)
    noise = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    golden = cv2.GaussianBlur(noise, (0, 0), 5.0)
    golden = np.clip(128 + 12 * (golden - golden.mean()), 0, 255).astype(np.uint8)
    picture = np.roll(golden, 2, axis=1)
    template = golden if spec.template else None
    took_ms: list[float] = []
    for _ in range(PICTURES):
        begun_s = time.process_time()
        session.predict(picture, template=template)
        took_ms.append(1e3 * (time.process_time() - begun_s))
    p50, p99 = np.percentile(took_ms, [50, 99]).tolist()
    pair = " with template" if spec.template else ""
    return {
        "label": session.bundle.label,
        "input": f"{height}x{width}{pair}",
        "load_s": load_s,
        "clock_s": clock_s,
        "p50_ms": p50,
        "p99_ms": p99,
        "per_224_ms": p50 * TARGET_PX / (height * width),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
