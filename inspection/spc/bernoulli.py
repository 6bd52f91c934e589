"""The Bernoulli CUSUM: every verdict counts at once; the station's alarm for a rising rate.

It runs on whole numbers, so that an update part by part and a recomputation agree bit for bit.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Counts, Floats, frozen, number, repeated, truth_values
from inspection.spc.cusum_state import reference_rate
from inspection.spc.errors import SpcError
from inspection.spc.result import Side, Signal, Standard


@dataclass(frozen=True, slots=True)
class BernoulliDesign:
    """How the CUSUM counts: a good part is one step down, a defective one `parts` - 1 steps up.

    rate: p0, the share of defective parts in control. parts: m, where 1 / m is the reference rate.
    limit: h in steps; a sum of `limit` or more signals. In the units of the paper h_B is limit / m.
    head_start: steps that the sum begins with.
    """

    rate: float
    parts: int
    limit: int
    head_start: int = 0

    def __post_init__(self) -> None:
        number(self.rate, "rate", lambda p: 0 <= p < 1, "a share below 1")
        for name, least in (("parts", 2), ("limit", 1), ("head_start", 0)):
            value = getattr(self, name)
            if value < least or int(value) != value:
                raise SpcError(f"{name}: expected a whole number of {least} or more, got {value}")
        if self.head_start >= self.limit:
            raise SpcError(
                f"head_start: expected below the limit, {self.limit}; got {self.head_start}"
            )


@dataclass(frozen=True, slots=True)
class BernoulliState:
    """The CUSUM after some verdicts: all that the next verdict needs.

    steps: the sum. climb_start: index of the first part after the sum last was 0 (or restarted).
    seen: parts so far.
    """

    steps: int = 0
    climb_start: int = 0
    seen: int = 0

    @staticmethod
    def begin(design: BernoulliDesign) -> "BernoulliState":
        """Before the first part."""
        return BernoulliState(design.head_start)

    def update(
        self, defective: bool, design: BernoulliDesign
    ) -> tuple["BernoulliState", Signal | None]:
        """The state after a part, and the signal where its sum reaches the limit.

        The sum begins anew after a signal. Takes the same time forever.
        """
        at = self.seen
        steps = max(0, self.steps + (design.parts - 1 if defective else -1))
        if steps >= design.limit:
            signal = Signal(at, "cusum", Side.ABOVE, range(self.climb_start, at + 1))
            return BernoulliState(design.head_start, at + 1, at + 1), signal
        return BernoulliState(steps, at + 1 if steps == 0 else self.climb_start, at + 1), None

    def step(
        self, defective: ArrayLike, design: BernoulliDesign
    ) -> tuple["BernoulliState", tuple[Signal, ...]]:
        """The state after more parts, shape (n,), and their signals, as the chart's to the bit.

        Time goes with the defective parts among them, not with how many went before.
        Raises SpcError for anything but truth values.
        """
        verdicts = truth_values(defective, "defective")
        state, begin = self, self.seen
        signals: list[Signal] = []
        for at in np.flatnonzero(verdicts).tolist():
            state = state.after_good(begin + at - state.seen)
            state, signal = state.update(True, design)
            if signal is not None:
                signals.append(signal)
        return state.after_good(begin + len(verdicts) - state.seen), tuple(signals)

    def after_good(self, parts: int) -> "BernoulliState":
        """The state after so many good parts, at once."""
        if parts == 0:
            return self
        steps, seen = max(0, self.steps - parts), self.seen + parts
        return BernoulliState(steps, seen if steps == 0 else self.climb_start, seen)


@dataclass(frozen=True, slots=True, eq=False)
class BernoulliChart:
    """A Bernoulli CUSUM of n parts; all arrays are read-only, of shape (n,).

    values: the sum after each part, in steps over `design.parts`, which is in defective parts; at a
        signal the sum that raised it. center: 0. lower: -inf. upper: the limit in the same unit.
    signals: their points are the parts from the start of the last climb on: the likely start of
        the change, and the parts to re-inspect.
    state: after the last part, to go on from.
    """

    values: Floats
    center: Floats
    lower: Floats
    upper: Floats
    signals: tuple[Signal, ...]
    standard: Standard
    design: BernoulliDesign
    state: BernoulliState

    def __post_init__(self) -> None:
        for array in (self.values, self.center, self.lower, self.upper):
            frozen(array)


def bernoulli_design(
    rate: float, rise: float, *, limit: float, head_start: float = 0.0
) -> BernoulliDesign:
    """The CUSUM for a rate p0 and a rise to rise · p0, with a limit h in defective parts.

    The reference rate is rounded to one part in m, as Reynolds and Stoumbos do, which moves the
    rise that it is best for a little. head_start: share of the limit, 0 to below 1.
    Raises SpcError. `design_bernoulli` finds the limit for a wanted false-alarm interval.
    """
    parts = max(2, round(1.0 / reference_rate(rate, rise)))
    steps = math.ceil(number(limit, "limit", lambda h: h > 0, "above 0") * parts - 1e-9)
    begin = number(head_start, "head_start", lambda part: 0 <= part < 1, "from 0 to below 1")
    return BernoulliDesign(rate, parts, steps, int(begin * steps))


def bernoulli_cusum_chart(defective: ArrayLike, *, design: BernoulliDesign) -> BernoulliChart:
    """The CUSUM of every verdict, from `BernoulliState.begin` on.

    defective: one truth value per part, shape (n,), n >= 1.
    Source: Reynolds and Stoumbos, Journal of Quality Technology 31 (1999) 87.
    Raises SpcError for anything but truth values.
    """
    verdicts = truth_values(defective, "defective")
    n = len(verdicts)
    sums = np.empty(n, np.int64)
    signals: list[Signal] = []
    state, done = BernoulliState.begin(design), 0
    for at in np.flatnonzero(verdicts).tolist():
        sums[done:at] = _falling(state.steps, at - done)
        before = state.after_good(at - done)
        sums[at] = before.steps + design.parts - 1
        state, signal = before.update(True, design)
        if signal is not None:
            signals.append(signal)
        done = at + 1
    sums[done:] = _falling(state.steps, n - done)
    state = state.after_good(n - done)
    return BernoulliChart(
        sums / design.parts,
        np.zeros(n),
        repeated(-math.inf, n),
        repeated(design.limit / design.parts, n),
        tuple(signals),
        Standard(design.rate, 1.0),
        design,
        state,
    )


def _falling(steps: int, good: int) -> Counts:
    """The sums after each of so many good parts."""
    return np.maximum(0, steps - np.arange(1, good + 1))
