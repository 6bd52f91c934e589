"""Times the watch: recorded parts a second, and what one more part costs as the history grows.

    python benchmarks/watch.py [PARTS]

Parts of one camera with health measured, one in a thousand rejected, a part a second; the default
charts. Not part of what is timed: recording them.
"""

import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inspection.records.record import RunStart
from inspection.records.rows import text_sha256
from inspection.records.writer import RecordWriter
from inspection.watch import Watch

RECIPE = """
product = "ring"
[camera]
id = "cam0"
device = { source = "rendered" }
[model]
name = "ring"
[gate]
kind = "simulated"
"""
START_NS = 1_795_000_000_000_000_000
ONE_MORE = 50


def main(parts: int) -> None:
    """Print a table."""
    folder = Path(tempfile.mkdtemp(prefix="passline-watch-"))
    try:
        run_id = begin(folder)
        watch = Watch(folder)
        done = 0
        print(f"{'parts on record':>16} {'parts/s':>10} {'one more part, ms':>18}")
        for upto in (parts // 10, parts):
            record(folder, run_id, done, upto)
            begun = time.perf_counter()
            watch.step()
            rate = (upto - done) / (time.perf_counter() - begun)
            took_ms = [one_more(folder, run_id, upto + at, watch) for at in range(ONE_MORE)]
            done = upto + ONE_MORE
            print(f"{done:>16} {rate:>10.0f} {np.median(took_ms):>18.1f}")
        watch.close()
        print(f"{'watch.sqlite':>16} {(folder / 'watch.sqlite').stat().st_size / 1e6:>7.1f} MB")
    finally:
        shutil.rmtree(folder)


def begin(folder: Path) -> int:
    """Begin a run of the default charts."""
    writer = RecordWriter(folder)
    start = RunStart("s", text_sha256(RECIPE), RECIPE, ("cam0",), "benchmark", START_NS)
    run_id = writer.begin_run(start)
    writer.close()
    return run_id


def record(folder: Path, run_id: int, first: int, end: int) -> None:
    """Put parts on record, many to a transaction, as no line could."""
    connection = sqlite3.connect(folder / "records.sqlite")
    connection.execute("INSERT OR IGNORE INTO limits VALUES ('l', '{}')")
    connection.executemany(
        "INSERT INTO parts VALUES"
        " (?,?,'L1','early',0,?,?,'judged',?,0,1,?,0,?,'m','ring-1','CPU',1)",
        part_rows(run_id, first, end),
    )
    connection.executemany(
        "INSERT INTO views (part_number, view, position, camera_id, trigger_id, captured_utc_ns,"
        " ledger, limits_digest, score, brightness, sharpness, noise, vignetting, saturated)"
        " VALUES (?,'cam0',0,'cam0',?,?,'judged','l',0.1,?,?,?,?,0.0)",
        view_rows(first, end),
    )
    connection.commit()
    connection.close()


def part_rows(run_id: int, first: int, end: int) -> Iterator[tuple[object, ...]]:
    """Rows of table `parts`."""
    draw = np.random.default_rng(first)
    rejected = draw.random(end - first) < 0.001
    scores = draw.random(end - first) * 0.2
    for number, reject, score in zip(range(first, end), rejected, scores, strict=True):
        outcome = ("reject", '[["defect","scratch"]]') if reject else ("pass", "[]")
        captured_ns = START_NS + number * 1_000_000_000
        yield number, f"s-{number}", run_id, captured_ns, *outcome, float(score)


def view_rows(first: int, end: int) -> Iterator[tuple[object, ...]]:
    """Rows of table `views`."""
    health = np.random.default_rng(first + 1).normal(0.5, 0.01, (end - first, 4))
    for number, row in zip(range(first, end), health.tolist(), strict=True):
        yield number, number, START_NS + number * 1_000_000_000, *row


def one_more(folder: Path, run_id: int, number: int, watch: Watch) -> float:
    """How long one more part takes to be watched, on disk, in ms."""
    record(folder, run_id, number, number + 1)
    begun = time.perf_counter()
    watch.step()
    return (time.perf_counter() - begun) * 1e3


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
