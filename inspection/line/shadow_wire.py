"""A judged part on its way to the shadow: a few words as JSON, and its pixels in memory.

The pixels travel as the descriptor of a sealed memfd, so that a message is small whatever the
pictures are, and nothing of the line's memory is shared.
"""

import fcntl
import json
import mmap
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camera.frame import DTYPE_BY_FORMAT, CameraError, Frame, Pixels
from inspection.errors import PasslineError
from inspection.judge import Outcome

SOCKET_FILE = "shadow.sock"
WANTS_ONE = b"n"
"""What the shadow says when it is ready for a part."""
LONGEST_MESSAGE = 65536
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class ShadowWireError(PasslineError):
    """A message that is not of a line of this version."""


@dataclass(frozen=True, slots=True)
class ChampionWord:
    """What the champion said of a part. score: None where it found nothing to score."""

    label: str
    digest: str
    outcome: Outcome
    score: float | None


@dataclass(frozen=True, slots=True, eq=False)
class OfferedPart:
    """A part that the champion has judged, whose verdict has been signalled.

    frames: by the name of the view; own memory of this process.
    templates: SHA-256 of the golden templates that it was judged by, by the name of the view.
    kept: whether the records keep its pictures.
    passed_over: parts that were judged since the one offered before, and not offered.
    """

    part_number: int
    serial: str
    run_id: int
    champion: ChampionWord
    frames: Mapping[str, Frame]
    templates: Mapping[str, str]
    kept: bool
    passed_over: int


def pack(part: OfferedPart) -> tuple[bytes, int]:
    """The message, and the descriptor of the pixels: the caller's to close.

    Raises OSError when there is no memory for the pixels.
    """
    memory = os.memfd_create("passline-shadow", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        views = [_write(memory, view, frame) for view, frame in part.frames.items()]
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(memory)
        raise
    said = {
        "part_number": part.part_number,
        "serial": part.serial,
        "run_id": part.run_id,
        "champion": {
            "label": part.champion.label,
            "digest": part.champion.digest,
            "outcome": part.champion.outcome.value,
            "score": part.champion.score,
        },
        "templates": dict(part.templates),
        "kept": part.kept,
        "passed_over": part.passed_over,
        "views": views,
    }
    return json.dumps(said).encode(), memory


def unpack(message: bytes, memory: int) -> OfferedPart:
    """What `pack` gave; `memory` is closed. Raises ShadowWireError."""
    try:
        with mmap.mmap(memory, 0, prot=mmap.PROT_READ) as mapped:
            held = np.frombuffer(bytes(mapped), np.uint8)
        said: dict[str, Any] = json.loads(message)
        champion = said["champion"]
        return OfferedPart(
            part_number=said["part_number"],
            serial=said["serial"],
            run_id=said["run_id"],
            champion=ChampionWord(
                champion["label"],
                champion["digest"],
                Outcome(champion["outcome"]),
                champion["score"],
            ),
            frames={view["view"]: _read(held, view) for view in said["views"]},
            templates=said["templates"],
            kept=said["kept"],
            passed_over=said["passed_over"],
        )
    except (ValueError, KeyError, TypeError, OSError, CameraError) as error:
        raise ShadowWireError(
            f"a part for the shadow that cannot be read ({error!r}): the line is of another "
            "Passline; restart the station"
        ) from error
    finally:
        os.close(memory)


def listen(folder: Path) -> socket.socket:
    """The line's end in its data folder; what a line before left there is replaced.

    Raises OSError.
    """
    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        (folder / SOCKET_FILE).unlink(missing_ok=True)
        with _short_path(folder) as path:
            waiting.bind(path)
        waiting.listen(1)
        waiting.setblocking(False)
    except OSError:
        waiting.close()
        raise
    return waiting


def connect(folder: Path, timeout_s: float) -> socket.socket | None:
    """The shadow's end, or None while no line runs on the data folder."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.settimeout(timeout_s)
    try:
        with _short_path(folder) as path:
            line.connect(path)
    except OSError:
        line.close()
        return None
    return line


@contextmanager
def _short_path(folder: Path) -> Generator[str]:
    """The socket's path through a descriptor: socket names are cut off at 108 bytes."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET_FILE}"
    finally:
        os.close(handle)


def _write(memory: int, view: str, frame: Frame) -> dict[str, Any]:
    pixels = np.ascontiguousarray(frame.pixels)
    offset = os.lseek(memory, 0, os.SEEK_CUR)
    left = pixels.data.cast("B")
    while left:
        left = left[os.write(memory, left) :]
    return {
        "view": view,
        "camera_id": frame.camera_id,
        "trigger_id": frame.trigger_id,
        "captured_ns": frame.captured_ns,
        "captured_utc_ns": frame.captured_utc_ns,
        "pixel_format": frame.pixel_format,
        "shape": pixels.shape,
        "offset": offset,
    }


def _read(held: NDArray[np.uint8], view: Mapping[str, Any]) -> Frame:
    dtype = np.dtype(DTYPE_BY_FORMAT[view["pixel_format"]])
    pixels: Pixels = np.ndarray(tuple(view["shape"]), dtype, held, view["offset"])
    return Frame(
        pixels=pixels,
        pixel_format=view["pixel_format"],
        camera_id=view["camera_id"],
        trigger_id=view["trigger_id"],
        captured_ns=view["captured_ns"],
        captured_utc_ns=view["captured_utc_ns"],
    )
