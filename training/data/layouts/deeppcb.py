"""DeepPCB's own layout: pictures of boards, each with the golden template of the same place.

    group00041/00041/00041000_test.jpg    the board
    group00041/00041/00041000_temp.jpg    its template, registered
    group00041/00041_not/00041000.txt     a box a line: x1 y1 x2 y2 class, class 1 to 6

A list beside them, `trainval.txt` or `test.txt`, names `X.jpg X.txt` for the pair `X_test.jpg`,
`X_temp.jpg`; without one the folders are walked. Source: Tang et al., Online PCB Defect Detector
On A New PCB Defect Dataset, arXiv 1902.06197.
"""

from collections.abc import Iterator
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import Box
from training.data.layouts.groups import PartOf
from training.errors import TrainingError

CLASSES = ("open", "short", "mousebite", "spur", "copper", "pin-hole")
"""By the number in the label files, which starts at 1."""
LISTS = ("trainval.txt", "test.txt")
_TEST, _TEMPLATE = "_test.jpg", "_temp.jpg"
_INNER = "PCBData"  # as the published archive unpacks


def find_root(folder: Path) -> Path | None:
    """The folder that holds the groups, `folder` or its PCBData; None for another layout."""
    for root in (folder, folder / _INNER):
        if next(root.glob(f"group*/*/*{_TEMPLATE}"), None) is not None:
            return root
    return None


def read(root: Path, part_of: PartOf, listed: Path | None = None) -> Iterator[Sample]:
    """The samples of a list; of every list in `root` when None, of all groups where there is none.

    root: as `find_root` gives it; parts are named relative to it.
    Raises TrainingError naming the file and the line for a list or label that does not fit, and
    for a picture, template or label file that is missing.
    """
    lists = [listed] if listed else [root / name for name in LISTS if (root / name).is_file()]
    pairs = [pair for path in lists for pair in _listed(root, path)] if lists else _walked(root)
    for picture, labels in pairs:
        yield _sample(root, picture, labels, part_of)


def _sample(root: Path, picture: Path, labels: Path, part_of: PartOf) -> Sample:
    template = picture.with_name(picture.name.removesuffix(_TEST) + _TEMPLATE)
    for path in (picture, template, labels):
        if not path.is_file():
            raise TrainingError(f"{path}: not there; a board has a picture, a template and labels")
    part = part_of(picture.relative_to(root).as_posix())
    return Sample(picture, part, tuple(_boxes(labels)), template=template)


def _listed(root: Path, path: Path) -> Iterator[tuple[Path, Path]]:
    """Picture and labels for each line of a list."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or not words[0].endswith(".jpg"):
            raise TrainingError(f"{path}, line {number}: expected 'X.jpg X.txt', got {line!r}")
        yield root / (words[0].removesuffix(".jpg") + _TEST), root / words[1]


def _walked(root: Path) -> Iterator[tuple[Path, Path]]:
    for picture in sorted(root.glob(f"group*/*/*{_TEST}")):
        boards = picture.parent
        name = f"{picture.name.removesuffix(_TEST)}.txt"
        yield picture, boards.with_name(f"{boards.name}_not") / name


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
