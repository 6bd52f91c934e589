"""Batches for learning from good parts alone: half of the crops are given a painted defect."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.fitting.batches import Batch, Batches, crop_side_px, relit
from training.fitting.examples import CELL_SHARE, Example
from training.network.layers import STRIDE
from training.painting.painters import Canvas, Painter, Plane, paint, texture_of

Planes = NDArray[np.float32]

_COLOURLESS = 0.5  # of the defects painted on pictures in colour change the light alone
_PAST_THE_BORDER = 0.25
"""Crops are drawn so far, in sides of a crop, past the border, and then moved inside."""


class PaintedBatches:
    """Crops of good pictures with one class of cells: where something was painted.

    Crops are mirrored and not turned: on a ground surface a line across the grain is a defect and
    one along it is not. See `training.fitting.batches.Draws`.
    """

    def __init__(
        self,
        good: Sequence[Example],
        painters: Mapping[str, Painter],
        size: int,
        side_px: int,
        seed: int,
    ) -> None:
        self._good = good
        self._textures = [texture_of(_as_grey(example.planes)) for example in good]
        self._painters = painters
        self._size = size
        self._side_px = crop_side_px(good, side_px)
        self.chance = np.random.default_rng(seed)

    def next(self) -> Batch:
        """One batch: painted crops and good ones in turn."""
        crops = [self._painted() if i % 2 else self._clean() for i in range(self._size)]
        images = np.stack([image for image, _ in crops])
        cells = np.stack([cell for _, cell in crops])
        return Batch(torch.from_numpy(images), torch.from_numpy(cells)[:, None])

    def _clean(self) -> tuple[Planes, Plane]:
        side = self._side_px // STRIDE
        return self._crop(self._picture()), np.zeros((side, side), np.float32)

    def _painted(self) -> tuple[Planes, Plane]:
        index = self._picture()
        crop, other = self._crop(index), self._crop(self._picture())
        grey = _as_grey(crop)
        canvas = Canvas(grey, _as_grey(other), self._textures[index])
        painted = paint(canvas, self._painters, self.chance)
        if len(crop) == 1:
            return painted.plane[None], cells_of(painted.cover)
        changed = crop + self._tint(len(crop)) * (painted.plane - grey)
        return changed.astype(np.float32), cells_of(painted.cover)

    def _tint(self, channels: int) -> Planes:
        """How much of a painted change each channel takes: all alike, or each its own."""
        if self.chance.random() < _COLOURLESS:
            return np.ones((channels, 1, 1), np.float32)
        tint = self.chance.uniform(-1.0, 1.0, (channels, 1, 1))
        return (tint / np.abs(tint).max()).astype(np.float32)

    def _picture(self) -> int:
        return int(self.chance.integers(len(self._good)))

    def _crop(self, index: int) -> Planes:
        planes, side = self._good[index].planes, self._side_px
        _, height, width = planes.shape
        top, left = self._place(height - side), self._place(width - side)
        crop = relit(
            planes[:, top : top + side, left : left + side].astype(np.float32), self.chance
        )
        if self.chance.integers(2):
            crop = crop[:, ::-1]
        if self.chance.integers(2):
            crop = crop[:, :, ::-1]
        return np.ascontiguousarray(crop)

    def _place(self, room_px: int) -> int:
        """Where a crop begins, with so much room to begin in; both ends are drawn often.

        Drawn evenly, the picture's border would be in one crop of a hundred, and everything
        there, such as a part's corner, would be news and a defect.
        """
        past = _PAST_THE_BORDER * self._side_px
        return round(min(max(self.chance.uniform(-past, room_px + past), 0.0), room_px))


class MixedBatches:
    """Labelled crops, and good ones with painted defects, which are of none of the classes.

    See `training.fitting.batches.Draws`.
    """

    def __init__(self, labelled: Batches, painted: PaintedBatches) -> None:
        self._labelled = labelled
        self._painted = painted
        self.chance = painted.chance = labelled.chance

    def next(self) -> Batch:
        """The next labelled ones, then the next painted ones."""
        labelled, painted = self._labelled.next(), self._painted.next()
        shape = len(painted.cells), *labelled.cells.shape[1:]
        return Batch(
            torch.cat([labelled.images, painted.images]),
            torch.cat([labelled.cells, torch.zeros(shape)]),
            torch.cat([torch.zeros_like(labelled.cells[:, :1]), painted.cells]),
        )


def _as_grey(planes: NDArray[Any]) -> Plane:
    """The mean of a picture's planes, which painters work on: float32 (height, width)."""
    return planes.astype(np.float32).mean(0)


def cells_of(cover: Plane) -> Plane:
    """1.0 for the network's cells that were painted, by the rule that labels follow too."""
    height, width = cover.shape
    size_wh = (width // STRIDE, height // STRIDE)
    share = cv2.resize((cover > 0.5).astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
    return (share >= CELL_SHARE).astype(np.float32)
