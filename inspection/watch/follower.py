"""Follows the parts in order, and has charts drawn from one change at the station to the next."""

from collections.abc import Callable
from dataclasses import dataclass

from inspection.recipe.charts import StationChart
from inspection.records.part_columns import RUN, PartColumns
from inspection.watch.board import Board
from inspection.watch.hours import Hours
from inspection.watch.memory import Memory, Place, RunFacts
from inspection.watch.observed import hold_clock, running_time
from inspection.watch.sheet import Sheet
from inspection.watch.stretch import Reviews, Stretch

FactsOf = Callable[[int], RunFacts]
ChartsOf = Callable[[int], tuple[StationChart, ...]]


@dataclass(slots=True)
class Follower:
    """Draws on a board. charts_of: the charts it is to draw in a run. hours: rolled up as well."""

    board: Board
    memory: Memory
    facts_of: FactsOf
    charts_of: ChartsOf
    hours: Hours | None = None

    def resume(self) -> None:
        """Draw the charts of the run in which the last part was."""
        if self.memory.run is not None:
            self.board.want(self.charts_of(self.memory.run))

    def take(
        self, parts: PartColumns, end: int, sheet: Sheet, reviews: Reviews | None = None
    ) -> None:
        """Watch the first `end` of these parts."""
        memory, start = self.memory, 0
        latest_ns = int(parts.captured_utc_ns[0]) if memory.held_ns is None else memory.held_ns
        utc_ns = hold_clock(parts.captured_utc_ns, latest_ns)
        first_ns = int(utc_ns[0]) if memory.held_ns is None else memory.held_ns
        running_ns = running_time(utc_ns, first_ns, memory.running_ns)
        for change in parts.changes:
            if change.at >= end:
                break
            if not memory.differs(change):
                continue
            self._draw(Stretch(parts, utc_ns, running_ns, start, change.at, reviews), sheet)
            start = change.at
            place = Place(int(parts.part_number[start]), int(utc_ns[start]))
            facts = self.facts_of(int(change.value)) if change.what == RUN else None
            memory.apply(change, place, facts, sheet)
            if change.what == RUN:
                self.board.want(self.charts_of(int(change.value)))
        self._draw(Stretch(parts, utc_ns, running_ns, start, end, reviews), sheet)
        memory.held_ns, memory.running_ns = int(utc_ns[end - 1]), int(running_ns[end - 1])

    def _draw(self, stretch: Stretch, sheet: Sheet) -> None:
        if stretch.end == stretch.start:
            return
        self.board.take(stretch, self.memory, sheet)
        if self.hours is not None:
            self.hours.take(stretch, self.memory)
