"""From findings and limits to a verdict: pure, so that a record can be replayed bit for bit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.findings import Finding


class Outcome(StrEnum):
    """What the station says of a part."""

    PASS = "pass"
    REJECT = "reject"


class ReasonKind(StrEnum):
    """Why a part was rejected, or passed only for a person to look at."""

    DEFECT = "defect"  # a finding at or above its class's limits
    DOUBT = "doubt"  # a finding in the doubt band below the score limit
    LOST = "lost"  # no picture came for the trigger
    INCOMPLETE = "incomplete"  # the picture came torn
    LATE = "late"  # picture or verdict came after the part's time
    NO_ANSWER = "no_answer"  # the model gave NaN, a wrong shape or an error


NOT_INSPECTED = frozenset(
    {ReasonKind.LOST, ReasonKind.INCOMPLETE, ReasonKind.LATE, ReasonKind.NO_ANSWER}
)


class OnDoubt(StrEnum):
    """What happens to a part whose worst finding lies in the doubt band."""

    REJECT = "reject"
    REVIEW = "review"  # it passes, and a person is asked to look at its picture


@dataclass(frozen=True, slots=True)
class Limit:
    """A finding rejects from `score` and `area_px` on; from `doubt_score` on it is doubtful."""

    score: float
    area_px: float
    doubt_score: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force, per defect class, with what happens on doubt."""

    by_class: Mapping[str, Limit]
    on_doubt: OnDoubt


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict: what kind, which class or cause, in words.

    view: whose picture it was; empty for a part of one view.
    """

    kind: ReasonKind
    detail: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """PASS or REJECT with its reasons; `review` asks a person to look at a part that passed."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    review: bool = False

    @property
    def inspected(self) -> bool:
        return not any(reason.kind in NOT_INSPECTED for reason in self.reasons)


def judge(findings: Iterable[Finding], limits: Limits) -> Verdict:
    """The verdict on a part with these findings.

    A finding of a class without limits rejects: nobody said that it may pass.
    """
    defects: list[Reason] = []
    doubts: list[Reason] = []
    for finding in findings:
        limit = limits.by_class.get(finding.class_name)
        if limit is None:
            defects.append(Reason(ReasonKind.DEFECT, finding.class_name))
        elif finding.area_px < limit.area_px:
            continue
        elif finding.score >= limit.score:
            defects.append(Reason(ReasonKind.DEFECT, finding.class_name))
        elif finding.score >= limit.doubt_score:
            doubts.append(Reason(ReasonKind.DOUBT, finding.class_name))
    reasons = tuple(dict.fromkeys(defects + doubts))
    if defects or (doubts and limits.on_doubt is OnDoubt.REJECT):
        return Verdict(Outcome.REJECT, reasons)
    return Verdict(Outcome.PASS, reasons, review=bool(doubts))


def union(by_view: Mapping[str, Verdict]) -> Verdict:
    """The verdict on a part of several views: all their reasons; it passes when each view does."""
    if len(by_view) == 1:
        return next(iter(by_view.values()))
    reasons = tuple(
        Reason(reason.kind, reason.detail, view)
        for view, verdict in by_view.items()
        for reason in verdict.reasons
    )
    verdicts = by_view.values()
    if any(verdict.outcome is Outcome.REJECT for verdict in verdicts):
        return Verdict(Outcome.REJECT, reasons)
    return Verdict(Outcome.PASS, reasons, any(verdict.review for verdict in verdicts))


def not_inspected(kind: ReasonKind, detail: str) -> Verdict:
    """The verdict on a part that could not be judged: law 1, it does not pass."""
    if kind not in NOT_INSPECTED:
        raise ValueError(f"{kind} is a reason of an inspected part")
    return Verdict(Outcome.REJECT, (Reason(kind, detail),))
