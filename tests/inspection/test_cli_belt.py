"""The belt as its own process, seen through the whole camera path: producer, GenTL, Harvesters."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from camera.belt import PICTURE_PX, Belt, truth, write_belt
from camera.frame import CameraConfigError, Frame, MissedFrame
from camera.genicam import GenicamSource
from camera.simulator import power_cycle, producer_path
from camera.triggers import LineTrigger
from inspection.cli.belt import carry

SEED = 3
CAMERA = {"ReplayAtEnd": "Wait", "ReplayPartPerFrame": True, "FaultTriggerLostEveryNth": 3}


def test_each_part_of_the_belt_reaches_the_station_as_itself(tmp_path: Path) -> None:
    """Also behind a part whose trigger took no picture."""
    belt = Belt(released=5, ended=True, pace_hz=1000.0)
    write_belt(tmp_path / "belt.json", belt)
    frames = tmp_path / "belt.frames"
    assert carry(tmp_path / "belt.json", frames, 5, SEED, lambda: False) == 5
    power_cycle()
    features = {"ReplayFrames": str(frames)} | CAMERA
    source = GenicamSource(
        "cam1", [producer_path()], serial="SIM0", features=features, trigger=LineTrigger(),
        max_wait_s=0.3,
    )  # fmt: skip
    source.start()
    try:
        outcomes = [outcome for _ in range(5) if (outcome := source.fetch(10.0))]
    finally:
        source.stop()
    assert [outcome.trigger_id for outcome in outcomes] == list(range(5))
    assert [type(outcome) for outcome in outcomes] == [Frame, Frame, MissedFrame, Frame, Frame]
    for outcome in outcomes:
        if isinstance(outcome, Frame):
            part = truth(belt, SEED, outcome.trigger_id, PICTURE_PX)
            assert np.array_equal(outcome.pixels, part.pixels)


def test_a_belt_that_stands_still_waits_until_it_is_told_to_stop(tmp_path: Path) -> None:
    write_belt(tmp_path / "belt.json", Belt(released=2, pace_hz=1000.0))
    looks = count()
    assert carry(tmp_path / "belt.json", tmp_path / "f", 5, SEED, lambda: next(looks) > 8) == 2


def test_a_belt_that_loses_pictures_itself_is_refused(tmp_path: Path) -> None:
    write_belt(tmp_path / "belt.json", Belt(released=9, ended=True, lost_one_in=2))
    with pytest.raises(CameraConfigError, match="FaultTriggerLostEveryNth"):
        carry(tmp_path / "belt.json", tmp_path / "f", 9, SEED, lambda: False)


def test_a_belt_with_more_parts_than_room_says_so(tmp_path: Path) -> None:
    write_belt(tmp_path / "belt.json", Belt(released=9, ended=True))
    with pytest.raises(CameraConfigError, match="is full, it has room for 2"):
        carry(tmp_path / "belt.json", tmp_path / "f", 2, SEED, lambda: False)
