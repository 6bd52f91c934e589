"""Reading the pictures that models learn from and are measured on."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import FrameError, Pixels
from camera.picture import SUFFIXES
from camera.picture import read_picture as read_any_picture
from training.errors import TrainingError


def is_picture(path: Path) -> bool:
    """True for a file that is a picture by its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read_picture(path: Path) -> Pixels:
    """The grey picture in `path`: (height, width), uint8 or uint16.

    Raises TrainingError for a file that is missing, cut off, too large, no picture, or in colour.
    """
    try:
        pixels, pixel_format = read_any_picture(path)
    except FrameError as error:
        raise TrainingError(str(error)) from error
    if pixels.ndim != 2:
        raise TrainingError(
            f"{path}: expected a grey picture, got {pixel_format} of {pixels.shape}; "
            "training takes grey pictures only: convert it"
        )
    return pixels


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
