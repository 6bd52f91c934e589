"""Samples in memory for a detector: prepared pictures, their templates, and boxes of defects."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec
from models.preprocess import Prepared
from training.data.dataset import Sample
from training.errors import TrainingError
from training.fitting.boxes import Boxes
from training.network.inputs import network_inputs

Planes = NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class BoxExample:
    """One picture to learn from.

    planes: the network's input, float16 (planes, height, width).
    boxes: its defects, in pixels of the input.
    """

    planes: Planes
    boxes: Boxes


def load_box_examples(
    samples: Iterable[Sample], spec: InputSpec, classes: tuple[str, ...]
) -> list[BoxExample]:
    """All samples that can be learnt from.

    A defect nobody located is left out, and a picture that its template cannot be laid over.

    Raises TrainingError naming the file that cannot be used, and when no defect is located.
    """
    examples = located_box_examples(samples, spec, classes)
    if not any(len(example.boxes) for example in examples):
        raise TrainingError("no defect is located: training needs to know where the defects are")
    return examples


def located_box_examples(
    samples: Iterable[Sample], spec: InputSpec, classes: tuple[str, ...]
) -> list[BoxExample]:
    """As `load_box_examples`, and perhaps without a defect."""
    seen = (
        (sample, _example(sample, each, spec, classes))
        for sample, each in network_inputs(samples, spec)
    )
    return [example for sample, example in seen if sample.is_good or len(example.boxes)]


def _example(
    sample: Sample, seen: Prepared, spec: InputSpec, classes: tuple[str, ...]
) -> BoxExample:
    placement = seen.placement
    left, top = (sample.region.left, sample.region.top) if sample.region else (0, 0)
    rows: list[tuple[float, ...]] = []
    for box in sample.boxes():
        x0, y0, x1, y1 = box.box_xyxy_px
        sides = (
            (x0 - left) / placement.scale_x,
            (y0 - top) / placement.scale_y,
            (x1 - left) / placement.scale_x,
            (y1 - top) / placement.scale_y,
        )
        clipped = _clipped(sides, spec.size_hw)
        if clipped[2] > clipped[0] and clipped[3] > clipped[1]:
            rows.append((*clipped, classes.index(box.class_name)))
    boxes = np.array(rows, np.float32).reshape(-1, 5)
    return BoxExample(seen.planes[0].astype(np.float16), boxes)


def _clipped(
    sides: tuple[float, float, float, float], size_hw: tuple[int, int]
) -> tuple[float, float, float, float]:
    height, width = size_hw
    x0, y0, x1, y1 = sides
    return max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
