"""A part in short, as lists of parts show it."""

from typing import Any

from inspection.records.query import StoredPart
from inspection.records.words import reason_in_words
from inspection.web.state import picture_path


def part_json(part: StoredPart) -> dict[str, Any]:
    """Number, serial, verdict and the kept pictures, the worst view first."""
    record = part.record
    return {
        "part_number": record.part_number,
        "serial": record.serial,
        "captured_utc_ms": record.captured_utc_ns // 1_000_000,
        "outcome": record.verdict.outcome.value,
        "reasons": [reason_in_words(reason) for reason in record.verdict.reasons],
        "score": record.score,
        "pictures": pictures_of(part),
    }


def pictures_of(part: StoredPart) -> list[str]:
    """Where the screens get the part's kept pictures, the worst view first."""
    paths = (picture_path(part, view) for view in part.record.worst_views_first)
    return [path for path in paths if path is not None]
