"""From a model's raw output to findings: located defects in picture pixels.

One implementation for the line, for training and for replay: what is measured is what judges.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import Card
from models.errors import InferenceError

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Finding:
    """One located defect.

    score: the highest probability inside it, 0 to 1.
    box_xyxy_px: left, top, right, bottom in picture pixels; right and bottom are exclusive.
    area_px: its area in picture pixels (cells at or above the card's floor; for boxes the box).
    """

    class_name: str
    score: float
    box_xyxy_px: tuple[float, float, float, float]
    area_px: float

    def area_mm2(self, mm_per_px: float) -> float:
        return self.area_px * mm_per_px * mm_per_px


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the network's input lies in the picture: scale, then offset, per axis.

    A point (x, y) of the input is (x * scale_x + left_px, y * scale_y + top_px) of the picture.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    left_px: float = 0.0
    top_px: float = 0.0

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return (
            x0 * self.scale_x + self.left_px,
            y0 * self.scale_y + self.top_px,
            x1 * self.scale_x + self.left_px,
            y1 * self.scale_y + self.top_px,
        )


def decode(output: NDArray[Any], card: Card, placement: Placement) -> tuple[Finding, ...]:
    """All findings at or above the card's floor, highest score first.

    output: what the graph gave, as `OutputSpec` describes it.
    Raises InferenceError for NaN, infinity, scores outside 0..1 or a shape that does not fit.
    """
    if card.output.kind == "heatmap":
        found = _from_heatmap(output, card, placement)
    else:
        found = _from_boxes(output, card, placement)
    return tuple(sorted(found, key=lambda f: (-f.score, f.class_name, f.box_xyxy_px)))


def part_score(findings: tuple[Finding, ...]) -> float:
    """The part's score: its strongest finding, 0 when there is none."""
    return max((finding.score for finding in findings), default=0.0)


def _from_heatmap(output: NDArray[Any], card: Card, placement: Placement) -> list[Finding]:
    stride = card.output.stride
    height, width = card.input.size_hw
    _check_shape(output, (1, len(card.classes), height // stride, width // stride))
    found: list[Finding] = []
    for index, name in enumerate(card.classes):
        heat: FloatMap = output[0, index]
        low, high, _, _ = cv2.minMaxLoc(heat)
        # NaN fails every comparison, so this also catches a map that has one at its extremes;
        # a NaN elsewhere makes the sum NaN.
        if not (low >= 0.0 and high <= 1.0) or np.isnan(heat.sum()):
            raise InferenceError(f"map of {name!r} is not a probability: from {low} to {high}")
        if high >= card.floor:
            found.extend(_regions(heat, name, card.floor, stride, placement))
    return found


def _regions(
    heat: FloatMap, name: str, floor: float, stride: int, placement: Placement
) -> list[Finding]:
    inside = heat >= np.float32(floor)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        inside.view(np.uint8), connectivity=8
    )
    scores = np.zeros(count, np.float32)
    np.maximum.at(scores, labels[inside].astype(np.intp), heat[inside])
    cell_px = stride * stride * placement.scale_x * placement.scale_y
    found: list[Finding] = []
    for score, row in zip(scores[1:].tolist(), stats[1:].tolist(), strict=True):
        left, top, width, height, cells = row
        box = placement.box(
            left * stride, top * stride, (left + width) * stride, (top + height) * stride
        )
        found.append(Finding(name, score, box, cells * cell_px))
    return found


def _from_boxes(output: NDArray[Any], card: Card, placement: Placement) -> list[Finding]:
    if output.ndim != 3 or output.shape[0] != 1 or output.shape[2] != 6:
        raise InferenceError(f"boxes need shape (1, n, 6), got {output.shape}")
    rows = output[0]
    if not np.isfinite(rows).all():
        raise InferenceError("boxes hold NaN or infinity")
    found: list[Finding] = []
    for x0, y0, x1, y1, score, class_index in rows.tolist():
        if not (0.0 <= score <= 1.0 and class_index in range(len(card.classes))):
            raise InferenceError(f"box with score {score} and class {class_index}")
        if score < card.floor:
            continue
        if not (x1 > x0 and y1 > y0):
            raise InferenceError(f"box turned inside out: {(x0, y0, x1, y1)}")
        box = placement.box(x0, y0, x1, y1)
        area_px = (box[2] - box[0]) * (box[3] - box[1])
        found.append(Finding(card.classes[int(class_index)], score, box, area_px))
    return found


def _check_shape(output: NDArray[Any], expected: tuple[int, ...]) -> None:
    if output.shape != expected or output.dtype != np.float32:
        raise InferenceError(
            f"output is {output.dtype} of {output.shape}, the card says float32 of {expected}"
        )
