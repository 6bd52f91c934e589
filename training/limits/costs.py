"""What wrong verdicts cost, and what a set of limits is therefore expected to cost per part."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from training.errors import TrainingError
from training.limits.scores import Bools, Floats, PartScores


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs in any one unit.

    escape: of a defective part that passes; escape_of: the same for single classes. A part with
        defects of several classes costs what the dearest does.
    reject: of a good part that is rejected.
    look: of a person's look at a part in doubt; None where nobody is asked. The person is taken to
        be right.
    defect_rate: share of defective parts among those that reach the station.
    """

    escape: float
    reject: float
    defect_rate: float
    escape_of: Mapping[str, float] = field(default_factory=dict[str, float])
    look: float | None = None

    def check(self, classes: Iterable[str]) -> None:
        """Raise TrainingError for costs that cannot be, and for classes that are not known."""
        known = tuple(classes)
        unknown = sorted(set(self.escape_of) - set(known))
        if unknown:
            raise TrainingError(
                f"a cost for {unknown[0]!r}, of which neither model nor data know; they know "
                f"{', '.join(known)}"
            )
        costs = [self.escape, self.reject, *self.escape_of.values()]
        if not all(np.isfinite(cost) and cost > 0.0 for cost in costs):
            raise TrainingError(f"costs must be numbers above 0, got {costs}")
        if self.look is not None and not (np.isfinite(self.look) and self.look >= 0.0):
            raise TrainingError(f"the cost of a look must be a number from 0 up, got {self.look}")
        if not 0.0 < self.defect_rate < 1.0:
            raise TrainingError(
                f"the defect rate must lie between 0 and 1, got {self.defect_rate}: it is the "
                "share of defective parts that reach the station"
            )

    def of_escape(self, defects: frozenset[str]) -> float:
        """What it costs when a part with these defects passes."""
        return max(self.escape_of.get(name, self.escape) for name in defects)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What each known part adds to the expected cost of a part on the line, shape (n,).

    escape: when it passes (0 for a good one). reject: when it is rejected (0 for a defective one).
    look: when a person looks at it.
    """

    escape: Floats
    reject: Floats
    look: Floats

    def expected(self, rejected: Bools, looked: Bools | None = None) -> float:
        """Expected cost per part; `looked`: in doubt, neither rejected nor passed unseen."""
        looked = np.zeros_like(rejected) if looked is None else looked
        passed = ~rejected & ~looked
        total = self.escape[passed].sum() + self.reject[rejected].sum() + self.look[looked].sum()
        return float(total)


def weigh(parts: PartScores, costs: Costs) -> Weights:
    """Weights such that the known parts stand for the line: defective ones at the defect rate.

    Within the defective ones each class is as frequent as in the data.
    Raises TrainingError without defective or without good parts.
    """
    bad = parts.is_bad
    defective, good = int(bad.sum()), int((~bad).sum())
    if not defective or not good:
        raise TrainingError(
            f"{defective} defective and {good} good parts to choose limits on: both kinds are "
            "needed, since one says what escapes and the other what is rejected wrongly"
        )
    share = np.where(bad, costs.defect_rate / defective, (1.0 - costs.defect_rate) / good)
    escape = [costs.of_escape(each) if each else 0.0 for each in parts.defects]
    return Weights(
        share * np.array(escape),
        share * np.where(bad, 0.0, costs.reject),
        share * (0.0 if costs.look is None else costs.look),
    )
