"""How large a picture the network is given: as large as the pictures are, within reason."""

from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median

import cv2
import numpy as np

from training.data.dataset import Sample
from training.data.labels import Box, Mask, Somewhere
from training.errors import TrainingError
from training.network.layers import SIZE_MULTIPLE_PX, STRIDE

LARGEST_SIDE_PX = 640  # 25 ms a picture on one core; larger where defects would shrink away
MOST_PIXELS = 2_400_000  # 0.3 s a picture; more is asked for by name
MOST_BYTES = 2 * 1024**3
"""Of all pictures together while a network learns from them; a value takes two."""
SMALL_BOX_PX = 3 * STRIDE
"""A box is learnt well from so many pixels on, three cells of the network's output."""
THIN_PX = 3.0
"""A crack or scratch so wide still stands out from the pixels beside it."""
_SMALL_SHARE = 10  # percent of the defects may come to be smaller than that
_SMALLEST_SIDE_PX = 4 * SIZE_MULTIPLE_PX
_LOOKED_AT = 25
_DEFECTS_LOOKED_AT = 200


def usual_size(samples: Sequence[Sample], planes: int = 1) -> tuple[int, int]:
    """Height and width for pictures like these: their median, shrunk to LARGEST_SIDE_PX.

    They are shrunk less where small defects would not be seen any more, down to all that
    MOST_PIXELS and MOST_BYTES allow.
    planes: that the network is given of each picture.
    Raises TrainingError for a picture that cannot be read.
    """
    shapes = [sample.seen_hw() for sample in _spread(samples, _LOOKED_AT)]
    height, width = (median(shape[axis] for shape in shapes) for axis in (0, 1))
    usual = LARGEST_SIDE_PX / max(height, width)
    room = min(MOST_PIXELS, MOST_BYTES / (2 * planes * len(samples)))
    allowed = (room / (height * width)) ** 0.5
    scale = min(1.0, max(usual, min(_needed(samples), allowed)))
    return _whole(height * scale), _whole(width * scale)


def _needed(samples: Sequence[Sample]) -> float:
    """How much pictures may be shrunk for all but the smallest defects to be seen; 0 for any."""
    bad = [sample for sample in samples if not sample.is_good]
    scales = list(islice(_scales(_spread(bad, _LOOKED_AT)), _DEFECTS_LOOKED_AT))
    return float(np.percentile(scales, 100 - _SMALL_SHARE)) if scales else 0.0


def _scales(samples: Sequence[Sample]) -> Iterator[float]:
    """For each defect, by how much its picture may be shrunk."""
    for sample in samples:
        located = [label for label in sample.labels if not isinstance(label, Somewhere)]
        if all(isinstance(label, Box) for label in located):
            for box in sample.boxes():
                left, top, right, bottom = box.box_xyxy_px
                yield SMALL_BOX_PX / max(min(right - left, bottom - top), 1.0)
            continue
        for _, mask in sample.masks():
            if mask.any():
                yield THIN_PX / _thickness_px(mask)


def _thickness_px(mask: Mask) -> float:
    """Of a region where it is thickest: twice the way from its middle to the ground, less one."""
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=[0.0])
    return (
        2.0 * float(cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()) - 1.0
    )


def _spread(samples: Sequence[Sample], count: int) -> Sequence[Sample]:
    return samples[:: max(1, len(samples) // count)]


def wanted_size(
    samples: Sequence[Sample], size_hw: tuple[int, int] | None, planes: int = 1
) -> tuple[int, int]:
    """The size that was asked for, or the usual one. Raises TrainingError."""
    size_hw = usual_size(samples, planes) if size_hw is None else size_hw
    check_size(size_hw)
    return size_hw


def check_size(size_hw: tuple[int, int]) -> None:
    """Raise TrainingError for a size that the network cannot take."""
    if any(side % SIZE_MULTIPLE_PX or side < 2 * SIZE_MULTIPLE_PX for side in size_hw):
        raise TrainingError(
            f"size {size_hw[0]} x {size_hw[1]}: height and width must be multiples "
            f"of {SIZE_MULTIPLE_PX}, at least {2 * SIZE_MULTIPLE_PX}"
        )


def _whole(side_px: float) -> int:
    return max(_SMALLEST_SIDE_PX, round(side_px / SIZE_MULTIPLE_PX) * SIZE_MULTIPLE_PX)
