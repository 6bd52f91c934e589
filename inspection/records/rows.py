"""Between a part record and its rows; JSON is canonical, and floats keep their last bit."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from camera.health import PictureHealth
from inspection.judge import Fusion, Limit, Limits, OnDoubt, Outcome, Reason, ReasonKind, Verdict
from inspection.records.record import Judgement, LedgerEntry, PartRecord, ViewRecord
from models.findings import Finding

Row = dict[str, Any]

HEALTH = ("brightness", "sharpness", "noise", "vignetting", "saturated")
"""Columns of a picture's health, named like the fields of `PictureHealth`."""


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
    said: dict[str, object] = {"by_class": by_class, "on_doubt": limits.on_doubt}
    if limits.fusion is not Fusion.ANY:  # left out where it is: as in all records before it was
        said["fusion"] = limits.fusion
    if limits.template is not None:
        said["template"] = limits.template
    return canonical_json(said)


def limits_from_json(text: str) -> Limits:
    value = json.loads(text)
    by_class = {name: Limit(*numbers) for name, numbers in value["by_class"].items()}
    fusion = Fusion(value.get("fusion", Fusion.ANY))
    return Limits(by_class, OnDoubt(value["on_doubt"]), fusion, value.get("template"))


def text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def part_row(record: PartRecord) -> Row:
    """The row of table `parts` for a record."""
    verdict, judgement = record.verdict, record.judgement
    return {
        "part_number": record.part_number,
        "serial": record.serial,
        "lot": record.lot,
        "shift": record.shift,
        "shift_began_utc_ns": record.shift_began_utc_ns,
        "run_id": record.run_id,
        "captured_utc_ns": record.captured_utc_ns,
        "ledger": record.ledger.value,
        "outcome": verdict.outcome.value,
        "review": verdict.review,
        "inspected": verdict.inspected,
        "reasons": canonical_json([_reason_json(reason) for reason in verdict.reasons]),
        "judge_ns": record.judge_ns,
        "score": record.score,
        "bundle_digest": None if judgement is None else judgement.bundle_digest,
        "bundle_label": None if judgement is None else judgement.bundle_label,
        "provider": None if judgement is None else judgement.provider,
        "threads": None if judgement is None else judgement.threads,
    }


def view_row(
    record: PartRecord, position: int, limits_digest: str | None, picture: str | None
) -> Row:
    """The row of table `views` for a view of a record.

    limits_digest: names the row of table `limits`; None without a picture.
    picture: the kept picture's path relative to the data folder, if one is kept.
    Raises ValueError for a score that is no number.
    """
    view, health = record.views[position], record.views[position].health
    if view.score is not None and not math.isfinite(view.score):
        raise ValueError(f"{record.serial}, {view.view}: a score of {view.score} is no judgement")
    return {
        "part_number": record.part_number,
        "view": view.view,
        "position": position,
        "camera_id": view.camera_id,
        "trigger_id": view.trigger_id,
        "frame_id": view.frame_id,
        "captured_utc_ns": view.captured_utc_ns,
        "age_ns": view.age_ns,
        "ledger": view.ledger.value,
        "picture": picture,
        "image_sha256": view.image_sha256,
        "pixel_format": view.pixel_format,
        "full_scale": view.full_scale,
        "limits_digest": limits_digest,
        "findings": None if view.image_sha256 is None else _findings_json(view.findings),
        "score": view.score,
        "brightness": None if health is None else health.brightness,
        "sharpness": None if health is None else health.sharpness,
        "noise": None if health is None else health.noise,
        "vignetting": None if health is None else health.vignetting,
        "saturated": None if health is None else health.saturated,
    }


def record_of(row: Mapping[str, Any], views: Iterable[ViewRecord]) -> PartRecord:
    """The record in a row of table `parts`."""
    reasons = tuple(
        Reason(ReasonKind(kind), *rest)  # detail, and in a part of several views whose it is
        for kind, *rest in json.loads(row["reasons"])
    )
    return PartRecord(
        part_number=row["part_number"],
        serial=row["serial"],
        lot=row["lot"],
        shift=row["shift"],
        shift_began_utc_ns=row["shift_began_utc_ns"],
        run_id=row["run_id"],
        captured_utc_ns=row["captured_utc_ns"],
        ledger=LedgerEntry(row["ledger"]),
        verdict=Verdict(Outcome(row["outcome"]), reasons, row["review"]),
        judgement=None if row["bundle_digest"] is None else _judgement(row),
        views=tuple(views),
        judge_ns=row["judge_ns"],
    )


def view_of(row: Mapping[str, Any], limits: str | None) -> ViewRecord:
    """The view in a row of table `views`; `limits` is the JSON its limits digest names."""
    return ViewRecord(
        view=row["view"],
        camera_id=row["camera_id"],
        trigger_id=row["trigger_id"],
        frame_id=row["frame_id"],
        captured_utc_ns=row["captured_utc_ns"],
        ledger=LedgerEntry(row["ledger"]),
        age_ns=row["age_ns"],
        image_sha256=row["image_sha256"],
        pixel_format=row["pixel_format"],
        full_scale=row["full_scale"],
        limits=None if limits is None else limits_from_json(limits),
        findings=() if row["findings"] is None else _findings(row["findings"]),
        score=row["score"],
        health=_health(row),
    )


def _health(row: Mapping[str, Any]) -> PictureHealth | None:
    if row["brightness"] is None:
        return None
    return PictureHealth(**{name: row[name] for name in HEALTH})


def _judgement(row: Mapping[str, Any]) -> Judgement:
    return Judgement(
        bundle_digest=row["bundle_digest"],
        bundle_label=row["bundle_label"],
        provider=row["provider"],
        threads=row["threads"],
    )


def _reason_json(reason: Reason) -> list[str]:
    said = [reason.kind.value, reason.detail]
    return [*said, reason.view] if reason.view else said


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
