"""What people say of rejects, as charts see it: false rejects, and rejects less those."""

from dataclasses import replace

import numpy as np

from inspection.records.part_columns import PartColumns, PartReader
from inspection.records.review_reader import ReviewReader
from inspection.watch.follower import Follower
from inspection.watch.limits import DAY_NS
from inspection.watch.observed import HOUR_NS, Observed
from inspection.watch.sheet import Sheet
from inspection.watch.standing import Standing

_REVIEWS_A_STEP = 1000

WAIT_NS = DAY_NS
"""A reject that nobody reviewed within this time of the line counts as it stands."""


class ReviewedParts:
    """Follows the parts behind the watch, as far as their rejects are reviewed."""

    def __init__(self, follower: Follower, parts: PartReader, reviews: ReviewReader) -> None:
        self._follower = follower
        self._parts = parts
        self._reviews = reviews
        self._waits_for: tuple[int, int] | None = None

    def step(self, standing: Standing, limit: int, sheet: Sheet) -> int:
        """Watch parts up to the first reject that waits for its review; gives their number."""
        held_ns = standing.memory.held_ns
        if held_ns is None or standing.reviewed_part >= standing.last_part:
            return 0
        now = self._reviews.newest(), held_ns // HOUR_NS
        if self._waits_for == now:
            return 0
        found = self._parts.after(standing.reviewed_part, limit)
        end = int((found.part_number <= standing.last_part).sum())
        reviews = self._reviews.of_parts(int(found.part_number[0]), int(found.part_number[-1]))
        until = _first_waiting(found, end, reviews, held_ns)
        self._waits_for = now if until < end else None
        if until:
            self._follower.take(_less_overruled(found, reviews), until, sheet)
            standing.reviewed_part = int(found.part_number[until - 1])
        return until


def take_false_rejects(
    standing: Standing, reviews: ReviewReader, follower: Follower, sheet: Sheet
) -> int:
    """Chart the next reviews of rejects, each part once; gives how many reviews were read."""
    before = standing.last_review
    found, standing.last_review = reviews.first_after(before, _REVIEWS_A_STEP)
    if found:
        memory = standing.memory
        observed = Observed(
            np.array([review.part_number for review in found], np.int64),
            np.array([review.at_utc_ns for review in found], np.int64),
            np.full(len(found), memory.running_ns, np.int64),
            np.array([review.overruled for review in found], np.float64),
        )
        follower.board.take_reviews(observed, memory, sheet)
    return standing.last_review - before


def _first_waiting(parts: PartColumns, end: int, reviews: dict[int, bool], held_ns: int) -> int:
    """Index of the first reject that waits for its review; `end` where none does."""
    for at in np.flatnonzero(parts.rejected[:end] & parts.inspected[:end]).tolist():
        reviewed = int(parts.part_number[at]) in reviews
        if not reviewed and held_ns - int(parts.captured_utc_ns[at]) < WAIT_NS:
            return at
    return end


def _less_overruled(parts: PartColumns, reviews: dict[int, bool]) -> PartColumns:
    overruled = [number for number, was in reviews.items() if was]
    return replace(parts, rejected=parts.rejected & ~np.isin(parts.part_number, overruled))
