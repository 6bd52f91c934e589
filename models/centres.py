"""From a detector's raw maps to findings: peaks of probability, and the boxes around them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import SIDES, Card
from models.errors import InferenceError
from models.findings import Finding, Placement

FloatMap = NDArray[np.float32]
_SAME_IOU = 0.5
"""Two boxes of one class that share more than this show one defect."""
_MOST = 1000
"""Boxes of one class."""


def from_centres(output: NDArray[Any], card: Card, placement: Placement) -> list[Finding]:
    """The peaks at or above the card's floor, with their boxes cut to the picture.

    output: as `OutputSpec` describes `centres`, its shape and type checked already.
    Raises InferenceError for what is no probability, and for a side that is infinite, no number or
    behind the centre.
    """
    heat: FloatMap = output[0, :-SIDES]
    sides: FloatMap = output[0, -SIDES:]
    low, high = float(heat.min()), float(heat.max())
    # NaN in a map makes its extremes NaN, which fail every comparison.
    if not (low >= 0.0 and high <= 1.0):
        raise InferenceError(f"maps are not probabilities: from {low} to {high}")
    if not (float(sides.min()) >= 0.0 and float(sides.max()) < np.inf):
        raise InferenceError("sides of boxes are NaN, infinite or negative")
    found: list[Finding] = []
    for index, name in enumerate(card.classes):
        rows, columns = _peaks(heat[index], card.floor)
        boxes = _boxes(sides[:, rows, columns], rows, columns, card)
        scores = heat[index, rows, columns]
        kept = _distinct(boxes, scores)
        found.extend(_finding(name, scores[i], boxes[i], placement) for i in kept)
    return found


def _peaks(heat: FloatMap, floor: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the cells from `floor` on that no neighbour exceeds."""
    highest = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= np.float32(floor)) & (heat >= highest))
    return rows, columns


def _boxes(
    sides: FloatMap, rows: NDArray[np.intp], columns: NDArray[np.intp], card: Card
) -> NDArray[np.float64]:
    """(n, 4): left, top, right, bottom in pixels of the input, none beyond it."""
    height, width = card.input.size_hw
    x = (columns + 0.5) * card.output.stride
    y = (rows + 0.5) * card.output.stride
    left, top, right, bottom = sides.astype(np.float64)
    corners = np.stack([x - left, y - top, x + right, y + bottom], 1)
    return np.clip(corners, 0.0, np.array([width, height, width, height], np.float64))


def _distinct(boxes: NDArray[np.float64], scores: FloatMap) -> list[int]:
    """Which boxes stay: each that shares at most _SAME_IOU with every stronger one that stays.

    Of more than _MOST the weakest go: a picture of noise must not take longer than its part has.
    """
    corner, size = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    stay = cv2.dnn.NMSBoxes(
        np.hstack([corner, size]).tolist(), scores.tolist(), 0.0, _SAME_IOU, top_k=_MOST
    )
    return [int(index) for index in stay]


def _finding(
    name: str, score: np.float32, box: NDArray[np.float64], placement: Placement
) -> Finding:
    left, top, right, bottom = placement.box(*box.tolist())
    return Finding(name, float(score), (left, top, right, bottom), (right - left) * (bottom - top))
