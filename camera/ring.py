"""A ring of pictures in shared memory, from a camera's process to the line's: no copy, no lock.

One process writes (`RingWriter`), one reads (`RingReader`). Each word has one writer, so a process
may be killed between any two instructions and leaves nothing that the other would wait for. A slot
belongs to the writer until it is announced by an entry, and to the reader until it is given back.
"""

import os
import time
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera.frame import (
    CHANNELS_BY_FORMAT,
    DTYPE_BY_FORMAT,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
    Pixels,
)
from camera.ring_memory import (
    ENTRIES,
    Entry,
    Geometry,
    Word,
    create_memory,
    map_control,
    map_slots,
    read_entry,
    write_entry,
)
from camera.room import NoRoom

NOT_TAKEN = "the line did not take the outcomes before this one in time"


class RingWriter:
    """The producer's side, on memory that a RingReader made.

    It also serves after another writer that was killed: the reader has freed what that one left.

    Args:
        memory, bell: the reader's file descriptors; they stay the caller's.
        geometry: the reader's.
        check_pixels: enter a CRC-32 of each picture, which `Frame.intact` then compares.
    """

    def __init__(
        self, memory: int, bell: int, geometry: Geometry, *, check_pixels: bool = False
    ) -> None:
        self._geometry = geometry
        self._bell = bell
        self._check_pixels = check_pixels
        self._control = map_control(memory, geometry)
        self._slots = map_slots(memory, geometry, writable=True)
        self._words = memoryview(self._control)[: 8 * geometry.words].cast("Q")
        self._taken, self._returned = _slot_words(self._words, geometry)
        self._written = self._words[Word.WRITTEN]
        self._begun: tuple[int, NDArray[Any]] | None = None
        self._held_back: Entry | None = None

    def beat(self, triggers: int) -> None:
        """Say that the acquisition loop turns, and how many triggers its source knows of."""
        self._words[Word.TRIGGERS] = triggers
        self._words[Word.BEAT_NS] = time.monotonic_ns()
        self._give_held_back()

    def room(self, shape: tuple[int, ...], dtype: "np.dtype[Any]", /) -> "NDArray[Any]":
        """A free slot to write the next picture into; it is an `camera.room.Allocate`.

        What was given out and not put is given out again.
        Raises NoRoom when the line holds all slots, FrameError for a picture that fits in none.
        """
        nbytes = prod(shape) * dtype.itemsize
        if nbytes > self._geometry.slot_bytes:
            raise FrameError(
                f"a picture of {nbytes} bytes, expected at most {self._geometry.slot_bytes}"
            )
        if not self._give_held_back():
            raise NoRoom(NOT_TAKEN)
        slot = self._begun[0] if self._begun else self._begin_slot()
        offset = slot * self._geometry.slot_stride
        self._begun = slot, np.ndarray(shape, dtype, self._slots, offset)
        return self._begun[1]

    def put(self, outcome: Frame | MissedFrame) -> None:
        """Hand one trigger's outcome over; pixels that lie elsewhere than in `room` are copied."""
        entry = self._held(outcome) if isinstance(outcome, Frame) else _missed(outcome)
        if not self._give_held_back() or self._is_full():
            self._hold_back(entry)
        else:
            self._write(entry)

    def _held(self, frame: Frame) -> Entry:
        try:
            slot, pixels = self._slot_of(frame.pixels)
        except NoRoom as error:
            lost = frame.trigger_id, 1, frame.captured_ns, frame.captured_utc_ns
            return Entry(*lost, MissReason.LOST.value, str(error))
        return Entry(
            trigger_id=frame.trigger_id,
            count=1,
            came_ns=frame.captured_ns,
            came_utc_ns=frame.captured_utc_ns,
            name=frame.pixel_format,
            frame_id=frame.frame_id,
            producer_timestamp_ns=frame.producer_timestamp_ns,
            slot=slot,
            generation=self._taken[slot],
            size_hw=frame.size_hw,
            pixels_crc=zlib.crc32(pixels.data) if self._check_pixels else None,
        )

    def _slot_of(self, pixels: Pixels) -> tuple[int, "NDArray[Any]"]:
        if self._begun is not None and self._begun[1] is pixels:
            return self._begun
        copied = self.room(pixels.shape, pixels.dtype)
        copied[...] = pixels
        return self._slot_of(copied)

    def _begin_slot(self) -> int:
        """Take a free slot; from here on no older frame in it is intact."""
        for slot in range(self._geometry.slots):
            if self._taken[slot] == self._returned[slot]:
                generation = self._words[Word.GENERATION] + 1
                self._words[Word.GENERATION] = generation
                self._taken[slot] = generation
                return slot
        raise NoRoom(
            f"all {self._geometry.slots} pictures of the ring wait for the line or are held by it"
        )

    def _write(self, entry: Entry) -> None:
        write_entry(self._control, self._geometry, self._written, entry)
        self._written += 1
        self._words[Word.WRITTEN] = self._written
        if entry.slot is not None:
            self._begun = None
        os.eventfd_write(self._bell, 1)

    def _hold_back(self, entry: Entry) -> None:
        """Keep what finds no free entry as one run of misses, however long it grows."""
        first = self._held_back
        if entry.slot is not None:
            entry = replace(entry, slot=None, name=MissReason.LOST.value, detail=NOT_TAKEN)
        if first is None:
            self._held_back = entry
            return
        alike = (first.name, first.detail) == (entry.name, entry.detail)
        name, detail = (first.name, first.detail) if alike else (MissReason.LOST.value, NOT_TAKEN)
        self._held_back = replace(first, count=first.count + 1, name=name, detail=detail)

    def _give_held_back(self) -> bool:
        """Write the run that was kept; whether nothing is kept any more."""
        if self._held_back is not None and not self._is_full():
            self._write(self._held_back)
            self._held_back = None
        return self._held_back is None

    def _is_full(self) -> bool:
        return self._written - self._words[Word.READ] >= ENTRIES


