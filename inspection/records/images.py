"""Kept pictures: lossless files beside the records, proved against the hash on the record."""

import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import FrameError, check_pixels
from inspection.errors import RecordsError

IMAGES_FOLDER = "images"
SHADOW_FOLDER = "shadow"
"""Where in a data folder a shadow's own `images/` are."""
_FOLDERS = ((IMAGES_FOLDER,), (SHADOW_FOLDER, IMAGES_FOLDER))
_PARTS_PER_FOLDER = 1000
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]")


def picture_sha256(pixels: NDArray[Any], pixel_format: str) -> str:
    """SHA-256 over pixel format, dtype, shape and bytes of a picture, in hex."""
    little_endian = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    head = f"{pixel_format} {pixels.dtype.name} {'x'.join(map(str, pixels.shape))}\n"
    digest = hashlib.sha256(head.encode())
    digest.update(little_endian.data)
    return digest.hexdigest()


def picture_path(part_number: int, serial: str, position: int = 0) -> str:
    """Where a picture of a part is kept, relative to the data folder, with forward slashes.

    position: of the view in the part. Whatever the serial says, two parts or views never share a
    file and none leaves the folder.
    """
    safe = _NOT_PLAIN.sub("_", serial)[:80]
    view = f".{position}" if position else ""
    return f"{IMAGES_FOLDER}/{part_number // _PARTS_PER_FOLDER:06d}/{part_number}-{safe}{view}.png"


def store_picture(folder: Path, relative: str, pixels: NDArray[Any], pixel_format: str) -> None:
    """Write a picture losslessly; it is on disk, whole and under its name, when this returns.

    Raises OSError when the disk refuses, and RecordsError when the pixels do not fit the format.
    """
    path = folder / relative
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(path.parent.parent)
        _sync_folder(folder)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(_encode(pixels, pixel_format))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    _sync_folder(path.parent)


def load_picture(folder: Path, relative: str, sha256: str, pixel_format: str) -> NDArray[Any]:
    """The kept picture, bit for bit as it was judged; shape and dtype as in `camera.frame.Frame`.

    Raises RecordsError when the file is missing, is no picture, or is not the one on the record.
    """
    path = folder / relative
    steps = PurePosixPath(relative).parts
    if not any(steps[: len(inside)] == inside for inside in _FOLDERS) or ".." in steps:
        raise RecordsError(f"{relative!r} is not a picture in {folder / IMAGES_FOLDER}")
    try:
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise RecordsError(f"{path}: the kept picture cannot be read: {error}") from error
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    if pixels is None:
        raise RecordsError(f"{path}: no picture; the file was altered or cut off")
    if pixel_format.startswith("RGB"):
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    found = picture_sha256(pixels, pixel_format)
    if found != sha256:
        raise RecordsError(
            f"{path}: SHA-256 of the picture is {found}, the record says {sha256}; "
            "the file was altered: restore it from a copy"
        )
    return pixels


def _encode(pixels: NDArray[Any], pixel_format: str) -> memoryview:
    """PNG bytes. OpenCV's default is its fastest that compresses: 4 ms for 512x512 Mono8."""
    try:
        check_pixels(pixels, pixel_format)
    except FrameError as error:
        raise RecordsError(f"a picture that cannot be kept: {error}") from error
    if pixel_format.startswith("RGB"):
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".png", pixels)
    if not done:
        raise RecordsError(f"OpenCV cannot encode {pixel_format} of {pixels.shape} as PNG")
    return encoded.data


def _sync_folder(folder: Path) -> None:
    """A new name in a folder survives a power cut only after this."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
