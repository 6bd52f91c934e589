"""What people may enter at the desk."""

import math
from dataclasses import dataclass

from inspection.errors import PasslineError


class DeskError(PasslineError):
    """An entry that cannot be taken: the message names the part and what is wrong."""


@dataclass(frozen=True, slots=True)
class Label:
    """A person's outline of a defect; polygon corners (x, y) in pixels of the judged picture.

    view: whose picture; the part's worst when empty.
    """

    class_name: str
    polygon_xy_px: tuple[tuple[float, float], ...]
    view: str = ""

    def __post_init__(self) -> None:
        if not self.class_name:
            raise DeskError("a label needs the name of a defect class")
        if len(self.polygon_xy_px) < 3:
            raise DeskError(
                f"label {self.class_name!r}: a polygon needs 3 corners or more, "
                f"got {len(self.polygon_xy_px)}"
            )
        if not all(math.isfinite(value) for corner in self.polygon_xy_px for value in corner):
            raise DeskError(f"label {self.class_name!r}: a corner is NaN or infinite")


@dataclass(frozen=True, slots=True)
class Review:
    """A person's word on a verdict."""

    part_number: int
    agrees: bool
    reason: str
    who: str
    at_utc_ns: int


@dataclass(frozen=True, slots=True)
class Return:
    """A part that came back from the field, with outlines of what is wrong with it, if known."""

    part_number: int
    serial: str
    who: str
    note: str
    labels: tuple[Label, ...]
    at_utc_ns: int
