"""Where an exported picture lies, and how it gets there without being encoded again."""

import csv
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from training.data.dataset import Dataset, Sample
from training.data.sides import Side
from training.errors import TrainingError

PARTS_FILE = "parts.csv"
_FOLDERS = {Side.TRAIN: "train", Side.VALIDATION: "valid", Side.LOCKED: "test"}


class Place(StrEnum):
    """How a picture gets to its new place: one file under two names, a pointer to it, or a copy."""

    LINK = "link"
    SYMLINK = "symlink"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Named:
    """A sample with a name, without ending, that no other one of the export has."""

    sample: Sample
    name: str

    @property
    def file_name(self) -> str:
        return f"{self.name}{self.sample.picture.suffix.lower()}"

    @property
    def side_folder(self) -> str:
        """`train`, `valid` or `test`, which every reader knows again; empty without a side."""
        return "" if self.sample.side is None else _FOLDERS[self.sample.side]


def named(dataset: Dataset) -> list[Named]:
    """The samples by their pictures' own names; by folder and name where two have the same."""
    often = Counter(sample.picture.stem for sample in dataset.samples)
    taken: Counter[str] = Counter()
    found: list[Named] = []
    for sample in dataset.samples:
        path = sample.picture
        name = path.stem if often[path.stem] == 1 else f"{path.parent.name}_{path.stem}"
        taken[name] += 1
        found.append(Named(sample, name if taken[name] == 1 else f"{name}_{taken[name]}"))
    return found


def place(source: Path, target: Path, how: Place) -> None:
    """Put the picture there. Raises TrainingError where the file system cannot do it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if how is Place.LINK:
            os.link(source.resolve(), target)
        elif how is Place.SYMLINK:
            target.symlink_to(source.resolve())
        else:
            shutil.copyfile(source, target)
    except OSError as error:
        others = " or ".join(each for each in Place if each is not how)
        raise TrainingError(
            f"{target}: {source} cannot be put there as a {how}: {error.strerror}; "
            f"try --place {others}"
        ) from error


def write_parts(out: Path, rows: Iterable[tuple[Path, Sample]]) -> None:
    """Say which part each picture of the export shows."""
    with (out / PARTS_FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "part"])
        for picture, sample in rows:
            table.writerow([picture.relative_to(out).as_posix(), sample.part])
