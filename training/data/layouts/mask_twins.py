"""Each picture with its mask beside it, of one class, in folders that say nothing of defects.

    kos01/Part0.jpg   kos01/Part0_label.bmp                 KolektorSDD
    train/10000.png   train/10000_GT.png                    KolektorSDD2
    Class1/Train/0576.PNG  Class1/Train/Label/0576_label.PNG         DAGM
    x.png  x_mask.png

An empty mask, or none, is a good part. The class is called `defect`. Sources: Tabernik et al., J.
Intelligent Manufacturing 31, 2020; Bozic et al., Computers in Industry 129, 2021; DAGM 2007.
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.layouts.class_folders import class_of, is_good_folder
from training.data.layouts.mask_files import MASK_ENDING, beside, masks_among, stem_of
from training.data.layouts.mask_pairs import labels_of
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture

_Place = tuple[Path, str]


def claims(reading: Reading) -> bool:
    """True where pictures have masks beside them and no folder is one of good parts.

    Class folders may hold NAME_mask.png, too; those are read by `masks`.
    """
    pictures = [path for path in reading.files if is_picture(path)]
    masks = masks_among(pictures)
    places = {_place(path) for path in pictures if path not in masks}
    twins = [
        mask
        for mask in masks
        if (beside(mask), stem_of(mask)) in places
        and mask.stem != stem_of(mask)
        and not (mask.stem.endswith(MASK_ENDING) and class_of(mask, reading.folder))
    ]
    folders = {class_of(path, reading.folder) for path in pictures} - {None}
    return bool(twins) and not any(name and is_good_folder(name) for name in folders)


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their names. Faults: a mask without a picture."""
    masks = {(beside(mask), stem_of(mask)): mask for mask in masks_among(reading.files)}
    taken = frozenset(masks.values())
    for picture in reading.files:
        if not is_picture(picture) or picture in taken:
            continue
        mask = masks.pop(_place(picture), None)
        if reading.wants(picture):
            with reading.faults.collected():
                yield reading.sample(picture, labels_of(picture, mask))
    for mask in sorted(masks.values()):
        reading.faults.add(f"{mask}: a mask without its picture")


def _place(picture: Path) -> _Place:
    return picture.parent, picture.stem
