"""Defects as boxes: what a detector is taught on a crop, and what its answer costs."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as fn

from models.card import SIDES
from training.network.detection import sides_px
from training.network.layers import STRIDE

Boxes = NDArray[np.float32]
"""(n, 5): left, top, right, bottom in input pixels, index of the class."""

_SPREAD = 0.54 / 6.0  # of a box's side: the spread of its centre (TTFNet, arXiv 1909.00700)
_LEAST_SPREAD = 0.5  # cells
_TAUGHT_FROM = 0.3  # cells at least so near a centre are taught the sides of its box
_SIDES_WEIGHT = 1.0
_LOG_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Taught:
    """What is true of a batch of crops; all float32, a cell is STRIDE pixels.

    heat: (batch, classes, h, w), 1 in the cell of a centre, less around it.
    sides: (batch, 4, h, w), left, top, right, bottom in pixels where `weight` is above zero.
    weight: (batch, 1, h, w), how much a cell's sides count.
    counted: (batch, 1, h, w), 0 where a defect is cut off by the crop and nothing is taught.
    """

    heat: Tensor
    sides: Tensor
    weight: Tensor
    counted: Tensor


@dataclass(frozen=True, slots=True)
class BoxBatch:
    """Crops, float32 (batch, planes, side, side), with what is true of them."""

    images: Tensor
    taught: Taught


def teach_boxes(boxes: list[Boxes], classes: int, size_hw: tuple[int, int]) -> Taught:
    """What is true of crops of this size that hold these boxes.

    A box whose centre lies outside its crop is neither taught nor counted as empty.
    """
    height, width = size_hw[0] // STRIDE, size_hw[1] // STRIDE
    shape = (len(boxes), 1, height, width)
    heat = np.zeros((len(boxes), classes, height, width), np.float32)
    sides = np.zeros((len(boxes), SIDES, height, width), np.float32)
    weight, counted = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    for index, of_crop in enumerate(boxes):
        for row in of_crop:
            middle_x, middle_y = (row[0] + row[2]) / 2.0, (row[1] + row[3]) / 2.0
            if 0.0 <= middle_x < size_hw[1] and 0.0 <= middle_y < size_hw[0]:
                near = _near(row, (height, width))
                of_class = heat[index, int(row[4])]
                np.maximum(of_class, near, out=of_class)
                _teach_sides(row, near, sides[index], weight[index, 0])
            else:
                left, top, right, bottom = _cells(row)
                counted[index, 0, top:bottom, left:right] = 0.0
    # A whole defect beside one that is cut off is still taught.
    counted = np.maximum(counted, heat.max(1, keepdims=True))
    arrays = (heat, sides, weight, counted)
    return Taught(*(torch.from_numpy(array) for array in arrays))


def detection_loss(maps: Tensor, batch: BoxBatch) -> Tensor:
    """Focal loss on centres, overlap and log distance on sides.

    maps: as `training.network.detection.DetectionNetwork` gives them. Returns a scalar.
    """
    taught = batch.taught
    logits, sides = maps[:, :-SIDES], maps[:, -SIDES:]
    return _focal(logits, taught) + _SIDES_WEIGHT * _misfit(sides, taught)


def _focal(logits: Tensor, taught: Taught) -> Tensor:
    """The centre loss of Law and Deng (CornerNet, arXiv 1808.01244), per centre."""
    at_centre = (taught.heat >= 1.0).float()
    likely = torch.sigmoid(logits)
    hit = (1.0 - likely).square() * fn.logsigmoid(logits) * at_centre
    empty = (1.0 - taught.heat).pow(4) * likely.square() * fn.logsigmoid(-logits)
    cost = hit + empty * (1.0 - at_centre) * taught.counted
    return -cost.sum() / at_centre.sum().clamp(min=1.0)


def _misfit(maps: Tensor, taught: Taught) -> Tensor:
    """1 - IoU of box and answer as seen from each cell, and how far the logarithms are apart."""
    found, wanted = sides_px(maps), taught.sides.clamp(min=0.5)
    shared = torch.minimum(found, wanted)
    inside = (shared[:, 0] + shared[:, 2]) * (shared[:, 1] + shared[:, 3])
    iou = inside / (_area(found) + _area(wanted) - inside)
    apart = (found.log() - wanted.log()).abs().mean(1)
    cost = (1.0 - iou + _LOG_WEIGHT * apart)[:, None] * taught.weight
    return cost.sum() / taught.weight.sum().clamp(min=1.0)


def _area(sides: Tensor) -> Tensor:
    return (sides[:, 0] + sides[:, 2]) * (sides[:, 1] + sides[:, 3])


def _near(row: Boxes, size_hw: tuple[int, int]) -> NDArray[np.float32]:
    """1 in the cell of the box's centre, falling off as the box is wide and high."""
    columns = _falling((row[0] + row[2]) / 2.0, row[2] - row[0], size_hw[1])
    rows = _falling((row[1] + row[3]) / 2.0, row[3] - row[1], size_hw[0])
    return rows[:, None] * columns[None, :]


def _falling(middle_px: float, extent_px: float, cells: int) -> NDArray[np.float32]:
    spread = max(_SPREAD * extent_px / STRIDE, _LEAST_SPREAD)
    away = np.arange(cells) - math.floor(middle_px / STRIDE)
    return np.exp(-0.5 * (away / spread) ** 2).astype(np.float32)


def _teach_sides(
    row: Boxes, near: NDArray[np.float32], sides: NDArray[np.float32], weight: NDArray[np.float32]
) -> None:
    """Where this box's centre is nearer than any before it, its sides are the ones to learn."""
    own = (near >= _TAUGHT_FROM) & (near > weight)
    y, x = np.nonzero(own)
    middle_x, middle_y = (x + 0.5) * STRIDE, (y + 0.5) * STRIDE
    sides[:, y, x] = middle_x - row[0], middle_y - row[1], row[2] - middle_x, row[3] - middle_y
    weight[own] = near[own]


def _cells(row: Boxes) -> tuple[int, int, int, int]:
    left, top = (max(math.floor(side / STRIDE), 0) for side in row[:2])
    right, bottom = (max(math.ceil(side / STRIDE), 0) for side in row[2:4])
    return left, top, right, bottom
