"""How well findings meet labelled boxes: pooled AP, mean AP at IoU 0.5, and the best F.

A finding is right when a labelled box of its class on its picture overlaps it enough and no better
one has taken that box before: findings choose in the order of their scores, each the box that it
overlaps most. All boxes are left, top, right, bottom in picture pixels, right and bottom exclusive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.findings import Finding
from training.data.labels import Box

DEEP_PCB_IOU = float(np.nextafter(0.33, 1.0))
"""DeepPCB asks for an IoU above 0.33 (Tang et al., Online PCB Defect Detector, 2019)."""
COCO_IOU = 0.5
_RECALLS = np.linspace(0.0, 1.0, 101)
"""COCO reads precision at 101 recalls (cocodataset.org/#detection-eval)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Located:
    """What was found on one picture, and the boxes that are on it."""

    found: tuple[Finding, ...]
    truth: tuple[Box, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Findings of any number of pictures, each right or wrong.

    scores: float64 (n,), highest first. right: bool (n,). labelled: boxes there were to find.
    """

    scores: Floats
    right: NDArray[np.bool_]
    labelled: int


@dataclass(frozen=True, slots=True)
class BestF:
    """The score from which findings have to be counted for the highest F, and what it is there."""

    f: float
    precision: float
    recall: float
    score: float


def pooled(
    pictures: Iterable[Located], least_iou: float = DEEP_PCB_IOU, class_name: str | None = None
) -> Hits:
    """The findings of all pictures and classes in one, or those of one class."""
    scores: list[float] = []
    right: list[bool] = []
    labelled = 0
    for picture in pictures:
        names = {class_name} if class_name else {each.class_name for each in picture.found}
        for name in sorted(names):
            found = sorted(
                (one for one in picture.found if one.class_name == name), key=lambda one: -one.score
            )
            truth = [box for box in picture.truth if box.class_name == name]
            scores.extend(one.score for one in found)
            right.extend(_meets(found, truth, least_iou))
        labelled += sum(class_name in (None, box.class_name) for box in picture.truth)
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    return Hits(np.array(scores, np.float64)[order], np.array(right, np.bool_)[order], labelled)


def average_precision(hits: Hits) -> float | None:
    """Area under precision over recall, not interpolated; None where there was nothing to find.

    Precision counts at every score that is reached, so the order of equal scores is no matter
    (as scikit-learn's `average_precision_score`). Pooled at `DEEP_PCB_IOU` this is the figure of
    DeepPCB's protocol.
    """
    if hits.labelled == 0:
        return None
    precision, recall = _curve(hits)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def coco_average_precision(hits: Hits) -> float | None:
    """AP as COCO has it: the best precision at this recall or a higher one, at 101 recalls."""
    if hits.labelled == 0:
        return None
    precision, recall = _curve(hits)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.append(best, 0.0)[np.searchsorted(recall, _RECALLS)].mean())


def mean_average_precision(
    pictures: Sequence[Located], least_iou: float = COCO_IOU
) -> float | None:
    """COCO's mAP at one IoU: the mean over the classes that are labelled anywhere."""
    by_class = class_average_precision(pictures, least_iou)
    return float(np.mean(list(by_class.values()))) if by_class else None


def class_average_precision(
    pictures: Sequence[Located], least_iou: float = COCO_IOU
) -> dict[str, float]:
    """COCO's AP at one IoU of each class that is labelled anywhere."""
    names = sorted({box.class_name for picture in pictures for box in picture.truth})
    found = {name: coco_average_precision(pooled(pictures, least_iou, name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def best_f(hits: Hits) -> BestF | None:
    """The highest F that a single score limit reaches; None where it cannot be above 0."""
    if hits.labelled == 0 or not hits.right.any():
        return None
    precision, recall = _curve(hits)
    sums = precision + recall
    f = np.divide(2.0 * precision * recall, sums, out=np.zeros_like(sums), where=sums > 0.0)
    best = int(f.argmax())
    score = np.unique(hits.scores)[::-1][best]
    return BestF(float(f[best]), float(precision[best]), float(recall[best]), float(score))


def box_iou(first: Floats, second: Floats) -> Floats:
    """Shared area over joint area of every pair: (n, 4) and (m, 4) give (n, m)."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(opposite - corner, 0.0, None).prod(axis=2)
    joint = _areas(first)[:, None] + _areas(second)[None, :] - shared
    return np.divide(shared, joint, out=np.zeros_like(shared), where=joint > 0.0)


def _meets(found: Sequence[Finding], truth: Sequence[Box], least_iou: float) -> list[bool]:
    """For each finding, highest score first, whether it is the one that takes a box."""
    overlap = box_iou(_boxes(found), _boxes(truth))
    right: list[bool] = []
    for row in overlap:
        best = int(row.argmax()) if row.size else -1
        right.append(best >= 0 and row[best] >= least_iou)
        if right[-1]:
            overlap[:, best] = -1.0
    return right


def _curve(hits: Hits) -> tuple[Floats, Floats]:
    """Precision and recall of everything from a score on, at each score, highest first."""
    last = np.flatnonzero(np.diff(hits.scores, append=-np.inf))
    right = np.cumsum(hits.right)[last].astype(np.float64)
    return right / (last + 1), right / hits.labelled


def _boxes(located: Sequence[Finding] | Sequence[Box]) -> Floats:
    return np.array([each.box_xyxy_px for each in located], np.float64).reshape(-1, 4)


def _areas(boxes: Floats) -> Floats:
    return np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None).prod(axis=1)
