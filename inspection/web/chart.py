"""The chart of rejects as the first screen draws it: the latest subgroups that the watch has."""

from typing import Any

from inspection.recipe import Recipe, parse_recipe
from inspection.recipe.charts import RateChart
from inspection.records.charts import ChartPoint, WatchedChart
from inspection.records.query import Run
from inspection.records.watch_reader import WatchReader

Json = dict[str, Any]

SUBGROUPS_SHOWN = 40


def read_chart(watch: WatchReader, run: Run) -> Json:
    """The first chart of reject rates of the run's recipe; `subgroup` is None where it has none.

    Points of phase I have no limits until these are frozen. Raises RecordsError, and RecipeError
    when this Passline cannot read the recipe.
    """
    section = _section(parse_recipe(run.start.recipe_toml, f"recipe of run {run.run_id}"))
    chart = None if section is None else watch.chart(section.name)
    points = [] if chart is None else watch.points(chart.chart_id, last=SUBGROUPS_SHOWN)
    center = _center(watch, chart)
    return {
        "subgroup": None if section is None else section.subgroup,
        "baseline_subgroups": None if section is None else section.baseline_subgroups,
        "frozen": center is not None,
        "center": center,
        "points": [_point(point) for point in points],
    }


def _section(recipe: Recipe) -> RateChart | None:
    rates = (chart for chart in recipe.charts if isinstance(chart, RateChart))
    return next((chart for chart in rates if chart.of == "rejects"), None)


def _center(watch: WatchReader, chart: WatchedChart | None) -> float | None:
    """The center of the present stage; None in phase I."""
    stages = [] if chart is None else watch.stages(chart.chart_id)
    limits = stages[-1].limits if stages else None
    return None if limits is None else limits.center


def _point(point: ChartPoint) -> Json:
    return {
        "first_part": point.first_part,
        "last_part": point.last_part,
        "defectives": round(point.total),
        "size": point.size,
        "value": point.value,
        "lower": point.lower,
        "upper": point.upper,
        "signal": bool(point.rules),
    }
