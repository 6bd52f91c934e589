"""How well a map of scores covers the labelled defects: AUPRO, and AUROC and AP by the pixel.

The pixels of all pictures are counted per score in a table of fixed size, so memory does not grow
with the pictures. Scores are told apart to one part in 2,000 of their value.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AUPRO_FALSE_POSITIVES = 0.3
"""AUPRO is taken up to this share of false positive pixels (Bergmann et al., MVTec AD, 2021)."""
_SHIFT = 12
# The bits of floats from 0 to 1 are in the order of their values; the upper 20 make the levels.
_LEVELS = (int(np.float32(1.0).view(np.uint32)) >> _SHIFT) + 1


@dataclass(frozen=True, slots=True)
class OverlapFigures:
    """What the maps of all pictures come to; None where there was no defect, or nothing else.

    aupro: mean share of each defect that is covered, averaged over the shares of false positive
        pixels from 0 to 0.3; 1 is perfect, 0.15 is chance.
    pixel_auroc, pixel_ap: of single pixels, where large defects outweigh small ones.
    """

    aupro: float | None
    pixel_auroc: float | None
    pixel_ap: float | None


def _no_pixels() -> Floats:
    return np.zeros(_LEVELS, np.float64)


@dataclass(slots=True)
class Overlap:
    """Counts pixels, picture by picture.

    good, bad: pixels outside and inside defects at each level of score, lowest first.
    covered: share of defects' areas at each level, summed over the defects. defects: how many.
    """

    good: Floats = field(default_factory=_no_pixels)
    bad: Floats = field(default_factory=_no_pixels)
    covered: Floats = field(default_factory=_no_pixels)
    defects: int = 0

    def add(self, scores: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        """Count one picture: scores from 0 to 1 and where its defects are, both (height, width).

        Each connected region of the mask (eight neighbours) is one defect.
        """
        levels = np.ascontiguousarray(scores, np.float32).view(np.uint32) >> _SHIFT
        self.good += np.bincount(levels[~mask], minlength=_LEVELS)
        if not mask.any():
            return
        inside = levels[mask]
        count, numbered = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        regions: NDArray[np.int32] = np.asarray(numbered, np.int32)[mask]
        shares = 1.0 / np.bincount(regions)[1:]
        self.bad += np.bincount(inside, minlength=_LEVELS)
        self.covered += np.bincount(inside, weights=shares[regions - 1], minlength=_LEVELS)
        self.defects += count - 1

    def figures(self) -> OverlapFigures:
        """The figures over everything that was counted."""
        good, bad = _from_the_top(self.good), _from_the_top(self.bad)
        if self.defects == 0:
            return OverlapFigures(None, None, None)
        recall = bad / bad[-1]
        precision = bad[1:] / np.maximum(bad[1:] + good[1:], 1.0)
        ap = float(np.sum(np.diff(recall) * precision))
        if good[-1] == 0.0:
            return OverlapFigures(None, None, ap)
        false_positives = good / good[-1]
        covered = _from_the_top(self.covered) / self.defects
        return OverlapFigures(
            aupro=_area(false_positives, covered, AUPRO_FALSE_POSITIVES),
            pixel_auroc=_area(false_positives, recall, 1.0),
            pixel_ap=ap,
        )


def _from_the_top(counts: Floats) -> Floats:
    """What lies at or above each level, highest first, beginning with nothing."""
    return np.concatenate([[0.0], np.cumsum(counts[::-1])])


def _area(x: Floats, y: Floats, up_to: float) -> float:
    """Mean height of the curve from 0 to `up_to`, straight between its points."""
    inside = x <= up_to
    end = np.interp(up_to, x, y)
    return float(np.trapezoid([*y[inside], end], [*x[inside], up_to]) / up_to)
