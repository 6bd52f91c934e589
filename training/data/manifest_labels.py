"""Labels as a manifest writes them: outlines in full, mask files by path and hash."""

from os.path import relpath
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.bundle import file_sha256
from models.card import Sha256
from training.data.labels import (
    Box,
    DrawnMask,
    Label,
    Mask,
    MaskImage,
    Point,
    Polygon,
    RunLengths,
    Somewhere,
)
from training.errors import TrainingError


class Entry(BaseModel):
    """Strict and frozen: an unknown key in a manifest is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FrozenFile(Entry):
    """A file that a manifest points at; `path` is relative to the manifest's folder."""

    path: str
    sha256: Sha256

    @classmethod
    def of(cls, path: Path, home: Path) -> "FrozenFile":
        return cls(path=Path(relpath(path.resolve(), home)).as_posix(), sha256=file_sha256(path))


class MaskEntry(Entry):
    """A mask picture, by path and hash."""

    kind: Literal["mask"] = "mask"
    class_name: str
    file: FrozenFile


class OutlineEntry(Entry):
    """An outline in pixels."""

    kind: Literal["outline"] = "outline"
    class_name: str
    points_xy_px: tuple[Point, ...]
    pieces: tuple[tuple[Point, ...], ...] = ()


class BoxEntry(Entry):
    """A rectangle."""

    kind: Literal["box"] = "box"
    class_name: str
    box_xyxy_px: tuple[float, float, float, float]


class SomewhereEntry(Entry):
    """A class without a place."""

    kind: Literal["somewhere"] = "somewhere"
    class_name: str


class RunsEntry(Entry):
    """Cells off, on, off, ... down the columns; also what a drawn mask becomes."""

    kind: Literal["runs"] = "runs"
    class_name: str
    size_hw: tuple[int, int]
    counts: tuple[int, ...]


LabelEntry: TypeAlias = Annotated[
    MaskEntry | OutlineEntry | BoxEntry | SomewhereEntry | RunsEntry, Field(discriminator="kind")
]


def entry_of(label: Label, home: Path) -> LabelEntry:
    """The label as it is written. Raises TrainingError for one of a kind not known here."""
    match label:
        case MaskImage(class_name, path):
            return MaskEntry(class_name=class_name, file=FrozenFile.of(path, home))
        case Polygon(class_name, points, pieces):
            return OutlineEntry(class_name=class_name, points_xy_px=points, pieces=pieces)
        case Box(class_name, box):
            return BoxEntry(class_name=class_name, box_xyxy_px=box)
        case Somewhere(class_name):
            return SomewhereEntry(class_name=class_name)
        case RunLengths(class_name, size_hw, counts, _):
            return RunsEntry(class_name=class_name, size_hw=size_hw, counts=counts)
        case DrawnMask(class_name, mask):
            height, width = mask.shape
            counts = _run_lengths(mask)
            return RunsEntry(class_name=class_name, size_hw=(height, width), counts=counts)
        case _:
            raise TrainingError(f"a label of type {type(label).__name__} cannot be written down")


def label_of(entry: LabelEntry, home: Path, source: str) -> Label:
    """The label that was written. source: names it in errors."""
    match entry:
        case MaskEntry():
            return MaskImage(entry.class_name, home / entry.file.path)
        case OutlineEntry():
            return Polygon(entry.class_name, entry.points_xy_px, entry.pieces)
        case BoxEntry():
            return Box(entry.class_name, entry.box_xyxy_px)
        case SomewhereEntry():
            return Somewhere(entry.class_name)
        case RunsEntry():
            return RunLengths(entry.class_name, entry.size_hw, entry.counts, source)


def _run_lengths(mask: Mask) -> tuple[int, ...]:
    """Cells off, on, off, ... down the columns of a mask."""
    cells = mask.T.ravel()
    changes = np.flatnonzero(np.diff(cells, prepend=False)).tolist()
    return tuple(np.diff([0, *changes, cells.size]).tolist())
