"""Folders by class: a picture lies in the folder of each class that it shows, or in good/."""

from collections.abc import Iterable
from pathlib import Path

from training.data.dataset import Dataset
from training.data.export.placing import Named, Place, named, place, write_parts
from training.data.labels import Somewhere
from training.data.layouts.class_folders import class_of, is_good_folder
from training.errors import TrainingError

GOOD = "good"


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """Where the defects are is lost."""
    check_names(dataset.classes)
    places = [
        (target, each.sample)
        for each in named(dataset)
        for target in placed(each, out, how, sorted(each.sample.classes) or [GOOD])
    ]
    write_parts(out, places)
    labels = [label for sample in dataset.samples for label in sample.labels]
    located = sum(not isinstance(label, Somewhere) for label in labels)
    return [f"where {located} defects are"] if located else []


def placed(each: Named, out: Path, how: Place, folders: Iterable[str]) -> list[Path]:
    """Put a picture into these class folders; gives its new paths."""
    targets = [out / each.side_folder / folder / each.file_name for folder in folders]
    for target in targets:
        place(each.sample.picture, target, how)
    return targets


def check_names(classes: Iterable[str]) -> None:
    """Raise TrainingError for a class whose name, as a folder's, would mean something else."""
    for name in classes:
        as_folder = Path(name, "x.png")
        if len(as_folder.parts) != 2 or name.startswith(".") or is_good_folder(name):
            means = "good parts" if is_good_folder(name) else "another folder"
        elif class_of(as_folder, Path()) != name:
            means = "a side of a split or a folder of pictures"
        else:
            continue
        raise TrainingError(
            f"class {name!r} cannot be a folder: it would mean {means}; export as coco"
        )
