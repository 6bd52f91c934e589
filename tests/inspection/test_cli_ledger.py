"""`passline ledger` and `passline lot`, as a person at the station types them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inspection.judge import Outcome, Verdict
from inspection.records.lot_order import read_order
from inspection.records.record import (
    Account,
    LedgerEntry,
    PartRecord,
    RunStart,
    TriggerCount,
    ViewRecord,
)
from inspection.records.writer import RecordWriter

Command = Callable[..., "subprocess.CompletedProcess[str]"]
NIGHT_UTC_NS = 1_795_384_800_000_000_000


@pytest.fixture
def passline() -> Command:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "inspection", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two cameras, two lots; the side camera counted one trigger more than anybody accounts for."""
    writer = RecordWriter(tmp_path)
    run_id = writer.begin_run(RunStart("s", "d", "", ("top", "side"), "test", 0))
    for number, lot in enumerate(["L1", "L1", "L2"]):
        entry = LedgerEntry.LOST if number == 1 else LedgerEntry.JUDGED
        views = (
            ViewRecord("top", "top", number, None, number, LedgerEntry.JUDGED),
            ViewRecord("side", "side", number, None, number, entry),
        )
        counted = {
            Account(run_id, "top", lot, "night", NIGHT_UTC_NS): TriggerCount(2 - (number == 2)),
            Account(run_id, "side", lot, "night", NIGHT_UTC_NS): TriggerCount(2),
        }
        record = PartRecord(
            number, f"s-{number}", lot, "night", NIGHT_UTC_NS, run_id, number, entry,
            Verdict(Outcome.PASS), None, views, 0,
        )  # fmt: skip
        writer.submit(record, counts=counted)
    writer.close()
    return tmp_path


def test_a_difference_is_named_and_fails(passline: Command, data: Path) -> None:
    told = passline("ledger", str(data), "--by", "camera")
    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        "side: triggers 4 = judged 2 + late 0 + incomplete 0 + lost 1",
        "top: triggers 3 = judged 3 + late 0 + incomplete 0 + lost 0",
        "NOT balanced: 1 triggers are unaccounted for, of side in run 1, lot 'L2', shift 'night'",
    ]


def test_the_ledger_is_shown_by_lot_and_by_shift(passline: Command, data: Path) -> None:
    by_lot = passline("ledger", str(data), "--by", "lot").stdout
    assert "L1: triggers 4 = judged 3 + late 0 + incomplete 0 + lost 1" in by_lot
    assert "L2: triggers 3 = judged 2" in by_lot
    by_shift = passline("ledger", str(data), "--by", "shift").stdout
    assert by_shift.startswith("night of 2026-11-2")


def test_a_lot_is_begun_and_a_foolish_one_refused(passline: Command, data: Path) -> None:
    begun = passline("lot", str(data), "L3", "--who", "ada")
    assert (begun.returncode, begun.stdout) == (0, "lot L3 begins with the next part\n")
    order = read_order(data)
    assert order is not None
    assert (order.lot, order.who) == ("L3", "ada")
    refused = passline("lot", str(data), " ", "--who", "ada")
    assert refused.returncode == 2
    assert "a lot's name has 1 to 64 characters" in refused.stderr
