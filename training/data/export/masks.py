"""Folders by class with a mask beside each defective picture, as `passline render` writes them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.data.dataset import Dataset, Sample
from training.data.export.classes import GOOD, check_names, placed
from training.data.export.placing import Place, named, write_parts
from training.data.labels import Label, MaskImage
from training.data.layouts.mask_files import MASK_ENDING


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """All defects of one class on a picture become one mask; outlines and boxes are painted."""
    check_names(dataset.classes)
    places: list[tuple[Path, Sample]] = []
    for each in named(dataset):
        sample = each.sample
        targets = placed(each, out, how, sorted(sample.classes) or [GOOD])
        places.extend((target, sample) for target in targets)
        for target in targets if sample.labels else ():
            labels = [label for label in sample.labels if label.class_name == target.parent.name]
            path = target.with_name(f"{each.name}{MASK_ENDING}.png")
            cv2.imwrite(str(path), _painted(labels, sample.size_hw()))
    write_parts(out, places)
    labels = [label for sample in dataset.samples for label in sample.labels]
    painted = sum(not isinstance(label, MaskImage) for label in labels)
    return [f"{painted} labels became masks, one for each class on a picture"] if painted else []


def _painted(labels: Sequence[Label], size_hw: tuple[int, int]) -> np.ndarray[tuple[int, int]]:
    mask = np.zeros(size_hw, np.bool_)
    for label in labels:
        mask |= label.paint(size_hw)
    return mask.astype(np.uint8) * np.uint8(255)
