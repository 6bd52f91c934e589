"""A data set: pictures of parts with the defects on them, whatever form they come in."""

import hashlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inspection.recipe import Region
from models.bundle import file_sha256
from training.data.authors import Author
from training.data.labels import Box, Label, Mask, Polygon, Somewhere
from training.data.pictures import read_picture, read_picture_header
from training.data.sides import Side
from training.errors import TrainingError

LEAST_GOOD_PARTS = 10


class Format(StrEnum):
    """How a folder of pictures is laid out."""

    AUTO = "auto"
    MASKS = "masks"
    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"
    DEEPPCB = "deeppcb"
    CLASSES = "classes"


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

    def pixels(self, channels: int = 1) -> NDArray[Any]:
        """What a model is to see that is given so many channels, see `read_picture`.

        (height, width) for one, (height, width, 3) for three; uint8 or uint16.
        Raises TrainingError.
        """
        whole = read_picture(self.picture, channels)
        seen = self._inspected(whole)
        if self.region and seen.shape[:2] != (self.region.height, self.region.width):
            raise TrainingError(f"{self.picture}: {self.region} does not lie in {whole.shape}")
        return seen

    def size_hw(self) -> tuple[int, int]:
        """Height and width of the whole picture. Raises TrainingError."""
        header = read_picture_header(self.picture)
        return header.height, header.width

    def seen_hw(self) -> tuple[int, int]:
        """Height and width of what the model is to see. Raises TrainingError."""
        if self.region is None:
            return self.size_hw()
        return self.region.height, self.region.width

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

    def boxes(self) -> tuple[Box, ...]:
        """The bounds of each defect, in pixels of the whole picture. Raises TrainingError."""
        painted = any(not isinstance(label, Box | Polygon) for label in self.labels)
        size_hw = self.size_hw() if painted else (0, 0)  # boxes and outlines need none
        return tuple(box for label in self.labels for box in label.boxes(size_hw))

    def _inspected(self, plane: NDArray[Any]) -> NDArray[Any]:
        if self.region is None:
            return plane
        top, left = self.region.top, self.region.left
        return plane[top : top + self.region.height, left : left + self.region.width]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Samples with where they came from, in words, for the card.

    notes: what a person should know of how the files were read.
    left_out: what could not be used, a message for each file, where that was asked for.
    manifest: digest of the manifest that froze it, where one did.
    """

    samples: tuple[Sample, ...]
    source: str
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    manifest: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The defect classes, in alphabetical order."""
        return tuple(sorted({name for sample in self.samples for name in sample.classes}))

    def digest(self) -> str:
        """SHA-256 over pictures, labels and parts; the same wherever the files lie."""
        rows = sorted(_row(sample) for sample in self.samples)
        return hashlib.sha256(b"".join(rows)).hexdigest()


def open_dataset(
    folder: Path,
    layout: Format = Format.AUTO,
    groups: Path | None = None,
    listed: Path | None = None,
    skip_bad: bool = False,
) -> Dataset:
    """The data set in `folder`, or the one that a manifest names (`training.data.manifest`).

    groups: a CSV file with columns `image` (relative to the folder) and a second one that names
        the part; `parts.csv` or `tiles.csv` in the folder when None, and where there is neither,
        each picture is a part of its own.
    listed: a text file that names the pictures that count, see `training.data.listing`.
    skip_bad: leaves out what cannot be used, and says so in `left_out`.
    Raises TrainingError for a folder in no known layout or in several, and otherwise with every
    file that cannot be used.
    """
    from training.data.layouts.opening import read_folder
    from training.data.manifest import open_manifest

    if folder.is_file():
        return open_manifest(folder)
    return read_folder(folder, layout, groups, listed, skip_bad)


def open_good(folder: Path, groups: Path | None = None, skip_bad: bool = False) -> Dataset:
    """Every picture in `folder` and below, as one of a good part.

    groups, skip_bad: as in `open_dataset`. Raises TrainingError for a folder without pictures, and
    for one that holds a folder of good parts beside others: those would be defects.
    """
    from training.data.layouts.opening import read_good
    from training.data.manifest import open_manifest

    if folder.is_file():
        return open_manifest(folder)
    return read_good(folder, groups, skip_bad)


def join(datasets: Iterable[Dataset]) -> Dataset:
    """Several data sets as one. Raises TrainingError when they share a part under one name."""
    sources: list[str] = []
    notes: list[str] = []
    left_out: list[str] = []
    manifests: set[str | None] = set()
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
        notes.extend(dataset.notes)
        left_out.extend(dataset.left_out)
        manifests.add(dataset.manifest)
    manifest = manifests.pop() if len(manifests) == 1 else None
    return Dataset(tuple(samples), " + ".join(sources), tuple(notes), tuple(left_out), manifest)


def with_author(dataset: Dataset, author: Author) -> Dataset:
    """The data set with the author of all labels that have none."""
    samples = (s if s.author else replace(s, author=author) for s in dataset.samples)
    return replace(dataset, samples=tuple(samples))


def with_side(dataset: Dataset, parts: Container[str], side: Side) -> Dataset:
    """The data set with these parts on a side, whatever it was before."""
    samples = (replace(s, side=side) if s.part in parts else s for s in dataset.samples)
    return replace(dataset, samples=tuple(samples))


def check_trainable(dataset: Dataset) -> None:
    """Raise TrainingError unless there are defects, and places without one.

    Where all parts are defective and it is known where, what lies around the defects is good.
    """
    good = sum(sample.is_good for sample in dataset.samples)
    if not dataset.samples:
        raise TrainingError(f"{dataset.source}: no pictures")
    labels = (label for sample in dataset.samples for label in sample.labels)
    if good == 0 and any(isinstance(label, Somewhere) for label in labels):
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
    template = bytes.fromhex(file_sha256(sample.template)) if sample.template else b""
    said = b"".join(labels) + sample.part.encode()
    return hashlib.sha256(picture + template + said).digest()
