"""What on record speaks for labelling a part: pure functions over the records of one part."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from inspection.judge import Limit, Outcome
from inspection.records.candidates import Candidate, Why
from inspection.records.entries import Review
from inspection.records.record import PartRecord
from inspection.records.shadow_reader import Disagreement
from inspection.records.studies import Call, Study
from models.findings import Finding

NEAR_LIMIT = 0.15
"""How far a score may be from its limit and still say little about which side is right."""


def near_limit(record: PartRecord) -> Candidate | None:
    """A candidate where a finding's score, large enough to count, is near its limit or in doubt."""
    best = max(
        (
            (_nearness(finding, view.limits.by_class[finding.class_name]), finding)
            for view in record.views
            if view.limits is not None
            for finding in view.findings
            if finding.class_name in view.limits.by_class
        ),
        key=lambda pair: pair[0],
        default=None,
    )
    if best is None or best[0] <= 0.0:
        return None
    strength, finding = best
    said = f"{finding.class_name} {finding.score:.2f} is near its limit"
    return Candidate(record.part_number, Why.NEAR_LIMIT, strength, said, record.captured_utc_ns)


def disputed(words: Sequence[Review]) -> Candidate | None:
    """A candidate where two people said the opposite of a part, and nobody spoke since.

    words: the reviews of the part, in order of entry.
    """
    settled = True
    for before, after in pairwise(words):
        opposed = before.who != after.who and before.agrees != after.agrees
        settled = not (opposed and settled)
    if settled:
        return None
    before, after = words[-2:]
    said = f"{before.who} and {after.who} do not agree"
    return Candidate(after.part_number, Why.DISAGREEMENT, 1.0, said, after.at_utc_ns + 1)


def disputed_by_shadow(found: Disagreement, champion: str, shadow: str) -> Candidate:
    """A candidate for a part on which the champion and its shadow, by their labels, disagree.

    The more their scores are apart the more an answer says of the two; parts that passed come
    first, for a bad one among them has left. Any answer counts in the trial, also an early one.
    """
    apart = min(abs((found.score or 0.0) - (found.champion_score or 0.0)), 1.0)
    left = found.champion is Outcome.PASS
    said = f"{champion} says {found.champion}, its shadow {shadow} says {found.shadow}"
    strength = (left + apart) / 2.0
    return Candidate(found.part_number, Why.SHADOW, strength, said, since_utc_ns=0)


def disputed_in_study(study: Study, calls: Iterable[Call]) -> list[Candidate]:
    """Candidates for the parts of a study that were called bad and good."""
    made: dict[int, list[bool]] = {}
    for call in calls:
        made.setdefault(call.part_number, []).append(call.bad)
    candidates: list[Candidate] = []
    for part_number, bad in made.items():
        share = sum(bad) / len(bad)
        if 0.0 < share < 1.0:
            said = f"{sum(bad)} of {len(bad)} calls in study {study.title!r} say bad"
            strength = 4.0 * share * (1.0 - share)
            since = study.begun_utc_ns
            candidates.append(Candidate(part_number, Why.DISAGREEMENT, strength, said, since))
    return candidates


def _nearness(finding: Finding, limit: Limit) -> float:
    """1 at the limit and within the doubt band, 0 from NEAR_LIMIT on, or if too small to count."""
    if finding.area_px < limit.area_px:
        return 0.0
    if limit.doubt_score <= finding.score < limit.score:
        return 1.0
    away = max(limit.doubt_score - finding.score, finding.score - limit.score)
    return max(0.0, 1.0 - away / NEAR_LIMIT)
