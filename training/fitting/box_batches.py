"""Batches for a detector: crops with and without defects, turned, re-lit, templates shifted."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.fitting.box_examples import BoxExample
from training.fitting.boxes import BoxBatch, Boxes, teach_boxes
from training.network.layers import SIZE_MULTIPLE_PX

Planes = NDArray[np.float32]
Chance = np.random.Generator

_ON_DEFECT = 0.5  # of the crops lie on a defect, every class as often
_GOOD = 0.08  # of the crops of a pair show the template beside itself: a part without a fault
_CONTRAST = (0.85, 1.15)
_BRIGHTNESS = (-0.1, 0.1)
_OWN_CONTRAST = (0.95, 1.05)  # of the template beside its picture: taken on another day
_SHIFT_PX = 1.2  # spread of how far a template lies off after registration
_MOST_SHIFT_PX = 2.5
_PASTED = 0.5  # of the crops of a pair are given defects of other boards
_MOST_PASTED = 3
_MARGIN_PX = 10  # of its surroundings that a defect brings along
_KEPT = 0.25  # a box of which the crop shows less is cut away, not taught


class BoxBatches:
    """Crops of pictures with boxes; see `training.fitting.batches.Draws`.

    Pictures with a golden template have twice the planes; the second half are the template's.
    """

    def __init__(
        self,
        examples: Sequence[BoxExample],
        classes: int,
        template: bool,
        size: int,
        side_px: int,
        seed: int,
    ) -> None:
        self._examples = examples
        self._classes = classes
        self._template = template
        self._size = size
        self._side_px = _side_px(examples, side_px)
        self.chance = np.random.default_rng(seed)
        places = [(i, j) for i, each in enumerate(examples) for j in range(len(each.boxes))]
        of_class = [
            [(i, j) for i, j in places if int(examples[i].boxes[j, 4]) == index]
            for index in range(classes)
        ]
        self._by_class = [own for own in of_class if own]

    def next(self) -> BoxBatch:
        """One batch, half of its crops on defects."""
        crops = [self._crop() for _ in range(self._size)]
        side = self._side_px
        taught = teach_boxes([boxes for _, boxes in crops], self._classes, (side, side))
        return BoxBatch(torch.from_numpy(np.stack([planes for planes, _ in crops])), taught)

    def _crop(self) -> tuple[Planes, Boxes]:
        if self.chance.random() < _ON_DEFECT:
            planes, boxes = self._on_defect()
        else:
            planes, boxes = self._anywhere()
        if self._template:
            planes, boxes = self._as_pair(planes, boxes)
        planes, boxes = self._turned(planes, boxes)
        return np.ascontiguousarray(self._relit(planes)), boxes

    def _on_defect(self) -> tuple[Planes, Boxes]:
        index, which = self._defect()
        box = self._examples[index].boxes[which]
        side = self._side_px
        top = int((box[1] + box[3]) / 2.0 - self.chance.integers(side))
        left = int((box[0] + box[2]) / 2.0 - self.chance.integers(side))
        return self._cut(self._examples[index], top, left)

    def _anywhere(self) -> tuple[Planes, Boxes]:
        example = self._examples[int(self.chance.integers(len(self._examples)))]
        _, height, width = example.planes.shape
        top = int(self.chance.integers(height - self._side_px + 1))
        left = int(self.chance.integers(width - self._side_px + 1))
        return self._cut(example, top, left)

    def _defect(self) -> tuple[int, int]:
        """Any defect, every class as often: which example's, and which of its boxes."""
        own = self._by_class[int(self.chance.integers(len(self._by_class)))]
        return own[int(self.chance.integers(len(own)))]

    def _cut(self, example: BoxExample, top: int, left: int) -> tuple[Planes, Boxes]:
        """The crop nearest to (top, left) that lies inside, with the boxes that it shows."""
        side = self._side_px
        _, height, width = example.planes.shape
        top, left = min(max(top, 0), height - side), min(max(left, 0), width - side)
        planes = example.planes[:, top : top + side, left : left + side].astype(np.float32)
        return planes, _shown(example.boxes, (left, top, left + side, top + side))

    def _as_pair(self, planes: Planes, boxes: Boxes) -> tuple[Planes, Boxes]:
        """A pair as the line would see it: a template never lies quite where its part does."""
        golden = planes.shape[0] // 2
        if self.chance.random() < _GOOD:
            planes[:golden] = planes[golden:]
            boxes = boxes[:0]
        elif self.chance.random() < _PASTED:
            boxes = self._pasted(planes, boxes)
        shift = np.clip(self.chance.normal(0.0, _SHIFT_PX, 2), -_MOST_SHIFT_PX, _MOST_SHIFT_PX)
        if self.chance.integers(2):
            shift = np.round(shift)
        for plane in planes[golden:]:
            plane[:] = _shifted(plane, float(shift[0]), float(shift[1]))
        return planes, boxes

    def _pasted(self, planes: Planes, boxes: Boxes) -> Boxes:
        """Copy defects of other pictures, with their piece of template, to free places."""
        for _ in range(int(self.chance.integers(1, _MOST_PASTED + 1))):
            index, which = self._defect()
            patch, own = _patch(self._examples[index], which)
            turns = int(self.chance.integers(4))
            patch, own = _rotated(patch, own, turns)
            _, height, width = patch.shape
            if max(height, width) > self._side_px // 2 or not _whole(own, (height, width)):
                continue
            top = int(self.chance.integers(self._side_px - height + 1))
            left = int(self.chance.integers(self._side_px - width + 1))
            if _overlaps(boxes, (left, top, left + width, top + height)):
                continue
            planes[:, top : top + height, left : left + width] = patch
            boxes = np.concatenate([boxes, own + np.array([left, top, left, top, 0], np.float32)])
        return boxes

    def _relit(self, planes: Planes) -> Planes:
        """As under another lamp of the same type; a template was taken under one of its own."""
        planes = planes * np.float32(self.chance.uniform(*_CONTRAST))
        if self._template:
            planes[planes.shape[0] // 2 :] *= np.float32(self.chance.uniform(*_OWN_CONTRAST))
        return planes + np.float32(self.chance.uniform(*_BRIGHTNESS))

    def _turned(self, planes: Planes, boxes: Boxes) -> tuple[Planes, Boxes]:
        planes, boxes = _rotated(planes, boxes, int(self.chance.integers(4)))
        if self.chance.integers(2):
            width = planes.shape[2]
            planes = planes[:, :, ::-1]
            boxes = np.stack(
                [width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3], boxes[:, 4]], 1
            )
        return planes, boxes


