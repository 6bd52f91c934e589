"""A folder of pictures of good parts, with nothing said of them but that."""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.layouts.groups import PartOf
from training.data.layouts.masks import GOOD_FOLDERS, is_mask
from training.data.pictures import is_picture
from training.errors import TrainingError


def read(folder: Path, part_of: PartOf) -> Iterator[Sample]:
    """The pictures in `folder` and below, masks left out, in the order of their names."""
    below = [path for path in folder.iterdir() if path.is_dir()]
    good = [path for path in below if path.name.lower() in GOOD_FOLDERS]
    if good and len(below) > len(good):
        raise TrainingError(
            f"{folder}: holds {good[0].name} beside other folders, whose parts may be defective; "
            f"name the folder of good parts: {good[0]}"
        )
    pictures = sorted(path for path in folder.rglob("*") if is_picture(path) and not is_mask(path))
    for picture in pictures:
        yield Sample(picture, part_of(picture.relative_to(folder).as_posix()))
