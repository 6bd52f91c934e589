"""Triggers at a change of lot or shift: on one side or the other, and never on both."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from camera.frame import Frame
from camera.join import CameraCount
from inspection.line.accounts import TriggerAccounts
from inspection.line.lots import LotFollower
from inspection.line.shifts import Shifts
from inspection.recipe import ShiftStart
from inspection.records.ledger_by import LedgerBy
from inspection.records.ledgers import ledgers_by
from inspection.records.lot_order import LOT_FILE, LotError, order_lot, read_order
from inspection.records.query import Ledger

Bench = Any
Capture = Callable[[], Frame]
HOUR_NS = 3_600_000_000_000
MIDNIGHT_NS = 1_795_305_600_000_000_000  # 2026-11-22 00:00 UTC
TWO = [ShiftStart(name="am", start="00:00"), ShiftStart(name="pm", start="12:00")]


class Told:
    """Events as the line puts them on record."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, detail: dict[str, Any]) -> None:
        self.events.append((kind, detail))


@pytest.fixture
def told() -> Told:
    return Told()


def accounts(folder: Path, told: Told) -> TriggerAccounts:
    return TriggerAccounts(1, Shifts(TWO, "UTC"), LotFollower(folder, "L1", told))


def test_what_the_camera_counted_ahead_belongs_to_the_side_that_its_part_falls_on(
    tmp_path: Path, told: Told
) -> None:
    """The camera has counted 9 triggers when the fifth part is the first of the afternoon."""
    book = accounts(tmp_path, told)
    totals: dict[Any, Any] = {}
    for part in range(9):
        captured_ns = MIDNIGHT_NS + 12 * HOUR_NS + (part - 4) * 1_000_000_000
        belonging = book.belonging(captured_ns, part)
        count = CameraCount("cam1", triggers=min(part + 5, 9), given=part + 1)
        totals.update(book.enter(belonging, [count], {"cam1": 1}))
    by_shift = {account.shift: count for account, count in totals.items()}
    assert (by_shift["am"].triggers, by_shift["am"].waiting) == (4, 0)
    assert (by_shift["pm"].triggers, by_shift["pm"].waiting) == (5, 0)


def test_a_shift_that_comes_again_within_a_run_is_another_one(tmp_path: Path, told: Told) -> None:
    book = accounts(tmp_path, told)
    totals: dict[Any, Any] = {}
    for part in range(6):
        belonging = book.belonging(MIDNIGHT_NS + part * 6 * HOUR_NS, part)
        totals.update(book.enter(belonging, [CameraCount("c", part + 1, part + 1)], {"c": 1}))
    assert [(a.shift, c.triggers) for a, c in totals.items()] == [("am", 2), ("pm", 2), ("am", 2)]


def test_a_lot_that_comes_back_goes_on_where_it_was(tmp_path: Path, told: Told) -> None:
    book = accounts(tmp_path, told)
    totals: dict[Any, Any] = {}
    now_ns = time.time_ns()
    for part, lot in enumerate(["A", "A", "B", "A"]):
        order_lot(tmp_path, lot, "ada")
        belonging = book.belonging(time.time_ns(), part)
        totals.update(book.enter(belonging, [CameraCount("c", part + 1, part + 1)], {"c": 1}))
    by_lot = {account.lot: count.triggers for account, count in totals.items()}
    same_shift = len({account.shift_began_utc_ns for account in totals}) == 1
    assert not same_shift or by_lot == {"A": 3, "B": 1}
    assert [detail["to"] for _, detail in told.events] == ["A", "B", "A"]
    assert time.time_ns() > now_ns


def test_pictures_taken_before_the_order_belong_to_the_lot_before(
    tmp_path: Path, told: Told
) -> None:
    lots = LotFollower(tmp_path, "L1", told)
    order = order_lot(tmp_path, "L2", "ada")
    assert lots.lot_at(order.from_utc_ns - 1, 5) == "L1"
    assert lots.lot_at(order.from_utc_ns, 6) == "L2"
    assert told.events == [
        ("lot_changed", {"from": "L1", "to": "L2", "who": "ada", "first_part": 6})
    ]


def test_the_lot_stays_after_a_restart(tmp_path: Path, told: Told) -> None:
    order_lot(tmp_path, "L2", "ada")
    assert LotFollower(tmp_path, "L1", told).lot_at(time.time_ns(), 0) == "L2"


def test_an_order_that_makes_no_sense_is_refused_and_the_lot_stays(
    tmp_path: Path, told: Told
) -> None:
    for name in ("", "  ", "a\nb", "x" * 65):
        with pytest.raises(LotError, match="1 to 64 characters"):
            order_lot(tmp_path, name, "ada")
    with pytest.raises(LotError, match="no data folder"):
        order_lot(tmp_path / "nowhere", "L2", "ada")
    lots = LotFollower(tmp_path, "L1", told)
    for text in ("{", "[]", '{"lot": 3}', '{"lot": "L2", "who": "ada"}'):
        (tmp_path / LOT_FILE).write_text(text)
        with pytest.raises(LotError, match="order it again"):
            read_order(tmp_path)
        assert lots.lot_at(time.time_ns(), 0) == "L1"
    assert {kind for kind, _ in told.events} == {"lot_refused"}


def test_a_lot_begun_on_the_running_line_divides_the_ledger(bench: Bench, good: Capture) -> None:
    def begin_lot() -> Frame:
        order_lot(bench.folder, "L2", "ada")
        return good()

    bench.run([good, good, begin_lot, good])
    assert [part.record.lot for part in bench.parts()] == ["", "", "L2", "L2"]
    by_lot = ledgers_by(LedgerBy.LOT, bench.reader.accounts())
    assert by_lot == {name: Ledger(2, 2, 0, 0, 0) for name in ("(no lot)", "L2")}


def test_triggers_of_a_killed_line_are_lost_when_it_starts_again(
    bench: Bench, good: Capture
) -> None:
    """The process ends without a word while two triggers wait."""
    with ExitStack() as stack:
        source = bench.source([good, good, RuntimeError("killed")], already_missed=2)
        with pytest.raises(RuntimeError):
            bench.line(stack, source).run(lambda: False)
    assert bench.reader.ledger() == Ledger(4, 2, 0, 0, 0, waiting=2)
    bench.run([good])
    assert bench.reader.ledger() == Ledger(5, 3, 0, 0, lost=2)
    (settled,) = bench.events("ledger_settled")
    assert settled == {"run_id": 1, "camera_id": "cam1", "lost": 2}
