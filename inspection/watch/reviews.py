"""What people say of rejects, as charts see it: false rejects, and rejects less those."""

import numpy as np

from inspection.records.part_columns import PartColumns, PartReader
from inspection.records.review_reader import ReviewReader
from inspection.watch.follower import Follower
from inspection.watch.limits import DAY_NS
from inspection.watch.observed import HOUR_NS
from inspection.watch.sheet import Sheet
from inspection.watch.standing import Standing
from inspection.watch.stretch import Reviews

WAIT_NS = DAY_NS
"""A reject that nobody reviewed within this time of the line counts as it stands."""


class ReviewedParts:
    """Follows the parts behind the watch, in order, as far as their rejects are reviewed."""

    def __init__(self, follower: Follower, parts: PartReader, reviews: ReviewReader) -> None:
        self._follower = follower
        self._parts = parts
        self._reviews = reviews
        self._waits_since: tuple[int, int] | None = None

    def step(self, standing: Standing, limit: int, sheet: Sheet) -> int:
        """Watch parts up to the first reject that waits for its review; gives their number.

        Costs little while that reject waits: it is looked at again when a review or an hour came.
        """
        held_ns = standing.memory.held_ns
        if held_ns is None or standing.reviewed_part >= standing.last_part:
            return 0
        now = self._reviews.newest(), held_ns // HOUR_NS
        if self._waits_since == now:
            return 0
        found = self._parts.after(standing.reviewed_part, limit, health=False)
        end = int((found.part_number <= standing.last_part).sum())
        overruled = self._reviews.of_parts(int(found.part_number[0]), int(found.part_number[-1]))
        until = _first_waiting(found, end, overruled, held_ns)
        self._waits_since = now if until < end else None
        if until:
            self._follower.take(found, until, sheet, _reviews_of(found, overruled))
            standing.reviewed_part = int(found.part_number[until - 1])
        return until


def _first_waiting(parts: PartColumns, end: int, overruled: dict[int, bool], held_ns: int) -> int:
    """Index of the first reject that waits for its review; `end` where none does."""
    for at in np.flatnonzero(parts.rejected[:end] & parts.inspected[:end]).tolist():
        reviewed = int(parts.part_number[at]) in overruled
        if not reviewed and held_ns - int(parts.captured_utc_ns[at]) < WAIT_NS:
            return at
    return end


def _reviews_of(parts: PartColumns, overruled: dict[int, bool]) -> Reviews:
    numbers = [number for number, was in overruled.items() if was]
    return Reviews(np.isin(parts.part_number, list(overruled)), np.isin(parts.part_number, numbers))
