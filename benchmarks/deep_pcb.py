"""Boards beside their golden templates: DeepPCB's own protocol, on boards nothing was learnt from.

    python benchmarks/deep_pcb.py FOLDER/deeppcb                     trains for 90 minutes first
    python benchmarks/deep_pcb.py FOLDER/deeppcb --bundle BUNDLE     measures one that is there

Prints a Markdown table. The figures are of the locked boards, which set neither weights nor limits;
good boards are these with their labelled defects healed (`training.measuring.healed`). Templates
are also shifted by so many pixels before they are registered, as a camera that was moved would have
it. Beside the model: what differs from the template, found without any training.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.bundle import Bundle, open_bundle
from models.decode import peak
from models.registration import NotRegistered
from models.session import ModelSession
from training.data.dataset import Dataset, Sample, open_dataset
from training.data.split import locked
from training.measuring.average_precision import (
    average_precision,
    best_f,
    mean_average_precision,
    pooled,
)
from training.measuring.boxes import as_located
from training.measuring.evaluate import Measured, figures
from training.measuring.healed import measure_healed
from training.measuring.xor import try_xor
from training.order import Order, Task
from training.tasks.detect import PLAN
from training.train import train

SHIFTS_PX = (0, 1, 2, 4)
_TIMED_RUNS = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training took: on the clock, and of a processor."""

    minutes: float
    cpu_minutes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=_default_folder())
    parser.add_argument("--bundle", type=Path, help="measure this one instead of training")
    parser.add_argument("--minutes", type=float, default=90.0, help="of fitting, on one thread")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.folder)
    if arguments.bundle:
        print_table(dataset, open_bundle(arguments.bundle), None)
        return
    with tempfile.TemporaryDirectory() as scratch:
        bundle, cost = trained(dataset, Path(scratch), arguments.minutes, arguments.seed)
        print_table(dataset, bundle, cost)


def trained(dataset: Dataset, folder: Path, minutes: float, seed: int) -> tuple[Bundle, Cost]:
    """A bundle of the project's own training, and what it took."""
    plan = replace(PLAN, minutes=minutes, seed=seed)
    order = Order("deep-pcb", "1", plan, task=Task.PAIR, may_quantise=True, command=__file__)
    start, cpu = time.monotonic(), time.process_time()
    bundle = train(dataset, order, folder / "bundle").bundle
    spent = time.monotonic() - start, time.process_time() - cpu
    return bundle, Cost(spent[0] / 60.0, spent[1] / 60.0)


def print_table(dataset: Dataset, bundle: Bundle, cost: Cost | None) -> None:
    """The figures, a row each."""
    session, samples = ModelSession(bundle), locked(dataset.samples)
    baseline = try_xor(samples)
    boxes = sum(len(sample.labels) for sample in samples)
    print("| figure | model | difference from the template |\n|---|---|---|")
    print(f"| locked boards, boxes | {len(samples)}, {boxes} | |")
    for shift in SHIFTS_PX:
        measured, refused = measure_shifted(session, samples, shift)
        hits = pooled(as_located(measured))
        best = best_f(hits)
        assert best is not None
        where = f"template shifted by ({shift}, {shift}) px" if shift else "templates as they are"
        of_rules = f"{baseline.pooled_ap33:.3f} (without classes)" if shift == 0 else ""
        print(f"| AP, {where} | {average_precision(hits):.4f} | {of_rules} |")
        print(f"| boards that could not be registered, so rejected | {len(refused)} | |")
        if shift == 0:
            print(f"| F | {best.f:.4f} | |")
            print(f"| mAP50 | {mean_average_precision(as_located(measured)):.4f} | |")
            judged = [one for one in measured if one.sample not in refused]
            _print_verdicts(session, judged, samples)
    _print_times(bundle, session, samples[0], cost)


def measure_shifted(
    session: ModelSession, samples: Sequence[Sample], shift_px: int
) -> tuple[list[Measured], list[Sample]]:
    """What the model says with every template moved right and down, and which boards it refuses.

    A board that cannot be registered has no findings: all its defects count as missed.
    """
    measured: list[Measured] = []
    refused: list[Sample] = []
    for sample in samples:
        template = sample.template_pixels()
        assert template is not None
        try:
            told = session.predict(
                sample.pixels(), sample.full_scale, template=_moved(template, shift_px)
            )
        except NotRegistered:
            refused.append(sample)
            measured.append(Measured(sample, (), 1.0))
            continue
        score = peak(told.output, session.bundle.card)
        measured.append(Measured(sample, told.findings, score))
    return measured, refused


def _print_verdicts(
    session: ModelSession, judged: list[Measured], samples: Sequence[Sample]
) -> None:
    """Escapes among judged boards; a board that cannot be registered is rejected."""
    found = figures(judged + _healed(session, samples), session.bundle.card.limits)
    rows = {"escaped boards": found.escapes, "false rejects of healed boards": found.false_rejects}
    for name, rate in rows.items():
        interval = f"{rate.lower:.1%} to {rate.upper:.1%}"
        print(f"| {name} at the card's limits | {rate.events} of {rate.n} ({interval}) | |")


def _healed(session: ModelSession, samples: Sequence[Sample]) -> list[Measured]:
    """The boards with their defects healed, but for those that cannot be registered."""
    found: list[Measured] = []
    for sample in samples:
        with suppress(NotRegistered):
            found += measure_healed(session, [sample])
    return found


def _print_times(bundle: Bundle, session: ModelSession, sample: Sample, cost: Cost | None) -> None:
    spec, precision = bundle.card.input, bundle.card.precision
    blank = np.zeros((1, spec.planes, *spec.size_hw), np.float32)
    runs_ms: list[float] = []
    whole_ms: list[float] = []
    for _ in range(_TIMED_RUNS):
        runs_ms.append(_milliseconds(lambda: session.run(blank)))
        pixels, template = sample.pixels(), sample.template_pixels()
        whole_ms.append(_milliseconds(lambda: session.predict(pixels, template=template)))  # noqa: B023
    size = f"{spec.size_hw[0]} x {spec.size_hw[1]}"
    kind = precision.kind if precision else "fp32"
    print(f"| network alone, {size}, {kind}, median | {np.median(runs_ms):.1f} ms | |")
    print(f"| with registration and findings, median | {np.median(whole_ms):.1f} ms | |")
    if precision and precision.int8_p99_ms is not None:
        print(f"| why {precision.kind} | {precision.why} | |")
    if cost:
        print(f"| training, in all | {cost.minutes:.0f} min, CPU {cost.cpu_minutes:.0f} min | |")


def _milliseconds(job: Any) -> float:
    start = time.perf_counter()
    job()
    return 1000.0 * (time.perf_counter() - start)


def _moved(template: NDArray[Any], shift_px: int) -> NDArray[Any]:
    """The template further right and down; what comes in repeats its border."""
    if shift_px == 0:
        return template
    move = np.array([[1, 0, shift_px], [0, 1, shift_px]], np.float32)
    height, width = template.shape
    return cv2.warpAffine(template, move, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _default_folder() -> Path:
    return Path(os.environ.get("PASSLINE_REAL_DATA", "../shared/data")) / "deeppcb"


if __name__ == "__main__":
    main()
