"""A recorded session: every trigger is in it, whatever happens to the recorder or its disk."""

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from camera.belt import Belt, RenderedSource, write_belt
from camera.frame import CameraLost, Frame, MissedFrame, MissReason, SourceEnded
from camera.genicam import GenicamSource
from camera.recorded import RecordingSource, write_for_simulator
from camera.recording import record_session
from camera.session_file import (
    FRAMES_FILE,
    About,
    RecordingError,
    Session,
    SessionWriter,
    Tally,
)

Outcome = Frame | MissedFrame
SimulatorOpener = Callable[..., GenicamSource]
WITHIN_S = 20.0
CHANCE = np.random.default_rng(8)
SECOND_NS = 1_000_000_000


def frame(trigger_id: int, side_px: int = 4, **values: object) -> Frame:
    pixels = CHANCE.integers(0, 4096, (side_px, side_px), np.uint16)
    made = Frame(
        pixels=pixels,
        pixel_format="Mono12",
        camera_id="cam",
        trigger_id=trigger_id,
        captured_ns=5 * SECOND_NS + trigger_id * SECOND_NS // 10,
        captured_utc_ns=1_700_000_000 * SECOND_NS + trigger_id,
        producer_timestamp_ns=77 * trigger_id,
        frame_id=100 + trigger_id,
    )
    return replace(made, **values)


def miss(trigger_id: int) -> MissedFrame:
    noticed_ns = 5 * SECOND_NS + trigger_id * SECOND_NS // 10
    return MissedFrame("cam", trigger_id, MissReason.LOST, noticed_ns, 9, "gone")


class ScriptedSource:
    """Gives what it was made with, without any pause; then it ends, or the camera is lost."""

    def __init__(self, outcomes: list[Outcome], end: Exception | None = None) -> None:
        self.camera_id = "cam"
        self.stopped = False
        self._outcomes = outcomes
        self._end = end or SourceEnded("that was all")
        self._given = 0

    @property
    def triggers(self) -> int:
        return self._given

    def start(self) -> None:
        self._given = 0

    def fetch(self, timeout_s: float) -> Outcome:
        if self._given == len(self._outcomes):
            raise self._end
        self._given += 1
        return self._outcomes[self._given - 1]

    def stop(self) -> None:
        self.stopped = True


def record(folder: Path, outcomes: list[Outcome], **options: object) -> Tally:
    return record_session(ScriptedSource(outcomes), folder, software="test", **options)  # pyright: ignore[reportArgumentType]


def read(folder: Path) -> tuple[list[Outcome], Session]:
    with Session(folder) as session:
        return [session.outcome(index) for index in range(len(session))], session


