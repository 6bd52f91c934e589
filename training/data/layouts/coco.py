"""A COCO json file with its pictures (cocodataset.org/#format-data).

Outlines are used where there are any, boxes where not. A picture without annotations is a good
part. Run lengths are read in their uncompressed form.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from training.data.dataset import Sample
from training.data.labels import Label, Polygon, RunLengths
from training.data.layouts.groups import PartOf
from training.errors import TrainingError


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


def find_annotations(folder: Path) -> Path | None:
    """The COCO file of a folder: the one .json in it, or in its folder `annotations`.

    Raises TrainingError when there are several.
    """
    found = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise TrainingError(f"{folder}: several .json files ({names}); leave the one to read")
    return found[0] if found else None


def read(folder: Path, path: Path, part_of: PartOf) -> Iterator[Sample]:
    """The samples of the COCO file `path`.

    Raises TrainingError naming file and annotation for what is not COCO, for labels without
    picture or category, and for compressed run lengths.
    """
    content = _parse(path)
    names = {category.id: category.name for category in content.categories}
    labels: dict[int, list[Label]] = {image.id: [] for image in content.images}
    for annotation in content.annotations:
        where = f"{path}: annotation {annotation.id}"
        if annotation.image_id not in labels:
            raise TrainingError(f"{where}: labels image {annotation.image_id}, which is not there")
        if annotation.category_id not in names:
            raise TrainingError(f"{where}: category {annotation.category_id} is not defined")
        labels[annotation.image_id] += _labels(annotation, names[annotation.category_id], where)
    for image in content.images:
        picture = _picture(folder, path, image.file_name)
        yield Sample(picture, part_of(image.file_name), tuple(labels[image.id]))


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


def _picture(folder: Path, path: Path, file_name: str) -> Path:
    for base in (folder, folder / "images", path.parent):
        if (base / file_name).is_file():
            return base / file_name
    raise TrainingError(f"{path}: picture {file_name!r} is not in {folder} nor its 'images'")


def _labels(annotation: _Annotation, name: str, where: str) -> list[Label]:
    shape = annotation.segmentation
    if isinstance(shape, _Runs):
        if isinstance(shape.counts, str):
            raise TrainingError(
                f"{where}: compressed run lengths; export polygons or uncompressed counts"
            )
        return [RunLengths(name, shape.size, tuple(shape.counts), where)]
    if shape:
        return [Polygon(name, _points(outline, where)) for outline in shape]
    if len(annotation.bbox) == 4:
        left, top, width, height = annotation.bbox
        right, bottom = left + width - 1, top + height - 1
        return [Polygon(name, ((left, top), (right, top), (right, bottom), (left, bottom)))]
    raise TrainingError(f"{where}: neither outline nor box")


def _points(outline: list[float], where: str) -> tuple[tuple[float, float], ...]:
    if len(outline) < 6 or len(outline) % 2:
        raise TrainingError(f"{where}: an outline of {len(outline)} numbers is no polygon")
    return tuple(zip(outline[::2], outline[1::2], strict=True))
