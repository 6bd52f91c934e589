"""Training on the real magnetic-tile pictures, split by tile: what it finds, how long it takes.

    PASSLINE_REAL_DATA=FOLDER python benchmarks/magnetic_tile.py    FOLDER/magnetic_tile/MT_Free
    python benchmarks/magnetic_tile.py FOLDER/magnetic_tile --seeds 0 --steps 9000 --only train

Uses the project's own training with its usual settings, from good tiles alone (after the steps of
about one minute, and after all) and from labels; the figures are of the locked tiles, which set
neither weights nor limits. Steps, not minutes: the same work on a machine that is busy. Prints a
Markdown table, a row when it is known, and a summary over the seeds.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.session import ModelSession
from training.data.dataset import Dataset, Sample, open_dataset, open_good
from training.data.split import is_locked
from training.fitting.fit import Plan
from training.measuring.evaluate import Measured, measure
from training.measuring.evaluation import Evaluation, evaluated
from training.measuring.trial import Chosen, Trial, try_out
from training.painting.painters import USUAL, choose
from training.train import Order, Trained, teach, train

FIRST_STEPS = 500
"""About a minute of one core."""
GOOD = "MT_Free"
FALSE_REJECTS = (0.01, 0.05)


@dataclass(frozen=True, slots=True)
class Row:
    """One training's figures on the locked tiles.

    escapes, false_rejects: at limits that hold FALSE_REJECTS on the validation pictures.
    """

    what: str
    seed: int
    steps: int
    cpu_minutes: float
    evaluation: Evaluation
    escapes: tuple[float, ...]
    false_rejects: tuple[float, ...]

    def figures(self) -> list[float]:
        overlap = self.evaluation.overlap
        assert overlap is not None
        found = [self.evaluation.by_picture.auroc, overlap.aupro, self.evaluation.by_part.auroc]
        return [np.nan if each is None else each for each in found] + [
            100.0 * share
            for pair in zip(self.escapes, self.false_rejects, strict=True)
            for share in pair
        ]


def main() -> None:
    arguments = _arguments()
    everything = open_dataset(arguments.folder)
    good = open_good(arguments.folder / GOOD, arguments.folder / "tiles.csv")
    locked = tuple(sample for sample in everything.samples if is_locked(sample.part))
    wanted: dict[str, Callable[[int, Path], Row]] = {
        "first": lambda seed, out: _run("good, first", teach, good, locked, seed, FIRST_STEPS, out),
        "teach": lambda seed, out: _run("good", teach, good, locked, seed, arguments.steps, out),
        "train": lambda seed, out: _run(
            "labels", train, everything, locked, seed, arguments.steps, out
        ),
    }
    _print_head(locked)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in arguments.seeds:
            for name in arguments.only or list(wanted):
                rows.append(wanted[name](seed, Path(scratch) / f"{name}-{seed}"))
                _print_row(rows[-1])
    for what in dict.fromkeys(row.what for row in rows):
        _print_mean(what, [row for row in rows if row.what == what])


def _run(
    what: str,
    learn: Callable[[Dataset, Order, Path], Trained],
    dataset: Dataset,
    locked: Sequence[Sample],
    seed: int,
    steps: int,
    out: Path,
) -> Row:
    order = Order("tile", "1", Plan(seed=seed, steps=steps), painters=choose(USUAL))
    begun = time.process_time()
    trained = learn(dataset, order, out)
    minutes = (time.process_time() - begun) / 60.0
    trial = try_out(trained.bundle, locked)
    chosen = Chosen(Dataset(tuple(locked), dataset.source), learnt=0, included=False)
    validation = measure(ModelSession(trained.bundle), trained.split.validation)
    pairs = [at_limit(trial, limit_for(validation, share)) for share in FALSE_REJECTS]
    return Row(
        what,
        seed,
        steps,
        minutes,
        evaluated(trained.bundle, chosen, trial),
        tuple(escapes for escapes, _ in pairs),
        tuple(rejects for _, rejects in pairs),
    )


def limit_for(validation: Sequence[Measured], share: float) -> float:
    """The lowest score that rejects at most this share of the good validation pictures."""
    good = sorted((one.score for one in validation if one.sample.is_good), reverse=True)
    return good[int(share * len(good))]


def at_limit(trial: Trial, limit: float) -> tuple[float, float]:
    """Share of defective pictures that pass, and of good ones that are rejected."""
    scores = [(one.measured.score > limit, one.measured.sample.is_good) for one in trial.judged]
    rejected_bad = [rejected for rejected, is_good in scores if not is_good]
    rejected_good = [rejected for rejected, is_good in scores if is_good]
    return 1.0 - float(np.mean(rejected_bad)), float(np.mean(rejected_good))


def _print_head(locked: Sequence[Sample]) -> None:
    bad = sum(not sample.is_good for sample in locked)
    tiles = len({sample.part for sample in locked})
    print(f"{len(locked)} locked pictures of {tiles} tiles, {bad} of them defective.\n")
    names = [
        "from", "seed", "steps", "core minutes", "AUROC (by tile, 95 %)", "AUPRO", "AUROC by tile",
        *(f"escapes at {share:.0%} (false rejects)" for share in FALSE_REJECTS),
        "best limit: escapes at 5 %", "ms",
    ]  # fmt: skip
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names), flush=True)


def _print_row(row: Row) -> None:
    auroc, aupro, by_tile, *shares = row.figures()
    low, high = row.evaluation.by_picture.interval or (np.nan, np.nan)
    best = next(each for each in row.evaluation.at_shares if each.share == FALSE_REJECTS[-1])
    cells = [
        row.what, str(row.seed), str(row.steps), f"{row.cpu_minutes:.1f}",
        f"{auroc:.3f} ({low:.3f} to {high:.3f})", f"{aupro:.3f}", f"{by_tile:.3f}",
        *(f"{shares[i]:.0f} % ({shares[i + 1]:.1f} %)" for i in range(0, len(shares), 2)),
        f"{best.escapes.rate:.0%}", f"{row.evaluation.judging_ms[0]:.1f}",
    ]  # fmt: skip
    print("| " + " | ".join(cells) + " |", flush=True)


def _print_mean(what: str, rows: Sequence[Row]) -> None:
    auroc, aupro, by_tile, *shares = np.mean([row.figures() for row in rows], axis=0)
    said = ", ".join(
        f"escapes {shares[2 * i]:.0f} % at {share:.0%} ({shares[2 * i + 1]:.1f} %)"
        for i, share in enumerate(FALSE_REJECTS)
    )
    print(
        f"\nFrom {what}, mean of {len(rows)} seeds: AUROC {auroc:.3f}, AUPRO {aupro:.3f}, "
        f"AUROC by tile {by_tile:.3f}; {said}",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    default = Path(os.environ.get("PASSLINE_REAL_DATA", "../shared/data")) / "magnetic_tile"
    parser = argparse.ArgumentParser(description="training on the real magnetic-tile pictures")
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=Plan().steps, help="of each long training")
    parser.add_argument("--only", nargs="*", choices=["first", "teach", "train"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
