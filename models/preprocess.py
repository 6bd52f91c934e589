"""From a picture to the network's input; the same code in training, on the line and in replay."""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec, Normalisation
from models.errors import InferenceError
from models.findings import Placement

FULL_SCALE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


def prepare(
    pixels: NDArray[Any],
    spec: InputSpec,
    full_scale: int | None = None,
    origin_px: tuple[int, int] = (0, 0),
    template: NDArray[Any] | None = None,
) -> tuple[NDArray[np.float32], Placement]:
    """The network's input of shape (1, planes, height, width), and where it lies in `pixels`.

    pixels: (height, width) or (height, width, 3), uint8 or uint16.
    full_scale: the highest value the camera can give (4095 for 12 bits in uint16); the dtype's own
        when None.
    origin_px: left and top of `pixels` in the whole picture, where they are a region of it.
    template: the golden template, registered to `pixels` and of their shape and dtype, where the
        card asks for one.
    Raises InferenceError when dtype, channels or template do not fit the card.
    """
    planes, placement = _picture(pixels, spec, full_scale, origin_px)
    if not spec.template and template is None:
        return planes, placement
    if not spec.template or template is None or template.shape != pixels.shape:
        raise InferenceError(
            f"the card wants {'a' if spec.template else 'no'} template, got "
            f"{'none' if template is None else template.shape} for a picture of {pixels.shape}"
        )
    golden, _ = _picture(template, spec, full_scale, origin_px)
    return np.concatenate([planes, golden], axis=1), placement


def _picture(
    pixels: NDArray[Any],
    spec: InputSpec,
    full_scale: int | None,
    origin_px: tuple[int, int],
) -> tuple[NDArray[np.float32], Placement]:
    """Planes of one picture, (1, channels, height, width), and where they lie in it."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype not in FULL_SCALE or channels != spec.channels or pixels.size == 0:
        raise InferenceError(
            f"the card wants uint8 or uint16 with {spec.channels} channel(s), "
            f"got {pixels.dtype} of {pixels.shape}"
        )
    full_scale = full_scale or FULL_SCALE[pixels.dtype]
    height, width = spec.size_hw
    placement = Placement(pixels.shape[1] / width, pixels.shape[0] / height, *origin_px)
    if pixels.shape[:2] != spec.size_hw:
        shrinks = pixels.shape[0] > height or pixels.shape[1] > width
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, (width, height), interpolation=how)
    planes = _normalise(pixels, spec.normalisation, full_scale)
    planes = planes[None] if channels == 1 else planes.transpose(2, 0, 1)
    return np.ascontiguousarray(planes)[None], placement


def _normalise(
    pixels: NDArray[Any], normalisation: Normalisation, full_scale: int
) -> NDArray[np.float32]:
    table = _table(
        normalisation.kind, normalisation.mean, normalisation.std, normalisation.offset, full_scale
    )
    planes: NDArray[Any]
    if pixels.dtype == np.uint8:
        planes = cv2.LUT(pixels, table)
    else:
        planes = table[np.minimum(pixels, full_scale)]
    if normalisation.kind == "log_median":
        planes -= table[_median(pixels, full_scale)]
    return planes


@cache
def _table(
    kind: str, mean: float, std: float, offset: float, full_scale: int
) -> NDArray[np.float32]:
    """Network input for each grey value; the per-picture median is taken off afterwards."""
    grey = np.arange(256 if full_scale <= 255 else full_scale + 1, dtype=np.float64)
    if kind == "log_median":
        values = np.log(255.0 * grey / full_scale + offset)
    else:
        values = (grey / full_scale - mean) / std
    return values.astype(np.float32)


def _median(pixels: NDArray[Any], full_scale: int) -> int:
    """The lower median value of all channels, from the histogram: a tenth of sorting's cost."""
    if pixels.dtype == np.uint8:
        values = pixels.reshape(pixels.shape[0], -1)  # all channels in one
        counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel()
    else:
        counts = np.bincount(np.minimum(pixels, full_scale).ravel(), minlength=full_scale + 1)
    return int(np.searchsorted(np.cumsum(counts), pixels.size / 2))
