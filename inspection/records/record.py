"""What is kept of a part: every field that a replay needs to reach the same verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from camera.health import PictureHealth
from inspection.judge import Fusion, Limits, Seen, Verdict
from models.findings import Finding
from models.fusion import fused_score, strongest


class LedgerEntry(StrEnum):
    """How a trigger was accounted for: triggers = judged + late + incomplete + lost."""

    JUDGED = "judged"
    LATE = "late"
    INCOMPLETE = "incomplete"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class RunStart:
    """One start of the line: what it ran with; `cameras` are the recipe's ids, in its order."""

    station: str
    recipe_digest: str
    recipe_toml: str
    cameras: tuple[str, ...]
    software: str
    started_utc_ns: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which model judged a part, and where it ran."""

    bundle_digest: str
    bundle_label: str
    provider: str
    threads: int


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """One camera's picture of a part, or the news that none came.

    view: its name, one of a kind within the part.
    trigger_id: the trigger it belongs to, counted from 0 since the camera was started.
    frame_id: the camera's own number of the picture; None where it has none.
    captured_utc_ns: when the picture came, or when its loss was noticed.

    Of a picture that came:
    age_ns: how old it was when its turn came; None where that is not known.
    image_sha256: hash over format, shape and bytes, see `inspection.records.images.picture_sha256`.
    full_scale: highest grey value of the camera, as given to `models.preprocess.prepare`.
    limits: those it was judged by, areas in pixels of this view.
    score: highest score of its findings, 0 without any.
    health: None where it was not measured.
    """

    view: str
    camera_id: str
    trigger_id: int
    frame_id: int | None
    captured_utc_ns: int
    ledger: LedgerEntry
    age_ns: int | None = None
    image_sha256: str | None = None
    pixel_format: str | None = None
    full_scale: int | None = None
    limits: Limits | None = None
    findings: tuple[Finding, ...] = ()
    score: float | None = None
    health: PictureHealth | None = None


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part: its identity, its verdict and what the verdict came from.

    part_number: the station's own count, one up for each part, never reused.
    shift, shift_began_utc_ns: the shift's name, and which of that name it was.
    captured_utc_ns: when its first picture came.
    ledger: the worst entry of its views.
    judgement: None where there was nothing to judge (no picture came).
    views: in the recipe's order, at least one.
    judge_ns: nanoseconds from the first picture's capture to the verdict.
    """

    part_number: int
    serial: str
    lot: str
    shift: str
    shift_began_utc_ns: int
    run_id: int
    captured_utc_ns: int
    ledger: LedgerEntry
    verdict: Verdict
    judgement: Judgement | None
    views: tuple[ViewRecord, ...]
    judge_ns: int

    @property
    def fusion(self) -> Fusion:
        """How its views came to one verdict; a single view is not fused."""
        seen = seen_on(self.views)
        return seen[0].limits.fusion if len(seen) > 1 else Fusion.ANY

    @property
    def score(self) -> float | None:
        """The score of its worst view, or of its worst class over fused views.

        None where no view was judged.
        """
        scores = [view.score for view in self.views if view.score is not None]
        if self.fusion is Fusion.ANY:
            return max(scores, default=None)
        fused = fused_score([strongest(view.findings) for view in seen_on(self.views)])
        return max(fused.values(), default=0.0)

    @property
    def worst_views_first(self) -> tuple[ViewRecord, ...]:
        """The views by falling score, those without a picture last."""
        return tuple(sorted(self.views, key=lambda v: 1.0 if v.score is None else -v.score))

    def view(self, name: str) -> ViewRecord | None:
        """The view of this name."""
        return next((view for view in self.views if view.view == name), None)


def seen_on(views: Iterable[ViewRecord]) -> list[Seen]:
    """What a verdict is made of: the findings and limits of the views that have a picture."""
    return [Seen(view.findings, view.limits) for view in views if view.limits is not None]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose triggers are counted together: those of one camera in one run, lot and shift."""

    run_id: int
    camera_id: str
    lot: str
    shift: str
    shift_began_utc_ns: int


@dataclass(frozen=True, slots=True)
class TriggerCount:
    """How many triggers an account has; `waiting` of them have not had their turn on the line."""

    triggers: int
    waiting: int = 0


class GateOutcome(StrEnum):
    """Which way a part physically left."""

    PASSED = "passed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class GateConfirmation:
    """The gate's own word on which way a part left."""

    part_number: int
    outcome: GateOutcome
    at_utc_ns: int
