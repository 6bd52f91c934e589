"""What limits do to known parts, with what that says of the parts to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspection.spc.intervals import clopper_pearson
from models.card import Rate
from training.limits.costs import Weights
from training.limits.scores import Bools, Floats, PartScores
from training.measuring.evaluate import CONFIDENCE, rate


@dataclass(frozen=True, slots=True)
class PartFigures:
    """Counted in parts, each rate with its exact interval.

    escapes: defective parts that pass unseen by a person. false_rejects: good parts rejected.
    defective_looked, good_looked: parts that go to a person.
    looked: the share of all parts on the line that go to a person, lower and upper bound of it
        (with at least 95 % confidence) and n; None without a doubt band.
    cost: expected per part on the line.
    """

    parts: int
    pictures: int
    escapes: Rate
    false_rejects: Rate
    escapes_by_class: dict[str, Rate]
    defective_looked: Rate
    good_looked: Rate
    looked: tuple[float, float, float] | None
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        looked = None
        if self.looked is not None:
            share, lower, upper = self.looked
            looked = {"rate": share, "lower": lower, "upper": upper, "n": self.parts}
        return {
            "parts": self.parts,
            "pictures": self.pictures,
            "escapes": self.escapes.model_dump(),
            "false_rejects": self.false_rejects.model_dump(),
            "escapes_by_class": {k: v.model_dump() for k, v in self.escapes_by_class.items()},
            "to_a_person": looked,
            "defective_to_a_person": self.defective_looked.model_dump(),
            "good_to_a_person": self.good_looked.model_dump(),
            "expected_cost_per_part": self.cost,
        }


def part_figures(
    parts: PartScores, weights: Weights, limits: Floats, doubt: Floats | None, defect_rate: float
) -> PartFigures:
    """Count what limits, and doubt limits below them, do to the parts; shape (classes,) each."""
    bad, rejected = parts.is_bad, parts.rejected(limits)
    looked = ~rejected & (parts.rejected(limits if doubt is None else doubt))
    passed = ~rejected & ~looked
    names = sorted({name for each in parts.defects for name in each})
    of_class = {name: [name in each for each in parts.defects] for name in names}
    defective_looked, good_looked = _share(looked, bad), _share(looked, ~bad)
    return PartFigures(
        parts=len(parts.parts),
        pictures=int(parts.pictures.sum()),
        escapes=_share(passed, bad),
        false_rejects=_share(rejected, ~bad),
        escapes_by_class={name: _share(passed, members) for name, members in of_class.items()},
        defective_looked=defective_looked,
        good_looked=good_looked,
        looked=None if doubt is None else _mixed(defective_looked, good_looked, defect_rate),
        cost=weights.expected(rejected, looked),
    )


def _share(happened: Bools, among: Bools | Sequence[bool]) -> Rate:
    return rate(int(happened[among].sum()), int(sum(among)))


def _mixed(defective: Rate, good: Rate, defect_rate: float) -> tuple[float, float, float]:
    """The share on the line, and bounds that hold when both intervals do.

    Each is taken at half the error, so that together they keep the confidence (Bonferroni).
    """
    sure = 1.0 - (1.0 - CONFIDENCE) / 2.0
    parts = [(defect_rate, defective), (1.0 - defect_rate, good)]
    bounds = [(share, clopper_pearson(each.events, each.n, sure)) for share, each in parts]
    return (
        sum(share * each.rate for share, each in parts),
        sum(share * lower for share, (lower, _) in bounds),
        sum(share * upper for share, (_, upper) in bounds),
    )
