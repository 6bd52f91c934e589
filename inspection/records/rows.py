"""Between a part record and its row; JSON is canonical, and floats keep their last bit."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from inspection.judge import Limit, Limits, OnDoubt, Outcome, Reason, ReasonKind, Verdict
from inspection.records.record import Judgement, LedgerEntry, PartRecord
from models.findings import Finding

Row = dict[str, Any]

_NOT_JUDGED: Row = dict.fromkeys(
    (
        "image_sha256", "pixel_format", "full_scale", "bundle_digest", "bundle_label",
        "provider", "threads", "limits_digest", "findings", "score",
    )
)  # fmt: skip


def canonical_json(value: object) -> str:
    """One text for one value: sorted keys, no spaces. Raises ValueError for NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )


def limits_json(limits: Limits) -> str:
    """The limits in force as canonical JSON."""
    by_class = {
        name: [limit.score, limit.area_px, limit.doubt_score]
        for name, limit in limits.by_class.items()
    }
    return canonical_json({"by_class": by_class, "on_doubt": limits.on_doubt})


def limits_from_json(text: str) -> Limits:
    value = json.loads(text)
    by_class = {name: Limit(*numbers) for name, numbers in value["by_class"].items()}
    return Limits(by_class, OnDoubt(value["on_doubt"]))


def text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def row_of(record: PartRecord, limits_digest: str | None, picture: str | None) -> Row:
    """The row of table `parts` for a record.

    limits_digest: names the row of table `limits`; None without a judgement.
    picture: the kept picture's path relative to the data folder, if one is kept.
    """
    verdict = record.verdict
    row: Row = {
        "part_number": record.part_number,
        "serial": record.serial,
        "lot": record.lot,
        "run_id": record.run_id,
        "camera_id": record.camera_id,
        "frame_id": record.frame_id,
        "captured_utc_ns": record.captured_utc_ns,
        "ledger": record.ledger.value,
        "outcome": verdict.outcome.value,
        "review": verdict.review,
        "inspected": verdict.inspected,
        "reasons": canonical_json([[reason.kind, reason.detail] for reason in verdict.reasons]),
        "judge_ns": record.judge_ns,
        "picture": picture,
    }
    judgement = record.judgement
    if judgement is None:
        return row | _NOT_JUDGED
    if not math.isfinite(judgement.score):
        raise ValueError(f"{record.serial}: a score of {judgement.score} is no judgement")
    return row | {
        "image_sha256": judgement.image_sha256,
        "pixel_format": judgement.pixel_format,
        "full_scale": judgement.full_scale,
        "bundle_digest": judgement.bundle_digest,
        "bundle_label": judgement.bundle_label,
        "provider": judgement.provider,
        "threads": judgement.threads,
        "limits_digest": limits_digest,
        "findings": _findings_json(judgement.findings),
        "score": judgement.score,
    }


def record_of(row: Mapping[str, Any], limits: str | None) -> PartRecord:
    """The record in a row of table `parts`; `limits` is the JSON its limits digest names."""
    reasons = tuple(Reason(ReasonKind(kind), detail) for kind, detail in json.loads(row["reasons"]))
    return PartRecord(
        part_number=row["part_number"],
        serial=row["serial"],
        lot=row["lot"],
        run_id=row["run_id"],
        camera_id=row["camera_id"],
        frame_id=row["frame_id"],
        captured_utc_ns=row["captured_utc_ns"],
        ledger=LedgerEntry(row["ledger"]),
        verdict=Verdict(Outcome(row["outcome"]), reasons, row["review"]),
        judgement=None if limits is None else _judgement(row, limits),
        judge_ns=row["judge_ns"],
    )


def _judgement(row: Mapping[str, Any], limits: str) -> Judgement:
    return Judgement(
        image_sha256=row["image_sha256"],
        pixel_format=row["pixel_format"],
        full_scale=row["full_scale"],
        bundle_digest=row["bundle_digest"],
        bundle_label=row["bundle_label"],
        provider=row["provider"],
        threads=row["threads"],
        limits=limits_from_json(limits),
        findings=_findings(row["findings"]),
        score=row["score"],
    )


def _findings_json(findings: tuple[Finding, ...]) -> str:
    return canonical_json(
        [
            [finding.class_name, finding.score, finding.box_xyxy_px, finding.area_px]
            for finding in findings
        ]
    )


def _findings(text: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(name, score, (box[0], box[1], box[2], box[3]), area_px)
        for name, score, box, area_px in json.loads(text)
    )
