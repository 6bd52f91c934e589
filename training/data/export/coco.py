"""COCO: labels.json beside images/; says outlines, boxes and masks (as run lengths)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from training.data.dataset import Dataset
from training.data.export.placing import Named, Place, named, place, write_parts
from training.data.labels import Box, Label, Mask, Polygon

LABELS_FILE = "labels.json"


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """Nothing is lost: a defect that nobody located is an empty mask."""
    categories = {name: number for number, name in enumerate(dataset.classes, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    places: list[tuple[Path, Any]] = []
    for number, each in enumerate(named(dataset), 1):
        file_name = Path(each.side_folder, each.file_name)
        target = out / "images" / file_name
        place(each.sample.picture, target, how)
        places.append((target, each.sample))
        height, width = each.sample.size_hw()
        images.append(
            {"id": number, "file_name": file_name.as_posix(), "width": width, "height": height}
        )
        for values in _annotations(each, (height, width), categories):
            first = {"id": len(annotations) + 1, "image_id": number}
            annotations.append(first | values)
    content = {
        "images": images,
        "categories": [{"id": number, "name": name} for name, number in categories.items()],
        "annotations": annotations,
    }
    (out / LABELS_FILE).write_text(json.dumps(content), encoding="utf-8")
    write_parts(out, places)
    return []


def _annotations(
    each: Named, size_hw: tuple[int, int], categories: dict[str, int]
) -> Iterator[dict[str, Any]]:
    for label in each.sample.labels:
        yield {"category_id": categories[label.class_name], "iscrowd": 0} | _shape(label, size_hw)


def _shape(label: Label, size_hw: tuple[int, int]) -> dict[str, Any]:
    if isinstance(label, Box):
        return _bounds(label.box_xyxy_px) | {"segmentation": []}
    if isinstance(label, Polygon):
        (box,) = label.boxes(size_hw)
        outlines = [
            [side for point in outline for side in point]
            for outline in (label.points_xy_px, *label.pieces)
        ]
        return _bounds(box.box_xyxy_px) | {"segmentation": outlines}
    mask = label.paint(size_hw)
    runs = {"size": list(size_hw), "counts": run_lengths(mask)}
    return _bounds(_around(mask)) | {"segmentation": runs, "area": int(mask.sum()), "iscrowd": 1}


def run_lengths(mask: Mask) -> list[int]:
    """Cells off, on, off, ... down the columns."""
    cells = np.concatenate([[False], mask.T.ravel()])
    changes = np.flatnonzero(np.diff(cells)) if cells.any() else np.array([], np.int64)
    return np.diff([0, *changes.tolist(), mask.size]).tolist()


def _around(mask: Mask) -> tuple[float, float, float, float]:
    if not mask.any():
        return 0.0, 0.0, 0.0, 0.0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _bounds(sides: tuple[float, float, float, float]) -> dict[str, Any]:
    left, top, right, bottom = sides
    width, height = right - left, bottom - top
    return {"bbox": [left, top, width, height], "area": width * height}