def same(first: Outcome, second: Outcome) -> bool:
    if isinstance(first, MissedFrame) or isinstance(second, MissedFrame):
        return first == second
    names = ("pixel_format", "camera_id", "trigger_id", "captured_ns", "captured_utc_ns",
             "producer_timestamp_ns", "frame_id")  # fmt: skip
    alike = all(getattr(first, name) == getattr(second, name) for name in names)
    return alike and np.array_equal(first.pixels, second.pixels)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Six triggers: frames, and a miss at trigger 2."""
    folder = tmp_path / "session"
    record(folder, [frame(0), frame(1), miss(2), frame(3), frame(4), frame(5)])
    return folder


def test_every_trigger_comes_back_as_it_was(tmp_path: Path) -> None:
    outcomes: list[Outcome] = [frame(0), frame(1), miss(2), frame(3, frame_id=None)]
    tally = record(tmp_path / "s", outcomes, settings=lambda: {"ExposureTime": 2000.0})
    assert tally == Tally(4, 3, 1, 0, "that was all")
    found, session = read(tmp_path / "s")
    assert all(same(one, other) for one, other in zip(outcomes, found, strict=True))
    assert session.end.tally == tally
    assert session.about.settings == {"ExposureTime": 2000.0}
    assert session.about.camera_id == "cam"


@pytest.mark.parametrize(
    ("pixel_format", "shape", "dtype"),
    [("Mono8", (5, 7), np.uint8), ("Mono16", (5, 7), np.uint16), ("RGB8", (5, 7, 3), np.uint8),
     ("RGB12", (5, 7, 3), np.uint16)],
)  # fmt: skip
def test_pixels_of_every_kind_come_back(
    tmp_path: Path, pixel_format: str, shape: tuple[int, ...], dtype: type[np.uint8]
) -> None:
    pixels = CHANCE.integers(0, 200, shape, dtype)
    record(tmp_path / "s", [replace(frame(0), pixels=pixels, pixel_format=pixel_format)])
    (found,), _ = read(tmp_path / "s")
    assert isinstance(found, Frame)
    assert (found.pixel_format, found.pixels.dtype) == (pixel_format, dtype)
    assert np.array_equal(found.pixels, pixels)


@pytest.mark.parametrize(
    ("asked", "why", "triggers"),
    [({"frames": 2}, "2 triggers were asked for", 2), ({"seconds": 1e-9}, "1e-09 s were", 0),
     ({"stop": lambda: True}, "stopped by hand", 0)],
)  # fmt: skip
def test_a_recording_is_as_long_as_it_was_asked_for(
    tmp_path: Path, asked: dict[str, object], why: str, triggers: int
) -> None:
    tally = record(tmp_path / "s", [frame(number) for number in range(5)], **asked)
    assert (tally.triggers, why in tally.why) == (triggers, True)


def test_a_camera_that_is_lost_ends_the_session_and_says_so(tmp_path: Path) -> None:
    source = ScriptedSource([frame(0)], CameraLost("cam: does not answer"))
    with pytest.raises(CameraLost):
        record_session(source, tmp_path / "s", software="test")
    found, session = read(tmp_path / "s")
    assert len(found) == 1
    assert session.end.note == "the camera was lost: cam: does not answer"
    assert source.stopped


def test_a_session_cut_anywhere_is_read_up_to_its_last_whole_entry(session: Path) -> None:
    whole, _ = read(session)
    file = session / FRAMES_FILE
    data = file.read_bytes()
    counts = set[int]()
    for length in range(len(data)):
        file.write_bytes(data[:length])
        found, opened = read(session)
        assert all(same(one, other) for one, other in zip(whole, found, strict=False))
        assert opened.end.tally is None
        assert f"cut after {len(found)} triggers" in opened.end.note
        counts.add(len(found))
    assert counts == set(range(7))


def test_a_damaged_byte_costs_one_frame_or_what_comes_after_it(session: Path) -> None:
    whole, _ = read(session)
    file = session / FRAMES_FILE
    data = file.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x40
        file.write_bytes(changed)
        found, opened = read(session)
        wrong = [o for o, w in zip(found, whole, strict=False) if not same(o, w)]
        assert len(wrong) + (opened.end.tally is None) == 1
        for outcome in wrong:
            assert isinstance(outcome, MissedFrame)
            assert outcome.reason is MissReason.INCOMPLETE
            assert "damaged on disk" in outcome.detail


RECORDER = """
import sys
from pathlib import Path
from camera.belt import RenderedSource
from camera.recording import record_session
record_session(RenderedSource("cam", seed=3, size_px=64), Path(sys.argv[1]), software="killed")
"""


def test_a_recorder_killed_in_the_middle_leaves_whole_frames(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    file = folder / FRAMES_FILE
    recorder = subprocess.Popen([sys.executable, "-c", RECORDER, str(folder)])
    try:
        until = time.monotonic() + WITHIN_S
        while not file.is_file() or file.stat().st_size < 100_000:
            assert time.monotonic() < until
            assert recorder.poll() is None
            time.sleep(0.01)
    finally:
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
    found, session = read(folder)
    assert session.end.tally is None
    assert "cut after" in session.end.note
    source = RenderedSource("cam", seed=3, size_px=64)
    source.start()
    for outcome in found:
        expected = source.fetch(WITHIN_S)
        assert isinstance(outcome, Frame)
        assert isinstance(expected, Frame)
        assert np.array_equal(outcome.pixels, expected.pixels)


@pytest.fixture
def small_disk() -> Generator[int]:
    """A file of this process may not grow beyond so many bytes: it is refused like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    most_bytes = 50_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    yield most_bytes
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_session_with_all_whole_frames(
    tmp_path: Path, small_disk: int
) -> None:
    outcomes: list[Outcome] = [frame(number, side_px=40) for number in range(60)]
    with pytest.raises(RecordingError, match=r"the session ends here: .*last whole entry"):
        record(tmp_path / "s", outcomes)
    assert (tmp_path / "s" / FRAMES_FILE).stat().st_size <= small_disk
    found, session = read(tmp_path / "s")
    assert len(found) == small_disk // (40 * 40 * 2 + 300)
    assert all(same(one, other) for one, other in zip(outcomes, found, strict=False))
    assert session.end.note.endswith("the session was never ended")


