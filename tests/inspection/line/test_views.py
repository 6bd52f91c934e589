"""Parts of several views on a real line: one bad or missing view rejects, and says which."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from camera.belt import RenderedSource
from camera.frame import Frame, MissedFrame, MissReason
from inspection.judge import Outcome, ReasonKind
from inspection.line.loop import LineTooSlow
from inspection.records.ledger_by import LedgerBy
from inspection.records.ledgers import ledgers_by
from inspection.records.query import Ledger
from inspection.records.record import LedgerEntry

Bench = Any
Capture = Callable[[], Frame]
PASS, REJECT = Outcome.PASS, Outcome.REJECT

TWO_CAMERAS = """
product = "cap"
station = "bench"
verdict_deadline_ms = 5000.0
join_timeout_ms = 1000.0
[[camera]]
id = "top"
max_age_ms = 5000.0
device = { source = "rendered" }
[[camera]]
id = "side"
max_age_ms = 5000.0
device = { source = "rendered" }
[model]
name = "spot"
[gate]
kind = "simulated"
[keep]
passes_one_in = 0
"""


@dataclass
class Loan:
    """Memory that a picture was lent."""

    whole: bool = True
    returned: int = 0

    def intact(self) -> bool:
        return self.whole

    def give_back(self) -> None:
        self.returned += 1


@dataclass
class Cameras:
    """Two cameras on the bench: what each gives, part by part."""

    bench: Bench
    picture: Any
    spotted: Any
    loans: list[Loan] = field(default_factory=list[Loan])

    def frame(self, camera_id: str, trigger_id: int, kind: str) -> Frame | MissedFrame:
        now_ns, now_utc_ns = time.monotonic_ns(), time.time_ns()
        if kind == "lost":
            return MissedFrame(camera_id, trigger_id, MissReason.LOST, now_ns, now_utc_ns, "gone")
        old_ns = 6_000_000_000 if kind == "old" else 0
        loan = Loan(whole=kind != "torn")
        self.loans.append(loan)
        pixels = (self.spotted if kind == "bad" else self.picture).copy()
        return Frame(
            pixels, "Mono8", camera_id, trigger_id, now_ns - old_ns, now_utc_ns - old_ns, lease=loan
        )

    def run(self, recipe: str, **kinds: list[str]) -> None:
        sources = []
        for camera_id, each in kinds.items():
            steps = [
                lambda camera_id=camera_id, n=n, kind=kind: self.frame(camera_id, n, kind)
                for n, kind in enumerate(each)
            ]
            source = self.bench.source(steps)
            source.camera_id = camera_id
            sources.append(source)
        with ExitStack() as stack:
            self.bench.line(stack, sources, recipe).run(lambda: False)


@pytest.fixture
def cameras(bench: Bench, grey_picture: Any, spotted_picture: Any) -> Cameras:
    return Cameras(bench, grey_picture, spotted_picture)


def test_a_part_passes_only_when_every_view_does(bench: Bench, cameras: Cameras) -> None:
    cameras.run(TWO_CAMERAS, top=["good", "good", "bad"], side=["good", "bad", "good"])
    assert bench.outcomes() == [PASS, REJECT, REJECT]
    passed, of_side, of_top = [part.record for part in bench.parts()]
    assert [view.view for view in passed.views] == ["top", "side"]
    assert {(reason.kind, reason.view) for reason in of_side.verdict.reasons} == {
        (ReasonKind.DEFECT, "side")
    }
    assert of_top.worst_views_first[0].view == "top"
    assert set(bench.parts()[1].pictures) == {"top", "side"}
    assert bench.reader.picture(bench.parts()[1], "side").shape == cameras.picture.shape


def test_a_missing_view_rejects_the_part_and_is_on_its_cameras_account(
    bench: Bench, cameras: Cameras
) -> None:
    cameras.run(TWO_CAMERAS, top=["good", "good"], side=["lost", "good"])
    assert bench.outcomes() == [REJECT, PASS]
    record = bench.parts()[0].record
    assert [view.ledger for view in record.views] == [LedgerEntry.JUDGED, LedgerEntry.LOST]
    assert (record.ledger, record.verdict.inspected) == (LedgerEntry.LOST, False)
    assert record.verdict.reasons[0].view == "side"
    assert ledgers_by(LedgerBy.CAMERA, bench.reader.accounts()) == {
        "side": Ledger(2, judged=1, late=0, incomplete=0, lost=1),
        "top": Ledger(2, judged=2, late=0, incomplete=0, lost=0),
    }
    assert bench.reader.counts().parts == 2


def test_a_picture_overwritten_while_it_was_judged_is_incomplete(
    bench: Bench, cameras: Cameras
) -> None:
    cameras.run(TWO_CAMERAS, top=["good"], side=["torn"])
    (record,) = [part.record for part in bench.parts()]
    assert record.verdict.outcome is REJECT
    assert record.views[1].ledger is LedgerEntry.INCOMPLETE
    assert record.views[1].image_sha256 is None


def test_every_loan_is_given_back_also_of_pictures_that_are_kept(
    bench: Bench, cameras: Cameras
) -> None:
    kinds = ["good", "bad", "torn", "old", "good"]
    cameras.run(TWO_CAMERAS, top=kinds, side=["good"] * 5)
    assert bench.outcomes() == [PASS, REJECT, REJECT, REJECT, PASS]
    assert all(loan.returned >= 1 for loan in cameras.loans)


def test_a_line_that_may_not_lag_stops_at_the_first_late_picture(
    bench: Bench, cameras: Cameras
) -> None:
    strict = TWO_CAMERAS.replace('station = "bench"', 'station = "bench"\nbackpressure = "stop"')
    with pytest.raises(LineTooSlow, match="part 1 came too late"):
        cameras.run(strict, top=["good", "old", "good"], side=["good", "old", "good"])
    assert bench.outcomes() == [PASS, REJECT]
    assert bench.gate.safe


def test_two_lights_are_two_views_of_one_camera(bench: Bench, cameras: Cameras) -> None:
    lights = TWO_CAMERAS.replace('id = "top"', 'id = "top"\nframes = ["dark", "bright"]')
    lights = lights.replace(
        lights[lights.index('[[camera]]\nid = "side"') : lights.index("[model]")], ""
    )
    cameras.run(lights, top=["good", "good", "good", "bad", "good", "lost"])
    assert bench.outcomes() == [PASS, REJECT, REJECT]
    first, second, third = [part.record for part in bench.parts()]
    assert [view.view for view in first.views] == ["top.dark", "top.bright"]
    assert second.verdict.reasons[0].view == "top.bright"
    assert third.views[1].ledger is LedgerEntry.LOST
    assert bench.reader.ledger() == Ledger(6, judged=5, late=0, incomplete=0, lost=1)


def test_two_rendered_cameras_balance_to_the_last_part(bench: Bench) -> None:
    sources = [RenderedSource(name, parts=12, size_px=64) for name in ("top", "side")]
    with ExitStack() as stack:
        bench.line(stack, sources, TWO_CAMERAS).run(lambda: False)
    assert bench.reader.counts().parts == 12
    by_camera = ledgers_by(LedgerBy.CAMERA, bench.reader.accounts())
    assert by_camera == {name: Ledger(12, 12, 0, 0, 0) for name in ("side", "top")}
