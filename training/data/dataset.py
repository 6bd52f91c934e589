"""A data set: pictures of parts with the defects on them, whatever form they come in."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inspection.recipe import Region
from models.bundle import file_sha256
from training.data.authors import Author
from training.data.labels import Label, Mask
from training.data.pictures import read_picture
from training.data.sides import Side
from training.errors import TrainingError

LEAST_GOOD_PARTS = 10


class Format(StrEnum):
    """How a folder of pictures is laid out."""

    AUTO = "auto"
    MASKS = "masks"
    COCO = "coco"
    DEEPPCB = "deeppcb"


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of one part.

    part: what was photographed; pictures of one part never lie on two sides of a split.
    labels: its defects, in pixels of the whole picture; none for a good part.
    region: the part of the picture that is inspected, all of it when None.
    full_scale: highest grey value of the camera, see `models.preprocess.prepare`.
    template: picture of how the part should look, where there is one.
    lot: what the part was made with; empty where that is not known.
    author: whose word the labels are, where that is known.
    side: what the part is used for; None leaves it to `training.data.split`.
    """

    picture: Path
    part: str
    labels: tuple[Label, ...] = ()
    region: Region | None = None
    full_scale: int | None = None
    template: Path | None = None
    lot: str = ""
    author: Author | None = None
    side: Side | None = None

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(label.class_name for label in self.labels)

    @property
    def is_good(self) -> bool:
        return not self.labels

    def pixels(self) -> NDArray[Any]:
        """What the model is to see: (height, width), uint8 or uint16. Raises TrainingError."""
        whole = read_picture(self.picture)
        seen = self._inspected(whole)
        if self.region and seen.shape != (self.region.height, self.region.width):
            raise TrainingError(f"{self.picture}: {self.region} does not lie in {whole.shape}")
        return seen

    def size_hw(self) -> tuple[int, int]:
        """Height and width of the whole picture. Raises TrainingError."""
        height, width = read_picture(self.picture).shape
        return height, width

    def template_pixels(self) -> NDArray[Any] | None:
        """How what the model is to see should look, of the shape of `pixels`; None without one.

        Raises TrainingError.
        """
        if self.template is None:
            return None
        seen = self._inspected(read_picture(self.template))
        if seen.shape != self.pixels().shape:
            raise TrainingError(
                f"{self.template}: the template is {seen.shape}, its picture {self.pixels().shape}"
            )
        return seen

    def masks(self) -> Iterator[tuple[str, Mask]]:
        """Each label's class, and where in `pixels` it lies. Raises TrainingError."""
        if self.labels:
            size_hw = self.size_hw()
            for label in self.labels:
                yield label.class_name, self._inspected(label.paint(size_hw))

    def _inspected(self, plane: NDArray[Any]) -> NDArray[Any]:
        if self.region is None:
            return plane
        top, left = self.region.top, self.region.left
        return plane[top : top + self.region.height, left : left + self.region.width]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Samples with where they came from, in words, for the card."""

    samples: tuple[Sample, ...]
    source: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The defect classes, in alphabetical order."""
        return tuple(sorted({name for sample in self.samples for name in sample.classes}))

    def digest(self) -> str:
        """SHA-256 over pictures, labels and parts; the same wherever the files lie."""
        rows = sorted(_row(sample) for sample in self.samples)
        return hashlib.sha256(b"".join(rows)).hexdigest()


def open_dataset(folder: Path, layout: Format = Format.AUTO, groups: Path | None = None) -> Dataset:
    """The data set in `folder`.

    groups: a CSV file with columns `image` (relative to the folder) and a second one that names
        the part; `parts.csv` or `tiles.csv` in the folder when None, and where there is neither,
        each picture is a part of its own.
    Raises TrainingError for a folder in no known layout and for labels without pictures.
    """
    from training.data.layouts import coco, deeppcb, masks
    from training.data.layouts.groups import read_groups

    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")
    if layout in (Format.AUTO, Format.DEEPPCB) and (root := deeppcb.find_root(folder)):
        return Dataset(tuple(deeppcb.read(root, read_groups(root, groups))), str(folder))
    if layout is Format.DEEPPCB:
        raise TrainingError(f"{folder}: no group*/*/*_temp.jpg: not laid out as DeepPCB is")
    part_of = read_groups(folder, groups)
    annotations = coco.find_annotations(folder)
    if layout is Format.COCO and annotations is None:
        raise TrainingError(f"{folder}: no COCO annotations (a .json file with images) in it")
    if layout is not Format.MASKS and annotations is not None:
        samples = coco.read(folder, annotations, part_of)
    else:
        samples = masks.read(folder, part_of)
    return Dataset(tuple(samples), str(folder))


def open_good(folder: Path, groups: Path | None = None) -> Dataset:
    """Every picture in `folder` and below, as one of a good part.

    groups: as in `open_dataset`. Raises TrainingError for a folder without pictures, and for one
    that holds a folder of good parts beside others: those would be defects.
    """
    from training.data.layouts import good
    from training.data.layouts.groups import read_groups

    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")
    return Dataset(tuple(good.read(folder, read_groups(folder, groups))), str(folder))


def join(datasets: Iterable[Dataset]) -> Dataset:
    """Several data sets as one. Raises TrainingError when they share a part under one name."""
    sources: list[str] = []
    owners: dict[str, str] = {}
    samples: list[Sample] = []
    for dataset in datasets:
        for part in {sample.part for sample in dataset.samples}:
            if part in owners:
                raise TrainingError(
                    f"part {part!r} is in {owners[part]} and in {dataset.source}: "
                    "give the parts of one of them other names"
                )
            owners[part] = dataset.source
        sources.append(dataset.source)
        samples.extend(dataset.samples)
    return Dataset(tuple(samples), " + ".join(sources))


def check_trainable(dataset: Dataset) -> None:
    """Raise TrainingError unless there are good parts and defective ones."""
    good = sum(sample.is_good for sample in dataset.samples)
    if not dataset.samples:
        raise TrainingError(f"{dataset.source}: no pictures")
    if good == 0:
        raise TrainingError(
            f"{dataset.source}: {len(dataset.samples)} pictures, none of a good part; without "
            "good parts false rejects cannot be learnt or measured: add a folder 'good'"
        )
    if good == len(dataset.samples):
        raise TrainingError(
            f"{dataset.source}: {good} pictures, all of good parts; training needs labelled "
            "defects: one folder per class, a mask for each picture"
        )


def check_taught(dataset: Dataset) -> None:
    """Raise TrainingError unless there are enough good parts, and nothing else."""
    bad = [sample for sample in dataset.samples if not sample.is_good]
    if bad:
        raise TrainingError(
            f"{dataset.source}: {len(bad)} pictures show labelled defects, such as "
            f"{bad[0].picture}; teaching takes good parts alone: train on them instead"
        )
    parts = len({sample.part for sample in dataset.samples})
    if parts < LEAST_GOOD_PARTS:
        raise TrainingError(
            f"{dataset.source}: {parts} good parts; at least {LEAST_GOOD_PARTS} are needed to "
            "learn from, to set limits and to be locked away, 30 to 200 are usual"
        )


def _row(sample: Sample) -> bytes:
    labels = sorted(label.digest() for label in sample.labels)
    picture = bytes.fromhex(file_sha256(sample.picture))
    return hashlib.sha256(picture + b"".join(labels) + sample.part.encode()).digest()
