"""What is found without any training: where a picture differs from its golden template.

The old way to inspect boards (XOR, then morphology; Moganti et al., "Automatic PCB inspection
algorithms: a survey", 1996), for grey pictures too: a pixel differs when it is brighter or darker
than everything the template has near it. What a model brings is what it brings beyond this.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.findings import Finding, part_score
from models.registration import NotRegistered, register
from models.registration.motion import covered
from training.data.dataset import Sample
from training.data.labels import Box
from training.errors import TrainingError
from training.measuring.average_precision import (
    DEEP_PCB_IOU,
    BestF,
    Located,
    average_precision,
    best_f,
    pooled,
)
from training.measuring.evaluate import auroc

CLASS_NAME = "difference"
_HALF_SURE_PX = 60.0
"""A difference of full contrast and so many pixels scores 0.5."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as a difference.

    edge_px: so far an edge may lie off its place; of what is narrower than twice that, nothing is
    missed when it is gone. contrast: how much brighter or darker, as a share
    of the template's own contrast. least_area_px: smaller ones are noise. margin_px: what a box is
    given on each side, for the edge that `edge_px` took.
    """

    edge_px: int = 3
    contrast: float = 0.5
    least_area_px: int = 30
    margin_px: int = 9


@dataclass(frozen=True, slots=True)
class BaselineFigures:
    """What the rules do on labelled pairs, all defects being of one class.

    pooled_ap33, best: DeepPCB's protocol without its classes; None where there are no boxes.
    auroc: of the pictures' scores; None where only good or only defective ones were measured.
    unregistered: pictures that the template could not be laid over; they score 1.
    judging_ms: median and 99th percentile.
    """

    pictures: int
    boxes: int
    pooled_ap33: float | None
    best: BestF | None
    auroc: float | None
    unregistered: int
    judging_ms: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"rules": "xor", "classes": "one for all"}

    def summary(self) -> str:
        """In one line."""
        figures = {
            "AP at IoU 0.33": self.pooled_ap33,
            "best F": None if self.best is None else self.best.f,
            "AUROC by picture": self.auroc,
        }
        said = [f"{name} {value:.4f}" for name, value in figures.items() if value is not None]
        return (
            f"{', '.join([*said, f'{self.judging_ms[0]:.1f} ms a picture'])}; {self.pictures} "
            f"pictures, {self.boxes} defects, their classes left aside, {self.unregistered} "
            "pictures not like their template"
        )


def differences(
    pixels: NDArray[Any], template: NDArray[Any], rules: Rules | None = None
) -> tuple[Finding, ...]:
    """Where the picture differs from its template, highest score first.

    What lies beyond the border of a shifted template is not compared.
    pixels, template: (height, width) or (height, width, 3), uint8 or uint16. Raises NotRegistered.
    """
    rules = rules or Rules()
    registered = register(template, pixels)
    golden = registered.template
    low, high = np.percentile(golden, [2, 98])
    around = np.ones((2 * rules.edge_px + 1, 2 * rules.edge_px + 1), np.uint8)
    above = cv2.subtract(pixels, cv2.dilate(golden, around)).astype(np.float32)
    below = cv2.subtract(cv2.erode(golden, around), pixels).astype(np.float32)
    excess = np.maximum(above, below) / max(float(high - low), 1.0)
    if excess.ndim == 3:
        excess = excess.max(axis=2)
    size_hw = (pixels.shape[0], pixels.shape[1])
    excess = excess * covered(*registered.motion.at(size_hw), size_hw)
    return _regions(excess.astype(np.float32), rules)


def try_xor(
    samples: Sequence[Sample],
    rules: Rules | None = None,
    report: Callable[[], None] = lambda: None,
) -> BaselineFigures:
    """Measure the rules on pairs. Raises TrainingError for no pictures, or one without template."""
    if not samples:
        raise TrainingError("nothing to measure on: no pictures")
    pictures: list[Located] = []
    scores: list[float] = []
    took_ms: list[float] = []
    unregistered = 0
    for sample in samples:
        template = sample.template_pixels()
        if template is None:
            raise TrainingError(f"{sample.picture}: no template to compare with")
        pixels = sample.pixels()
        begun_s = time.perf_counter()
        try:
            found = differences(pixels, template, rules)
            scores.append(part_score(found))
        except NotRegistered:
            found = ()
            scores.append(1.0)
            unregistered += 1
        took_ms.append(1000.0 * (time.perf_counter() - begun_s))
        truth = tuple(Box(CLASS_NAME, box.box_xyxy_px) for box in sample.boxes())
        pictures.append(Located(found, truth))
        report()
    hits = pooled(pictures, DEEP_PCB_IOU)
    good = [sample.is_good for sample in samples]
    p50, p99 = np.percentile(took_ms, [50, 99]).tolist()
    return BaselineFigures(
        pictures=len(samples),
        boxes=hits.labelled,
        pooled_ap33=average_precision(hits),
        best=best_f(hits),
        auroc=auroc(
            [score for score, is_good in zip(scores, good, strict=True) if not is_good],
            [score for score, is_good in zip(scores, good, strict=True) if is_good],
        ),
        unregistered=unregistered,
        judging_ms=(p50, p99),
    )


def _regions(excess: NDArray[np.float32], rules: Rules) -> tuple[Finding, ...]:
    """Findings where the excess is large enough, over an area that is."""
    height, width = excess.shape
    differs = (excess >= rules.contrast).astype(np.uint8)
    joined = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    volumes = np.bincount(labels.ravel(), weights=excess.ravel(), minlength=count)
    found: list[Finding] = []
    for volume, row in zip(volumes[1:].tolist(), stats[1:].tolist(), strict=True):
        left, top, wide, tall, area = row
        if area < rules.least_area_px:
            continue
        box = (
            float(max(left - rules.margin_px, 0)),
            float(max(top - rules.margin_px, 0)),
            float(min(left + wide + rules.margin_px, width)),
            float(min(top + tall + rules.margin_px, height)),
        )
        found.append(Finding(CLASS_NAME, volume / (volume + _HALF_SURE_PX), box, float(area)))
    return tuple(sorted(found, key=lambda one: (-one.score, one.box_xyxy_px)))
