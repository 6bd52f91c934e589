"""Labels: where on a picture a defect lies, in the forms that people and machines write them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.pictures import read_mask
from training.errors import TrainingError

Mask = NDArray[np.bool_]
Point = tuple[float, float]


class Label(Protocol):
    """One labelled defect, or several of one class, on one picture."""

    @property
    def class_name(self) -> str: ...

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        """True where the defect is, in a picture of this size. Raises TrainingError."""
        ...

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        """The bounds of each defect, in a picture of this size. Raises TrainingError."""
        ...

    def digest(self) -> bytes:
        """SHA-256 over what the label says, for the data set's hash."""
        ...


@dataclass(frozen=True, slots=True)
class MaskImage:
    """A mask picture beside the picture."""

    class_name: str
    path: Path

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        return read_mask(self.path, size_hw)

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        return _boxes_of_regions(self.class_name, self.paint(size_hw))

    def digest(self) -> bytes:
        return _digest(self.class_name, self.path.read_bytes())


@dataclass(frozen=True, slots=True)
class Polygon:
    """An outline in picture pixels, x before y; the pixels that it runs through are inside.

    pieces: more outlines of the same defect, where it is in several pieces.
    """

    class_name: str
    points_xy_px: tuple[Point, ...]
    pieces: tuple[tuple[Point, ...], ...] = ()

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        canvas = np.zeros(size_hw, np.uint8)
        for outline in (self.points_xy_px, *self.pieces):
            corners = np.round(np.array(outline)).astype(np.int32)
            cv2.fillPoly(canvas, [corners], 1)
        return canvas > 0

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        points = [point for outline in (self.points_xy_px, *self.pieces) for point in outline]
        xs, ys = zip(*points, strict=True)
        return (Box(self.class_name, (min(xs), min(ys), max(xs) + 1.0, max(ys) + 1.0)),)

    def digest(self) -> bytes:
        said = (self.points_xy_px, *self.pieces) if self.pieces else self.points_xy_px
        return _digest(self.class_name, repr(said).encode())


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around a defect: left, top, right, bottom; right and bottom are exclusive."""

    class_name: str
    box_xyxy_px: tuple[float, float, float, float]

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        left, top, right, bottom = (round(side) for side in self.box_xyxy_px)
        canvas = np.zeros(size_hw, np.bool_)
        canvas[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
        return canvas

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        return (self,)

    def digest(self) -> bytes:
        return _digest(self.class_name, repr(self.box_xyxy_px).encode())


@dataclass(frozen=True, slots=True)
class Somewhere:
    """A defect of which only the class is known, as in folders by class."""

    class_name: str

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        return np.zeros(size_hw, np.bool_)

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        return ()

    def digest(self) -> bytes:
        return _digest(self.class_name, b"")


@dataclass(frozen=True, slots=True)
class RunLengths:
    """COCO's uncompressed run lengths: cells off, on, off, ... down the columns.

    source: names the label in errors.
    """

    class_name: str
    size_hw: tuple[int, int]
    counts: tuple[int, ...]
    source: str

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        height, width = size_hw
        if self.size_hw != size_hw or sum(self.counts) != height * width:
            raise TrainingError(
                f"{self.source}: run lengths for {self.size_hw} with {sum(self.counts)} cells, "
                f"the picture is {size_hw} (height, width)"
            )
        is_on = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(is_on, self.counts).reshape(width, height).T

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        return _boxes_of_regions(self.class_name, self.paint(size_hw))

    def digest(self) -> bytes:
        return _digest(self.class_name, repr((self.size_hw, self.counts)).encode())


@dataclass(frozen=True, slots=True, eq=False)
class DrawnMask:
    """A mask that was computed, such as where a model saw what a person then confirmed."""

    class_name: str
    mask: Mask

    def paint(self, size_hw: tuple[int, int]) -> Mask:
        if self.mask.shape != size_hw:
            raise TrainingError(f"mask of {self.mask.shape} for a picture of {size_hw}")
        return self.mask

    def boxes(self, size_hw: tuple[int, int]) -> tuple["Box", ...]:
        return _boxes_of_regions(self.class_name, self.paint(size_hw))

    def digest(self) -> bytes:
        return _digest(self.class_name, np.packbits(self.mask).tobytes())


def _digest(class_name: str, content: bytes) -> bytes:
    return hashlib.sha256(class_name.encode() + b"\0" + content).digest()


def _boxes_of_regions(class_name: str, mask: Mask) -> tuple[Box, ...]:
    """The bounds of each connected region of a mask (eight neighbours)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return tuple(
        Box(class_name, (left, top, left + width, top + height))
        for left, top, width, height, _ in stats[1:].tolist()
    )
