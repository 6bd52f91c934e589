"""Eight bits or thirty-two: the graph that judges as well and faster, on this machine."""

import shutil
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.bundle import MODEL_FILE, Bundle
from models.card import Precision
from models.quantise import quantise
from models.session import ModelSession
from training.data.dataset import Sample
from training.network.export import hashes, write_card
from training.network.inputs import planes_of

LARGEST_LOSS = 0.002
"""Of the task's own figure."""
WORTH_MS = 10.0
"""A graph that needs less time than this is left as it is: nobody would notice the difference."""
_GAIN = 0.9  # of the time that 32 bits take: less is no more than the weather of the machine
_CALIBRATED_ON = 24
_TIMED_RUNS = 60
_FEWEST_RUNS = 15
_TIMED_S = 6.0  # of a session's runs are enough, also where one takes half a second

Figure = Callable[[ModelSession], float | None]
"""What the task's figure is when this session judges the validation parts."""


def choose_precision(
    bundle: Bundle, samples: Sequence[Sample], figure: Figure, figure_name: str
) -> Bundle:
    """The bundle with its graph in 8 bits where that wins; its card says which and why.

    samples: pictures to learn from, which show how large values become. The weights stay as they
    are: the next training starts from them.
    """
    step = max(1, len(samples) // _CALIBRATED_ON)
    inputs = list(planes_of(samples[::step][:_CALIBRATED_ON], bundle.card.input))
    plain = ModelSession(bundle)
    (fp32_ms,) = _p99_ms([plain], inputs[0])
    if fp32_ms < WORTH_MS:
        why = f"32 bits take {fp32_ms:.1f} ms: nothing to gain"
        return _say(bundle, Precision(kind="fp32", fp32_p99_ms=fp32_ms, why=why))
    before = figure(plain)
    if not before:
        why = f"no {figure_name} to prove 8 bits on"
        return _say(bundle, Precision(kind="fp32", fp32_p99_ms=fp32_ms, why=why))
    small = _quantised(bundle, inputs)
    try:
        session = ModelSession(small)
        fp32_ms, int8_ms = _p99_ms([plain, session], inputs[0])
        found = Precision(
            kind="fp32",
            fp32_p99_ms=fp32_ms,
            int8_p99_ms=int8_ms,
            figure=figure_name,
            fp32_figure=before,
            int8_figure=figure(session),
        )
        chosen = decide(found)
        if chosen.kind == "int8":
            shutil.copyfile(small.model_path, bundle.model_path)
    finally:
        shutil.rmtree(small.folder)
    return _say(bundle, chosen)


def proof_s(run_s: float) -> float:
    """How long the runs of `choose_precision` take, the figures aside, where one takes `run_s`."""
    timed_s = min(_TIMED_RUNS * run_s, max(_FEWEST_RUNS * run_s, _TIMED_S))
    return 2 * _CALIBRATED_ON * run_s + 3 * timed_s


def decide(found: Precision) -> Precision:
    """What was measured, with the precision that wins and the reason."""
    before, after = found.fp32_figure, found.int8_figure
    if not before or after is None or found.int8_p99_ms is None:
        return found.model_copy(update={"why": f"no {found.figure} to prove 8 bits on"})
    told = (
        f"8 bits: {found.figure} {after:.4f} after {before:.4f}, "
        f"{found.int8_p99_ms:.1f} ms after {found.fp32_p99_ms:.1f}"
    )
    wins = before - after <= LARGEST_LOSS and found.int8_p99_ms <= _GAIN * found.fp32_p99_ms
    return found.model_copy(update={"kind": "int8" if wins else "fp32", "why": told})


def _quantised(bundle: Bundle, inputs: Sequence[NDArray[np.float32]]) -> Bundle:
    """The same bundle in 8 bits, in a folder of its own beside it."""
    folder = bundle.folder.with_name(f"{bundle.folder.name}.int8")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle.folder, folder)
    quantise(bundle.model_path, inputs, folder / MODEL_FILE)
    return write_card(folder, bundle.card.model_copy(update={"hashes": hashes(folder)}))


def _say(bundle: Bundle, precision: Precision) -> Bundle:
    values = {"hashes": hashes(bundle.folder), "precision": precision}
    return write_card(bundle.folder, bundle.card.model_copy(update=values))


def _p99_ms(sessions: Sequence[ModelSession], planes: NDArray[np.float32]) -> list[float]:
    """The 99th percentile of a run's processor time, the sessions taking turns.

    Not of the clock's: then other jobs of the machine would decide.
    """
    times: list[list[float]] = [[] for _ in sessions]
    for turn in range(_TIMED_RUNS):
        if turn >= _FEWEST_RUNS and sum(times[0]) > 1000.0 * _TIMED_S:
            break
        for session, own in zip(sessions, times, strict=True):
            start_s = time.process_time()
            session.run(planes)
            own.append(1000.0 * (time.process_time() - start_s))
    return [float(np.percentile(own, 99)) for own in times]
