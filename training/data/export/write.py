"""Writing a data set in a layout, and saying what that layout cannot say."""

import shutil
from collections.abc import Callable
from pathlib import Path

from training.data.dataset import Dataset, Format
from training.data.export import classes, coco, deeppcb, masks, voc, yolo
from training.data.export.placing import Place
from training.data.sides import Side
from training.errors import TrainingError

Write = Callable[[Dataset, Path, Place], list[str]]
WRITERS: dict[Format, Write] = {
    Format.MASKS: masks.write,
    Format.COCO: coco.write,
    Format.YOLO: yolo.write,
    Format.VOC: voc.write,
    Format.DEEPPCB: deeppcb.write,
    Format.CLASSES: classes.write,
}


def export(dataset: Dataset, layout: Format, out: Path, how: Place) -> list[str]:
    """Write the data set into the new folder `out`; gives what was lost on the way, in words.

    Parts are kept in `parts.csv`, locked pictures in folders `test` or a test list.
    Raises TrainingError for a folder that is there already, and for labels that the layout would
    turn into something else; then nothing is written.
    """
    if layout not in WRITERS:
        raise TrainingError(f"--format: expected {', '.join(WRITERS)}, got {layout}")
    if out.exists():
        raise TrainingError(f"{out}: is there already; name a new folder")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        lost = WRITERS[layout](dataset, unfinished, how)
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return [*lost, *_lost_everywhere(dataset, layout)]


def _lost_everywhere(dataset: Dataset, layout: Format) -> list[str]:
    """What no layout of files can say, but records and manifests can."""
    samples = dataset.samples
    facts = {
        "the region that is inspected": sum(sample.region is not None for sample in samples),
        "the camera's full scale": sum(sample.full_scale is not None for sample in samples),
        "the lot": sum(bool(sample.lot) for sample in samples),
        "who labelled it": sum(sample.author is not None for sample in samples),
    }
    if layout is Format.DEEPPCB:
        facts["its side, train or validation"] = sum(
            sample.side in (Side.TRAIN, Side.VALIDATION) for sample in samples
        )
    else:
        facts["its template"] = sum(sample.template is not None for sample in samples)
    return [f"{what}, of {count} pictures" for what, count in facts.items() if count]
