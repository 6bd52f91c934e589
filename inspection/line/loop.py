"""The line loop: fetch, judge, signal, record, for every trigger, under the five laws."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from camera.frame import CameraLost, Frame, FrameSource, MissedFrame, SourceEnded
from inspection.errors import GateError
from inspection.judge import Outcome, ReasonKind, Verdict, not_inspected
from inspection.line.champion import ChampionFollower
from inspection.line.inspector import Inspector
from inspection.line.latency import Latencies
from inspection.live import LiveWriter
from inspection.recipe import Recipe
from inspection.records.record import (
    Account,
    GateOutcome,
    Judgement,
    LedgerEntry,
    PartRecord,
    TriggerCount,
    ViewRecord,
)
from inspection.records.writer import RecordWriter
from inspection.reject.protocol import Rejector

FETCH_TIMEOUT_S = 0.1
CAMERA_RETRY_S = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Station:
    """What the line works with; the composition picks the concrete parts.

    gate_confirms_within_s: how long after its verdict a part's way out must be confirmed; None
        for a gate that confirms nothing.
    """

    recipe: Recipe
    source: FrameSource
    champion: ChampionFollower
    gate: Rejector
    writer: RecordWriter
    live: LiveWriter
    run_id: int
    first_part: int
    gate_confirms_within_s: float | None


class Line:
    """Runs one station until it is told to stop, its source ends, or it cannot go on safely."""

    def __init__(self, station: Station, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._station = station
        self._now_ns = now_ns
        self._next_part = station.first_part
        self._leaving: dict[int, _Leaving] = {}
        self._triggers_before = 0  # of starts of the camera before the present one
        self.latencies = Latencies()

    def run(self, stop: Callable[[], bool]) -> None:
        """Judge parts until `stop()`. Raises LineStop after putting the gate in its safe state.

        On a clean end the parts on their way to the gate still get their signals first.
        """
        with ExitStack() as ending:
            ending.callback(self._station.source.stop)
            ending.callback(self._station.gate.safe_state)
            self._start_source(stop)
            with suppress(SourceEnded):
                while not stop():
                    self._step(stop)
            self._let_parts_leave()

    def _step(self, stop: Callable[[], bool]) -> None:
        station = self._station
        station.writer.check()
        self._book_gate()
        inspector = station.champion.inspector(self._next_part)  # an idle line changes models too
        try:
            got = station.source.fetch(FETCH_TIMEOUT_S)
        except CameraLost as fault:
            station.writer.log_event("camera_lost", {"fault": str(fault)})
            self._triggers_before += station.source.triggers
            station.source.stop()
            self._start_source(stop)
            return
        triggers = self._triggers_before + station.source.triggers
        account = Account(station.run_id, station.source.camera_id, station.recipe.lot, "day", 0)
        station.writer.update_triggers({account: TriggerCount(triggers)})
        if isinstance(got, Frame):
            self._judge(got, inspector)
        elif isinstance(got, MissedFrame):
            self._miss(got)

    def _start_source(self, stop: Callable[[], bool]) -> None:
        """Start the camera; one that is gone is waited for. Nothing passes meanwhile."""
        tries = 0
        while not stop():
            try:
                self._station.source.start()
            except CameraLost as fault:
                self._station.writer.log_event("camera_away", {"fault": str(fault)})
                wait_s = CAMERA_RETRY_S[min(tries, len(CAMERA_RETRY_S) - 1)]
                end_ns = self._now_ns() + int(wait_s * 1e9)
                while not stop() and self._now_ns() < end_ns:
                    time.sleep(0.05)
                tries += 1
            else:
                return

    def _judge(self, frame: Frame, inspector: Inspector) -> None:
        part_number = self._take_number(frame.captured_ns)
        max_age_ms = self._station.recipe.view(frame.camera_id).max_age_ms
        age_ns = self._now_ns() - frame.captured_ns
        view = frame.camera_id
        if age_ns > max_age_ms * 1e6:
            detail = f"picture {age_ns / 1e6:.0f} ms old, at most {max_age_ms:.0f} ms"
            verdict = not_inspected(ReasonKind.LATE, detail)
            record = inspector.view_record(view, frame, age_ns, LedgerEntry.LATE)
        else:
            verdict, record = inspector.inspect(view, frame, age_ns)
            verdict = self._in_time(verdict, frame.captured_ns)
            record = replace(record, ledger=_ledger_entry(verdict))
        self._settle(part_number, frame, verdict, record, inspector.judgement)

    def _in_time(self, verdict: Verdict, captured_ns: int) -> Verdict:
        """The verdict, or REJECT when it came after the part's deadline."""
        deadline_ms = self._station.recipe.verdict_deadline_ms
        took_ms = (self._now_ns() - captured_ns) / 1e6
        if took_ms <= deadline_ms:
            return verdict
        late = f"verdict after {took_ms:.0f} ms, at most {deadline_ms:.0f} ms"
        return not_inspected(ReasonKind.LATE, late)

    def _miss(self, missed: MissedFrame) -> None:
        part_number = self._take_number(missed.noticed_ns)
        verdict = not_inspected(ReasonKind(missed.reason.value), missed.detail or missed.reason)
        record = ViewRecord(
            view=missed.camera_id,
            camera_id=missed.camera_id,
            trigger_id=missed.trigger_id,
            frame_id=None,
            captured_utc_ns=missed.noticed_utc_ns,
            ledger=_ledger_entry(verdict),
        )
        self._settle(part_number, missed, verdict, record, None)

    def _take_number(self, captured_ns: int) -> int:
        part_number = self._next_part
        self._next_part += 1
        self._station.gate.track(part_number, captured_ns)
        return part_number

    def _settle(
        self,
        part_number: int,
        trigger: Frame | MissedFrame,
        verdict: Verdict,
        view: ViewRecord,
        judgement: Judgement | None,
    ) -> None:
        """Law 2: a reject is signalled, then recorded; a pass is recorded, then signalled."""
        is_frame = isinstance(trigger, Frame)
        captured_ns = trigger.captured_ns if is_frame else trigger.noticed_ns
        record = PartRecord(
            part_number=part_number,
            serial=f"{self._station.recipe.station}-{part_number:07d}",
            lot=self._station.recipe.lot,
            shift="day",
            shift_began_utc_ns=0,
            run_id=self._station.run_id,
            captured_utc_ns=trigger.captured_utc_ns if is_frame else trigger.noticed_utc_ns,
            ledger=view.ledger,
            verdict=verdict,
            judgement=judgement,
            views=(view,),
            judge_ns=self._now_ns() - captured_ns,
        )
        pixels = trigger.pixels if is_frame else None
        pictures = {view.view: pixels} if pixels is not None and self._keeps(record) else {}
        self._leaving[part_number] = _Leaving(verdict.outcome, self._now_ns())
        if verdict.outcome is Outcome.REJECT:
            self._station.gate.reject(part_number)
            self.latencies.add_reject(self._now_ns() - captured_ns)
            self._station.writer.submit(record, pictures)
        else:
            self._station.writer.submit(
                record, pictures, lambda durable: self._signal_pass(durable, captured_ns)
            )
        if pixels is not None:
            self._station.live.offer(pixels, record, view)

    def _signal_pass(self, durable: PartRecord, captured_ns: int) -> None:
        """Called by the record writer once the record is on disk."""
        self._station.gate.let_pass(durable.part_number)
        self.latencies.add_pass(self._now_ns() - captured_ns)

    def _keeps(self, record: PartRecord) -> bool:
        """Every reject's picture is kept, every doubtful pass's, and a sample of the others."""
        one_in = self._station.recipe.keep.passes_one_in
        sampled = one_in > 0 and record.part_number % one_in == 0
        return record.verdict.outcome is Outcome.REJECT or record.verdict.review or sampled

    def _book_gate(self) -> None:
        """Put on record which way parts left. Raises GateError for a reject that went through."""
        for confirmation in self._station.gate.confirmations():
            leaving = self._leaving.pop(confirmation.part_number, None)
            self._station.writer.confirm_gate(confirmation)
            told = None if leaving is None else leaving.outcome
            if confirmation.outcome is GateOutcome.PASSED and told is not Outcome.PASS:
                raise GateError(
                    f"part {confirmation.part_number} left as passed, the verdict was {told}; "
                    "check the gate, and take the part out by hand"
                )
        self._check_confirmations()

    def _check_confirmations(self) -> None:
        within_s = self._station.gate_confirms_within_s
        if within_s is None:
            self._leaving.clear()
            return
        oldest = next(iter(self._leaving.items()), None)
        if oldest is None:
            return
        part_number, leaving = oldest
        waited_s = (self._now_ns() - leaving.judged_ns) / 1e9
        if waited_s > within_s:
            raise GateError(
                f"part {part_number}: the gate did not confirm which way it left, "
                f"{waited_s:.1f} s after its verdict, at most {within_s:.1f} s expected"
            )

    def _let_parts_leave(self) -> None:
        """Wait until what was recorded is signalled, and what is on the way has left."""
        self._station.writer.flush()
        self._book_gate()
        while self._leaving:
            time.sleep(0.01)
            self._station.writer.check()
            self._book_gate()


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A part between camera and gate."""

    outcome: Outcome
    judged_ns: int


def _ledger_entry(verdict: Verdict) -> LedgerEntry:
    """How the part's trigger is accounted for; a picture without an answer was still judged."""
    for reason in verdict.reasons:
        if reason.kind in _LEDGER:
            return _LEDGER[reason.kind]
    return LedgerEntry.JUDGED


_LEDGER = {
    ReasonKind.LATE: LedgerEntry.LATE,
    ReasonKind.INCOMPLETE: LedgerEntry.INCOMPLETE,
    ReasonKind.LOST: LedgerEntry.LOST,
}
