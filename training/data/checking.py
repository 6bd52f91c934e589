"""Every file of a data set looked into, before hours are spent on it."""

from collections.abc import Sequence
from dataclasses import replace

from training.data.dataset import Dataset, Sample
from training.data.faults import Faults
from training.data.labels import Box, Label, Polygon
from training.data.pictures import read_picture_header
from training.errors import TrainingError

_Sides = tuple[float, float, float, float]


def checked(dataset: Dataset, skip_bad: bool) -> Dataset:
    """The data set with every picture, template and label known to be usable.

    Boxes that reach beyond their picture are cut off at its edge, and that is noted, as are
    pictures that are no grey ones.
    Raises TrainingError with every fault, unless `skip_bad`: a picture that cannot be read, a mask
    or template of another size, a box or outline without area or outside its picture.
    """
    faults = Faults()
    samples: list[Sample] = []
    for sample in dataset.samples:
        with faults.collected():
            samples.append(_checked(sample))
    left_out = faults.settle(dataset.source, skip_bad)
    notes = (*dataset.notes, *_notes(dataset.samples, samples))
    return replace(
        dataset, samples=tuple(samples), notes=notes, left_out=(*dataset.left_out, *left_out)
    )


def _checked(sample: Sample) -> Sample:
    sample.pixels()
    sample.template_pixels()
    if not sample.labels:
        return sample
    size_hw = sample.size_hw()
    labels = tuple(_fitted(label, size_hw, sample) for label in sample.labels)
    return sample if labels == sample.labels else replace(sample, labels=labels)


def _fitted(label: Label, size_hw: tuple[int, int], sample: Sample) -> Label:
    """The label, cut off at the picture's edge. Raises TrainingError where it cannot be there."""
    if not isinstance(label, Box | Polygon):
        label.paint(size_hw)
        return label
    (bounds,) = label.boxes(size_hw)
    left, top, right, bottom = bounds.box_xyxy_px
    where = f"{sample.picture}: {label.class_name!r} at {_words(bounds.box_xyxy_px)}"
    if right <= left or bottom <= top:
        raise TrainingError(f"{where} has no area; expected right and bottom beyond left and top")
    height, width = size_hw
    cut = (max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height)))
    if cut[2] <= cut[0] or cut[3] <= cut[1]:
        raise TrainingError(f"{where} lies outside the picture of {width} x {height} pixels")
    if isinstance(label, Polygon) or cut == bounds.box_xyxy_px:
        return label
    return replace(label, box_xyxy_px=cut)


def _notes(before: Sequence[Sample], after: Sequence[Sample]) -> list[str]:
    notes: list[str] = []
    turned = sum(read_picture_header(sample.picture).kind != "grey" for sample in after)
    if turned:
        notes.append(
            f"{turned} of {len(after)} pictures are in colour, or have a palette or transparency: "
            "a model that sees grey is given their grey values"
        )
    labels = {sample.picture: sample.labels for sample in before}
    cut = sum(labels[sample.picture] != sample.labels for sample in after)
    if cut:
        notes.append(f"boxes on {cut} pictures reach beyond the edge and are cut off there")
    return notes


def _words(sides: _Sides) -> str:
    return ", ".join(f"{side:g}" for side in sides)
