"""A folder of pictures of good parts, with nothing said of them but that."""

from collections.abc import Iterator

from training.data.dataset import Sample
from training.data.layouts.class_folders import is_good_folder
from training.data.layouts.mask_files import masks_among
from training.data.layouts.reading import Reading
from training.errors import TrainingError


def read(reading: Reading) -> Iterator[Sample]:
    """The pictures in the folder and below, masks left out, in the order of their names.

    Raises TrainingError for a folder that holds one of good parts beside others.
    """
    below = [path for path in reading.folder.iterdir() if path.is_dir()]
    good = [path for path in below if is_good_folder(path.name)]
    if good and len(below) > len(good):
        raise TrainingError(
            f"{reading.folder}: holds {good[0].name} beside other folders, whose parts may be "
            f"defective; name the folder of good parts: {good[0]}"
        )
    masks = masks_among(reading.files)
    for picture in reading.pictures():
        if picture not in masks:
            with reading.faults.collected():
                yield reading.sample(picture)
