"""From maps of probability to findings: regions in which a class is likely."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import Card
from models.errors import InferenceError
from models.findings import Finding, Placement

FloatMap = NDArray[np.float32]


def from_heatmap(output: NDArray[Any], card: Card, placement: Placement) -> list[Finding]:
    """Regions of cells at or above the card's floor, for each class.

    output: as `OutputSpec` describes `heatmap`, its shape and type checked already.
    Raises InferenceError for what is no probability.
    """
    stride = card.output.stride
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