def test_frames_that_the_disk_has_no_time_for_are_counted_and_on_record(tmp_path: Path) -> None:
    outcomes: list[Outcome] = [frame(number, side_px=1000) for number in range(40)]
    tally = record(tmp_path / "s", outcomes, backlog_bytes=1)
    assert tally.dropped > 0
    assert tally.frames + tally.dropped == tally.triggers == 40
    found, _ = read(tmp_path / "s")
    assert [outcome.trigger_id for outcome in found] == list(range(40))
    missed = [outcome for outcome in found if isinstance(outcome, MissedFrame)]
    assert len(missed) == tally.dropped
    assert {miss.detail for miss in missed} == {"not recorded: the disk could not keep up"}


class Loan:
    """Memory that is lent; the borrower's time may run out."""

    def __init__(self, intact: bool) -> None:
        self._intact = intact
        self.given_back = 0

    def intact(self) -> bool:
        return self._intact and not self.given_back

    def give_back(self) -> None:
        self.given_back += 1


def test_lent_frames_are_copied_and_given_back_and_torn_ones_are_not_kept(tmp_path: Path) -> None:
    loans = [Loan(intact=True), Loan(intact=False)]
    outcomes: list[Outcome] = [replace(frame(i), lease=loan) for i, loan in enumerate(loans)]
    tally = record(tmp_path / "s", outcomes)
    assert [loan.given_back for loan in loans] == [1, 1]
    assert (tally.frames, tally.dropped) == (1, 1)
    found, _ = read(tmp_path / "s")
    assert isinstance(found[0], Frame)
    assert isinstance(found[1], MissedFrame)
    assert found[1].reason is MissReason.INCOMPLETE


def test_a_folder_with_anything_in_it_is_left_alone(session: Path) -> None:
    before = (session / FRAMES_FILE).read_bytes()
    with pytest.raises(RecordingError, match="expected a new or an empty folder"):
        SessionWriter(session, About("cam", "test", 0, {}))
    assert (session / FRAMES_FILE).read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "what": 3}'])
def test_a_folder_that_holds_no_session_is_named(session: Path, text: str) -> None:
    (session / "about.json").write_text(text)
    with pytest.raises(RecordingError, match=r"about\.json: not a recorded session"):
        Session(session)


class HandClock:
    """A clock that stands still unless somebody sleeps by it or moves it."""

    def __init__(self) -> None:
        self.now_ns = 40 * SECOND_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return 1_700_000_000 * SECOND_NS + self.now_ns

    def sleep(self, duration_s: float) -> None:
        self.now_ns += max(0, round(duration_s * 1e9))


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_triggers_come_when_they_came(session: Path, speed: float) -> None:
    clock = HandClock()
    source = RecordingSource("front", session, speed=speed, clock=clock)
    source.start()
    begun_ns = clock.now_ns
    for number in range(6):
        outcome = source.fetch(1.0)
        assert outcome is not None
        assert (outcome.trigger_id, outcome.camera_id) == (number, "front")
        assert clock.now_ns - begun_ns == round(number * SECOND_NS / 10 / speed)
        assert isinstance(outcome, MissedFrame) == (number == 2)
    with pytest.raises(SourceEnded, match="that was all"):
        source.fetch(1.0)
    source.stop()


