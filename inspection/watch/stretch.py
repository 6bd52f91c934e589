"""A stretch of parts in which nothing changed, and what each chart observes in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inspection.records.charts import HEALTH, Measure
from inspection.records.part_columns import Bools, PartColumns
from inspection.watch.observed import Floats, Ints, Observed


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """What people said of the parts of a page: who was reviewed, and who of these overruled."""

    reviewed: Bools
    overruled: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Parts of a page from index `start` up to before `end`.

    utc_ns, running_ns: of all parts of the page, see `Observed`. reviews: None before any.
    """

    parts: PartColumns
    utc_ns: Ints
    running_ns: Ints
    start: int
    end: int
    reviews: Reviews | None = None

    @property
    def inspected(self) -> int:
        """How many of its parts were inspected."""
        return int(self.parts.inspected[self.start : self.end].sum())

    def verdicts(self) -> Observed:
        """1 for a reject that nobody overruled, else 0, of inspected parts."""
        rejected = self.parts.rejected
        if self.reviews is not None:
            rejected = rejected & ~self.reviews.overruled
        return self._of_inspected(rejected.astype(np.float64))

    def false_rejects(self) -> Observed:
        """1 for a reject that was overruled, 0 for one that was confirmed, of reviewed rejects."""
        if self.reviews is None:
            return self._at(np.empty(0, np.int64), np.empty(0))
        rejects = self.parts.inspected & self.parts.rejected & self.reviews.reviewed
        return self._at(self._within(rejects), self.reviews.overruled.astype(np.float64))

    def verdicts_on(self, class_name: str) -> Observed:
        """1 for a reject for this class, else 0, of inspected parts."""
        found = np.zeros(len(self.parts))
        found[self.parts.classes.get(class_name, [])] = 1.0
        return self._of_inspected(found)

    def scores(self) -> Observed:
        """The model's scores of inspected parts."""
        score = self.parts.score
        return self._at(self._within(self.parts.inspected & ~np.isnan(score)), score)

    def finding_sizes(self) -> Observed:
        """The area of the largest finding of inspected parts that have one."""
        sizes = self.parts.finding_px
        return self._at(self._within(self.parts.inspected & ~np.isnan(sizes)), sizes)

    def first_inspected(self) -> Observed:
        """The first inspected part alone; empty where there is none."""
        return self.verdicts().piece(0, 1)

    def classes(self) -> Iterator[str]:
        """Classes that parts were rejected for."""
        for name, at in self.parts.classes.items():
            if ((at >= self.start) & (at < self.end)).any():
                yield name

    def cameras(self) -> Iterator[str]:
        """Cameras whose pictures' health was measured."""
        for camera, health in self.parts.health.items():
            if ((health.at >= self.start) & (health.at < self.end)).any():
                yield camera

    def health(self, camera: str, measure: Measure) -> Observed:
        """A measure of this camera's pictures."""
        found = self.parts.health.get(camera)
        if found is None:
            return self._at(np.empty(0, np.int64), np.empty(0))
        within = (found.at >= self.start) & (found.at < self.end)
        at, values = found.at[within], found.values[within, HEALTH.index(measure)]
        return Observed(self.parts.part_number[at], self.utc_ns[at], self.running_ns[at], values)

    def _of_inspected(self, values: Floats) -> Observed:
        return self._at(self._within(self.parts.inspected), values)

    def _within(self, wanted: Bools) -> Ints:
        return np.flatnonzero(wanted[self.start : self.end]) + self.start

    def _at(self, at: Ints, values: Floats) -> Observed:
        return Observed(
            self.parts.part_number[at], self.utc_ns[at], self.running_ns[at], values[at]
        )
