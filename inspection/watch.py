"""The watch: reads the records as they come and raises a signal when the p chart leaves its limits.

It may be killed and restarted at any moment: what it has seen and what it raised move on together.
"""

import time
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

from inspection.recipe import Chart, parse_recipe
from inspection.records.desk import Desk
from inspection.records.entries import Signal, WatchState
from inspection.records.query import RecordReader
from inspection.records.subgroups import Subgroup, subgroups_after
from inspection.spc.attributes import p_chart
from inspection.spc.result import ControlChart

_SUBGROUPS_PER_COMMIT = 200
_POLL_S = 0.25


class Watch:
    """Watches one data folder.

    The first subgroups are the baseline: when they are complete, their limits are frozen, and
    those of them outside raise signals as well. Then every subgroup is held against the limits
    once. The chart's settings are those of the recipe that ran last; other settings are another
    chart, which starts from the first part.
    """

    def __init__(self, folder: Path) -> None:
        """Raises RecordsError when the records or the desk cannot be used."""
        self._reader = RecordReader(folder)
        self._desk = Desk(folder)

    def close(self) -> None:
        self._reader.close()
        self._desk.close()

    def run(self, stop: Callable[[], bool], poll_s: float = _POLL_S) -> None:
        """Step until `stop` says so, then close. Raises RecordsError."""
        try:
            while not stop():
                if self.step() == 0:
                    time.sleep(poll_s)
        finally:
            self.close()

    def step(self) -> int:
        """Watch every subgroup that is complete by now; gives their number. Raises RecordsError."""
        run = self._reader.latest_run()
        if run is None:
            return 0
        settings = parse_recipe(run.start.recipe_toml, f"recipe of run {run.run_id}").chart
        watched = 0
        while new := self._advance(settings):
            watched += new
        return watched

    def _advance(self, settings: Chart) -> int:
        """One transaction's worth of subgroups; 0 when there are none, or another watch ran."""
        name = chart_name(settings)
        before = self._desk.watch_state(name)
        if before.subgroups == 0:
            new = self._subgroups(settings, -1, settings.baseline_subgroups)
            if len(new) < settings.baseline_subgroups:
                return 0
            baseline = (sum(s.defectives for s in new), sum(s.size for s in new))
        else:
            new = self._subgroups(settings, before.last_part, _SUBGROUPS_PER_COMMIT)
            if not new:
                return 0
            baseline = (before.baseline_defectives, before.baseline_inspected)
        after = WatchState(new[-1].last_part, before.subgroups + len(new), *baseline)
        raised = _signals(name, new, Fraction(*baseline))
        return len(new) if self._desk.advance_watch(name, before, after, raised) else 0

    def _subgroups(self, settings: Chart, after: int, limit: int) -> list[Subgroup]:
        return list(islice(subgroups_after(self._reader, after, settings.subgroup_parts), limit))


def chart_name(settings: Chart) -> str:
    """What signals of a p chart with these settings are filed under."""
    return f"p {settings.subgroup_parts}/{settings.baseline_subgroups}"


def _signals(name: str, subgroups: list[Subgroup], center: Fraction) -> list[Signal]:
    chart = p_chart(
        [subgroup.defectives for subgroup in subgroups],
        [subgroup.size for subgroup in subgroups],
        center=center,
        rules=("nelson1",),
    )
    return [_signal(name, subgroups[raised.at], chart, raised.at) for raised in chart.signals]


def _signal(name: str, subgroup: Subgroup, chart: ControlChart, at: int) -> Signal:
    return Signal(
        chart=name,
        first_part=subgroup.first_part,
        last_part=subgroup.last_part,
        defectives=subgroup.defectives,
        size=subgroup.size,
        center=float(chart.center[at]),
        lower=float(chart.lower[at]),
        upper=float(chart.upper[at]),
    )
