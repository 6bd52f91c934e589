"""Reading the pictures that models learn from and are measured on."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import FrameError, Pixels
from camera.picture import MAX_PIXELS, SUFFIXES, Header, read_header
from camera.picture import read_picture as read_any_picture
from training.errors import TrainingError

_COLOURED = frozenset({"colour", "palette", "colour with alpha"})
# What a camera never sends and a decoder can still turn into values.
_TURNED = _COLOURED | {"grey", "grey with alpha"}
_AS_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH
_AS_COLOUR = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH


def is_picture(path: Path) -> bool:
    """True for a file that is a picture by its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_picture(path: Path, channels: int = 1) -> Pixels:
    """The picture in `path`, uint8 or uint16, as a model sees it.

    channels: 1 for grey values, (height, width); 3 for red, green and blue, (height, width, 3).
    What is stored in colour, with a palette or with transparency is turned into its grey values
    (luma of ITU-R BT.601) where those are wanted; transparency is left away.
    Raises TrainingError for a file that is missing, empty, cut off, too large or no picture, and
    for a grey one where colours are wanted.
    """
    try:
        pixels, _ = read_any_picture(path)
    except FrameError as error:
        turned = _turned(path, channels)
        if turned is None:
            raise TrainingError(str(error)) from error
        pixels = turned
    if channels == 3 and pixels.ndim == 2:
        raise TrainingError(f"{path}: a grey picture; expected one in colour, as the model sees it")
    if channels == 1 and pixels.ndim == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return pixels


def is_in_colour(path: Path) -> bool:
    """True for a picture that is stored in colours, alike or not. Raises TrainingError."""
    return read_picture_header(path).kind in _COLOURED


def read_picture_header(path: Path) -> Header:
    """Size and kind of the picture in `path`, not decoded. Raises TrainingError."""
    try:
        return read_header(path.read_bytes())
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    except FrameError as error:
        raise TrainingError(f"{path}: {error}") from error


def read_mask(path: Path, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask in `path`, True where the defect is; shape `size_hw`.

    Masks hold 0 and 255 (anything above 127 counts, for masks that went through JPEG), or 0 and 1.
    Raises TrainingError for a file that is no such mask or has another size than its picture.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror}") from error
    mask = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if content.size else None
    if mask is None:
        raise TrainingError(f"{path}: not a picture, or cut off ({content.size} bytes)")
    if mask.shape != size_hw:
        raise TrainingError(
            f"{path}: the mask is {mask.shape[0]} x {mask.shape[1]}, its picture "
            f"{size_hw[0]} x {size_hw[1]} (height x width)"
        )
    highest = int(mask.max())
    if 1 < highest <= 127:
        raise TrainingError(
            f"{path}: the mask's highest value is {highest}; expected 0 and 255, or 0 and 1"
        )
    return mask > (127 if highest > 1 else 0)


def _turned(path: Path, channels: int) -> Pixels | None:
    """The values of a picture that only a decoder can tell; None where there are none.

    Grey ones stay grey, whatever is wanted.
    """
    try:
        header = read_picture_header(path)
    except TrainingError:
        return None
    if header.kind not in _TURNED or header.width * header.height > MAX_PIXELS:
        return None
    in_colour = channels == 3 and header.kind in _COLOURED
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), _AS_COLOUR if in_colour else _AS_GREY)
    if pixels is None:  # pyright: ignore[reportUnnecessaryComparison] - the stubs leave it out
        return None
    if in_colour:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    if pixels.dtype == np.uint16:
        return np.asarray(pixels, np.uint16)
    return np.asarray(pixels, np.uint8)
