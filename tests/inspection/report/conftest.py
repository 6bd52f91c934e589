"""Two shifts of a station on record, with the ledger that belongs to them."""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from inspection.judge import Limit, Limits, OnDoubt, Outcome, Reason, ReasonKind, Verdict
from inspection.records.record import (
    Account,
    Judgement,
    LedgerEntry,
    PartRecord,
    RunStart,
    TriggerCount,
    ViewRecord,
)
from inspection.records.rows import text_sha256
from inspection.records.writer import RecordWriter

HOUR_NS = 3_600_000_000_000
EARLY_NS = 1_795_000_000_000_000_000 // HOUR_NS * HOUR_NS
LATE_NS = EARLY_NS + 8 * HOUR_NS
LIMITS = Limits({"scratch": Limit(0.5, 4.0, 0.4)}, OnDoubt.REJECT)
RECIPE = """
product = "ring"
[camera]
id = "cam0"
device = { source = "rendered" }
[model]
name = "ring"
[gate]
kind = "simulated"
[[chart]]
name = "rejects"
kind = "p"
alarm = true
subgroup = 10
baseline_subgroups = 4
plan = [{ do = "inform", text = "the shift leader" }]
"""
VERDICTS = {
    "p": Verdict(Outcome.PASS),
    "r": Verdict(Outcome.REJECT, (Reason(ReasonKind.DEFECT, "scratch"),)),
    "b": Verdict(
        Outcome.REJECT,
        (Reason(ReasonKind.DEFECT, "scratch"), Reason(ReasonKind.DEFECT, "dent_deep")),
    ),
    "-": Verdict(Outcome.REJECT, (Reason(ReasonKind.LATE, "412 ms"),)),
}


@dataclass(slots=True)
class ShiftedLine:
    """Records parts as the line does; a letter is a part: passed, rejected, both, - came late."""

    folder: Path
    writer: RecordWriter
    run_id: int = 0
    shift: str = "early"
    shift_began_utc_ns: int = EARLY_NS
    now_ns: int = EARLY_NS
    lot: str = "L7"
    camera: str = "cam0"
    triggers: Counter[str] = field(default_factory=Counter[str])

    def begin(self) -> None:
        cameras = ("cam0", "cam1")
        start = RunStart("press-4", text_sha256(RECIPE), RECIPE, cameras, "0.1", self.now_ns)
        self.run_id = self.writer.begin_run(start)

    def judge(self, letters: str, *, unaccounted: int = 0) -> None:
        """Record parts, one a second. unaccounted: triggers of which nothing is known."""
        for letter in letters:
            self._count(1)
            record = self._record(self.writer.next_part_number, letter)
            self.writer.submit(record, counts=self._counts())
            self.now_ns += 10**9
        if unaccounted:
            self._count(unaccounted)
            self.writer.update_triggers(self._counts())
        self.writer.flush()

    def next_shift(self) -> None:
        self.shift, self.shift_began_utc_ns, self.now_ns = "late", LATE_NS, LATE_NS

    def _count(self, many: int) -> None:
        self.triggers[self.shift] += many

    def _counts(self) -> dict[Account, TriggerCount]:
        account = Account(self.run_id, self.camera, self.lot, self.shift, self.shift_began_utc_ns)
        return {account: TriggerCount(self.triggers[self.shift])}

    def _record(self, number: int, letter: str) -> PartRecord:
        entry = LedgerEntry.LATE if letter == "-" else LedgerEntry.JUDGED
        view = ViewRecord(self.camera, self.camera, number, None, self.now_ns, entry)
        if letter != "-":
            view = replace(
                view, image_sha256="a" * 64, pixel_format="Mono8", limits=LIMITS, score=0.2
            )
        return PartRecord(
            part_number=number,
            serial=f"p-{number}",
            lot=self.lot,
            shift=self.shift,
            shift_began_utc_ns=self.shift_began_utc_ns,
            run_id=self.run_id,
            captured_utc_ns=self.now_ns,
            ledger=entry,
            verdict=VERDICTS[letter],
            judgement=None if letter == "-" else Judgement("b" * 64, "ring-1", "CPU", 1),
            views=(view,),
            judge_ns=0,
        )


@pytest.fixture
def line(tmp_path: Path) -> Generator[ShiftedLine]:
    writer = RecordWriter(tmp_path)
    recorded = ShiftedLine(tmp_path, writer)
    recorded.begin()
    yield recorded
    writer.close()
