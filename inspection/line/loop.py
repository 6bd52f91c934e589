"""The line loop: fetch, judge, signal, record, for every part, under the five laws."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from camera.frame import SourceEnded
from camera.join import PartPictures, PartSource
from inspection.errors import LineStop
from inspection.judge import Outcome
from inspection.line.accounts import TriggerAccounts
from inspection.line.champion import ChampionFollower
from inspection.line.exits import Exits
from inspection.line.inspector import Inspector
from inspection.line.latency import Latencies
from inspection.line.part import JudgedPart, first_capture, judge_part
from inspection.line.settings import CameraSettings
from inspection.line.shadow_feed import ShadowFeed
from inspection.live import LiveWriter
from inspection.recipe import Recipe
from inspection.records.record import LedgerEntry, PartRecord
from inspection.records.writer import Counts, RecordWriter
from inspection.reject.protocol import Rejector

FETCH_TIMEOUT_S = 0.1


class LineTooSlow(LineStop):
    """A picture grew too old before its turn came, and the recipe lets the line stop then."""


@dataclass(frozen=True, slots=True)
class Station:
    """What the line works with; the composition picks the concrete parts.

    gate_confirms_within_s: how long after its verdict a part's way out must be confirmed; None
        for a gate that confirms nothing.
    """

    recipe: Recipe
    source: PartSource
    champion: ChampionFollower
    accounts: TriggerAccounts
    gate: Rejector
    writer: RecordWriter
    live: LiveWriter
    shadow: ShadowFeed
    run_id: int
    first_part: int
    gate_confirms_within_s: float | None


class Line:
    """Runs one station until it is told to stop, its source ends, or it cannot go on safely."""

    def __init__(self, station: Station, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._station = station
        self._now_ns = now_ns
        self._next_part = station.first_part
        self._exits = Exits(station.gate, station.writer, station.gate_confirms_within_s, now_ns)
        self._settings = CameraSettings(station.writer, station.run_id)
        self._starts = 0
        self.latencies = Latencies()

    def run(self, stop: Callable[[], bool]) -> None:
        """Judge parts until `stop()`. Raises LineStop after putting the gate in its safe state.

        On a clean end the parts on their way to the gate still get their signals first, and what
        the cameras counted without giving it is put on record as lost.
        """
        station = self._station
        with ExitStack() as ending:
            ending.callback(station.source.stop)
            ending.callback(station.gate.safe_state)
            station.source.start()
            with suppress(SourceEnded):
                while not stop():
                    self._step()
            for part in station.source.end():
                self._take(part, station.champion.inspector(self._next_part))
            self._exits.wait_until_empty()

    def _step(self) -> None:
        station = self._station
        station.writer.check()
        self._exits.book()
        inspector = station.champion.inspector(self._next_part)  # an idle line changes models too
        part = station.source.fetch(FETCH_TIMEOUT_S)
        if station.source.starts != self._starts:
            self._starts = station.source.starts
            self._settings.note_all(station.source.sources)
        if part is not None:
            self._take(part, inspector)
            return
        waiting = station.accounts.waiting(station.source.counts())
        if waiting:
            station.writer.update_triggers(waiting)

    def _take(self, part: PartPictures, inspector: Inspector) -> None:
        station = self._station
        part_number = self._next_part
        self._next_part += 1
        captured_ns, _ = first_capture(part)
        station.gate.track(part_number, captured_ns)
        judged = judge_part(part, inspector, station.recipe, self._now_ns)
        self._settle(part_number, part, judged)
        if judged.ledger is LedgerEntry.LATE and station.recipe.backpressure == "stop":
            detail = "; ".join(reason.detail for reason in judged.verdict.reasons)
            raise LineTooSlow(
                f"part {part_number} came too late ({detail}), and the recipe's backpressure is "
                "'stop': the line cannot keep up; let parts come more slowly, or judge them faster"
            )

    def _settle(self, part_number: int, part: PartPictures, judged: JudgedPart) -> None:
        """Law 2: a reject is signalled, then recorded; a pass is recorded, then signalled."""
        station = self._station
        belonging = station.accounts.belonging(judged.captured_utc_ns, part_number)
        record = PartRecord(
            part_number=part_number,
            serial=f"{station.recipe.station}-{part_number:07d}",
            lot=belonging.lot,
            shift=belonging.shift.name,
            shift_began_utc_ns=belonging.shift.began_utc_ns,
            run_id=station.run_id,
            captured_utc_ns=judged.captured_utc_ns,
            ledger=judged.ledger,
            verdict=judged.verdict,
            judgement=judged.judgement,
            views=judged.views,
            judge_ns=self._now_ns() - judged.captured_ns,
        )
        outcomes = Counter(outcome.camera_id for outcome in part.outcomes.values())
        counts = station.accounts.enter(belonging, station.source.counts(), outcomes)
        self._exits.add(part_number, judged.verdict.outcome)
        if judged.verdict.outcome is Outcome.REJECT:
            station.gate.reject(part_number)
            self.latencies.add_reject(self._now_ns() - judged.captured_ns)
        self._show(judged, record)
        self._record(judged, record, counts)

    def _record(self, judged: JudgedPart, record: PartRecord, counts: Counts) -> None:
        """Hand the record over; the pictures' memory goes back when it is not read any more."""
        kept = judged.frames if self._keeps(record) else {}
        shadowed = self._station.shadow.claim(record)
        passes = record.verdict.outcome is Outcome.PASS

        def is_durable(durable: PartRecord) -> None:
            """Called by the record writer once the record is on disk."""
            if passes:
                self._station.gate.let_pass(durable.part_number)
                self.latencies.add_pass(self._now_ns() - judged.captured_ns)
            if shadowed:
                self._station.shadow.give(durable, judged.frames, bool(kept))
                return
            for frame in kept.values():
                frame.give_back()

        pictures = {view: frame.pixels for view, frame in kept.items()}
        if not (kept or shadowed):
            for frame in judged.frames.values():
                frame.give_back()
        self._station.writer.submit(record, pictures, is_durable, counts)

    def _show(self, judged: JudgedPart, record: PartRecord) -> None:
        """Offer the worst view that has a picture to the screens."""
        view = next((v for v in record.worst_views_first if v.view in judged.frames), None)
        if view is not None:
            self._station.live.offer(judged.frames[view.view].pixels, record, view)

    def _keeps(self, record: PartRecord) -> bool:
        """Every reject's pictures are kept, every doubtful pass's, and a sample of the others'."""
        one_in = self._station.recipe.keep.passes_one_in
        sampled = one_in > 0 and record.part_number % one_in == 0
        return record.verdict.outcome is Outcome.REJECT or record.verdict.review or sampled
