"""One part's pictures become its verdict and the views that go on record."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from camera.frame import Frame, MissedFrame
from camera.join import PartPictures
from inspection.judge import ReasonKind, Verdict, judge_views, not_inspected
from inspection.line.inspector import Inspector
from inspection.recipe import Recipe
from inspection.records.record import Judgement, LedgerEntry, ViewRecord, seen_on

_WORST_FIRST = (
    LedgerEntry.LOST,
    LedgerEntry.INCOMPLETE,
    LedgerEntry.LATE,
    LedgerEntry.JUDGED,
)


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """What judging a part's pictures gave.

    captured_ns, captured_utc_ns: of the first picture, or when the first loss was noticed.
    frames: the pictures that are on record, by view.
    """

    captured_ns: int
    captured_utc_ns: int
    verdict: Verdict
    views: tuple[ViewRecord, ...]
    frames: dict[str, Frame]
    judgement: Judgement | None

    @property
    def ledger(self) -> LedgerEntry:
        """The worst entry of the views."""
        entries = {view.ledger for view in self.views}
        return next(entry for entry in _WORST_FIRST if entry in entries)


def first_capture(part: PartPictures) -> tuple[int, int]:
    """When the first picture of a part came, or its first loss was noticed: monotonic and UTC."""
    return min(
        (o.captured_ns, o.captured_utc_ns)
        if isinstance(o, Frame)
        else (o.noticed_ns, o.noticed_utc_ns)
        for o in part.outcomes.values()
    )


def judge_part(
    part: PartPictures, inspector: Inspector, recipe: Recipe, now_ns: Callable[[], int]
) -> JudgedPart:
    """The verdict on a part, its views fused as the recipe says; each must have come in time.

    Pictures that have grown too old are late and not judged; those whose memory was overwritten
    meanwhile are incomplete, and so is what was found on them.
    """
    captured_ns, captured_utc_ns = first_capture(part)
    verdicts: dict[str, Verdict] = {}
    views: list[ViewRecord] = []
    frames: dict[str, Frame] = {}
    for name, outcome in part.outcomes.items():
        if isinstance(outcome, MissedFrame):
            verdicts[name], view = _missed(name, outcome)
        else:
            verdicts[name], view = _judge(name, outcome, inspector, recipe, now_ns)
            if view.image_sha256 is None:
                outcome.give_back()
            else:
                frames[name] = outcome
        views.append(view)
    if part.doubt:
        verdicts[""] = not_inspected(ReasonKind.LOST, part.doubt)
    verdict = judge_views(verdicts, seen_on(views))
    took_ms = (now_ns() - captured_ns) / 1e6
    if frames and took_ms > recipe.verdict_deadline_ms:
        allowed_ms = recipe.verdict_deadline_ms
        detail = f"verdict after {took_ms:.0f} ms, at most {allowed_ms:.0f} ms"
        if not any(reason.kind is ReasonKind.LATE for reason in verdict.reasons):
            verdict = not_inspected(ReasonKind.LATE, detail)
            views = [_late(view) for view in views]
    judgement = inspector.judgement if frames else None
    return JudgedPart(captured_ns, captured_utc_ns, verdict, tuple(views), frames, judgement)


def _judge(
    name: str, frame: Frame, inspector: Inspector, recipe: Recipe, now_ns: Callable[[], int]
) -> tuple[Verdict, ViewRecord]:
    max_age_ms = recipe.view(frame.camera_id).max_age_ms
    age_ns = now_ns() - frame.captured_ns
    if age_ns > max_age_ms * 1e6:
        detail = f"picture {age_ns / 1e6:.0f} ms old, at most {max_age_ms:.0f} ms"
        verdict = not_inspected(ReasonKind.LATE, detail)
        view = inspector.view_record(name, frame, age_ns, LedgerEntry.LATE)
    else:
        verdict, view = inspector.inspect(name, frame, age_ns)
    if frame.intact():
        return verdict, view
    detail = "the picture was overwritten while it was judged"
    return not_inspected(ReasonKind.INCOMPLETE, detail), _unseen(
        name, frame.camera_id, frame.trigger_id, frame.captured_utc_ns, LedgerEntry.INCOMPLETE
    )


def _missed(name: str, missed: MissedFrame) -> tuple[Verdict, ViewRecord]:
    kind = ReasonKind(missed.reason.value)
    entry = LedgerEntry(missed.reason.value)
    view = _unseen(name, missed.camera_id, missed.trigger_id, missed.noticed_utc_ns, entry)
    return not_inspected(kind, missed.detail or missed.reason), view


def _unseen(
    name: str, camera_id: str, trigger_id: int, at_utc_ns: int, entry: LedgerEntry
) -> ViewRecord:
    return ViewRecord(name, camera_id, trigger_id, None, at_utc_ns, entry)


def _late(view: ViewRecord) -> ViewRecord:
    judged = view.ledger is LedgerEntry.JUDGED
    return replace(view, ledger=LedgerEntry.LATE) if judged else view
