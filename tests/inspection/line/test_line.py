"""The line over prepared triggers: what becomes of each, in the records and at the gate."""

import sqlite3
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.frame import CameraLost, Frame, MissedFrame, MissReason
from inspection.errors import GateError, RecordsError
from inspection.judge import Outcome, ReasonKind
from inspection.records.query import Ledger
from inspection.records.record import GateOutcome, LedgerEntry

Bench = Any  # the fixture of conftest.py
Capture = Callable[[], Frame]
PASS, REJECT = Outcome.PASS, Outcome.REJECT


def test_good_parts_pass_and_bad_ones_are_rejected_all_on_record(
    bench: Bench, good: Capture, bad: Capture
) -> None:
    bench.run([good, bad, good])
    assert bench.outcomes() == [PASS, REJECT, PASS]
    assert bench.gate.let_through == {0, 2}
    assert bench.gate.told_to_reject == {1}
    assert [part.gate for part in bench.parts()] == [
        GateOutcome.PASSED,
        GateOutcome.REJECTED,
        GateOutcome.PASSED,
    ]


def test_a_reject_keeps_its_picture_and_says_why(bench: Bench, bad: Capture) -> None:
    bench.run([bad])
    part = bench.parts()[0]
    assert part.record.verdict.reasons[0].detail == "bright"
    assert np.array_equal(bench.reader.picture(part), bad().pixels)
    assert part.record.serial == "bench-0000000"


def test_one_pass_in_so_many_keeps_its_picture(bench: Bench, good: Capture, recipe: str) -> None:
    bench.run([good] * 7, recipe=recipe.replace("passes_one_in = 0", "passes_one_in = 3"))
    kept = [part.record.part_number for part in bench.parts() if part.pictures]
    assert kept == [0, 3, 6]


@pytest.mark.parametrize("reason", list(MissReason))
def test_a_trigger_without_a_picture_is_rejected(
    bench: Bench, good: Capture, miss: Callable[[MissReason], MissedFrame], reason: MissReason
) -> None:
    bench.run([good, miss(reason), good])
    part = bench.parts()[1]
    assert bench.outcomes() == [PASS, REJECT, PASS]
    assert part.record.verdict.reasons[0].kind == ReasonKind(reason.value)
    assert part.record.ledger == LedgerEntry(reason.value)
    assert 1 not in bench.gate.let_through


def test_a_picture_too_old_when_its_turn_comes_is_late_not_judged(
    bench: Bench, grey_picture: Any, capture: Callable[..., Capture]
) -> None:
    bench.run([capture(grey_picture, age_ns=6_000_000_000)])
    record = bench.parts()[0].record
    assert record.verdict.outcome is REJECT
    assert record.ledger is LedgerEntry.LATE
    assert "6" in record.verdict.reasons[0].detail
    assert "at most 5000 ms" in record.verdict.reasons[0].detail


def test_a_verdict_after_its_deadline_rejects(bench: Bench, good: Capture) -> None:
    """The bench's clock runs 4.5 s further at every look, so no verdict comes within 5 s."""
    ticks = count(time.monotonic_ns() + 10**9, 4_500_000_000)
    bench.run([good], now_ns=lambda: next(ticks), confirms_within_s=None)
    record = bench.parts()[0].record
    assert record.verdict.outcome is REJECT
    assert record.ledger is LedgerEntry.LATE
    assert bench.gate.let_through == set()


@pytest.mark.parametrize(
    "picture",
    [np.full((64, 64, 3), 128, np.uint8), np.full((30, 40), 128, np.uint8)],
    ids=["colour", "smaller than the region"],
)
def test_a_picture_the_model_cannot_take_is_rejected(
    bench: Bench, picture: Any, recipe: str
) -> None:
    region = "region = { left = 0, top = 0, width = 64, height = 64 }\n"
    pixel_format = "Mono8" if picture.ndim == 2 else "RGB8"

    def frame() -> Frame:
        return Frame(picture.copy(), pixel_format, "cam1", 0, time.monotonic_ns(), time.time_ns())

    bench.run([frame], recipe=recipe.replace('id = "cam1"', 'id = "cam1"\n' + region))
    record = bench.parts()[0].record
    assert record.verdict.outcome is REJECT
    assert record.verdict.reasons[0].kind is ReasonKind.NO_ANSWER
    assert record.ledger is LedgerEntry.JUDGED


