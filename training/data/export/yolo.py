"""YOLO: images/, labels/ with a text file for each picture, and data.yaml with the names."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.dataset import Dataset, Sample
from training.data.export.located import need_places, turned_to_boxes
from training.data.export.placing import Place, named, place, write_parts
from training.data.labels import Box, Polygon


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """Masks are lost, and outlines in several pieces: those become boxes."""
    need_places(dataset.samples, "yolo")
    numbers = {name: number for number, name in enumerate(dataset.classes)}
    places: list[tuple[Path, Sample]] = []
    for each in named(dataset):
        target = out / "images" / each.side_folder / each.file_name
        place(each.sample.picture, target, how)
        places.append((target, each.sample))
        path = out / "labels" / each.side_folder / f"{each.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_lines(each.sample, numbers)), encoding="utf-8")
    names = "".join(f"  {number}: {json.dumps(name)}\n" for name, number in numbers.items())
    sides = "path: .\ntrain: images\nval: images\n"
    (out / "data.yaml").write_text(f"{sides}names:\n{names}", encoding="utf-8")
    write_parts(out, places)
    return turned_to_boxes(dataset.samples, kept=(Box, Polygon)) + _in_pieces(dataset)


def _lines(sample: Sample, numbers: dict[str, int]) -> Iterator[str]:
    height, width = sample.size_hw()
    for label in sample.labels:
        number = numbers[label.class_name]
        if isinstance(label, Polygon) and not label.pieces:
            shares = [(x / width, y / height) for x, y in label.points_xy_px]
            yield _line(number, [side for point in shares for side in point])
            continue
        for box in label.boxes((height, width)):
            left, top, right, bottom = box.box_xyxy_px
            middle = ((left + right) / 2 / width, (top + bottom) / 2 / height)
            yield _line(number, [*middle, (right - left) / width, (bottom - top) / height])


def _line(number: int, shares: Sequence[float]) -> str:
    return " ".join([str(number), *(f"{share:.10f}" for share in shares)]) + "\n"


def _in_pieces(dataset: Dataset) -> list[str]:
    labels = [label for sample in dataset.samples for label in sample.labels]
    count = sum(isinstance(label, Polygon) and bool(label.pieces) for label in labels)
    return [f"{count} outlines in several pieces became boxes"] if count else []
