"""The renderer's truth about each part, which a real factory only learns from the field."""

from functools import cache

import cv2
import numpy as np

from camera.belt import truth
from camera.renderer import RenderedDefect, RenderedPart
from inspection.demo.plot import SEED, Plot
from inspection.records.entries import Label


class Truth:
    """Knows which parts of the story are bad, and what is wrong with them."""

    def __init__(self, plot: Plot) -> None:
        belt = plot.belt(plot.parts, pace_hz=1.0)

        @cache
        def part(number: int) -> tuple[Label, ...]:
            return _facts(truth(belt, SEED, number))

        self._part = part

    def is_bad(self, part_number: int) -> bool:
        return bool(self._part(part_number))

    def classes(self, part_number: int) -> frozenset[str]:
        return frozenset(label.class_name for label in self._part(part_number))

    def labels(self, part_number: int) -> tuple[Label, ...]:
        """Outlines of the defects, as a quality engineer would draw them."""
        return self._part(part_number)


def _facts(part: RenderedPart) -> tuple[Label, ...]:
    return tuple(label for defect in part.defects for label in _outlines(defect))


def _outlines(defect: RenderedDefect) -> list[Label]:
    contours, _ = cv2.findContours(
        defect.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = [contour.reshape(-1, 2).tolist() for contour in contours]
    return [
        Label(defect.kind.value, tuple((float(x), float(y)) for x, y in polygon))
        for polygon in polygons
        if len(polygon) >= 3
    ]