def test_a_model_that_answers_nan_rejects_every_part(
    bench: Bench, good: Capture, nan_bundle: Path
) -> None:
    bench.promote(nan_bundle)
    bench.run([good, good])
    assert bench.outcomes() == [REJECT, REJECT]
    assert bench.parts()[0].record.verdict.reasons[0].kind is ReasonKind.NO_ANSWER


def test_no_part_passes_when_the_lamp_is_dead(
    bench: Bench, bad: Capture, capture: Callable[..., Capture], make_bundle: Callable[..., Path]
) -> None:
    known = {"darkest": 0.4, "brightest": 0.6, "flattest": 0.01}
    bench.promote(make_bundle(version="wary", card={"familiar": known}))
    dark = capture(np.full((64, 64), 3, np.uint8))
    bench.run([dark, bad, dark])
    assert bench.outcomes() == [REJECT, REJECT, REJECT]
    kinds = [part.record.verdict.reasons[0].kind for part in bench.parts()]
    assert kinds.count(ReasonKind.NO_ANSWER) == 2  # the defective part shows its own reason
    assert bench.gate.let_through == set()


def test_the_ledger_balances_with_losses(
    bench: Bench, good: Capture, bad: Capture, miss: Callable[[MissReason], MissedFrame]
) -> None:
    bench.run([good, miss(MissReason.LOST), bad, miss(MissReason.INCOMPLETE), None, good])
    ledger = bench.reader.ledger()
    assert (ledger.triggers, ledger.judged, ledger.lost, ledger.incomplete) == (5, 3, 1, 1)
    assert ledger.difference == 0


def test_a_trigger_that_nobody_fetched_is_a_lost_part_when_the_line_ends(
    bench: Bench, good: Capture
) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        bench.line(stack, bench.source([good, good], already_missed=1)).run(lambda: False)
    assert bench.outcomes() == [PASS, PASS, REJECT]
    assert bench.reader.ledger() == Ledger(3, judged=2, late=0, incomplete=0, lost=1)


def test_part_numbers_go_on_after_a_restart(bench: Bench, good: Capture) -> None:
    bench.run([good, good])
    bench.run([good])
    assert [part.record.part_number for part in bench.parts()] == [0, 1, 2]
    assert [part.record.run_id for part in bench.parts()] == [1, 1, 2]


def test_a_rejected_part_that_left_as_passed_stops_the_line(
    bench: Bench, good: Capture, bad: Capture, stuck_open_gate: Any
) -> None:
    with pytest.raises(GateError, match="part 1 left as passed, the verdict was reject"):
        bench.run([good, bad, *[None] * 50, good], gate=stuck_open_gate)
    assert stuck_open_gate.safe


def test_a_gate_that_does_not_confirm_stops_the_line(
    bench: Bench, good: Capture, silent_gate: Any
) -> None:
    with pytest.raises(GateError, match="part 0: the gate did not confirm"):
        bench.run([good], gate=silent_gate, confirms_within_s=0.05)
    assert silent_gate.safe


def test_a_lost_camera_is_waited_for_and_nothing_passes_meanwhile(
    bench: Bench, good: Capture
) -> None:
    source = bench.run([good, CameraLost("cam1: unplugged"), good])
    assert bench.outcomes() == [PASS, PASS]
    assert source.starts == 2
    assert bench.events("camera_lost") == [{"camera": "cam1", "fault": "cam1: unplugged"}]
    assert bench.events("camera_back") == [{"camera": "cam1"}]
    assert (bench.reader.ledger().triggers, bench.reader.ledger().difference) == (2, 0)


def test_records_that_cannot_be_written_stop_the_line_before_anything_passes(
    bench: Bench, good: Capture
) -> None:
    """Another program holds the database: law 2 leaves the line no choice."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        line = bench.line(stack, bench.source([good, *[None] * 10_000]))
        blocker = sqlite3.connect(bench.folder / "records.sqlite")
        blocker.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordsError, match=r"records\.sqlite"):
            line.run(lambda: False)
        blocker.close()
        with pytest.raises(RecordsError, match=r"records\.sqlite"):
            stack.close()
    assert bench.gate.let_through == set()
    assert bench.gate.safe
