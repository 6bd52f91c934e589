"""A line over two virtual cameras behind GenTL, each in a process of its own, on one belt."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera.frame import CameraConfigError
from camera.simulator import CAMERAS_VARIABLE, FRAMES_VARIABLE, producer_path
from camera.simulator.frames import FramesFile
from camera.worker import WorkerSource
from inspection.compose import open_sources
from inspection.judge import Outcome
from inspection.recipe import parse_recipe
from inspection.records.ledger_by import LedgerBy
from inspection.records.ledgers import ledgers_by
from inspection.records.record import LedgerEntry

Bench = Any
JOIN_TIMEOUT_S = 1.0
WITHIN_S = 60.0

RECIPE = """
product = "cap"
station = "bench"
verdict_deadline_ms = 20000.0
join_timeout_ms = {timeout_ms}
[model]
name = "spot"
[gate]
kind = "simulated"
[keep]
passes_one_in = 1
{cameras}
"""
CAMERA = """
[[camera]]
id = "{name}"
max_age_ms = 20000.0
trigger = {{ mode = "line", max_wait_ms = 300.0 }}
[camera.device]
source = "genicam"
producers = ["{producer}"]
serial = "{serial}"
[camera.device.features]
ReplayFrames = "{frames}"
ReplayAtEnd = "Wait"
ReplayPartPerFrame = true
FaultTriggerLostEveryNth = {lost_one_in}
"""


class Cell:
    """A belt under two cameras: a picture in the file is a part at both light barriers."""

    def __init__(self, bench: Bench, frames: FramesFile, recipe: str) -> None:
        self.bench = bench
        self._frames = frames
        self._stack = ExitStack()
        sources = open_sources(parse_recipe(recipe, "cell"), 0)
        self.top, self.side = sources
        self._stopping = threading.Event()
        line = bench.line(self._stack, sources, recipe)
        self._thread = threading.Thread(target=line.run, args=(self._stopping.is_set,))
        self._thread.start()
        wait_for(lambda: len(bench.reader.run_cameras(1)) == 2 and self._are_open())

    def part(self) -> Outcome:
        """Let a part come; the line's verdict on it."""
        before = self.bench.reader.counts().parts
        pixels = np.full((64, 64), 100, np.uint8)
        self._frames.append(pixels, timestamp_ns=time.monotonic_ns())
        wait_for(lambda: self.bench.reader.counts().parts > before)
        return self.bench.reader.last_part().record.verdict.outcome

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._stack.close()

    def _are_open(self) -> bool:
        return all(camera.settings for camera in self.bench.reader.run_cameras(1))


def wait_for(happened: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + WITHIN_S
    while not happened():
        if time.monotonic() > give_up_s:
            pytest.fail(f"nothing within {WITHIN_S} s")
        threading.Event().wait(0.01)


@pytest.fixture
def open_cell(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Callable[..., Cell]]:
    try:
        producer = producer_path()
    except CameraConfigError as error:
        pytest.skip(str(error))
    monkeypatch.delenv(FRAMES_VARIABLE, raising=False)
    monkeypatch.setenv(CAMERAS_VARIABLE, "2")
    path = tmp_path / "parts.frames"
    with ExitStack() as stack:

        def open_cell(lost_one_in: int = 0) -> Cell:
            frames = stack.enter_context(FramesFile(path, "Mono8", (64, 64), 100))
            cameras = "".join(
                CAMERA.format(
                    name=name, serial=serial, producer=producer, frames=path, lost_one_in=lost
                )
                for name, serial, lost in (("top", "SIM0", 0), ("side", "SIM1", lost_one_in))
            )
            recipe = RECIPE.format(timeout_ms=JOIN_TIMEOUT_S * 1e3, cameras=cameras)
            cell = Cell(bench, frames, recipe)
            stack.callback(cell.stop)
            return cell

        yield open_cell


def test_a_trigger_that_one_camera_loses_rejects_its_part_and_both_ledgers_balance(
    bench: Bench, open_cell: Callable[..., Cell]
) -> None:
    cell = open_cell(lost_one_in=4)
    outcomes = [cell.part() for _ in range(12)]
    cell.stop()
    assert outcomes == [Outcome.PASS, Outcome.PASS, Outcome.PASS, Outcome.REJECT] * 3
    for part in bench.parts():
        entries = {view.view: view.ledger for view in part.record.views}
        lost = part.record.verdict.outcome is Outcome.REJECT
        assert entries == {
            "top": LedgerEntry.JUDGED,
            "side": LedgerEntry.LOST if lost else LedgerEntry.JUDGED,
        }
        assert len({view.trigger_id for view in part.record.views}) == 1
    ledgers = ledgers_by(LedgerBy.CAMERA, bench.reader.accounts())
    assert (ledgers["top"].triggers, ledgers["top"].judged) == (12, 12)
    assert (ledgers["side"].triggers, ledgers["side"].lost) == (12, 3)
    assert all(each.difference == each.waiting == 0 for each in ledgers.values())


def test_a_camera_process_that_is_killed_rejects_parts_until_both_are_in_step_again(
    bench: Bench, open_cell: Callable[..., Cell]
) -> None:
    cell = open_cell()
    assert [cell.part() for _ in range(2)] == [Outcome.PASS] * 2
    assert isinstance(cell.side, WorkerSource)
    assert cell.side.process_id is not None
    os.kill(cell.side.process_id, signal.SIGKILL)
    wait_for(lambda: bool(bench.events("camera_lost")))
    assert cell.part() is Outcome.REJECT
    wait_for(lambda: bool(bench.events("camera_back")))
    last_s = time.monotonic()
    wait_for(lambda: time.monotonic() > last_s + 2 * JOIN_TIMEOUT_S)  # a pause of the belt
    assert cell.part() is Outcome.PASS
    cell.stop()
    top = ledgers_by(LedgerBy.CAMERA, bench.reader.accounts())["top"]
    assert (top.triggers, top.difference, top.waiting) == (4, 0, 0)
    assert bench.events("cameras_out_of_step") == [{"fault": "side was lost"}]


def test_what_each_camera_really_had_is_on_record(
    bench: Bench, open_cell: Callable[..., Cell]
) -> None:
    open_cell().stop()
    top, side = bench.reader.run_cameras(1)
    assert (top.camera_id, side.camera_id) == ("top", "side")
    assert top.settings["TriggerSource[FrameStart]"] == "Line0"
    assert side.settings["ReplayAtEnd"] == "Wait"
    assert top.device
    assert top.device != side.device
