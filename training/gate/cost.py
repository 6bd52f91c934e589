"""The checks of what a model costs on this machine: time and memory, side by side.

Both models take turns, picture by picture, so that whatever else the machine does hits both alike;
the ratio of several rounds' figures is what counts, not the figures.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import InferenceError
from models.footprint import peak_mib
from models.session import ModelSession
from training.data.dataset import Sample
from training.gate.report import Answer, Check, Measure

ROUNDS = 7
_MOST_RUNS = 30
_LEAST_RUNS = 5
_WITHIN_S = 10.0
"""About how long all rounds together may take."""
_NO_CHAMPION = "there is no champion to hold it against"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many times the champion's time and memory a challenger may take."""

    slower: float = 1.5
    larger: float = 1.5


USUAL = Allowance()


def latency(
    champion: ModelSession | None,
    challenger: ModelSession,
    samples: Sequence[Sample],
    allowed: Allowance,
) -> Check:
    """Time from a picture in memory to its findings: prepared, registered, run and decoded."""
    sessions = [challenger] if champion is None else [champion, challenger]
    runs = [_Runs(session, samples) for session in sessions]
    count = _count(runs)
    rounds = [_round(runs, count) for _ in range(ROUNDS)]
    measures = tuple(
        _measure(f"{name} of a picture", "ms", [_percentiles(one, share) for one in rounds])
        for name, share in (("p50", 50.0), ("p99", 99.0))
    )
    return _check("latency", "time for a picture, at p50 and at p99,", allowed.slower, measures)


def memory(champion: ModelSession | None, challenger: ModelSession, allowed: Allowance) -> Check:
    """Peak memory of a process that does nothing but run the model; once, for it hardly varies."""
    sessions = [challenger] if champion is None else [champion, challenger]
    peaks = [peak_mib(session.bundle.folder) for session in sessions]
    measures = (_measure("peak memory of a process", "MiB", [peaks]),)
    return _check("memory", "peak memory", allowed.larger, measures)


class _Runs:
    """One model and the pictures that it is timed on; they lie in memory."""

    def __init__(self, session: ModelSession, samples: Sequence[Sample]) -> None:
        self._session = session
        spec = session.bundle.card.input
        self._pictures = [
            (
                sample.pixels(spec.channels),
                sample.full_scale,
                sample.template_pixels() if spec.template else None,
            )
            for sample in samples[:_MOST_RUNS]
        ]

    def time_ms(self, number: int) -> float:
        """One picture judged; one that the model has no answer to takes its time as well."""
        pixels, full_scale, template = self._pictures[number % len(self._pictures)]
        began_ns = time.perf_counter_ns()
        try:
            self._session.predict(pixels, full_scale, template=template)
        except InferenceError:
            return (time.perf_counter_ns() - began_ns) / 1e6
        return (time.perf_counter_ns() - began_ns) / 1e6


def _count(runs: Sequence[_Runs]) -> int:
    """How often each model runs in a round: as often as time allows, within reason."""
    turn_s = sum(each.time_ms(0) for each in runs) / 1e3
    return int(np.clip(_WITHIN_S / (ROUNDS * turn_s), _LEAST_RUNS, _MOST_RUNS))


def _round(runs: Sequence[_Runs], count: int) -> list[list[float]]:
    """Times in ms, by model; the models take turns."""
    times_ms: list[list[float]] = [[] for _ in runs]
    for number in range(count):
        for each, own_ms in zip(runs, times_ms, strict=True):
            own_ms.append(each.time_ms(number))
    return times_ms


def _percentiles(times_ms: Sequence[Sequence[float]], percent: float) -> list[float]:
    return [float(np.percentile(own_ms, percent)) for own_ms in times_ms]


def _measure(what: str, unit: str, rounds: Sequence[Sequence[float]]) -> Measure:
    """The median over the rounds; each holds the challenger's value last, the champion's first."""
    own = statistics.median(each[-1] for each in rounds)
    if len(rounds[0]) == 1:
        return Measure(what=what, unit=unit, champion=None, challenger=own, rounds=len(rounds))
    ratios = [each[1] / each[0] for each in rounds]
    return Measure(
        what=what,
        unit=unit,
        champion=statistics.median(each[0] for each in rounds),
        challenger=own,
        ratio=statistics.median(ratios),
        lower=min(ratios),
        upper=max(ratios),
        rounds=len(rounds),
    )


def _check(name: str, what: str, allowed: float, measures: tuple[Measure, ...]) -> Check:
    ratios = [measure.ratio for measure in measures if measure.ratio is not None]
    own = ", ".join(f"{each.what} {each.challenger:.3g} {each.unit}" for each in measures)
    if not ratios:
        answer, found = Answer.NOT_MEASURED, f"{own}; {_NO_CHAMPION}"
    else:
        answer = Answer.NO if any(_is_over(each, allowed) for each in measures) else Answer.YES
        found = f"{own}: {' and '.join(f'{ratio:.2f}' for ratio in ratios)} times the champion's"
    rule = (
        f"Its {what} is at most {allowed:g} times the champion's, side by side on this machine "
        "(median of the rounds); beyond that a no takes more than the champion's in every round."
    )
    return Check(name=name, rule=rule, answer=answer, found=found, measures=measures)


def _is_over(measure: Measure, allowed: float) -> bool:
    """True when the median is beyond what is allowed, and no round says the opposite.

    A p99 on a busy machine is the worst of its interruptions: the median alone would be chance.
    """
    if measure.ratio is None or measure.lower is None:
        return False
    return measure.ratio > allowed and measure.lower > 1.0
