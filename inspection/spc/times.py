"""From parts with time stamps to subgroups and to times between defects; clocks may jump back."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from inspection.spc.arrays import Counts, frozen, truth_values
from inspection.spc.errors import SpcError

ClockBack = Literal["refuse", "hold"]


@dataclass(frozen=True, slots=True, eq=False)
class TimedSubgroups:
    """Parts per stretch of time, stretches without parts left out; all arrays of shape (k,).

    defectives, sizes: of each stretch, as charts take them. starts_ns: when each began.
    """

    defectives: Counts
    sizes: Counts
    starts_ns: Counts

    def __post_init__(self) -> None:
        for array in (self.defectives, self.sizes, self.starts_ns):
            frozen(array)


def subgroups_by_time(
    defective: ArrayLike, stamps_ns: ArrayLike, every_ns: int, *, back: ClockBack = "refuse"
) -> TimedSubgroups:
    """Count parts by stretches of `every_ns`, which begin at whole multiples of it.

    defective: one truth value per part, in the order of parts. stamps_ns: UTC of each, whole
    nanoseconds; equal ones are fine.
    back: what to do where the clock jumps back: `refuse`, or `hold` the latest time so far, so that
        such parts count in the stretch that was running. Parts keep their order either way.
    Raises SpcError that names the first part out of order.
    """
    verdicts = truth_values(defective, "defective")
    stamps = ordered_stamps(stamps_ns, back=back)
    if len(stamps) != len(verdicts):
        raise SpcError(
            f"stamps_ns: expected one per part of defective, {len(verdicts)}; got {len(stamps)}"
        )
    if every_ns < 1:
        raise SpcError(f"every_ns: expected 1 ns or more, got {every_ns}")
    stretches, first, sizes = np.unique(stamps // every_ns, return_index=True, return_counts=True)
    defectives = np.add.reduceat(verdicts.astype(np.int64), first)
    return TimedSubgroups(defectives, sizes.astype(np.int64), stretches * every_ns)


def times_between(
    defective: ArrayLike, stamps_ns: ArrayLike, *, back: ClockBack = "refuse"
) -> Counts:
    """Nanoseconds between defective parts, for the t chart; shape (defective parts - 1,).

    Two at the same time are 0 apart. Arguments as for subgroups_by_time. Raises SpcError, also
    with fewer than two defective parts.
    """
    verdicts = truth_values(defective, "defective")
    stamps = ordered_stamps(stamps_ns, back=back)
    if len(stamps) != len(verdicts):
        raise SpcError(
            f"stamps_ns: expected one per part of defective, {len(verdicts)}; got {len(stamps)}"
        )
    if np.count_nonzero(verdicts) < 2:
        raise SpcError("defective: expected 2 defective parts or more to have times between them")
    return np.diff(stamps[verdicts])


def ordered_stamps(stamps_ns: ArrayLike, *, back: ClockBack = "refuse") -> Counts:
    """Time stamps that never go back, shape (n,): as given, or held. Raises SpcError."""
    if back not in ("refuse", "hold"):
        raise SpcError(f"back: expected refuse or hold, got {back!r}")
    given = np.asarray(stamps_ns)
    if given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iu":
        raise SpcError(
            "stamps_ns: expected whole nanoseconds, one per part; got "
            f"{given.dtype} of shape {given.shape}"
        )
    stamps = given.astype(np.int64)
    latest = np.maximum.accumulate(stamps)
    if back == "refuse" and (stamps < latest).any():
        at = int(np.argmax(stamps < latest))
        seconds = (int(latest[at]) - int(stamps[at])) / 1e9
        raise SpcError(
            f"stamps_ns[{at}]: the clock went back by {seconds:g} s; sort the parts by part "
            "number, and take back='hold' to keep the latest time"
        )
    return latest
