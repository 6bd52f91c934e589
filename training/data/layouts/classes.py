"""Folders by class without masks: of a defective part only the class is known.

good/x.png                 also  train/ok_front/x.jpeg
scratch/y.png                    test/def_front/y.jpeg
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import Somewhere
from training.data.layouts.class_folders import class_of, is_good_folder
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture
from training.errors import TrainingError


def claims(reading: Reading) -> bool:
    """True where at least one picture lies in a class folder."""
    return any(is_picture(path) and class_of(path, reading.folder) for path in reading.files)


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their names. Faults: a picture in no class."""
    for picture in reading.pictures():
        with reading.faults.collected():
            yield _sample(reading, picture)


def _sample(reading: Reading, picture: Path) -> Sample:
    class_name = class_of(picture, reading.folder)
    if class_name is None:
        raise TrainingError(f"{picture}: in no class folder; expected good/ or a defect's name")
    labels = [] if is_good_folder(class_name) else [Somewhere(class_name)]
    return reading.sample(picture, labels)
