"""What a chart sees of parts, in order, on a clock that never goes back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HOUR_NS = 3_600_000_000_000
_LONGEST_PAUSE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Observations of consecutive parts, shape (n,).

    utc_ns: on the held clock. running_ns: for how long the line has been running at each.
    """

    part_number: Ints
    utc_ns: Ints
    running_ns: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.part_number)

    def piece(self, start: int, end: int) -> "Observed":
        """Those from index `start` up to before `end`."""
        part = slice(start, end)
        return Observed(
            self.part_number[part], self.utc_ns[part], self.running_ns[part], self.values[part]
        )


def hold_clock(utc_ns: Ints, latest_ns: int) -> Ints:
    """The times of parts in order, held where the clock went back.

    A clock that goes back by up to an hour is held at the latest time until it has caught up; one
    that goes back further is believed from there on. latest_ns: held time of the part before.
    """
    held = np.maximum.accumulate(np.concatenate([[latest_ns], utc_ns]))[1:]
    if not (held - utc_ns > HOUR_NS).any():
        return held
    times: list[int] = []
    for time in utc_ns.tolist():
        latest_ns = time if latest_ns - time > HOUR_NS else max(latest_ns, time)
        times.append(latest_ns)
    return np.array(times, np.int64)


def running_time(held_ns: Ints, latest_ns: int, before_ns: int) -> Ints:
    """For how long the line has been running at each part: pauses count for a minute at most.

    latest_ns: held time of the part before (of the first itself, at first); before_ns: its running
    time.
    """
    steps = np.diff(np.concatenate([[latest_ns], held_ns]))
    return before_ns + np.cumsum(np.clip(steps, 0, _LONGEST_PAUSE_NS))
