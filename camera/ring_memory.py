"""How the ring between a camera's process and the line lies in memory: words, entries, slots.

The memory is a file without a name (memfd): it is gone with the last process that holds it, however
that one ends, and the size of /dev/shm does not bound it. Words and entries come first, then the
slots, from a page's start. docs/decisions/0010-camera-processes.md says why it is made so.
"""

import fcntl
import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from camera.frame import CameraConfigError

PAGE = mmap.ALLOCATIONGRANULARITY
ENTRIES = 1024
"""Outcomes that may wait for the line: 10 s at 100 triggers a second."""

DETAIL_BYTES = 200
"""What a miss may say; the rest is cut off."""

_ENTRY = struct.Struct(f"=QBQQqqbqbqIQIIBI16s{DETAIL_BYTES}s")
_CRC = struct.Struct("=I")
_ENTRY_BYTES = 320
_FRAME, _MISSED = 0, 1


class Word(IntEnum):
    """Places of the 64-bit words at the start; after them, for each slot TAKEN and RETURNED.

    One process alone writes each word: the producer those up to GENERATION, the consumer READ.
    """

    WRITTEN = 0  # entries ever written
    BEAT_NS = 1  # monotonic time of the acquisition loop's last turn
    TRIGGERS = 2  # triggers that the source knows of
    GENERATION = 3  # of the slot that was last begun; never used twice
    READ = 4  # entries ever read
    FIRST_SLOT = 8


@dataclass(frozen=True, slots=True)
class Geometry:
    """slots: pictures there is room for; slot_bytes: the largest picture."""

    slots: int
    slot_bytes: int

    @property
    def words(self) -> int:
        return Word.FIRST_SLOT + 2 * self.slots

    @property
    def control_bytes(self) -> int:
        """Words and entries, up to a page's end."""
        return _up(8 * self.words + ENTRIES * _ENTRY_BYTES, PAGE)

    @property
    def slot_stride(self) -> int:
        return _up(self.slot_bytes, PAGE)

    @property
    def total_bytes(self) -> int:
        return self.control_bytes + self.slots * self.slot_stride


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ring: a frame in a slot, or a run of triggers that have none.

    trigger_id, count: the first trigger and how many there are; a frame is one.
    came_ns, came_utc_ns: when the frame was captured, or the first miss noticed.
    name: the pixel format of a frame, the MissReason of misses.
    pixels_crc: CRC-32 of the pixels, or None where none was asked for.
    """

    trigger_id: int
    count: int
    came_ns: int
    came_utc_ns: int
    name: str
    detail: str = ""
    frame_id: int | None = None
    producer_timestamp_ns: int | None = None
    slot: int | None = None
    generation: int = 0
    size_hw: tuple[int, int] = (0, 0)
    pixels_crc: int | None = None


class TornEntry(Exception):
    """An entry that is not the one which was announced: its writer is not to be trusted."""


def create_memory(geometry: Geometry, camera_id: str) -> int:
    """Memory for a ring, all of it there at once; gives its file descriptor.

    Raises CameraConfigError when the machine has not that much: found later, it would end a
    process.
    """
    needed, there = geometry.total_bytes, _available_bytes()
    asked = (
        f"{camera_id}: {geometry.slots} pictures of {geometry.slot_bytes} bytes need "
        f"{needed / 1e6:.0f} MB of shared memory"
    )
    if needed > there:
        raise CameraConfigError(f"{asked}, {there / 1e6:.0f} MB are available; ask for fewer slots")
    memory = os.memfd_create("passline-ring", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.posix_fallocate(memory, 0, needed)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    except OSError as error:
        os.close(memory)
        raise CameraConfigError(f"{asked}, which were refused: {error}") from error
    return memory


def map_control(memory: int, geometry: Geometry) -> mmap.mmap:
    """Words and entries, which both sides write to."""
    return mmap.mmap(memory, geometry.control_bytes)


def map_slots(memory: int, geometry: Geometry, *, writable: bool) -> mmap.mmap:
    """The slots, with their pages already in place."""
    return mmap.mmap(
        memory,
        geometry.slots * geometry.slot_stride,
        flags=mmap.MAP_SHARED | mmap.MAP_POPULATE,
        prot=mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0),
        offset=geometry.control_bytes,
    )


def write_entry(control: mmap.mmap, geometry: Geometry, number: int, entry: Entry) -> None:
    """Put entry `number`, counted from 0 over the ring's life, in its place."""
    frame = entry.slot is not None
    packed = _ENTRY.pack(
        number, _FRAME if frame else _MISSED, entry.trigger_id, entry.count,
        entry.came_ns, entry.came_utc_ns,
        entry.frame_id is not None, entry.frame_id or 0,
        entry.producer_timestamp_ns is not None, entry.producer_timestamp_ns or 0,
        entry.slot or 0, entry.generation, *entry.size_hw,
        entry.pixels_crc is not None, entry.pixels_crc or 0,
        entry.name.encode("ascii"), _cut(entry.detail, DETAIL_BYTES),
    )  # fmt: skip
    place = _place(geometry, number)
    control[place : place + _ENTRY.size] = packed
    _CRC.pack_into(control, place + _ENTRY.size, zlib.crc32(packed))


def read_entry(control: mmap.mmap, geometry: Geometry, number: int) -> Entry:
    """Entry `number`. Raises TornEntry when its place holds anything else."""
    place = _place(geometry, number)
    packed = control[place : place + _ENTRY.size]
    (crc,) = _CRC.unpack_from(control, place + _ENTRY.size)
    (
        holds, kind, trigger_id, count, came_ns, came_utc_ns, has_id, frame_id, has_time, time_ns,
        slot, generation, height, width, has_crc, pixels_crc, name, detail,
    ) = _ENTRY.unpack(packed)  # fmt: skip
    if crc != zlib.crc32(packed) or holds != number:
        raise TornEntry(f"entry {number} of the ring is damaged: its place holds number {holds}")
    return Entry(
        trigger_id=trigger_id,
        count=count,
        came_ns=came_ns,
        came_utc_ns=came_utc_ns,
        name=name.rstrip(b"\0").decode("ascii"),
        detail=detail.rstrip(b"\0").decode("utf-8"),
        frame_id=frame_id if has_id else None,
        producer_timestamp_ns=time_ns if has_time else None,
        slot=slot if kind == _FRAME else None,
        generation=generation,
        size_hw=(height, width),
        pixels_crc=pixels_crc if has_crc else None,
    )


def _place(geometry: Geometry, number: int) -> int:
    return 8 * geometry.words + number % ENTRIES * _ENTRY_BYTES


def _cut(text: str, length: int) -> bytes:
    """At most `length` bytes, and no half character at their end."""
    return text.encode("utf-8")[:length].decode("utf-8", "ignore").encode("utf-8")


def _available_bytes() -> int:
    """What the kernel says a process may still take without another one suffering."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise CameraConfigError("/proc/meminfo says no MemAvailable; Linux 3.14 or newer is needed")


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