def _side_px(examples: Sequence[BoxExample], side_px: int) -> int:
    """The side of a crop that fits the pictures and the network, at most `side_px`."""
    side_px = min(side_px, *examples[0].planes.shape[1:])
    return side_px - side_px % SIZE_MULTIPLE_PX


def _shown(boxes: Boxes, window: tuple[int, int, int, int]) -> Boxes:
    """The boxes that touch the window, moved into it.

    One that is shown well enough is cut to the window; one that is not keeps its centre outside,
    so that it is neither taught nor counted as empty.
    """
    left, top, right, bottom = window
    x0, y0, x1, y1 = boxes[:, :4].T
    cut = np.stack(
        [x0.clip(left, right), y0.clip(top, bottom), x1.clip(left, right), y1.clip(top, bottom)], 1
    )
    shown = (cut[:, 2] - cut[:, 0]) * (cut[:, 3] - cut[:, 1])
    share = shown / ((x1 - x0) * (y1 - y0))
    taught = share >= _KEPT
    rows = np.where(taught[:, None], cut, boxes[:, :4]) - np.array([left, top, left, top])
    moved = np.concatenate([rows, boxes[:, 4:]], 1).astype(np.float32)
    return moved[share > 0.0]


def _rotated(planes: Planes, boxes: Boxes, quarters: int) -> tuple[Planes, Boxes]:
    """Turned anticlockwise by so many quarters, as `numpy.rot90` does."""
    for _ in range(quarters):
        width = planes.shape[2]
        planes = np.rot90(planes, axes=(1, 2))
        x0, y0, x1, y1, index = boxes.T
        boxes = np.stack([y0, width - x1, y1, width - x0, index], 1)
    return planes, boxes


def _patch(example: BoxExample, which: int) -> tuple[Planes, Boxes]:
    """A defect with its surroundings, and every box in it."""
    _, height, width = example.planes.shape
    x0, y0, x1, y1 = example.boxes[which, :4].tolist()
    left, top = max(math.floor(x0) - _MARGIN_PX, 0), max(math.floor(y0) - _MARGIN_PX, 0)
    right, bottom = min(math.ceil(x1) + _MARGIN_PX, width), min(math.ceil(y1) + _MARGIN_PX, height)
    planes = example.planes[:, top:bottom, left:right].astype(np.float32)
    return planes, _shown(example.boxes, (left, top, right, bottom))


def _whole(boxes: Boxes, size_hw: tuple[int, int]) -> bool:
    """True when nothing is cut off: no box has its centre outside a picture of this size."""
    centres = (boxes[:, :2] + boxes[:, 2:4]) / 2.0
    return bool(((centres >= 0.0) & (centres < np.array(size_hw[::-1]))).all())


def _overlaps(boxes: Boxes, window: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = window
    apart = (
        (boxes[:, 2] <= left)
        | (boxes[:, 0] >= right)
        | (boxes[:, 3] <= top)
        | (boxes[:, 1] >= bottom)
    )
    return not apart.all()


def _shifted(plane: NDArray[np.float32], right_px: float, down_px: float) -> NDArray[np.float32]:
    move = np.array([[1.0, 0.0, right_px], [0.0, 1.0, down_px]], np.float32)
    height, width = plane.shape
    moved = cv2.warpAffine(plane, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32)
