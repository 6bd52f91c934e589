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
from training.data.layouts.mask_files import GROUND_TRUTH, MASK_ENDING, masks_among, stem_of
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture
from training.errors import TrainingError


def claims(reading: Reading) -> bool:
    """True where there are class folders and a mask for at least one picture."""
    return any(class_of(mask, reading.folder) for mask in masks_among(reading.files))


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their names; a class is the name of its folder.

    Raises TrainingError for a folder of several products. Faults: a defect without a mask, a mask
    without a picture, a picture in no class folder.
    """
    _check_one_product(reading.folder)
    found = masks_among(reading.files)
    masks = {_place(path, reading.folder): path for path in found}
    for picture in reading.files:
        if not is_picture(picture) or picture in found:
            continue
        mask = masks.pop(_place(picture, reading.folder), None)
        if reading.wants(picture):
            with reading.faults.collected():
                yield _sample(reading, picture, mask)
    for mask in sorted(masks.values()):
        reading.faults.add(f"{mask}: a mask without its picture")


def _check_one_product(folder: Path) -> None:
    """MVTec AD unpacks as a folder of products, each a data set of its own."""
    products = sorted(path.parent for path in folder.glob(f"*/{GROUND_TRUTH}"))
    if products:
        names = ", ".join(path.name for path in products)
        raise TrainingError(
            f"{folder}: holds {len(products)} products, {names}, each with classes of its own; "
            f"name one, such as {products[0]}"
        )


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
    return (*parts, stem_of(relative))
