"""The p chart as the screens draw it: the latest subgroups against the frozen limits."""

from fractions import Fraction
from typing import Any

from inspection.recipe import Chart, parse_recipe
from inspection.records.query import RecordReader, Run
from inspection.records.subgroups import Subgroup, SubgroupHistory
from inspection.spc.attributes import p_chart
from inspection.spc.result import ControlChart

Json = dict[str, Any]

SUBGROUPS_SHOWN = 40


class ChartView:
    """Keeps the subgroups read so far; reads only what is new. Called by one thread at a time."""

    def __init__(self) -> None:
        self._of: tuple[RecordReader, str] | None = None
        self._settings = Chart()
        self._history: SubgroupHistory | None = None

    def read(self, reader: RecordReader, run: Run) -> Json:
        """The chart of the run's recipe; without limits until its baseline is complete.

        Raises RecordsError, and RecipeError when this Passline cannot read the recipe.
        """
        if self._history is None or self._of != (reader, run.start.recipe_digest):
            where = f"recipe of run {run.run_id}"
            self._settings = parse_recipe(run.start.recipe_toml, where).chart
            self._history = SubgroupHistory(reader, self._settings.subgroup_parts)
            self._of = reader, run.start.recipe_digest
        subgroups = self._history.read()
        baseline = subgroups[: self._settings.baseline_subgroups]
        frozen = len(baseline) == self._settings.baseline_subgroups
        shown = subgroups[-SUBGROUPS_SHOWN:]
        chart = _against(shown, baseline) if frozen else None
        return {
            "subgroup_parts": self._settings.subgroup_parts,
            "baseline_subgroups": self._settings.baseline_subgroups,
            "frozen": frozen,
            "center": None if chart is None else float(chart.center[0]),
            "points": [_point(subgroup, chart, at) for at, subgroup in enumerate(shown)],
        }


def _against(shown: tuple[Subgroup, ...], baseline: tuple[Subgroup, ...]) -> ControlChart:
    center = Fraction(sum(s.defectives for s in baseline), sum(s.size for s in baseline))
    return p_chart(
        [s.defectives for s in shown], [s.size for s in shown], center=center, rules=("nelson1",)
    )


def _point(subgroup: Subgroup, chart: ControlChart | None, at: int) -> Json:
    return {
        "first_part": subgroup.first_part,
        "last_part": subgroup.last_part,
        "defectives": subgroup.defectives,
        "size": subgroup.size,
        "value": subgroup.defectives / subgroup.size,
        "lower": None if chart is None else float(chart.lower[at]),
        "upper": None if chart is None else float(chart.upper[at]),
        "signal": chart is not None and bool(chart.signalling[at]),
    }
