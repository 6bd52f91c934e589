"""A shadow's trial: what people said of the parts on which it disagrees, and what follows.

Only disagreements tell two models apart. Where a person has said which of the two was right, the
pair is a fair coin if the shadow is no better; Wald's test follows these coins, one by one, and
may be looked at after each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inspection.judge import Outcome
from inspection.recipe.succession import ShadowTrial
from inspection.records.desk import Desk
from inspection.records.shadow_reader import Disagreement, ShadowReader, TrialCounts
from inspection.spc.sequential import Decision, SprtDesign, SprtState, sprt
from models.registry import Registry

_PAGE = 1000


class Proposal(StrEnum):
    """What a trial proposes; a person, or the gate, decides."""

    PROMOTE = "promote"
    KEEP = "keep the champion"
    MORE = "more needed"


@dataclass(frozen=True, slots=True)
class Answers:
    """What people said of disagreements.

    shadow_right, champion_right: answered disagreements, by who was right.
    caught: bad parts that the champion passed and the shadow would have rejected; let_through: bad
        parts that the shadow would have passed and the champion rejected.
    """

    shadow_right: int
    champion_right: int
    caught: int
    let_through: int

    @property
    def answered(self) -> int:
        return self.shadow_right + self.champion_right


@dataclass(frozen=True, slots=True)
class Trial:
    """Where the trial of a shadow stands. waiting: disagreements that nobody answered."""

    counts: TrialCounts
    answers: Answers
    waiting: tuple[Disagreement, ...]
    test: SprtState
    proposal: Proposal
    because: str

    def sentence(self) -> str:
        """The trial in one line."""
        counts = self.counts
        return (
            f"shadow {counts.label}: {counts.parts} parts, {counts.disagreements} disagreements, "
            f"{self.answers.answered} answered; proposal: {self.proposal} ({self.because})"
        )


def read_trial(
    registry: Registry, name: str, plan: ShadowTrial, shadows: ShadowReader, desk: Desk
) -> Trial | None:
    """The trial of the shadow of this model name; None without a shadow, or before its first part.

    Raises RecordsError or RegistryError when the station's data cannot be read.
    """
    standing = registry.standing(name)
    if standing.shadow is None or standing.champion is None:
        return None
    digests = {event.label: event.digest for event in registry.history()}
    digest, champion_digest = digests[standing.shadow], digests[standing.champion]
    counts = shadows.counts(digest, champion_digest)
    if counts is None:
        return None
    return judge_trial(counts, _all(shadows, counts), truths(desk), plan)


def judge_trial(
    counts: TrialCounts,
    disagreements: Iterable[Disagreement],
    champion_was_right: Mapping[int, bool],
    plan: ShadowTrial,
) -> Trial:
    """The trial, with what people said of parts by their number."""
    found = tuple(disagreements)
    answered = [
        (each, champion_was_right[each.part_number])
        for each in found
        if each.part_number in champion_was_right
    ]
    answers = Answers(
        shadow_right=sum(not right for _, right in answered),
        champion_right=sum(right for _, right in answered),
        caught=sum(not right and each.champion is Outcome.PASS for each, right in answered),
        let_through=sum(right and each.champion is Outcome.REJECT for each, right in answered),
    )
    design = SprtDesign(alternative=plan.better, alpha=plan.alpha, beta=plan.beta)
    test = sprt(answers.shadow_right, answers.champion_right, design)
    proposal, because = _propose(counts, answers, test, plan)
    waiting = tuple(each for each in found if each.part_number not in champion_was_right)
    return Trial(counts, answers, waiting, test, proposal, because)


def truths(desk: Desk) -> dict[int, bool]:
    """Whether the verdict on a part was right, by part number, of the parts that anybody judged.

    A part that came back from the field is bad, whatever was said of it before.
    """
    said = {number: review.agrees for number, review in desk.reviews().items()}
    escaped = {entry.part_number for entry in desk.escapes()}
    returned = {entry.part_number: entry.part_number not in escaped for entry in desk.returns()}
    return said | returned


def _propose(
    counts: TrialCounts, answers: Answers, test: SprtState, plan: ShadowTrial
) -> tuple[Proposal, str]:
    if counts.no_answer:
        return Proposal.KEEP, f"the shadow gave no answer on {counts.no_answer} parts"
    shares = f"right on {answers.shadow_right} of {answers.answered}"
    if test.decision is Decision.NO:
        return Proposal.KEEP, f"{shares}: a shadow worth it seldom is so bad, beta {plan.beta:g}"
    if counts.parts < plan.after_parts:
        return Proposal.MORE, f"{plan.after_parts} parts at least"
    if test.decision is Decision.OPEN:
        return Proposal.MORE, f"{shares} answered disagreements does not tell them apart yet"
    more = answers.let_through - answers.caught
    if more > 0:
        return Proposal.MORE, f"{shares}, but {more} bad parts more would have passed"
    return Proposal.PROMOTE, f"{shares} answered disagreements, alpha {plan.alpha:g}"


def _all(shadows: ShadowReader, counts: TrialCounts) -> list[Disagreement]:
    found: list[Disagreement] = []
    while True:
        after = found[-1].part_number if found else -1
        page = shadows.disagreements(
            counts.digest, counts.champion_digest, after=after, limit=_PAGE
        )
        found += page
        if len(page) < _PAGE:
            return found


def read_station_trial(
    folder: Path, registry: Registry, name: str, plan: ShadowTrial
) -> Trial | None:
    """`read_trial` on a data folder, for those who look once."""
    shadows, desk = ShadowReader(folder), Desk(folder)
    try:
        return read_trial(registry, name, plan, shadows, desk)
    finally:
        desk.close()
        shadows.close()
