"""The latest picture for the screens, in one file, so that line and web can each die alone.

The file DATA/live/latest holds magic, header length, a small JSON header and a JPEG: what is said
of the picture and the picture itself cannot disagree. Screens touch DATA/live/wanted while somebody
looks; nobody looking costs the line one `stat` a second.
"""

import json
import logging
import os
import queue
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import FULL_SCALE_BY_FORMAT, Pixels
from inspection.judge import Fusion, Outcome, Seen, judge
from inspection.records.record import PartRecord, ViewRecord
from models.findings import Finding

MAGIC = b"PLV1"
LONGEST_SIDE_PX = 960  # more than a screen's picture shows; keeps a frame near 100 kB
JPEG_QUALITY = 80
LOOK_EVERY_NS = 1_000_000_000
WATCHED_FOR_NS = 3_000_000_000  # three missed touches of a reader that touches once a second

_PREFIX = struct.Struct(">4sI")

log = logging.getLogger("passline.live")


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A judged picture for a screen, with what was found on it.

    view: whose picture it is.
    size_hw: height and width of the camera's picture, whose pixels the findings' boxes count; the
        JPEG may be smaller.
    """

    part_number: int
    serial: str
    view: str
    outcome: Outcome
    captured_utc_ns: int
    size_hw: tuple[int, int]
    findings: tuple[Finding, ...]
    jpeg: bytes


class LiveWriter:
    """Shows the line's pictures to whoever watches, at the line's leisure.

    An offer costs the line microseconds: it is dropped when nobody watches, when the last one is
    still being written, or when it comes too soon. Faults never reach the line; they are logged
    once until a picture is written again.
    """

    def __init__(
        self, folder: Path, max_hz: float = 8.0, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._folder = folder / "live"
        self._min_gap_ns = int(1e9 / max_hz)
        self._now_ns = now_ns
        self._next_offer_ns = self._next_look_ns = self._watched_until_ns = now_ns()
        self._last_touch_ns: int | None = None
        self._busy = False
        self._faulty = False
        self._work: queue.SimpleQueue[tuple[Pixels, PartRecord, ViewRecord] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._write_all, name="live", daemon=True)
        self._thread.start()

    def offer(self, pixels: Pixels, record: PartRecord, view: ViewRecord) -> None:
        """Show this picture if somebody watches and there is time; never waits, never raises.

        pixels: the view's, read-only, as the part was judged.
        """
        now_ns = self._now_ns()
        if now_ns >= self._next_look_ns:
            self._look(now_ns)
        if self._busy or now_ns < self._next_offer_ns or now_ns >= self._watched_until_ns:
            return
        self._busy = True
        self._next_offer_ns = now_ns + self._min_gap_ns
        self._work.put((pixels.copy(), record, view))  # their memory may be on loan

    def close(self) -> None:
        """Finish the picture in hand and end; later offers are dropped."""
        self._busy = True
        self._work.put(None)
        self._thread.join()

    def _look(self, now_ns: int) -> None:
        """Somebody watches when the touch has moved; how far is the wall clock's business."""
        self._next_look_ns = now_ns + LOOK_EVERY_NS
        try:
            touch_ns = (self._folder / "wanted").stat().st_mtime_ns
        except OSError:
            return
        if self._last_touch_ns is not None and touch_ns != self._last_touch_ns:
            self._watched_until_ns = now_ns + WATCHED_FOR_NS
        self._last_touch_ns = touch_ns

    def _write_all(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                self._write(*work)
            except (OSError, cv2.error) as fault:
                if not self._faulty:
                    log.warning("no live picture in %s: %s", self._folder, fault)
                self._faulty = True
            else:
                self._faulty = False
            self._busy = False

    def _write(self, pixels: Pixels, record: PartRecord, view: ViewRecord) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / "latest.part"
        unfinished.write_bytes(pack(live_picture(pixels, record, view)))
        unfinished.replace(self._folder / "latest")


class LiveReader:
    """The web's side: says that it wants pictures, and reads the newest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "live"
        self._seen: tuple[int, int] | None = None

    def want(self) -> None:
        """Tell the line that somebody watches, for the next three seconds.

        A data folder that is not there, or that cannot be written to, only means that there is
        no live picture.
        """
        wanted = self._folder / "wanted"
        try:
            self._folder.mkdir(exist_ok=True)
            wanted.touch()
        except OSError as fault:
            log.debug("%s: cannot ask for live pictures: %s", wanted, fault)

    def latest(self) -> LivePicture | None:
        """The newest picture, or None when there is none newer than the last one given."""
        path = self._folder / "latest"
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                version = (status.st_ino, status.st_mtime_ns)
                if version == self._seen:
                    return None
                packed = file.read()
        except OSError:
            return None
        self._seen = version
        try:
            return unpack(packed)
        except ValueError as fault:
            log.warning("%s: not a live picture: %s", path, fault)
            return None


def live_picture(pixels: Pixels, record: PartRecord, view: ViewRecord) -> LivePicture:
    """A judged picture made fit for a screen: 8 bits, at most 960 px a side, JPEG."""
    small = _fit(for_screen(pixels, view))
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return LivePicture(
        part_number=record.part_number,
        serial=record.serial,
        view=view.view,
        outcome=record.verdict.outcome,
        captured_utc_ns=record.captured_utc_ns,
        size_hw=(pixels.shape[0], pixels.shape[1]),
        findings=findings_that_count(view),
        jpeg=jpeg.tobytes(),
    )


def findings_that_count(view: ViewRecord) -> tuple[Finding, ...]:
    """The findings to be marked on a screen: those at or above limits or doubt.

    Of fused views all that are large enough: each of them may have moved the mean.
    """
    limits = view.limits
    if limits is None:
        return ()
    if limits.fusion is Fusion.MEAN:
        return Seen(view.findings, limits).counting
    return tuple(finding for finding in view.findings if judge([finding], limits).reasons)


def for_screen(pixels: Pixels, view: ViewRecord) -> NDArray[np.uint8]:
    """The picture as a screen shows it and OpenCV encodes it: uint8, grey or BGR.

    pixels: (height, width) or (height, width, 3); read as `judgement` says, Mono8 or Mono16
    otherwise.
    """
    pixel_format, full_scale = view.pixel_format or "", view.full_scale
    shown: NDArray[Any] = pixels
    if shown.dtype != np.uint8:
        full_scale = full_scale or FULL_SCALE_BY_FORMAT.get(pixel_format, 65535)
        shown = cv2.convertScaleAbs(np.minimum(shown, full_scale), alpha=255.0 / full_scale)
    if pixel_format.startswith("RGB"):
        shown = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
    return shown


def _fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = LONGEST_SIDE_PX / max(height, width)
    if scale >= 1.0:
        return picture
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    smaller: NDArray[Any] = cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)
    return smaller


def pack(picture: LivePicture) -> bytes:
    """The file's and the WebSocket's form: magic, header length, JSON header, JPEG."""
    header = {
        "part_number": picture.part_number,
        "serial": picture.serial,
        "view": picture.view,
        "outcome": picture.outcome,
        "captured_utc_ns": picture.captured_utc_ns,
        "size_hw": picture.size_hw,
        "findings": [asdict(finding) for finding in picture.findings],
    }
    said = json.dumps(header).encode()
    return _PREFIX.pack(MAGIC, len(said)) + said + picture.jpeg


def unpack(packed: bytes) -> LivePicture:
    """What `pack` gave. Raises ValueError for anything else."""
    if len(packed) < _PREFIX.size:
        raise ValueError(f"{len(packed)} bytes, at least {_PREFIX.size} expected")
    magic, length = _PREFIX.unpack_from(packed)
    end = _PREFIX.size + length
    if magic != MAGIC or len(packed) <= end:
        raise ValueError(f"starts with {magic!r} and {length} bytes of header, has {len(packed)}")
    said: dict[str, Any] = json.loads(packed[_PREFIX.size : end])
    try:
        return LivePicture(
            part_number=said["part_number"],
            serial=said["serial"],
            view=said["view"],
            outcome=Outcome(said["outcome"]),
            captured_utc_ns=said["captured_utc_ns"],
            size_hw=(said["size_hw"][0], said["size_hw"][1]),
            findings=tuple(_finding(one) for one in said["findings"]),
            jpeg=packed[end:],
        )
    except (KeyError, IndexError, TypeError) as fault:
        raise ValueError(f"header lacks something: {fault!r}") from fault


def _finding(said: dict[str, Any]) -> Finding:
    left, top, right, bottom = said["box_xyxy_px"]
    return Finding(said["class_name"], said["score"], (left, top, right, bottom), said["area_px"])
