"""Batches to learn from: square crops, half of them with defects, mirrored and re-lit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.fitting.examples import Example
from training.fitting.pasted import pasted
from training.network.layers import SIZE_MULTIPLE_PX, STRIDE

# Contrast and brightness of the normalised picture vary like lamps and lenses of one type do.
_CONTRAST = (0.85, 1.15)
_BRIGHTNESS = (-0.05, 0.05)
_PASTED = 0.75  # of the defects are shown on another part than their own

Crop = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Planes (planes, side, side) and cells (classes, side / 4, side / 4)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops with their cells.

    images: float32 (batch, planes, side, side).
    cells: float32 (batch, classes, side / 4, side / 4).
    unnamed: float32 (batch, 1, side / 4, side / 4), where a defect is that is of none of the
        classes, such as a painted one; None where there is no such crop.
    """

    images: Tensor
    cells: Tensor
    unnamed: Tensor | None = None


class Pictures(Protocol):
    """What any network is given: images, float32 (batch, planes, height, width), and the truth."""

    @property
    def images(self) -> Tensor: ...


AnyBatch = TypeVar("AnyBatch", bound=Pictures, covariant=True)


class Draws(Protocol[AnyBatch]):
    """Gives batches for ever; the same seed gives the same ones.

    chance: all that the next batch depends on.
    """

    @property
    def chance(self) -> np.random.Generator: ...

    def next(self) -> AnyBatch: ...


def crop_side_px(examples: Sequence[Example], side_px: int) -> int:
    """The side of a crop that fits the pictures and the network, at most `side_px`."""
    side_px = min(side_px, *examples[0].planes.shape[1:])
    return side_px - side_px % SIZE_MULTIPLE_PX


def relit(planes: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """The crop as under another lamp and lens of the same type."""
    planes = planes * np.float32(chance.uniform(*_CONTRAST))
    return planes + np.float32(chance.uniform(*_BRIGHTNESS))


class Batches:
    """Crops of labelled pictures; see `Draws`.

    Crops are mirrored and not turned: on a ground surface a line across the grain is a defect and
    one along it is not.
    """

    def __init__(self, examples: list[Example], size: int, side_px: int, seed: int) -> None:
        self._examples = examples
        self._size = size
        self._side_px = crop_side_px(examples, side_px)
        self.chance = np.random.default_rng(seed)
        classes = range(examples[0].cells.shape[0])
        members = [[e for e in examples if e.cells[index].any()] for index in classes]
        self._by_class = [(index, of_class) for index, of_class in enumerate(members) if of_class]
        good = [example for example in examples if example.is_good]
        self._elsewhere = good or examples

    def next(self) -> Batch:
        """One batch: crops on defects, every class as often, and crops of good parts in turn."""
        crops = [self._with_defect() if i % 2 else self._anywhere() for i in range(self._size)]
        images = np.stack([image for image, _ in crops])
        cells = np.stack([cell for _, cell in crops])
        return Batch(torch.from_numpy(images), torch.from_numpy(cells))

    def _with_defect(self) -> Crop:
        """A crop on a defect: where it is, or put on another part."""
        planes, cells = self._on_defect()
        if self.chance.random() < _PASTED:
            onto, _ = self._from(self._elsewhere)
            moved = pasted(planes, cells, onto, self.chance)
            if moved is not None:
                return moved, cells
        return planes, cells

    def _on_defect(self) -> Crop:
        index, of_class = self._by_class[int(self.chance.integers(len(self._by_class)))]
        example = of_class[int(self.chance.integers(len(of_class)))]
        rows, columns = np.nonzero(example.cells[index])
        at = int(self.chance.integers(len(rows)))
        side = self._side_px // STRIDE
        top = int(rows[at] - self.chance.integers(side))
        left = int(columns[at] - self.chance.integers(side))
        return self._crop(example, top, left)

    def _anywhere(self) -> Crop:
        # One in four of these is a defective part, mostly beside its defect.
        return self._from(self._examples if self.chance.random() < 0.25 else self._elsewhere)

    def _from(self, pool: list[Example]) -> Crop:
        example = pool[int(self.chance.integers(len(pool)))]
        height, width = example.cells.shape[1:]
        return self._crop(
            example, int(self.chance.integers(height)), int(self.chance.integers(width))
        )

    def _crop(self, example: Example, top: int, left: int) -> Crop:
        """The crop nearest to (top, left), in cells, that lies inside; mirrored and re-lit."""
        side = self._side_px // STRIDE
        height, width = example.cells.shape[1:]
        top, left = min(max(top, 0), height - side), min(max(left, 0), width - side)
        cells = example.cells[:, top : top + side, left : left + side].astype(np.float32)
        planes = example.planes[
            :, top * STRIDE : (top + side) * STRIDE, left * STRIDE : (left + side) * STRIDE
        ].astype(np.float32)
        return self._mirrored(relit(planes, self.chance), cells)

    def _mirrored(self, planes: NDArray[np.float32], cells: NDArray[np.float32]) -> Crop:
        if self.chance.integers(2):
            planes, cells = planes[:, ::-1], cells[:, ::-1]
        if self.chance.integers(2):
            planes, cells = planes[:, :, ::-1], cells[:, :, ::-1]
        return np.ascontiguousarray(planes), np.ascontiguousarray(cells)
