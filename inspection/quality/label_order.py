"""In which order parts are worth a person's label: pure, and the same for the same candidates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from inspection.records.candidates import Candidate, Why

_RANKS = {why: rank for rank, why in enumerate(Why)}


@dataclass(frozen=True, slots=True)
class Queued:
    """A part in the queue, with all that speaks for it, the most worth first."""

    part_number: int
    reasons: tuple[Candidate, ...]

    @property
    def why(self) -> Why:
        return self.reasons[0].why

    @property
    def strength(self) -> float:
        """All reasons together: the chance that one of them holds, were they independent."""
        return 1.0 - prod(1.0 - reason.strength for reason in self.reasons)


def in_order(
    candidates: Iterable[Candidate], settled_utc_ns: Mapping[int, int]
) -> tuple[Queued, ...]:
    """The queue: escapes, disagreements, those of the shadow, near the limit, then novel parts.

    Within a kind the part that most speaks for comes first, the newer one of two alike. What was
    answered since its reason arose is left out.
    settled_utc_ns: when a part was last answered, by part number.
    """
    open_by_part: dict[int, dict[tuple[Why, str], Candidate]] = {}
    for each in candidates:
        if settled_utc_ns.get(each.part_number, -1) < each.since_utc_ns:
            open_by_part.setdefault(each.part_number, {})[each.why, each.said] = each
    queue = [
        Queued(
            part_number,
            tuple(sorted(reasons.values(), key=lambda r: (_RANKS[r.why], -r.strength, r.said))),
        )
        for part_number, reasons in open_by_part.items()
    ]
    queue.sort(key=lambda part: (_RANKS[part.why], -part.strength, -part.part_number))
    return tuple(queue)
