"""A recorded session on disk: entry after entry in one file, readable up to where it was cut.

SESSION/about.json says whose it is; SESSION/session.frames holds for every trigger an entry: head,
JSON, pixels. Nothing is ever changed once written, so a kill or a full disk costs the last entry at
most. docs/recording.md describes the bytes.
"""

import json
import os
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from camera.frame import (
    CHANNELS_BY_FORMAT,
    CameraError,
    Frame,
    FrameError,
    MissedFrame,
    MissReason,
    Pixels,
    check_pixels,
)

ABOUT_FILE = "about.json"
FRAMES_FILE = "session.frames"
FORMAT = 1

_MAGIC = b"PLSE"
_HEAD = struct.Struct("<4sIQI")  # magic, bytes of JSON, bytes of pixels, CRC-32 of the pixels
_CRC = struct.Struct("<I")  # CRC-32 of the head so far and the JSON


class RecordingError(CameraError):
    """A session cannot be written or read; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class About:
    """What a session is of.

    settings: what the camera had when it started, by feature; empty where it has none.
    """

    camera_id: str
    software: str
    started_utc_ns: int
    settings: Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a session ended.

    dropped: frames that came but were not kept, since the disk could not keep up.
    """

    triggers: int
    frames: int
    missed: int
    dropped: int
    why: str


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why nothing comes after the last entry.

    tally: as it was written at the end; None for a session that was cut.
    note: in words, with the place where it was cut.
    """

    tally: Tally | None
    note: str


class SessionWriter:
    """Appends entries to a new session.

    Raises RecordingError when the folder is there and not empty, or cannot be written.
    """

    def __init__(self, folder: Path, about: About) -> None:
        self._path = folder / FRAMES_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise RecordingError(f"{folder}: expected a new or an empty folder; name another")
            with (folder / ABOUT_FILE).open("x", encoding="utf-8") as file:
                json.dump({"format": FORMAT} | asdict(about), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise RecordingError(f"{folder}: no session can be written here: {error}") from error
        self.bytes_written = 0

    def frame(self, frame: Frame, pixels: Pixels) -> None:
        """Append a frame; `pixels` are its own or a copy of them. Raises OSError."""
        little: Any = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
        said = {
            "kind": "frame",
            "trigger_id": frame.trigger_id,
            "frame_id": frame.frame_id,
            "ns": frame.captured_ns,
            "utc_ns": frame.captured_utc_ns,
            "producer_ns": frame.producer_timestamp_ns,
            "pixel_format": frame.pixel_format,
            "size_hw": frame.size_hw,
        }
        self._append(said, memoryview(little.reshape(-1).view(np.uint8)))

    def missed(self, missed: MissedFrame) -> None:
        """Append a trigger without a frame. Raises OSError."""
        said = {
            "kind": "missed",
            "trigger_id": missed.trigger_id,
            "ns": missed.noticed_ns,
            "utc_ns": missed.noticed_utc_ns,
            "reason": missed.reason,
            "detail": missed.detail,
        }
        self._append(said)

    def end(self, tally: Tally) -> None:
        """Append how it ended. Raises OSError."""
        self._append({"kind": "end"} | asdict(tally))

    def sync(self) -> None:
        """What was appended outlives a power cut when this returns. Raises OSError."""
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def _append(self, said: dict[str, Any], pixels: bytes | memoryview = b"") -> None:
        """Write an entry; one that cannot be finished is taken back: the file ends whole."""
        text = json.dumps(said).encode()
        head = _HEAD.pack(_MAGIC, len(text), len(pixels), zlib.crc32(pixels))
        head += _CRC.pack(zlib.crc32(text, zlib.crc32(head)))
        entry_bytes = len(head) + len(text) + len(pixels)
        try:
            for part in (head + text, pixels):
                left = memoryview(part)
                while left:
                    left = left[os.write(self._file, left) :]
        except OSError:
            os.ftruncate(self._file, self.bytes_written)
            raise
        self.bytes_written += entry_bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    said: dict[str, Any]
    pixels_at: int
    pixels_bytes: int
    pixels_crc: int


class Session:
    """A recorded session, whole or cut, for reading. Use it in a `with` block.

    Holds 16 bytes of memory for each entry, and the file open.

    Raises RecordingError when the folder holds no session.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FRAMES_FILE
        self.about = _read_about(folder / ABOUT_FILE)
        try:
            self._file = os.open(self._path, os.O_RDONLY)
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot be read: {error}") from error
        self._places, self._times = array("Q"), array("q")
        self.end = self._scan()

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._file)

    def offset_ns(self, index: int) -> int:
        """When entry `index` came, in ns after the first; never less than the one before."""
        return self._times[index] - self._times[0]

    def count_until(self, offset_ns: int) -> int:
        """Entries that had come by so many ns after the first."""
        return bisect_right(self._times, self._times[0] + offset_ns) if self._times else 0

    def outcome(self, index: int) -> Frame | MissedFrame:
        """Entry `index` as it was recorded; a frame whose bytes are damaged is INCOMPLETE."""
        entry = self._entry(self._places[index])
        said = entry.said
        if said["kind"] == "missed":
            return self._missed(said, MissReason(said["reason"]), said["detail"])
        data = os.pread(self._file, entry.pixels_bytes, entry.pixels_at)
        if zlib.crc32(data) != entry.pixels_crc:
            detail = f"damaged on disk: CRC-32 of {self._path} from byte {entry.pixels_at} on"
            return self._missed(said, MissReason.INCOMPLETE, detail)
        return Frame(
            pixels=_pixels(data, said["pixel_format"], said["size_hw"]),
            pixel_format=said["pixel_format"],
            camera_id=self.about.camera_id,
            trigger_id=said["trigger_id"],
            captured_ns=said["ns"],
            captured_utc_ns=said["utc_ns"],
            producer_timestamp_ns=said["producer_ns"],
            frame_id=said["frame_id"],
        )

    def _missed(self, said: dict[str, Any], reason: MissReason, detail: str) -> MissedFrame:
        return MissedFrame(
            self.about.camera_id, said["trigger_id"], reason, said["ns"], said["utc_ns"], detail
        )

    def _scan(self) -> SessionEnd:
        """Find the entries: up to the tally, the end of the file, or what is no entry."""
        place, size = 0, os.fstat(self._file).st_size
        while place < size:
            try:
                entry = self._entry(place)
            except RecordingError as error:
                return SessionEnd(None, f"cut after {len(self)} triggers: {error}")
            if entry.said["kind"] == "end":
                tally = Tally(**{name: entry.said[name] for name in Tally.__slots__})
                return SessionEnd(tally, tally.why)
            if entry.pixels_at + entry.pixels_bytes > size:
                return SessionEnd(
                    None, f"cut after {len(self)} triggers, within a frame at byte {place}"
                )
            latest = self._times[-1] if self._times else entry.said["ns"]
            self._times.append(max(latest, entry.said["ns"]))
            self._places.append(place)
            place = entry.pixels_at + entry.pixels_bytes
        return SessionEnd(None, f"cut after {len(self)} triggers: the session was never ended")

    def _entry(self, place: int) -> _Entry:
        """The entry at byte `place`. Raises RecordingError when there is none."""
        head_bytes = _HEAD.size + _CRC.size
        head = os.pread(self._file, head_bytes, place)
        if len(head) < head_bytes or not head.startswith(_MAGIC):
            raise RecordingError(f"{self._path}: no entry at byte {place}")
        _, text_bytes, pixels_bytes, pixels_crc = _HEAD.unpack_from(head)
        text = os.pread(self._file, text_bytes, place + head_bytes)
        (crc,) = _CRC.unpack_from(head, _HEAD.size)
        if zlib.crc32(text, zlib.crc32(head[: _HEAD.size])) != crc:
            raise RecordingError(f"{self._path}: no whole entry at byte {place}")
        pixels_at = place + head_bytes + text_bytes
        return _Entry(json.loads(text), pixels_at, pixels_bytes, pixels_crc)


def _read_about(path: Path) -> About:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.pop("format") != FORMAT:
            raise ValueError(f"expected a session of format {FORMAT}")
        return About(**said)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordingError(f"{path}: not a recorded session: {error!r}") from error


def _pixels(data: bytes, pixel_format: str, size_hw: list[int]) -> Pixels:
    """Raises FrameError when the bytes are not a picture of this format and size."""
    channels = CHANNELS_BY_FORMAT.get(pixel_format, 1)
    dtype = np.dtype("<u2") if len(data) == 2 * channels * size_hw[0] * size_hw[1] else np.uint8
    shape = (*size_hw, channels) if channels > 1 else tuple(size_hw)
    try:
        pixels: Any = np.frombuffer(data, dtype).reshape(shape).astype(dtype, copy=False)
    except ValueError as error:
        raise FrameError(f"{len(data)} bytes are not {pixel_format} of {size_hw}") from error
    check_pixels(pixels, pixel_format)
    return pixels
