"""DeepPCB's layout: boards with templates and boxes of its six classes, in whole pixels."""

from pathlib import Path

from training.data.dataset import Dataset, Sample
from training.data.export.located import need_places, turned_to_boxes
from training.data.export.placing import Named, Place, named, place, write_parts
from training.data.layouts.deeppcb import CLASSES, LEARNT, TEMPLATE, TEST, TESTED
from training.data.sides import Side
from training.errors import TrainingError

_GROUP = "group00000/00000"


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """Boxes are rounded to whole pixels; the lists say which boards are locked.

    Raises TrainingError for pictures without templates, of another format than JPEG, and for
    classes that DeepPCB does not number.
    """
    _check(dataset)
    places: list[tuple[Path, Sample]] = []
    lists: dict[str, list[str]] = {LEARNT: [], TESTED: []}
    moved = 0
    for number, each in enumerate(named(dataset)):
        name = f"{number:08d}"
        target = out / _GROUP / f"{name}{TEST}"
        place(each.sample.picture, target, how)
        place(_template(each), target.with_name(f"{name}{TEMPLATE}"), how)
        places.append((target, each.sample))
        labels = out / f"{_GROUP}_not" / f"{name}.txt"
        labels.parent.mkdir(parents=True, exist_ok=True)
        lines, rounded = _lines(each.sample)
        labels.write_text("".join(lines), encoding="utf-8")
        moved += rounded
        side = TESTED if each.sample.side is Side.LOCKED else LEARNT
        lists[side].append(f"{_GROUP}/{name}.jpg {_GROUP}_not/{name}.txt\n")
    for name, names in lists.items():
        if names:
            (out / name).write_text("".join(names), encoding="utf-8")
    write_parts(out, places)
    rounding = [f"{moved} boxes moved to whole pixels"] if moved else []
    return [*turned_to_boxes(dataset.samples), *rounding]


def _check(dataset: Dataset) -> None:
    need_places(dataset.samples, "deeppcb")
    unknown = sorted(set(dataset.classes) - set(CLASSES))
    if unknown:
        raise TrainingError(
            f"class {unknown[0]!r}: DeepPCB numbers {', '.join(CLASSES)} alone; export as coco"
        )
    for sample in dataset.samples:
        if sample.template is None:
            raise TrainingError(
                f"{sample.picture}: no template, and every board of DeepPCB has one"
            )
        for path in (sample.picture, sample.template):
            if path.suffix.lower() not in (".jpg", ".jpeg"):
                raise TrainingError(f"{path}: DeepPCB's pictures are JPEG files; export as coco")


def _template(each: Named) -> Path:
    assert each.sample.template is not None  # checked before anything was written
    return each.sample.template


def _lines(sample: Sample) -> tuple[list[str], int]:
    """A line for each box, and how many had to be rounded."""
    boxes = sample.boxes()
    lines = [
        " ".join(str(round(side)) for side in box.box_xyxy_px)
        + f" {CLASSES.index(box.class_name) + 1}\n"
        for box in boxes
    ]
    moved = sum(any(side != round(side) for side in box.box_xyxy_px) for box in boxes)
    return lines, moved
