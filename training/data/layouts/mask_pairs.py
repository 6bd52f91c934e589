"""Pictures in one folder and their masks in another, of one class.

    images/x.png  masks/x.png            also  train/images/x.jpg  train/masks/x.png
    images/y.png  masks/y_mask.png

An empty mask, or none, is a good part. The class is called `defect`.
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import MaskImage
from training.data.layouts.mask_files import MASK_FOLDERS, PICTURE_FOLDERS, stem_of
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture, read_mask, read_picture_header

CLASS_NAME = "defect"


def claims(reading: Reading) -> bool:
    """True where a picture in a folder of pictures has a mask in the folder of masks."""
    masks = _masks(reading)
    return any(
        _key(path, reading, PICTURE_FOLDERS) in masks for path in reading.files if is_picture(path)
    )


def read(reading: Reading) -> Iterator[Sample]:
    """The samples of the folder of pictures. Faults: a mask without a picture."""
    masks = _masks(reading)
    for picture in reading.files:
        key = _key(picture, reading, PICTURE_FOLDERS) if is_picture(picture) else None
        if key is None:
            continue
        mask = masks.pop(key, None)
        if reading.wants(picture):
            with reading.faults.collected():
                yield reading.sample(picture, labels_of(picture, mask))
    for mask in sorted(masks.values()):
        reading.faults.add(f"{mask}: a mask without its picture")


def labels_of(picture: Path, mask: Path | None) -> list[MaskImage]:
    """The one label that a mask is; none for an empty mask. Raises TrainingError."""
    if mask is None:
        return []
    header = read_picture_header(picture)
    is_empty = not read_mask(mask, (header.height, header.width)).any()
    return [] if is_empty else [MaskImage(CLASS_NAME, mask)]


def _masks(reading: Reading) -> dict[tuple[str, ...] | None, Path]:
    found = {_key(path, reading, MASK_FOLDERS): path for path in reading.files if is_picture(path)}
    found.pop(None, None)
    return found


def _key(path: Path, reading: Reading, names: frozenset[str]) -> tuple[str, ...] | None:
    """The path without its folder of this name and without the mask's ending; None elsewhere."""
    inside = path.relative_to(reading.folder).parts[:-1]
    folders = [name for name in inside if name.lower() not in names]
    if len(folders) == len(inside):
        return None
    return (*folders, stem_of(path) if names is MASK_FOLDERS else path.stem)
