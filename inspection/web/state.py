"""What the screens show, read from records and desk as one JSON text."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from inspection.errors import PasslineError
from inspection.live import findings_that_count
from inspection.records.entries import Review
from inspection.records.query import Event, RecordReader, Run, StoredPart
from inspection.records.record import ViewRecord
from inspection.spc.intervals import clopper_pearson
from inspection.web.chart import read_chart
from inspection.web.records import Marks, StationRecords
from inspection.web.signals import OpenSignals
from inspection.web.words import (
    class_in_words,
    event_in_words,
    fusion_in_words,
    reason_in_words,
)
from models.findings import Finding

Json = dict[str, Any]

RECENT_REJECTS = 8
RECENT_EVENTS = 6
WAITING_AT_MOST = 99
_EVENTS_A_PAGE = 1000


class ScreenState:
    """Reads the state of the screens; costs a look at four files while nothing changes.

    screen: names the version of page and scripts, so that an open page can tell that it is old.
    Called by one thread at a time.
    """

    def __init__(self, records: StationRecords, screen: str) -> None:
        self._records = records
        self._screen = screen
        self._signals = OpenSignals()
        self._events: list[Event] = []
        self._marks: Marks | None = None
        self._said = ""

    def read(self) -> str:
        """The state as JSON.

        Records that cannot be read are a state too: it says so in `fault`.
        """
        marks = self._records.marks()
        if marks == self._marks:
            return self._said
        try:
            state = self._read()
            self._marks = marks
        except PasslineError as fault:
            state = {"fault": str(fault)}
            self._marks = None
        self._said = json.dumps({"screen": self._screen, "fault": None} | state)
        return self._said

    def _read(self) -> Json:
        reader = self._records.reader()
        run = reader.latest_run()
        if run is None:
            self._events = []
            return {"waiting": True}
        self._read_events(reader)
        last = reader.last_part()
        return {
            "waiting": False,
            "station": run.start.station,
            "last_part_utc_ms": None if last is None else last.record.captured_utc_ns // 1_000_000,
            "lot": "" if last is None else last.record.lot,
            "run": _run(run, self._events),
            "counts": _counts(reader, run),
            "ledger": _ledger(reader, run),
            "model": _model(last, self._events),
            "rejects": self._rejects(reader),
            "waiting_review": len(reader.rejects_waiting(WAITING_AT_MOST + 1)),
            "waiting_at_most": WAITING_AT_MOST,
            "events": [_event(event) for event in reversed(self._events)],
            "chart": read_chart(self._records.watch(), run),
            "signals": self._signals.read(self._records.watch(), self._records.signal_desk()),
        }

    def _rejects(self, reader: RecordReader) -> list[Json]:
        desk = self._records.desk()
        return [
            _reject(part, desk.review_of(part.record.part_number))
            for part in reader.recent_rejects(RECENT_REJECTS)
        ]

    def _read_events(self, reader: RecordReader) -> None:
        while True:
            after = self._events[-1].id if self._events else 0
            page = reader.events_after(after, _EVENTS_A_PAGE)
            self._events = [*self._events, *page][-RECENT_EVENTS:]
            if len(page) < _EVENTS_A_PAGE:
                return


def picture_path(part: StoredPart, view: ViewRecord) -> str | None:
    """Where the screens get a kept picture; named by its hash, so that it may be cached."""
    if view.view not in part.pictures:
        return None
    asked = urlencode({"view": view.view, "sha256": view.image_sha256})
    return f"/pictures/{part.record.part_number}.png?{asked}"


def _reject(part: StoredPart, review: Review | None) -> Json:
    record = part.record
    return {
        "part_number": record.part_number,
        "serial": record.serial,
        "lot": record.lot,
        "captured_utc_ms": record.captured_utc_ns // 1_000_000,
        "reasons": [reason_in_words(reason) for reason in record.verdict.reasons],
        "detail": "; ".join(reason.detail for reason in record.verdict.reasons),
        "inspected": record.verdict.inspected,
        "score": record.score,
        "fusion": fusion_in_words(record),
        "views": [_view(part, view) for view in record.worst_views_first],
        "review": None if review is None else _review(review),
    }


def _view(part: StoredPart, view: ViewRecord) -> Json:
    return {
        "view": view.view,
        "score": view.score,
        "findings": [_finding(one) for one in findings_that_count(view)],
        "picture": picture_path(part, view),
    }


def _finding(finding: Finding) -> Json:
    return {
        "class_name": class_in_words(finding.class_name),
        "score": finding.score,
        "box_xyxy_px": finding.box_xyxy_px,
    }


def _review(review: Review) -> Json:
    return {
        "agrees": review.agrees,
        "reason": review.reason,
        "who": review.who,
        "at_utc_ms": review.at_utc_ns // 1_000_000,
    }


def _counts(reader: RecordReader, run: Run) -> Json:
    counts = reader.counts(run.run_id)
    rate, lower, upper = None, 0.0, 1.0
    if counts.parts:
        rate = counts.rejected / counts.parts
        lower, upper = clopper_pearson(counts.rejected, counts.parts)
    return {
        "parts": counts.parts,
        "passed": counts.passed,
        "rejected": counts.rejected,
        "reject_rate": rate,
        "reject_rate_95": [lower, upper],
    }


def _ledger(reader: RecordReader, run: Run) -> Json:
    ledger = reader.ledger(run.run_id)
    return {
        "triggers": ledger.triggers,
        "judged": ledger.judged,
        "late": ledger.late,
        "incomplete": ledger.incomplete,
        "lost": ledger.lost,
        "waiting": ledger.waiting,
        "difference": ledger.difference,
    }


def _model(last: StoredPart | None, events: list[Event]) -> Json | None:
    """The model in force: the last part's, or the one that took over since."""
    judgement = None if last is None else last.record.judgement
    change = next((event for event in reversed(events) if event.kind == "model_changed"), None)
    if change is not None:
        since_utc_ms = change.at_utc_ns // 1_000_000
        newer = last is None or change.at_utc_ns > last.record.captured_utc_ns
        if newer or judgement is None or judgement.bundle_label == change.detail.get("to"):
            return {"label": str(change.detail.get("to")), "since_utc_ms": since_utc_ms}
    return None if judgement is None else {"label": judgement.bundle_label, "since_utc_ms": None}


def _run(run: Run, events: list[Event]) -> Json:
    """The line's run, and why it stands when its last word was that it ended."""
    since_ns = run.start.started_utc_ns
    last_words = [
        event
        for event in events
        if event.kind in {"line_stopped", "run_ended"} and event.at_utc_ns >= since_ns
    ]
    return {
        "started_utc_ms": since_ns // 1_000_000,
        "ended": event_in_words(last_words[0]) if last_words else None,
    }


def _event(event: Event) -> Json:
    return {
        "kind": event.kind,
        "text": event_in_words(event),
        "at_utc_ms": event.at_utc_ns // 1_000_000,
    }


def screen_version(folder: Path) -> str:
    """Names what the browser runs: changes with any template or static file."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        if path.parent.name in {"templates", "static", "vendor"}:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
