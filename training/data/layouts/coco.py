"""COCO json files with their pictures (cocodataset.org/#format-data).

    labels.json  images/x.png       also  annotations/instances_train.json  train/x.jpg
                                    or    train/_annotations.coco.json      train/x.jpg

Outlines are used where there are any, boxes where not; run lengths in both their forms. A picture
without annotations is a good part.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from training.data.dataset import Sample
from training.data.labels import Box, Label, Polygon, RunLengths
from training.data.layouts.reading import Reading
from training.data.layouts.run_lengths import decompress
from training.errors import TrainingError

_KEYS = ('"images"', '"annotations"')


class _Image(BaseModel):
    id: int
    file_name: str


class _Category(BaseModel):
    id: int
    name: str


class _Runs(BaseModel):
    size: tuple[int, int]
    counts: list[int] | str


class _Annotation(BaseModel):
    id: int
    image_id: int
    category_id: int
    segmentation: list[list[float]] | _Runs = []
    bbox: tuple[float, float, float, float] | tuple[()] = ()
    iscrowd: Literal[0, 1] = 0


class _Annotations(BaseModel):
    """COCO files carry licences, areas and more; what is not needed here is not read."""

    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation]


def claims(reading: Reading) -> bool:
    """True where there is a .json file that speaks of images and annotations."""
    return bool(_found(reading))


def read(reading: Reading) -> Iterator[Sample]:
    """The samples of every COCO file in the folder.

    Raises TrainingError naming the file and the place in it for what is not COCO. Faults: labels
    without picture or category, a shape that is none, a picture that is not there or in two files.
    """
    described: dict[Path, Path] = {}
    for path in _found(reading):
        for sample in _read_file(reading, path):
            other = described.setdefault(sample.picture, path)
            if other == path:
                yield sample
            else:
                reading.faults.add(f"{sample.picture}: in two files, {other} and {path}")


def _read_file(reading: Reading, path: Path) -> Iterator[Sample]:
    content = _parse(path)
    names = {category.id: category.name for category in content.categories}
    labels: dict[int, list[Label]] = {image.id: [] for image in content.images}
    for annotation in content.annotations:
        with reading.faults.collected():
            where = f"{path}: annotation {annotation.id}"
            if annotation.image_id not in labels:
                raise TrainingError(
                    f"{where}: labels image {annotation.image_id}, which is not there"
                )
            if annotation.category_id not in names:
                raise TrainingError(f"{where}: category {annotation.category_id} is not defined")
            labels[annotation.image_id].append(
                _label(annotation, names[annotation.category_id], where)
            )
    find = _Finder(reading, path)
    for image in content.images:
        with reading.faults.collected():
            picture = find(image.file_name)
            if reading.wants(picture):
                yield reading.sample(picture, labels[image.id])


class _Finder:
    """Finds the picture that a COCO file names; files move more often than they are renamed."""

    def __init__(self, reading: Reading, path: Path) -> None:
        self._path = path
        self._folders = (path.parent, reading.folder, path.parent / "images")
        self._folders += (reading.folder / "images",)
        self._by_name: dict[str, list[Path]] = {}
        for file in reading.files:
            self._by_name.setdefault(file.name, []).append(file)

    def __call__(self, file_name: str) -> Path:
        """Raises TrainingError for a picture that is not there, or in several places."""
        file_name = file_name.replace("\\", "/")
        for folder in self._folders:
            if (folder / file_name).is_file():
                return folder / file_name
        found = self._by_name.get(Path(file_name).name, [])
        beside = [each for each in found if self._path.stem.endswith(each.parent.name)]
        if len(found) == 1 or len(beside) == 1:
            return found[0] if len(found) == 1 else beside[0]
        raise TrainingError(
            f"{self._path}: picture {file_name!r} is "
            + (f"in {len(found)} folders" if found else f"not in {self._folders[1]} nor below")
        )


def _found(reading: Reading) -> list[Path]:
    return [path for path in reading.named(".json") if _speaks_of_images(path)]


def _speaks_of_images(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return all(key in text for key in _KEYS)


def _parse(path: Path) -> _Annotations:
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        return _Annotations.model_validate(values)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise TrainingError(f"{path}: not COCO: {where}: {fault['msg']}") from error


def _label(annotation: _Annotation, name: str, where: str) -> Label:
    shape = annotation.segmentation
    if isinstance(shape, _Runs):
        counts = shape.counts
        runs = decompress(counts) if isinstance(counts, str) else tuple(counts)
        return RunLengths(name, shape.size, runs, where)
    if shape:
        first, *more = (_points(outline, where) for outline in shape)
        return Polygon(name, first, tuple(more))
    if len(annotation.bbox) == 4:
        left, top, width, height = annotation.bbox
        return Box(name, (left, top, left + width, top + height))
    raise TrainingError(f"{where}: neither outline nor box")


def _points(outline: list[float], where: str) -> tuple[tuple[float, float], ...]:
    if len(outline) < 6 or len(outline) % 2:
        raise TrainingError(f"{where}: an outline of {len(outline)} numbers is no polygon")
    return tuple(zip(outline[::2], outline[1::2], strict=True))
