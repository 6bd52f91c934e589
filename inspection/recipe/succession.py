"""The sections of a recipe on how one model follows another: the shadow, and the guard after it."""

from typing import Annotated, Literal

from pydantic import Field

from inspection.recipe.charts import GuardChart
from inspection.recipe.section import Count, Section

Chance = Annotated[float, Field(gt=0.0, le=0.5)]


class ShadowTrial(Section):
    """When a shadow's trial ends: see docs/models-on-the-line.md.

    after_parts: so many parts at least, before a promotion is proposed.
    better: share of the answered disagreements that the shadow is to be right on.
    alpha: chance of proposing one that is right on half of them, at most.
    beta: chance of turning one down that is as good as `better`, at most.
    """

    after_parts: Count = 300
    better: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.75
    alpha: Chance = 0.05
    beta: Chance = 0.1


class PromotionGuard(Section):
    """What is watched on the first `parts` parts of a new champion.

    action: roll it back when a rate leaves its bound, only say so, or no guard at all.
    baseline_parts: the latest parts of the champion before that the bound comes from, at most.
    false_alarm: chance of a signal although nothing changed, per promotion, at most.
    escape_rate: share of these parts that may turn out to have escaped; more is a signal, whenever
        they come back.
    """

    action: Literal["roll_back", "propose", "off"] = "roll_back"
    parts: Annotated[int, Field(ge=20, le=1_000_000)] = 2000
    baseline_parts: Annotated[int, Field(ge=20, le=1_000_000)] = 10_000
    false_alarm: Chance = 0.01
    escape_rate: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.001

    @property
    def charts(self) -> tuple[GuardChart, ...]:
        """The guards that the watch draws."""
        if self.action == "off":
            return ()
        return (
            self._chart("guard-rejects", "rejects", "above", "below"),
            self._chart("guard-false-rejects", "false_rejects", "above"),
            self._chart("guard-escapes", "escapes", "above", bound=self.escape_rate),
        )

    def _chart(
        self,
        name: str,
        of: Literal["rejects", "false_rejects", "escapes"],
        *sides: Literal["above", "below"],
        bound: float | None = None,
    ) -> GuardChart:
        return GuardChart(
            name=name,
            kind="guard",
            of=of,
            sides=sides,
            action="propose" if self.action == "off" else self.action,
            parts=self.parts,
            baseline_parts=self.baseline_parts,
            false_alarm=self.false_alarm,
            bound=bound,
        )
