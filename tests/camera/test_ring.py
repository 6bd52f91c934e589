"""The ring between a camera's process and the line: in place, in order, and never poisoned."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from camera.frame import (
    CameraConfigError,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
)
from camera.ring import NOT_TAKEN, RingReader, RingWriter
from camera.ring_memory import DETAIL_BYTES, ENTRIES, Geometry, TornEntry, map_control, map_slots
from camera.room import NoRoom

SIZE_HW = (6, 8)
SLOTS = 4


@dataclass(frozen=True, slots=True)
class Ring:
    reader: RingReader
    writer: RingWriter

    def give(self, trigger_id: int) -> None:
        """One picture, written where the ring says, all of one value."""
        pixels = self.writer.room(SIZE_HW, np.dtype(np.uint8))
        pixels[...] = trigger_id % 251
        self.writer.put(frame(trigger_id, pixels))

    def take(self) -> Frame:
        (got,) = self.take_all()
        assert isinstance(got, Frame)
        return got

    def take_all(self) -> list[Frame | MissedFrame]:
        return list(outcomes(self.reader))


def outcomes(reader: RingReader) -> Iterator[Frame | MissedFrame]:
    while (entry := reader.next()) is not None:
        yield from entry


def frame(trigger_id: int, pixels: NDArray[np.uint8]) -> Frame:
    return Frame(pixels, "Mono8", "cam", trigger_id, 1000 + trigger_id, 2000 + trigger_id)


def missed(trigger_id: int, reason: MissReason = MissReason.LOST, detail: str = "") -> MissedFrame:
    return MissedFrame("cam", trigger_id, reason, 1000 + trigger_id, 2000 + trigger_id, detail)


def open_ring(*, slots: int = SLOTS, slot_bytes: int = 48, check_pixels: bool = False) -> Ring:
    reader = RingReader("cam", Geometry(slots, slot_bytes))
    reader.begin()
    return Ring(reader, attach(reader, check_pixels=check_pixels))


def attach(reader: RingReader, *, check_pixels: bool = False) -> RingWriter:
    return RingWriter(reader.memory, reader.bell, reader.geometry, check_pixels=check_pixels)


@pytest.fixture
def ring() -> Ring:
    return open_ring()


def test_a_frame_arrives_with_all_that_is_known_of_it() -> None:
    ring = open_ring(slot_bytes=1000)
    sent = Frame(
        pixels=np.arange(2 * 3 * 3, dtype=np.uint16).reshape(2, 3, 3),
        pixel_format="RGB12",
        camera_id="cam",
        trigger_id=2**40,
        captured_ns=11,
        captured_utc_ns=22,
        producer_timestamp_ns=-33,
        frame_id=0,
    )
    ring.writer.put(sent)
    got = ring.take()
    assert np.array_equal(got.pixels, sent.pixels)
    assert got.pixels.dtype == sent.pixels.dtype
    names = ("pixel_format", "camera_id", "trigger_id", "captured_ns", "captured_utc_ns",
             "producer_timestamp_ns", "frame_id")  # fmt: skip
    assert [getattr(got, name) for name in names] == [getattr(sent, name) for name in names]


def test_what_the_camera_does_not_say_stays_unsaid(ring: Ring) -> None:
    ring.give(0)
    got = ring.take()
    assert (got.frame_id, got.producer_timestamp_ns) == (None, None)


def test_pixels_are_read_in_place_and_cannot_be_written(ring: Ring) -> None:
    written = ring.writer.room(SIZE_HW, np.dtype(np.uint8))
    written[...] = 7
    ring.writer.put(frame(0, written))
    got = ring.take()
    raw = map_slots(ring.reader.memory, ring.reader.geometry, writable=True)
    raw[0] = 99  # somebody writes to the slot: who reads in place sees it
    assert got.pixels[0, 0] == 99
    with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
        got.pixels.flags.writeable = True


def test_misses_arrive_with_their_reason_and_words(ring: Ring) -> None:
    sent = [missed(n, reason, f"because {n}") for n, reason in enumerate(MissReason)]
    for miss in sent:
        ring.writer.put(miss)
    assert ring.take_all() == sent


def test_long_words_are_cut_between_two_characters(ring: Ring) -> None:
    ring.writer.put(missed(0, detail="x" + "ä" * DETAIL_BYTES))
    (got,) = ring.take_all()
    assert isinstance(got, MissedFrame)
    assert got.detail == "x" + "ä" * ((DETAIL_BYTES - 1) // 2)


def test_a_slot_in_the_lines_hands_is_never_written(ring: Ring) -> None:
    ring.give(0)
    held = ring.take()
    for trigger_id in range(1, 40):
        ring.give(trigger_id)
        ring.take().give_back()
        assert held.intact()
        assert (held.pixels == 0).all()


def test_without_a_free_slot_a_frame_is_lost_and_says_why(ring: Ring) -> None:
    for trigger_id in range(SLOTS):
        ring.give(trigger_id)
    with pytest.raises(NoRoom, match="all 4 pictures of the ring wait for the line or are held"):
        ring.writer.room(SIZE_HW, np.dtype(np.uint8))
    ring.writer.put(frame(SLOTS, np.zeros(SIZE_HW, np.uint8)))
    *held, lost = ring.take_all()
    assert isinstance(lost, MissedFrame)
    assert (lost.trigger_id, lost.reason, lost.noticed_ns) == (SLOTS, MissReason.LOST, 1004)
    del held
    ring.give(SLOTS + 1)
    assert ring.take().trigger_id == SLOTS + 1


def test_room_that_was_not_used_is_given_out_again(ring: Ring) -> None:
    for _ in range(3 * SLOTS):
        ring.writer.room(SIZE_HW, np.dtype(np.uint8))
    ring.give(0)
    assert ring.take().intact()


def test_a_picture_that_fits_in_no_slot_is_refused(ring: Ring) -> None:
    with pytest.raises(FrameError, match="a picture of 49 bytes, expected at most 48"):
        ring.writer.room((7, 7), np.dtype(np.uint8))


def test_a_slot_comes_back_when_the_last_array_on_it_is_gone(ring: Ring) -> None:
    ring.give(0)
    part = ring.take().pixels[2:4, 1:3]
    assert ring.reader.lent == 1
    assert (part == 0).all()
    del part
    assert ring.reader.lent == 0


def test_a_slot_is_given_back_once_whoever_says_it_how_often(ring: Ring) -> None:
    ring.give(0)
    first = ring.take()
    givers = [threading.Thread(target=first.give_back) for _ in range(8)]
    for giver in givers:
        giver.start()
    for giver in givers:
        giver.join()
    for trigger_id in range(1, SLOTS + 1):
        ring.give(trigger_id)
    held = ring.take_all()
    assert len(held) == SLOTS
    first.give_back()  # another frame lies there now
    with pytest.raises(NoRoom):
        ring.writer.room(SIZE_HW, np.dtype(np.uint8))
    assert not first.intact()


def test_a_second_writer_in_a_held_slot_is_noticed(ring: Ring) -> None:
    ring.give(0)
    held = ring.take()
    ring.reader._returned[0] = ring.reader._taken[0]
    attach(ring.reader).room(SIZE_HW, np.dtype(np.uint8))
    assert not held.intact()


@pytest.mark.parametrize("check_pixels", [False, True])
def test_a_torn_picture_is_noticed_where_its_crc_is_asked_for(check_pixels: bool) -> None:
    ring = open_ring(check_pixels=check_pixels)
    ring.give(0)
    held = ring.take()
    assert held.intact()
    raw = map_slots(ring.reader.memory, ring.reader.geometry, writable=True)
    raw[5] ^= 1
    assert held.intact() is not check_pixels


def test_a_damaged_entry_is_noticed(ring: Ring) -> None:
    ring.give(0)
    control = map_control(ring.reader.memory, ring.reader.geometry)
    control[8 * ring.reader.geometry.words + 20] ^= 1
    with pytest.raises(TornEntry, match="entry 0 of the ring is damaged"):
        ring.reader.next()


def test_outcomes_that_nobody_takes_are_counted_without_end(ring: Ring) -> None:
    total = 3 * ENTRIES
    for trigger_id in range(total):
        ring.writer.put(missed(trigger_id, MissReason.INCOMPLETE, "half"))
    ring.writer.put(frame(total, np.zeros(SIZE_HW, np.uint8)))
    came = ring.take_all()
    ring.writer.beat(total + 1)
    came += ring.take_all()
    assert [outcome.trigger_id for outcome in came] == list(range(total + 1))
    last = came[-1]
    assert isinstance(last, MissedFrame)
    assert (last.reason, last.detail) == (MissReason.LOST, NOT_TAKEN)


def test_a_wide_gap_keeps_its_words_though_nobody_takes_it(ring: Ring) -> None:
    sent = [missed(n, detail="the camera leaves them out") for n in range(2 * ENTRIES)]
    for miss in sent:
        ring.writer.put(miss)
    came = ring.take_all()
    ring.writer.beat(len(sent))
    came += ring.take_all()
    assert {(miss.reason, miss.detail) for miss in came if isinstance(miss, MissedFrame)} == {
        (MissReason.LOST, "the camera leaves them out")
    }
    assert len(came) == len(sent)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["give", "miss", "take", "hold", "release", "replace"])))
def test_whatever_the_order_of_things_every_trigger_comes_once_and_held_frames_stay(
    steps: list[str],
) -> None:
    ring, came, held, trigger_id = open_ring(slots=2), list[int](), list[Frame](), 0
    writer = ring.writer
    for step in steps:
        if step == "give":
            writer.put(frame(trigger_id, np.full(SIZE_HW, trigger_id % 251, np.uint8)))
            trigger_id += 1
        elif step == "miss":
            writer.put(missed(trigger_id))
            trigger_id += 1
        elif step == "release" and held:
            held.pop(0).give_back()
        elif step == "replace" and len(came) == trigger_id:
            ring.reader.begin()
            writer = attach(ring.reader)
        elif step in ("take", "hold") and (entry := ring.reader.next()) is not None:
            for outcome in entry:
                came.append(outcome.trigger_id)
                if isinstance(outcome, Frame):
                    assert (outcome.pixels == outcome.trigger_id % 251).all()
                    held += [outcome] if step == "hold" else []
        for kept in held:
            assert kept.intact()
            assert (kept.pixels == kept.trigger_id % 251).all()
    came += [outcome.trigger_id for outcome in outcomes(ring.reader)]
    assert came == list(range(trigger_id))


def test_slots_that_dead_writers_had_begun_are_free_for_the_next(ring: Ring) -> None:
    for _ in range(3 * SLOTS):
        ring.reader.begin()
        attach(ring.reader).room(SIZE_HW, np.dtype(np.uint8))


def test_what_a_dead_writer_wrote_and_did_not_announce_comes_too(ring: Ring) -> None:
    unheard = os.eventfd(0)
    writer = RingWriter(ring.reader.memory, unheard, ring.reader.geometry)
    writer.put(missed(0))
    os.close(unheard)
    assert ring.reader.next() is None
    ring.reader.settle()
    assert ring.take_all() == [missed(0)]


WRITES_FOR_EVER = """
import sys, numpy as np
from camera.frame import Frame
from camera.ring import RingWriter
from camera.ring_memory import Geometry
memory, bell, slots, slot_bytes = map(int, sys.argv[1:])
writer = RingWriter(memory, bell, Geometry(slots, slot_bytes))
trigger_id = 0
while True:
    writer.beat(trigger_id + 1)
    pixels = np.full((200, 300), trigger_id % 251, np.uint8)
    writer.put(Frame(pixels, "Mono8", "cam", trigger_id, 1, 1))
    trigger_id += 1
