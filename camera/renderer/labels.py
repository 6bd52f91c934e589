"""What is asked of the renderer and what it answers: the mix of parts, the picture, the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

BARELY_VISIBLE = 0.15
OBVIOUS = 1.0


class DefectKind(StrEnum):
    """What can be wrong with a rendered part."""

    SCRATCH = "scratch"
    DENT = "dent"
    STAIN = "stain"
    MISSING_HOLE = "missing_hole"
    CHIPPED_EDGE = "chipped_edge"


@dataclass(frozen=True, slots=True)
class PartMix:
    """How the process runs: how often each defect comes, how visible it is, how strong the light.

    rates: probability from 0 to 1 that a part has a defect of this kind; absent kinds never come.
    light: strength of the ring light; 1.0 is as set up, 0.7 an ageing lamp. Above 0.
    contrast: the range, within 0 to 1, that a defect's contrast is drawn from.

    Raises ValueError naming the value that is outside its range.
    """

    rates: Mapping[DefectKind, float] = field(default_factory=dict[DefectKind, float])
    light: float = 1.0
    contrast: tuple[float, float] = (BARELY_VISIBLE, OBVIOUS)

    def __post_init__(self) -> None:
        for kind, rate in self.rates.items():
            if not 0.0 <= rate <= 1.0:
                raise ValueError(f"rate of {kind}: expected 0 to 1, got {rate}")
        if not 0.0 < self.light < np.inf:
            raise ValueError(f"light: expected a number above 0, got {self.light}")
        low, high = self.contrast
        if not 0.0 <= low <= high <= 1.0:
            raise ValueError(f"contrast: expected 0 <= low <= high <= 1, got {low}, {high}")
        object.__setattr__(self, "rates", dict(self.rates))


@dataclass(frozen=True, slots=True, eq=False)
class RenderedDefect:
    """The truth about one defect of a rendered part.

    mask: read-only bool of shape (height, width), true where the defect changed the picture.
    contrast: 0 (cannot be seen) to 1 (obvious).
    """

    kind: DefectKind
    mask: NDArray[np.bool_]
    contrast: float

    def __post_init__(self) -> None:
        self.mask.flags.writeable = False

    @property
    def area_px(self) -> int:
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPart:
    """One picture and its truth.

    pixels: read-only uint8 of shape (height, width).
    """

    pixels: NDArray[np.uint8]
    defects: tuple[RenderedDefect, ...] = ()

    def __post_init__(self) -> None:
        self.pixels.flags.writeable = False

    @property
    def is_good(self) -> bool:
        return not self.defects

    @property
    def kinds(self) -> tuple[DefectKind, ...]:
        return tuple(defect.kind for defect in self.defects)
