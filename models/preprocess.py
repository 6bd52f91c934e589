"""From a picture to the network's input; the same code in training, on the line and in replay."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec, Normalisation
from models.errors import InferenceError
from models.familiar import Look, look_at
from models.findings import Placement
from models.registration import Agreement, register

FULL_SCALE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A picture, with its template where the card asks for one, as the network sees it.

    planes: the network's input, (1, planes, height, width).
    placement: where it lies in the picture.
    look: what the picture is like, without its template.
    agreement: how well the template lies over the picture; None without a template.
    """

    planes: NDArray[np.float32]
    placement: Placement
    look: Look
    agreement: Agreement | None = None


def prepared(
    pixels: NDArray[Any],
    spec: InputSpec,
    full_scale: int | None = None,
    origin_px: tuple[int, int] = (0, 0),
    template: NDArray[Any] | None = None,
) -> Prepared:
    """The picture as the network sees it, its template laid over it first.

    pixels: (height, width) or (height, width, 3), uint8 or uint16.
    full_scale: the highest value the camera can give (4095 for 12 bits in uint16); the dtype's own
        when None.
    origin_px: left and top of `pixels` in the whole picture, where they are a region of it.
    template: the golden template where the card asks for one; of the shape and dtype of `pixels`.
    Raises InferenceError when dtype or channels do not fit the card, NotRegistered when picture and
    template do not fit each other.
    """
    planes, placement, look = _picture(pixels, spec, full_scale, origin_px)
    if (template is not None) != spec.template:
        raise InferenceError(
            f"the card wants {'a' if spec.template else 'no'} template, got "
            f"{'none' if template is None else 'one'} for a picture of {pixels.shape}"
        )
    if template is None:
        return Prepared(planes, placement, look)
    registered = register(template, pixels)
    golden, _, _ = _picture(registered.template, spec, full_scale, origin_px)
    both = np.concatenate([planes, golden], axis=1)
    return Prepared(both, placement, look, registered.agreement)


def prepare(
    pixels: NDArray[Any],
    spec: InputSpec,
    full_scale: int | None = None,
    origin_px: tuple[int, int] = (0, 0),
    template: NDArray[Any] | None = None,
) -> tuple[NDArray[np.float32], Placement]:
    """The planes of `prepared`, and where they lie."""
    all_of_it = prepared(pixels, spec, full_scale, origin_px, template)
    return all_of_it.planes, all_of_it.placement


def _picture(
    pixels: NDArray[Any],
    spec: InputSpec,
    full_scale: int | None,
    origin_px: tuple[int, int],
) -> tuple[NDArray[np.float32], Placement, Look]:
    """Planes of one picture, (1, channels, height, width), where they lie in it, and its look."""
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
    return np.ascontiguousarray(planes)[None], placement, look_at(pixels, full_scale)


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
