"""What is kept of a part: every field that a replay needs to reach the same verdict."""

from dataclasses import dataclass
from enum import StrEnum

from inspection.judge import Limits, Verdict
from models.findings import Finding


class LedgerEntry(StrEnum):
    """How a trigger was accounted for: triggers = judged + late + incomplete + lost."""

    JUDGED = "judged"
    LATE = "late"
    INCOMPLETE = "incomplete"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class RunStart:
    """One start of the line: what it ran with."""

    station: str
    recipe_digest: str
    recipe_toml: str
    camera_id: str
    software: str
    started_utc_ns: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a verdict came from: picture, model, provider and limits; all that a replay needs.

    image_sha256: hash over format, shape and bytes of the judged picture, see
        `inspection.records.images.picture_sha256`.
    full_scale: highest grey value of the camera, as given to `models.preprocess.prepare`.
    """

    image_sha256: str
    pixel_format: str
    full_scale: int | None
    bundle_digest: str
    bundle_label: str
    provider: str
    threads: int
    limits: Limits
    findings: tuple[Finding, ...]
    score: float


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part: its identity, its verdict and what the verdict came from.

    part_number: the station's own count, one up for each trigger, never reused.
    judgement: None where there was nothing to judge (a lost frame).
    judge_ns: nanoseconds from the frame's capture to the verdict.
    """

    part_number: int
    serial: str
    lot: str
    run_id: int
    camera_id: str
    frame_id: int
    captured_utc_ns: int
    ledger: LedgerEntry
    verdict: Verdict
    judgement: Judgement | None
    judge_ns: int


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
