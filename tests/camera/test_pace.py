"""Triggers at a pace: the belt waits for nobody, and a picture's age starts when it was taken."""

from pathlib import Path

import numpy as np
import pytest

from camera.belt import Belt, RenderedSource, Stretch, truth, write_belt
from camera.frame import Frame
from camera.replay import FolderSource

PERIOD_NS = 100_000_000
START_NS = 5_000_000_000
UTC_OFFSET_NS = 1_700_000_000_000_000_000


class HandClock:
    """A clock that stands still unless somebody sleeps by it or moves it."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return UTC_OFFSET_NS + self.now_ns

    def sleep(self, duration_s: float) -> None:
        self.now_ns += max(0, round(duration_s * 1e9))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["folder", "belt"])
def source(
    request: pytest.FixtureRequest, clock: HandClock, picture_folder: Path
) -> FolderSource | RenderedSource:
    if request.param == "folder":
        started = FolderSource("cam", picture_folder, pace_hz=10.0, clock=clock)
    else:
        started = RenderedSource("cam", pace_hz=10.0, parts=5, size_px=64, clock=clock)
    started.start()
    return started


Paced = FolderSource | RenderedSource


def test_triggers_come_one_period_after_the_other(source: Paced, clock: HandClock) -> None:
    frames = [source.fetch(1.0) for _ in range(5)]
    captured = [frame.captured_ns - START_NS for frame in frames if isinstance(frame, Frame)]
    assert captured == [number * PERIOD_NS for number in range(5)]
    assert clock.now_ns == START_NS + 4 * PERIOD_NS


def test_nothing_comes_before_it_is_due(source: Paced, clock: HandClock) -> None:
    source.fetch(0.0)
    assert source.fetch(0.04) is None
    assert source.fetch(0.04) is None
    assert source.triggers == 1
    frame = source.fetch(0.04)
    assert isinstance(frame, Frame)
    assert frame.trigger_id == 1
    assert clock.now_ns == START_NS + PERIOD_NS


def test_the_belt_does_not_wait_for_a_slow_line(source: Paced, clock: HandClock) -> None:
    source.fetch(0.0)
    clock.now_ns = START_NS + 3 * PERIOD_NS + 1
    assert source.triggers == 4
    frame = source.fetch(0.0)
    assert isinstance(frame, Frame)
    assert frame.captured_ns == START_NS + PERIOD_NS
    assert frame.captured_utc_ns == UTC_OFFSET_NS + START_NS + PERIOD_NS
    assert source.triggers == 4


def test_no_more_triggers_are_counted_than_there_are_parts(source: Paced, clock: HandClock) -> None:
    source.fetch(0.0)
    clock.now_ns = START_NS + 1000 * PERIOD_NS
    assert source.triggers == 5


def test_a_held_belt_does_not_catch_up_when_it_is_released(
    tmp_path: Path, clock: HandClock
) -> None:
    belt_file = tmp_path / "belt.json"
    write_belt(belt_file, Belt(released=1, pace_hz=10.0))
    source = RenderedSource("cam", belt_file=belt_file, size_px=64, clock=clock)
    source.start()
    source.fetch(0.0)
    assert source.fetch(2.0) is None
    assert source.triggers == 1
    write_belt(belt_file, Belt(released=9, pace_hz=10.0))
    frame = source.fetch(0.0)
    assert isinstance(frame, Frame)
    assert frame.captured_ns == clock.now_ns == START_NS + 2_000_000_000
    assert source.fetch(0.0) is None
    assert source.triggers == 2


def test_a_part_that_waits_for_its_turn_is_what_the_belt_says_when_it_comes(
    tmp_path: Path, clock: HandClock
) -> None:
    belt_file = tmp_path / "belt.json"
    write_belt(belt_file, Belt(pace_hz=10.0))
    source = RenderedSource("cam", seed=5, belt_file=belt_file, size_px=64, clock=clock)
    source.start()
    source.fetch(0.0)
    assert source.fetch(0.0) is None  # the next part is ready, and not due
    darker = Belt(pace_hz=10.0, stretches=(Stretch(), Stretch(first_part=1, light=0.5)))
    write_belt(belt_file, darker)
    frame = source.fetch(1.0)
    assert isinstance(frame, Frame)
    assert np.array_equal(frame.pixels, truth(darker, 5, 1, size_px=64).pixels)
