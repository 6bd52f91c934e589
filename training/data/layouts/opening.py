"""Which layout a folder is in, and its samples with all that is wrong with them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from training.data.copies import join_copies
from training.data.dataset import Dataset, Format, Sample
from training.data.faults import Faults
from training.data.layouts import (
    classes,
    coco,
    deeppcb,
    good,
    mask_pairs,
    mask_twins,
    masks,
    voc,
    yolo,
)
from training.data.layouts.groups import read_groups
from training.data.layouts.reading import Reading, walk, with_text_names
from training.data.listing import PictureList
from training.data.published import as_published
from training.errors import TrainingError

Read = Callable[[Reading], Iterator[Sample]]
_MASK_LAYOUTS = (mask_pairs, mask_twins, masks)
# In the order in which people are told of them. Class folders are what is left: the pictures of
# all other layouts lie in folders, too.
_CLAIMS: dict[Format, Callable[[Reading], bool]] = {
    Format.COCO: coco.claims,
    Format.VOC: voc.claims,
    Format.YOLO: yolo.claims,
    Format.MASKS: lambda reading: any(each.claims(reading) for each in _MASK_LAYOUTS),
    Format.CLASSES: classes.claims,
}
_READERS: dict[Format, Read] = {
    Format.COCO: coco.read,
    Format.VOC: voc.read,
    Format.YOLO: yolo.read,
    Format.DEEPPCB: deeppcb.read,
    Format.MASKS: lambda reading: _read_masks(reading),
    Format.CLASSES: classes.read,
}
_EXPECTED = {
    Format.COCO: "a .json file with images and annotations",
    Format.VOC: "an .xml file with an <annotation> for each picture",
    Format.YOLO: "a .txt file with 'class cx cy width height' for each picture",
    Format.DEEPPCB: "group*/*/*_temp.jpg",
    Format.MASKS: "good/ and a folder per class with NAME_mask.png beside NAME.png, images/ and "
    "masks/, or NAME_label.bmp, NAME_GT.png or NAME_mask.png beside NAME",
    Format.CLASSES: "good/ and a folder per class",
}


def read_folder(
    folder: Path, layout: Format, groups: Path | None, listed: Path | None, skip_bad: bool
) -> Dataset:
    """See `training.data.dataset.open_dataset`."""
    _check_folder(folder)
    root = deeppcb.find_root(folder) if layout in (Format.AUTO, Format.DEEPPCB) else None
    reading = _reading(root or folder, groups, listed, by_name=root is not None)
    if root is not None:
        layout = Format.DEEPPCB
    elif layout is Format.AUTO:
        layout = recognise(reading)
    elif layout not in _CLAIMS or not _CLAIMS[layout](reading):
        raise TrainingError(f"{folder}: not laid out as {layout}; expected {_EXPECTED[layout]}")
    return _settled(reading, _READERS[layout], folder, skip_bad)


def read_good(folder: Path, groups: Path | None, skip_bad: bool) -> Dataset:
    """See `training.data.dataset.open_good`."""
    _check_folder(folder)
    return _settled(_reading(folder, groups, None), good.read, folder, skip_bad)


def recognise(reading: Reading) -> Format:
    """The one layout that a folder is in. Raises TrainingError for none and for several."""
    found = [layout for layout, claims in _CLAIMS.items() if claims(reading)]
    if len(found) > 1 and Format.CLASSES in found:
        found.remove(Format.CLASSES)
    if len(found) > 1:
        raise TrainingError(
            f"{reading.folder}: could be {' or '.join(found)}; say which with --format"
        )
    if not found:
        expected = "".join(f"\n  {layout}: {wanted}" for layout, wanted in _EXPECTED.items())
        raise TrainingError(f"{reading.folder}: in no known layout; expected one of{expected}")
    return found[0]


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")


def _reading(
    folder: Path, groups: Path | None, listed: Path | None, by_name: bool = False
) -> Reading:
    faults = Faults()
    pictures = None if listed is None else PictureList(listed, folder)
    part_of = read_groups(folder, groups, by_name)
    files = with_text_names(walk(folder, faults), faults)
    return Reading(folder, files, part_of, faults, pictures)


def _settled(reading: Reading, read: Read, folder: Path, skip_bad: bool) -> Dataset:
    """What was read, once every fault is known."""
    samples = tuple(read(reading))
    for message in reading.listed.missing() if reading.listed else ():
        reading.faults.add(message)
    samples, notes = join_copies(samples, reading.faults)
    samples, said = as_published(samples)
    left_out = reading.faults.settle(str(folder), skip_bad)
    if not samples:
        raise TrainingError(f"{folder}: no pictures in it")
    return Dataset(samples, str(folder), (*reading.notes, *notes, *said), left_out)


def _read_masks(reading: Reading) -> Iterator[Sample]:
    return next(each for each in _MASK_LAYOUTS if each.claims(reading)).read(reading)
