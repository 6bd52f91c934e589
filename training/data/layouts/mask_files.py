"""Which files are masks, and which picture each is the mask of, by their names."""

from collections.abc import Iterable
from pathlib import Path

from training.data.pictures import is_picture

MASK_ENDING = "_mask"
GROUND_TRUTH = "ground_truth"
PICTURE_FOLDERS = frozenset({"images", "image", "imgs", "pictures"})
MASK_FOLDERS = frozenset({"masks", "mask", GROUND_TRUTH, "gt"})
BESIDE_FOLDERS = frozenset({"label", "labels"})
"""Folders of masks inside the folder of their pictures, as DAGM has them."""
_TWIN_ENDINGS = ("_label", "_gt")  # KolektorSDD's; a picture may be called so, too
_LOSSY = frozenset({".jpg", ".jpeg"})


def masks_among(files: Iterable[Path]) -> frozenset[Path]:
    """The masks among these files, by their names and by what lies around them.

    NAME_mask.png; all in ground_truth; NAME.png beside NAME.jpg; NAME_label.bmp or NAME_GT.png
    beside NAME; all in masks beside images.
    """
    pictures = [path for path in files if is_picture(path)]
    places = {(path.parent, path.stem) for path in pictures}
    lossy = {(p.parent, p.stem) for p in pictures if p.suffix.lower() in _LOSSY}
    around = {
        folder.parent
        for path in pictures
        for folder in path.parents
        if folder.name.lower() in PICTURE_FOLDERS
    }

    def is_one(path: Path) -> bool:
        if path.stem.endswith(MASK_ENDING) or GROUND_TRUTH in path.parts:
            return True
        if path.suffix.lower() == ".png" and (path.parent, path.stem) in lossy:
            return True
        if path.stem.lower().endswith(_TWIN_ENDINGS):
            return (beside(path), stem_of(path)) in places
        return any(
            folder.name.lower() in MASK_FOLDERS and folder.parent in around
            for folder in path.parents
        )

    return frozenset(path for path in pictures if is_one(path))


def beside(mask: Path) -> Path:
    """The folder of the picture that a mask lies beside: its own, or the one around `Label`."""
    folder = mask.parent
    return folder.parent if folder.name.lower() in BESIDE_FOLDERS else folder


def stem_of(mask: Path) -> str:
    """The name of the picture that a mask is of, without ending."""
    for ending in (MASK_ENDING, *_TWIN_ENDINGS):
        if mask.stem.lower().endswith(ending):
            return mask.stem[: -len(ending)]
    return mask.stem
