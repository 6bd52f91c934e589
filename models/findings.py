"""Findings: located defects in picture pixels."""

from dataclasses import dataclass


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


def part_score(findings: tuple[Finding, ...]) -> float:
    """The part's score: its strongest finding, 0 when there is none."""
    return max((finding.score for finding in findings), default=0.0)
