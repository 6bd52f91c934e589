"""Class folders with pictures and mask images beside them.

    good/x.png                       or  MT_Free/Imgs/x.jpg
    scratch/y.png + y_mask.png       or  MT_Crack/Imgs/y.jpg + y.png

The first form is what `passline render` writes, the second that of the magnetic-tile pictures
(Huang, Qiu, Yuan: Surface defect saliency of magnetic tile, The Visual Computer 36, 2020).
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import MaskImage
from training.data.layouts.groups import PartOf
from training.data.pictures import is_picture
from training.errors import TrainingError

GOOD_FOLDERS = frozenset({"good", "ok", "free", "mt_free"})
MASK_ENDING = "_mask"
_LOSSY = frozenset({".jpg", ".jpeg"})


def read(folder: Path, part_of: PartOf) -> Iterator[Sample]:
    """The samples in `folder`, in the order of their names; a class is the name of its folder.

    Raises TrainingError for a folder without class folders, a defect without a mask, and a mask
    without a picture.
    """
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and _files(path))
    if not classes:
        raise TrainingError(
            f"{folder}: no class folders with pictures; expected good/ and one folder per "
            "defect class, or a COCO .json file"
        )
    for class_folder in classes:
        yield from _read_class(folder, class_folder, part_of)


def _read_class(folder: Path, class_folder: Path, part_of: PartOf) -> Iterator[Sample]:
    is_good = class_folder.name.lower() in GOOD_FOLDERS
    masks = {_picture_stem(path): path for path in _files(class_folder) if is_mask(path)}
    for picture in _files(class_folder):
        if is_mask(picture):
            continue
        mask = masks.pop(picture.with_suffix(""), None)
        part = part_of(picture.relative_to(folder).as_posix())
        if is_good:
            yield Sample(picture, part)
        elif mask is None:
            raise TrainingError(
                f"{picture}: no mask; expected {picture.stem}{MASK_ENDING}.png beside it"
            )
        else:
            yield Sample(picture, part, (MaskImage(class_folder.name, mask),))
    if masks:
        stray = min(masks.values())
        raise TrainingError(f"{stray}: a mask without its picture")


def _files(class_folder: Path) -> list[Path]:
    """The picture files of a class, in the folder itself and one folder down (`Imgs`)."""
    below = [path for path in class_folder.glob("*/*") if is_picture(path)]
    return sorted([path for path in class_folder.glob("*") if is_picture(path)] + below)


def is_mask(path: Path) -> bool:
    """True for a mask by its name: NAME_mask.png, or NAME.png beside NAME.jpg."""
    if path.stem.endswith(MASK_ENDING):
        return True
    twins = (path.with_suffix(suffix) for suffix in _LOSSY)
    return path.suffix.lower() == ".png" and any(twin.exists() for twin in twins)


def _picture_stem(mask: Path) -> Path:
    stem = mask.with_suffix("")
    return stem.with_name(stem.name.removesuffix(MASK_ENDING))