class RingReader:
    """The consumer's side, which makes the memory and outlives the writers.

    Args:
        camera_id: named in what comes out.
        geometry: slots and their size.

    Raises CameraConfigError when there is not enough memory.
    """

    def __init__(self, camera_id: str, geometry: Geometry) -> None:
        self.camera_id = camera_id
        self.geometry = geometry
        self.memory = create_memory(geometry, camera_id)
        self.bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, _close, self.memory, self.bell)
        self._control = map_control(self.memory, geometry)
        self._slots = map_slots(self.memory, geometry, writable=False)
        self._words = memoryview(self._control)[: 8 * geometry.words].cast("Q")
        self._taken, self._returned = _slot_words(self._words, geometry)
        self._read = 0
        self._announced = 0
        self._lent: dict[int, tuple[int, weakref.ref[NDArray[Any]]]] = {}

    @property
    def triggers(self) -> int:
        """Triggers that the writer's source knows of."""
        return self._words[Word.TRIGGERS]

    @property
    def beat_ns(self) -> int:
        """When the writer's acquisition loop last turned, on the monotonic clock."""
        return self._words[Word.BEAT_NS]

    @property
    def lent(self) -> int:
        """Slots whose pixels are held in this process."""
        return len(self._lent)

    def next(self) -> Iterator[Frame | MissedFrame] | None:
        """The outcomes of the next entry, or None when there is none. Raises TornEntry.

        Only what the bell has announced is looked at: the system call orders memory between two
        processors, which plain reads and writes do not on every machine.
        """
        if self._read == self._announced:
            self._announced += self._heard()
            if self._read == self._announced:
                return None
        entry = read_entry(self._control, self.geometry, self._read)
        self._read += 1
        self._words[Word.READ] = self._read
        if entry.slot is None:
            return self._misses(entry)
        return iter((self._lend(entry, entry.slot),))

    def begin(self) -> None:
        """Ready the ring for a new writer; entries that were not read are dropped.

        To be called only when no writer is alive. Frames that are held stay as they are.
        """
        self.settle()
        self._read = self._announced
        self._words[Word.READ] = self._read
        for slot in range(self.geometry.slots):
            generation = self._taken[slot]
            if generation not in self._lent:
                self._returned[slot] = generation
        self._words[Word.TRIGGERS] = 0
        self._words[Word.BEAT_NS] = time.monotonic_ns()

    def settle(self) -> None:
        """Take also what a dead writer wrote and did not come to announce."""
        self._heard()
        self._announced = self._words[Word.WRITTEN]

    def give_back(self, generation: int) -> None:
        """End a loan; only the first call for it counts, from whichever thread."""
        lent = self._lent.pop(generation, None)  # one step under Python's lock: no second winner
        if lent is not None:
            self._returned[lent[0]] = generation

    def holds(self, slot: int, generation: int) -> bool:
        """Whether nobody has begun to write to the slot since."""
        return self._taken[slot] == generation

    def bytes_of(self, slot: int, nbytes: int) -> memoryview:
        """A slot's bytes as they are now."""
        offset = slot * self.geometry.slot_stride
        return memoryview(self._slots)[offset : offset + nbytes]

    def _heard(self) -> int:
        try:
            return os.eventfd_read(self.bell)
        except BlockingIOError:
            return 0

    def _lend(self, entry: Entry, slot: int) -> Frame:
        """The frame in place. Its slot also comes back when the last array on it is gone."""
        generation, channels = entry.generation, CHANNELS_BY_FORMAT[entry.name]
        shape = (*entry.size_hw, channels) if channels > 1 else entry.size_hw
        dtype = np.dtype(DTYPE_BY_FORMAT[entry.name])
        offset = slot * self.geometry.slot_stride
        pixels: Pixels = np.ndarray(shape, dtype, self._slots, offset)
        gone = weakref.ref(pixels, lambda _: self.give_back(generation))
        self._lent[generation] = slot, gone
        return Frame(
            pixels=pixels,
            pixel_format=entry.name,
            camera_id=self.camera_id,
            trigger_id=entry.trigger_id,
            captured_ns=entry.came_ns,
            captured_utc_ns=entry.came_utc_ns,
            producer_timestamp_ns=entry.producer_timestamp_ns,
            frame_id=entry.frame_id,
            lease=SlotLease(self, slot, generation, pixels.nbytes, entry.pixels_crc),
        )

    def _misses(self, entry: Entry) -> Iterator[MissedFrame]:
        return (
            MissedFrame(
                camera_id=self.camera_id,
                trigger_id=trigger_id,
                reason=MissReason(entry.name),
                noticed_ns=entry.came_ns,
                noticed_utc_ns=entry.came_utc_ns,
                detail=entry.detail,
            )
            for trigger_id in range(entry.trigger_id, entry.trigger_id + entry.count)
        )


@dataclass(frozen=True, slots=True)
class SlotLease:
    """A slot of the ring in the consumer's hands; see `camera.frame.Lease`."""

    ring: RingReader
    slot: int
    generation: int
    nbytes: int
    pixels_crc: int | None

    def intact(self) -> bool:
        """Whether the slot's generation is still the frame's, and the CRC if one was entered."""
        if not self.ring.holds(self.slot, self.generation):
            return False
        held = self.ring.bytes_of(self.slot, self.nbytes)
        return self.pixels_crc is None or zlib.crc32(held) == self.pixels_crc

    def give_back(self) -> None:
        self.ring.give_back(self.generation)


def _slot_words(words: memoryview, geometry: Geometry) -> tuple[memoryview, memoryview]:
    """For each slot the generation last begun in it, and the one last given back."""
    first, slots = Word.FIRST_SLOT, geometry.slots
    return words[first : first + slots], words[first + slots : first + 2 * slots]


def _missed(missed: MissedFrame) -> Entry:
    return Entry(
        trigger_id=missed.trigger_id,
        count=1,
        came_ns=missed.noticed_ns,
        came_utc_ns=missed.noticed_utc_ns,
        name=missed.reason.value,
        detail=missed.detail,
    )


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
