"""How large a picture the network is given: as large as the pictures are, within reason."""

from collections.abc import Sequence
from statistics import median

from training.data.dataset import Sample
from training.errors import TrainingError
from training.network.layers import SIZE_MULTIPLE_PX

LARGEST_SIDE_PX = 640  # 25 ms a picture on one core; more is asked for by name
_SMALLEST_SIDE_PX = 4 * SIZE_MULTIPLE_PX
_LOOKED_AT = 25


def usual_size(samples: Sequence[Sample]) -> tuple[int, int]:
    """Height and width for pictures like these: their median, shrunk to LARGEST_SIDE_PX.

    Raises TrainingError for a picture that cannot be read.
    """
    step = max(1, len(samples) // _LOOKED_AT)
    shapes = [sample.pixels().shape for sample in samples[::step]]
    height, width = (median(shape[axis] for shape in shapes) for axis in (0, 1))
    scale = min(1.0, LARGEST_SIDE_PX / max(height, width))
    return _whole(height * scale), _whole(width * scale)


def wanted_size(samples: Sequence[Sample], size_hw: tuple[int, int] | None) -> tuple[int, int]:
    """The size that was asked for, or the usual one. Raises TrainingError."""
    size_hw = usual_size(samples) if size_hw is None else size_hw
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
