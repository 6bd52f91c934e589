"""How a recipe judges: limits, doubt, several views, and what errors cost."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from inspection.recipe.section import Positive, Section


class ClassLimits(Section):
    """Overrides the card's limits of one defect class; score 0 to 1, area in px or in mm².

    doubt_score: from here on it is doubtful, instead of the recipe's doubt band below the limit.
    """

    score: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    doubt_score: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    area_px: Annotated[float, Field(ge=0.0)] | None = None
    area_mm2: Annotated[float, Field(ge=0.0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "ClassLimits":
        if self.area_px is not None and self.area_mm2 is not None:
            raise ValueError("give the area in px or in mm², not in both")
        return self


class Doubt(Section):
    """Scores less than `band` below a limit are doubtful; `action` says what then happens."""

    band: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    action: Literal["reject", "review"] = "reject"


class FusionChoice(Section):
    """How several views of a part come to one verdict.

    views: `any`: each is judged for itself, and the part passes when every view does. `mean`: the
        limits are held against each class's mean score over the views; for pictures of one and the
        same side.
    """

    views: Literal["any", "mean"] = "any"


class Costs(Section):
    """What errors cost, in any unit, for `passline limits`.

    escape: a defective part that passes; escape_of: the same for classes that cost more or less.
    reject: a good part that is rejected. look: a person's look at a part in doubt.
    defect_rate: share of defective parts on the line, before inspection.
    """

    escape: Positive = 100.0
    escape_of: dict[str, Positive] = {}
    reject: Positive = 1.0
    look: Positive | None = None
    defect_rate: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
