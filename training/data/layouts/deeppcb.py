"""DeepPCB's own layout: pictures of boards, each with the golden template of the same place.

    group00041/00041/00041000_test.jpg    the board
    group00041/00041/00041000_temp.jpg    its template, registered
    group00041/00041_not/00041000.txt     a box a line: x1 y1 x2 y2 class, class 1 to 6

A list beside them, `trainval.txt` or `test.txt`, names `X.jpg X.txt` for the pair `X_test.jpg`,
`X_temp.jpg`; without one the folders are walked. Source: Tang et al., Online PCB Defect Detector
On A New PCB Defect Dataset, arXiv 1902.06197.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import Box
from training.data.layouts.reading import Reading
from training.data.listing import PictureList
from training.data.sides import Side
from training.errors import TrainingError

CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")
"""By the number in the label files, which starts at 1."""
LEARNT, TESTED = "trainval.txt", "test.txt"
_TEST_STEM, _TEMPLATE_STEM = "_test", "_temp"
TEST, TEMPLATE = f"{_TEST_STEM}.jpg", f"{_TEMPLATE_STEM}.jpg"
_INNER = "PCBData"  # as the published archive unpacks


def find_root(folder: Path) -> Path | None:
    """The folder that holds the groups, `folder` or its PCBData; None for another layout."""
    for root in (folder, folder / _INNER):
        if next(root.glob(f"group*/*/*{TEMPLATE}"), None) is not None:
            return root
    return None


def read(reading: Reading) -> Iterator[Sample]:
    """The boards in the folder, which is as `find_root` gives it.

    Without a list of the caller's, the lists beside the groups say which boards count, and those
    of the test list alone are locked; without any, all do.
    Faults: a list or label that does not fit, a picture, template or label file that is missing.
    """
    learnt, tested = (_list(reading, name) for name in (LEARNT, TESTED))
    for picture in reading.files:
        if not picture.name.endswith(TEST):
            continue
        in_learnt, in_tested = (
            each is not None and each.wants(picture) for each in (learnt, tested)
        )
        if reading.listed is not None:
            counts = reading.listed.wants(picture)
        else:
            counts = in_learnt or in_tested or (learnt is None and tested is None)
        if counts:
            with reading.faults.collected():
                sample = _sample(reading, picture)
                locked = in_tested and not in_learnt
                yield replace(sample, side=Side.LOCKED) if locked else sample
    for each in (learnt, tested):
        for message in each.missing() if each and reading.listed is None else ():
            reading.faults.add(message)


def labels_of(picture: Path) -> Path:
    """Where the labels of a board lie: 00041/00041000_test.jpg, 00041_not/00041000.txt."""
    boards = picture.parent
    return boards.with_name(f"{boards.name}_not") / f"{picture.name.removesuffix(TEST)}.txt"


def template_of(picture: Path) -> Path | None:
    """The template beside a board: X_temp.jpg for X_test.jpg, of any picture format."""
    if not picture.stem.endswith(_TEST_STEM):
        return None
    path = picture.with_stem(picture.stem.removesuffix(_TEST_STEM) + _TEMPLATE_STEM)
    return path if path.is_file() else None


def _list(reading: Reading, name: str) -> PictureList | None:
    path = reading.folder / name
    return PictureList(path, reading.folder) if path.is_file() else None


def _sample(reading: Reading, picture: Path) -> Sample:
    template = picture.with_name(picture.name.removesuffix(TEST) + TEMPLATE)
    labels = labels_of(picture)
    for path in (template, labels):
        if not path.is_file():
            raise TrainingError(f"{path}: not there; a board has a picture, a template and labels")
    return reading.sample(picture, _boxes(labels), template)


def _boxes(path: Path) -> Iterator[Box]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _box(line, f"{path}, line {number}")


def _box(line: str, where: str) -> Box:
    words = line.replace(",", " ").split()
    if len(words) != 5 or not all(word.isdecimal() for word in words):
        raise TrainingError(f"{where}: expected 'x1 y1 x2 y2 class' in whole numbers, got {line!r}")
    left, top, right, bottom, number = (int(word) for word in words)
    if not 1 <= number <= len(CLASSES):
        raise TrainingError(f"{where}: class {number}; DeepPCB's are 1 to {len(CLASSES)}")
    if right <= left or bottom <= top:
        raise TrainingError(f"{where}: a box turned inside out: {line!r}")
    return Box(CLASSES[number - 1], (left, top, right, bottom))
