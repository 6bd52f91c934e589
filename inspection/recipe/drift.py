"""The section of a recipe on drift: what is held against the champion's first parts, and how."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from inspection.recipe.charts import DriftChart
from inspection.recipe.section import Positive, Section

Quantity = Literal[
    "score", "finding_px", "brightness", "sharpness", "noise", "vignetting", "saturated"
]
_OF_MODEL = frozenset({"score", "finding_px"})


class DriftWatch(Section):
    """Whole distributions against those of phase I: see docs/models-on-the-line.md.

    reference_parts: of phase I, after a promotion, or a change of what ends a chart's limits.
    parts: of each look after that; no part is looked at twice.
    false_alarm_days: of the running line, between two false alarms of all these charts together.
    of: the quantities; none for no such charts.
    """

    reference_parts: Annotated[int, Field(ge=50, le=10_000)] = 2000
    parts: Annotated[int, Field(ge=20, le=5000)] = 500
    false_alarm_days: Positive = 30.0
    of: list[Quantity] = list(get_args(Quantity))

    def charts(self, cameras: int) -> tuple[DriftChart, ...]:
        """The charts that the watch draws for so many cameras; of pictures, one for each camera."""
        wanted = tuple(dict.fromkeys(self.of))
        together = sum(1 if each in _OF_MODEL else cameras for each in wanted)
        return tuple(
            DriftChart(
                name=f"drift-{'finding-size' if each == 'finding_px' else each}",
                kind="ks",
                of=each,
                subgroup=self.parts,
                reference_parts=self.reference_parts,
                false_alarm_days=self.false_alarm_days,
                together=together,
            )
            for each in wanted
        )
