"""Edges of a light barrier to the record: the whole station, over a camera that fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import CameraConfigError
from camera.simulator import producer_path
from camera.simulator.frames import write_frames
from inspection.records.query import RecordReader
from inspection.records.record import GateOutcome, LedgerEntry
from models.registry import Registry

PARTS = 16

RECIPE = """
product = "cap"
station = "press4"
verdict_deadline_ms = 10000.0
[camera]
id = "cam1"
max_age_ms = 1500.0
[camera.trigger]
mode = "line"
max_wait_ms = 10000.0
[camera.device]
source = "genicam"
producers = [{producer}]
serial = "SIM0"
[camera.device.features]
ReplayFrames = {frames}
ReplayPartRate = 8.0
FaultTriggerLostEveryNth = 7
FaultIncompleteEveryNth = 5
FaultLateEveryNth = 9
FaultLateMs = 1600
[model]
name = "spot"
[gate]
kind = "simulated"
travel_ms = 50.0
"""


@pytest.fixture
def station(tmp_path: Path, spot_bundle: Path, grey_picture: NDArray[np.uint8]) -> list[str]:
    """The command line of a station whose parts are all good, and whose camera is not."""
    try:
        producer = producer_path()
    except CameraConfigError as error:
        pytest.skip(str(error))
    frames, data, recipe = (tmp_path / name for name in ("parts.frames", "data", "recipe.toml"))
    write_frames(frames, [grey_picture], "Mono8")
    registry = Registry(data / "registry")
    registry.promote(registry.add(spot_bundle, "test", "first").label, "test", "first", {})
    recipe.write_text(
        RECIPE.format(producer=json.dumps(str(producer)), frames=json.dumps(str(frames)))
    )
    return [sys.executable, "-m", "inspection", "run", str(recipe), str(data)]


def test_every_edge_is_judged_late_incomplete_or_lost_and_only_what_was_judged_passes(
    station: list[str], tmp_path: Path
) -> None:
    line = subprocess.Popen(station)
    reader = RecordReader(tmp_path / "data")
    try:
        deadline = time.monotonic() + 100
        while reader.counts().parts < PARTS:
            assert line.poll() is None
            assert time.monotonic() < deadline, f"{reader.counts()} after 100 s"
            time.sleep(0.02)
        os.kill(line.pid, signal.SIGTERM)
        assert line.wait(60) == 0
        ledger = reader.ledger()
        parts = [reader.part_by_number(number) for number in range(PARTS)]
        gates = [reader.gate_outcome(number) for number in range(PARTS)]
    finally:
        line.kill()
        line.wait()
        reader.close()
    assert ledger.difference == 0
    found: dict[int, LedgerEntry] = {}
    for part, gate in zip(parts, gates, strict=True):
        assert part is not None
        (view,) = part.record.views
        assert view.trigger_id == part.record.part_number
        found[view.trigger_id] = view.ledger
        if view.ledger is not LedgerEntry.JUDGED:
            assert gate is not GateOutcome.PASSED
    lost = [number for number in range(PARTS) if number % 7 == 6]
    assert [found[number] for number in lost] == [LedgerEntry.LOST] * len(lost)
    assert set(found.values()) == set(LedgerEntry)  # the camera held some back: they are LATE