"""


@pytest.fixture
def reader() -> RingReader:
    return RingReader("cam", Geometry(SLOTS, 60_000))


def test_a_writer_killed_at_any_moment_leaves_a_ring_that_serves_the_next(
    reader: RingReader,
) -> None:
    numbers = reader.memory, reader.bell, SLOTS, 60_000
    for _ in range(4):
        reader.begin()
        command = [sys.executable, "-c", WRITES_FOR_EVER, *map(str, numbers)]
        with subprocess.Popen(command, pass_fds=numbers[:2]) as process:
            came, held = 0, None
            while came < 300:
                for outcome in outcomes(reader):
                    assert outcome.trigger_id == came
                    came += 1
                    if isinstance(outcome, Frame):
                        assert (outcome.pixels == outcome.trigger_id % 251).all()
                        held = outcome
            process.send_signal(signal.SIGKILL)
        reader.settle()
        for outcome in outcomes(reader):
            assert outcome.trigger_id == came
            came += 1
        assert reader.triggers - came in (0, 1)  # the one it had counted and not handed over
        assert held is not None
        assert held.intact()


def test_more_memory_than_there_is_is_refused_before_anything_is_taken() -> None:
    with pytest.raises(CameraConfigError, match=r"cam: 1000000 pictures of 5000000 bytes need "):
        RingReader("cam", Geometry(1_000_000, 5_000_000))


def test_memory_that_the_kernel_refuses_is_a_fault_that_says_so() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(CameraConfigError, match=r"which were refused: .*File too large"):
            RingReader("cam", Geometry(SLOTS, 1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208


def test_nobody_can_make_the_memory_shorter_under_a_reader(ring: Ring) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(ring.reader.memory, 0)
    assert fcntl.fcntl(ring.reader.memory, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK


def test_a_ring_that_nobody_holds_is_gone_with_its_files() -> None:
    ring = open_ring()
    descriptors = ring.reader.memory, ring.reader.bell
    del ring
    for descriptor in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
