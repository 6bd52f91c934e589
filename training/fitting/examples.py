"""Samples in memory, as the network will see them: prepared pictures and the cells of defects."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec
from models.preprocess import prepare
from training.data.dataset import Sample
from training.errors import TrainingError
from training.network.layers import STRIDE

# A cell is defective when a tenth of it is: a scratch one pixel wide covers a quarter.
CELL_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture to learn from.

    planes: the network's input, float16 (planes, height, width): half the memory, a
        thousandth of the grey values' own noise.
    cells: uint8 (classes, height / 4, width / 4), 1 where the defect is.
    """

    planes: NDArray[np.float16]
    cells: NDArray[np.uint8]

    @property
    def is_good(self) -> bool:
        return not self.cells.any()


def load_examples(
    samples: Iterable[Sample], spec: InputSpec, classes: tuple[str, ...]
) -> list[Example]:
    """All samples that can be learnt from: a defect nobody located (an empty mask) is left out.

    Raises TrainingError naming the file that cannot be used, and when no defect is located.
    """
    examples = located_examples(samples, spec, classes)
    if all(example.is_good for example in examples):
        raise TrainingError("every mask is empty: training needs to know where the defects are")
    return examples


def located_examples(
    samples: Iterable[Sample], spec: InputSpec, classes: tuple[str, ...]
) -> list[Example]:
    """As `load_examples`, and perhaps without a defect."""
    seen = ((sample, _example(sample, spec, classes)) for sample in samples)
    return [example for sample, example in seen if sample.is_good or not example.is_good]


def load_good(samples: Iterable[Sample], spec: InputSpec) -> list[Example]:
    """The good ones among the samples, with one class of cells that are all empty."""
    return [_example(sample, spec, ("defect",)) for sample in samples if sample.is_good]


def _example(sample: Sample, spec: InputSpec, classes: tuple[str, ...]) -> Example:
    size_wh = (spec.size_hw[1] // STRIDE, spec.size_hw[0] // STRIDE)
    cells = np.zeros((len(classes), size_wh[1], size_wh[0]), np.uint8)
    for class_name, mask in sample.masks():
        share = cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA)
        cells[classes.index(class_name)] |= (share >= CELL_SHARE).astype(np.uint8)
    planes, _ = prepare(sample.pixels(spec.channels), spec, sample.full_scale)
    return Example(planes[0].astype(np.float16), cells)
