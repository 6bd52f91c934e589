"""Training on the real magnetic-tile pictures, split by tile: what it finds, how long it takes.

    PASSLINE_REAL_DATA=FOLDER python benchmarks/magnetic_tile.py    FOLDER/magnetic_tile/MT_Free
    python benchmarks/magnetic_tile.py FOLDER/magnetic_tile --minutes 12

Uses the project's own training; the figures are of tiles that set neither weights nor limits.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from models.session import ModelSession
from training.data.dataset import Dataset, open_dataset
from training.fitting.fit import Plan
from training.measuring.evaluate import Measured, measure
from training.train import Order, Trained, train

SIZE_HW = (320, 224)
FALSE_REJECTS = (0.01, 0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description="training on the real magnetic-tile pictures")
    parser.add_argument("folder", type=Path, nargs="?", default=_default_folder())
    parser.add_argument("--minutes", type=float, default=13.0, help="of fitting, on one thread")
    parser.add_argument("--crop", type=int, default=128, help="side of a training crop, in pixels")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.folder)
    plan = Plan(seed=arguments.seed, minutes=arguments.minutes, crop_px=arguments.crop)
    order = Order("magnetic-tile", "1", plan, SIZE_HW, command="benchmarks/magnetic_tile.py")
    with tempfile.TemporaryDirectory() as scratch:
        start = time.monotonic()
        trained = train(dataset, order, Path(scratch) / "bundle")
        seconds = time.monotonic() - start
        print_table(dataset, trained, seconds)


def print_table(dataset: Dataset, trained: Trained, seconds: float) -> None:
    """The figures, a row each, ready to be pasted into a Markdown page."""
    session = ModelSession(trained.bundle)
    start = time.monotonic()
    measured = measure(session, trained.split.locked)
    judging_ms = 1000.0 * (time.monotonic() - start) / len(measured)
    bad = [one.score for one in measured if not one.sample.is_good]
    good = [one.score for one in measured if one.sample.is_good]
    locked = trained.locked
    assert locked is not None
    print("| figure | value |\n|---|---|")
    print(f"| pictures, tiles in all | {len(dataset.samples)}, {_tiles(dataset)} |")
    print(f"| locked pictures: defective, good | {len(bad)}, {len(good)} |")
    print(f"| locked tiles | {locked.parts} |")
    print(f"| image AUROC | {locked.auroc:.4f} |")
    for share in FALSE_REJECTS:
        print(f"| escape rate at {share:.0%} false rejects | {escape_rate(measured, share):.1%} |")
    rows = {"escapes": locked.escapes, "false rejects": locked.false_rejects}
    for name, rate in rows.items():
        interval = f"{rate.lower:.1%} to {rate.upper:.1%}"
        print(f"| {name} at the card's limits | {rate.events} of {rate.n} ({interval}) |")
    print(f"| training, with export and measuring | {seconds / 60:.1f} min |")
    print(f"| reading and judging one picture | {judging_ms:.1f} ms |")


def escape_rate(measured: list[Measured], false_rejects: float) -> float:
    """Share of defective pictures below the lowest score limit that holds the false rejects."""
    good = sorted((one.score for one in measured if one.sample.is_good), reverse=True)
    limit = good[int(false_rejects * len(good))]
    bad = [one.score for one in measured if not one.sample.is_good]
    return sum(score <= limit for score in bad) / len(bad)


def _tiles(dataset: Dataset) -> int:
    return len({sample.part for sample in dataset.samples})


def _default_folder() -> Path:
    return Path(os.environ.get("PASSLINE_REAL_DATA", "../shared/data")) / "magnetic_tile"


if __name__ == "__main__":
    main()
