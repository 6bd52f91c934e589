"""From findings and limits to a verdict: pure, so that a record can be replayed bit for bit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.findings import Finding
from models.fusion import fused_score, strongest


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


class Fusion(StrEnum):
    """How the views of a part come to one verdict."""

    ANY = "any"  # each view is judged for itself; the part passes when every view does
    MEAN = "mean"  # the limits are held against each class's mean score over the views


@dataclass(frozen=True, slots=True)
class Limit:
    """A finding rejects from `score` and `area_px` on; from `doubt_score` on it is doubtful."""

    score: float
    area_px: float
    doubt_score: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force, per defect class, with what happens on doubt and to several views.

    template: SHA-256 of the golden template that the view is compared with, where there is one.
    """

    by_class: Mapping[str, Limit]
    on_doubt: OnDoubt
    fusion: Fusion = Fusion.ANY
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a verdict: what kind, which class or cause, in words.

    view: whose picture it was; empty for a part of one view, and for all views together.
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model found on one view, and the limits in force there."""

    findings: tuple[Finding, ...]
    limits: Limits

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The findings that are large enough; of a class without limits any size is."""
        by_class = self.limits.by_class
        return tuple(
            finding
            for finding in self.findings
            if (limit := by_class.get(finding.class_name)) is None
            or finding.area_px >= limit.area_px
        )


def judge(findings: Iterable[Finding], limits: Limits) -> Verdict:
    """The verdict on a part with these findings.

    A finding of a class without limits rejects: nobody said that it may pass.
    """
    counting = Seen(tuple(findings), limits).counting
    return _verdict([(finding.class_name, finding.score) for finding in counting], limits)


def judge_views(by_view: Mapping[str, Verdict], seen: Sequence[Seen]) -> Verdict:
    """The verdict on a part, its views fused as their limits say.

    by_view: the verdict on each view for itself. seen: the views that were judged.
    With Fusion.MEAN areas are held against each view's own limits, and scores against those that
    all views share. A view that was not inspected rejects the part, whatever the others show: a
    mean without it is no mean.
    """
    whole = len(by_view) > 1 and all(verdict.inspected for verdict in by_view.values())
    if not whole or any(view.limits.fusion is Fusion.ANY for view in seen):
        return union(by_view)
    scores = fused_score([strongest(view.counting) for view in seen])
    return _verdict(scores.items(), seen[0].limits)


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


def _verdict(scores: Iterable[tuple[str, float]], limits: Limits) -> Verdict:
    """The verdict on scores, each with its class, of what is large enough to count."""
    defects: list[Reason] = []
    doubts: list[Reason] = []
    for class_name, score in scores:
        limit = limits.by_class.get(class_name)
        if limit is None or score >= limit.score:
            defects.append(Reason(ReasonKind.DEFECT, class_name))
        elif score >= limit.doubt_score:
            doubts.append(Reason(ReasonKind.DOUBT, class_name))
    reasons = tuple(dict.fromkeys(defects + doubts))
    if defects or (doubts and limits.on_doubt is OnDoubt.REJECT):
        return Verdict(Outcome.REJECT, reasons)
    return Verdict(Outcome.PASS, reasons, review=bool(doubts))