def test_who_fetches_late_gets_an_old_picture_and_sees_what_waits(session: Path) -> None:
    clock = HandClock()
    source = RecordingSource("cam", session, clock=clock)
    source.start()
    begun_ns = clock.now_ns
    assert source.triggers == 1
    clock.sleep(0.35)
    assert source.triggers == 4
    first = source.fetch(0.0)
    assert isinstance(first, Frame)
    assert first.captured_ns == begun_ns
    assert first.captured_utc_ns == clock.utc_ns() - 350_000_000
    source.stop()


def test_speed_zero_gives_each_trigger_when_it_is_asked_for(session: Path) -> None:
    clock = HandClock()
    source = RecordingSource("cam", session, speed=0.0, clock=clock)
    source.start()
    outcomes = [source.fetch(0.0) for _ in range(6)]
    assert None not in outcomes
    assert clock.now_ns == 40 * SECOND_NS
    assert source.triggers == 6
    source.stop()


def test_a_cut_session_is_played_to_its_cut_and_says_so(session: Path) -> None:
    file = session / FRAMES_FILE
    file.write_bytes(file.read_bytes()[:-300])
    source = RecordingSource("cam", session, speed=0.0)
    source.start()
    for _ in range(5):
        source.fetch(0.0)
    with pytest.raises(SourceEnded, match="cut after 5 triggers"):
        source.fetch(0.0)
    source.stop()


def test_the_simulator_plays_a_session_back(
    tmp_path: Path, open_simulator: SimulatorOpener
) -> None:
    belt = tmp_path / "belt.json"
    write_belt(belt, Belt(lost_one_in=3))
    source = RenderedSource("cam", size_px=64, belt_file=belt)
    record_session(source, tmp_path / "s", software="test", frames=12)
    expected = [outcome for outcome in read(tmp_path / "s")[0] if isinstance(outcome, Frame)]
    frames_file = tmp_path / "s.frames"
    assert write_for_simulator(tmp_path / "s", frames_file) == len(expected)
    rows = np.frombuffer(frames_file.read_bytes(), "<i8", 2 * len(expected), 64).reshape(-1, 2)
    assert rows[:, 0].tolist() == [wanted.captured_ns for wanted in expected]
    assert rows[:, 1].tolist() == [wanted.trigger_id for wanted in expected]
    camera = open_simulator({"ReplayFrames": str(frames_file), "ReplayTiming": "Recorded"})
    for wanted in expected:
        got = camera.fetch(WITHIN_S)
        assert isinstance(got, Frame)
        assert np.array_equal(got.pixels, wanted.pixels)


def test_a_session_of_the_simulator_is_the_same_when_it_is_played_back(
    tmp_path: Path, simulator: Path
) -> None:
    """What a camera with faults gave, and what the recording of it gives: trigger for trigger."""
    features = {"AcquisitionFrameRate": 200.0, "FaultDropEveryNth": 4, "FaultIncompleteEveryNth": 5}
    camera = GenicamSource("cam", [simulator], serial="SIM0", features=features)
    record_session(camera, tmp_path / "s", software="test", frames=20)
    recorded, session = read(tmp_path / "s")
    assert {type(outcome) for outcome in recorded} == {Frame, MissedFrame}
    source = RecordingSource("cam", tmp_path / "s", speed=0.0)
    source.start()
    for wanted in recorded:
        got = source.fetch(WITHIN_S)
        assert type(got) is type(wanted)
        assert got is not None
        assert got.trigger_id == wanted.trigger_id
        if isinstance(got, Frame) and isinstance(wanted, Frame):
            assert got.frame_id == wanted.frame_id
            assert np.array_equal(got.pixels, wanted.pixels)
    source.stop()
    assert session.end.tally is not None
