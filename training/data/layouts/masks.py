"""Pictures with mask images, in folders by class.

    good/x.png                       or  MT_Free/Imgs/x.jpg        or  test/good/000.png
    scratch/y.png + y_mask.png       or  MT_Crack/Imgs/y.jpg + y.png
                                     or  test/scratch/000.png + ground_truth/scratch/000_mask.png

The first form is what `passline render` writes, the second that of the magnetic-tile pictures
(Huang, Qiu, Yuan: Surface defect saliency of magnetic tile, The Visual Computer 36, 2020), the
third that of MVTec AD (Bergmann et al., IJCV 129, 2021).
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import MaskImage
from training.data.layouts.class_folders import class_of, is_good_folder
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture
from training.errors import TrainingError

MASK_ENDING = "_mask"
GROUND_TRUTH = "ground_truth"
_LOSSY = frozenset({".jpg", ".jpeg"})


def claims(reading: Reading) -> bool:
    """True where there are class folders and a mask for at least one picture."""
    pictures = [path for path in reading.files if is_picture(path)]
    return any(is_mask(path) and class_of(path, reading.folder) for path in pictures)


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their names; a class is the name of its folder.

    Faults: a defect without a mask, a mask without a picture, a picture in no class folder.
    """
    files = [path for path in reading.files if is_picture(path)]
    masks = {_place(path, reading.folder): path for path in files if is_mask(path)}
    for picture in files:
        if is_mask(picture):
            continue
        mask = masks.pop(_place(picture, reading.folder), None)
        if reading.wants(picture):
            with reading.faults.collected():
                yield _sample(reading, picture, mask)
    for mask in sorted(masks.values()):
        reading.faults.add(f"{mask}: a mask without its picture")


def is_mask(path: Path) -> bool:
    """True for a mask by its name: NAME_mask.png, NAME.png beside NAME.jpg, or in ground_truth."""
    if path.stem.endswith(MASK_ENDING) or GROUND_TRUTH in path.parts:
        return True
    twins = (path.with_suffix(suffix) for suffix in _LOSSY)
    return path.suffix.lower() == ".png" and any(twin.exists() for twin in twins)


def _sample(reading: Reading, picture: Path, mask: Path | None) -> Sample:
    class_name = class_of(picture, reading.folder)
    if class_name is None:
        raise TrainingError(f"{picture}: in no class folder; expected good/ or a defect's name")
    if is_good_folder(class_name):
        return reading.sample(picture)
    if mask is None:
        raise TrainingError(
            f"{picture}: no mask; expected {picture.stem}{MASK_ENDING}.png beside it"
        )
    return reading.sample(picture, [MaskImage(class_name, mask)])


def _place(path: Path, folder: Path) -> tuple[str, ...]:
    """What a picture and its mask have in common."""
    relative = path.relative_to(folder).with_suffix("")
    parts = [name for name in relative.parts[:-1] if name not in (GROUND_TRUTH, "test")]
    return (*parts, relative.name.removesuffix(MASK_ENDING))
