"""YOLO: a text file with boxes or outlines for each picture (docs.ultralytics.com/datasets/detect).

    images/train/x.jpg  labels/train/x.txt     also  train/images/x.jpg  train/labels/x.txt
    data.yaml                                  or    x.jpg  x.txt  classes.txt  in one folder

A line is `class cx cy width height` or `class x1 y1 x2 y2 x3 y3 ...`, as shares of the picture's
sides. Names of classes come from data.yaml, classes.txt or obj.names; without them a class is
called by its number. A picture without a file, or with an empty one, is a good part.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import Box, Label, Polygon
from training.data.layouts.reading import Reading
from training.data.layouts.yolo_names import NAME_FILES, read_names
from training.data.pictures import is_picture, read_picture_header
from training.errors import TrainingError

_LINE = re.compile(r"\s*\d+(\s+[-+.\deE]+){4,}\s*")
_LOOKED_AT = 20
_FOLDERS = frozenset({"images", "labels"})
_BEYOND = 0.05  # of a side: boxes that were rounded or moved a little; more is in pixels
_DIGITS = 3  # of a pixel: shares of a side are decimals of whole pixels


def claims(reading: Reading) -> bool:
    """True where the text files beside pictures, or in `labels`, hold such lines."""
    pictures = {_key(path, reading) for path in reading.files if is_picture(path)}
    texts = [path for path in _label_files(reading) if _key(path, reading) in pictures]
    lines = (_first_line(path) for path in texts[:_LOOKED_AT])
    return any(_LINE.fullmatch(line) and _are_shares(line) for line in lines)


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their pictures' names.

    Faults: a line that is no label, and labels without their picture.
    """
    names = read_names(reading.files)
    labels = {_key(path, reading): path for path in _label_files(reading)}
    bare = 0
    for picture in reading.files:
        if not is_picture(picture):
            continue
        path = labels.pop(_key(picture, reading), None)
        if reading.wants(picture):
            bare += path is None
            with reading.faults.collected():
                yield reading.sample(picture, [] if path is None else _labels(path, picture, names))
    for path in sorted(labels.values()):
        if _LINE.fullmatch(_first_line(path)):  # other text files lie about, such as a README
            reading.faults.add(f"{path}: no picture {path.stem}.* for these labels")
    if bare:
        reading.notes.append(f"{bare} pictures have no .txt file and count as good parts")


def _label_files(reading: Reading) -> list[Path]:
    return [path for path in reading.named(".txt") if path.name not in NAME_FILES]


def _key(path: Path, reading: Reading) -> tuple[str, ...]:
    """What a picture and its labels have in common."""
    relative = path.relative_to(reading.folder).with_suffix("")
    return (*(name for name in relative.parts[:-1] if name not in _FOLDERS), relative.name)


def _labels(path: Path, picture: Path, names: Mapping[int, str]) -> list[Label]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    header = read_picture_header(picture)
    size_wh = (header.width, header.height)
    return [
        _label(line, f"{path}, line {number}", size_wh, names)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _label(line: str, where: str, size_wh: tuple[int, int], names: Mapping[int, str]) -> Label:
    words = line.split()
    if not _LINE.fullmatch(line) or (len(words) != 5 and (len(words) < 7 or len(words) % 2 == 0)):
        raise TrainingError(
            f"{where}: expected 'class cx cy width height' or 'class x1 y1 x2 y2 x3 y3 ...', "
            f"got {line[:80]!r}"
        )
    if not _are_shares(line):
        raise TrainingError(
            f"{where}: expected shares of the picture's sides from 0 to 1, got {line[:80]!r}"
        )
    number, name = int(words[0]), names.get(int(words[0]))
    if names and name is None:
        raise TrainingError(f"{where}: class {number} has no name; there are {len(names)} names")
    name = name or str(number)
    shares = [float(word) for word in words[1:]]
    if len(shares) == 4:
        return Box(name, _sides(shares, size_wh))
    points = zip(shares[::2], shares[1::2], strict=True)
    return Polygon(name, tuple((_px(x, size_wh[0]), _px(y, size_wh[1])) for x, y in points))


def _sides(shares: list[float], size_wh: tuple[int, int]) -> tuple[float, float, float, float]:
    x, y, width, height = shares
    return (
        _px(x - width / 2, size_wh[0]),
        _px(y - height / 2, size_wh[1]),
        _px(x + width / 2, size_wh[0]),
        _px(y + height / 2, size_wh[1]),
    )


def _px(share: float, side_px: int) -> float:
    return round(share * side_px, _DIGITS)


def _are_shares(line: str) -> bool:
    try:
        values = [float(word) for word in line.split()[1:]]
    except ValueError:
        return False
    return all(math.isfinite(value) and -_BEYOND <= value <= 1 + _BEYOND for value in values)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return next((line for line in file if line.strip()), "").rstrip("\n")
    except (OSError, UnicodeDecodeError):
        return ""
