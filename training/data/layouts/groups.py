"""Which pictures show the same part: a CSV file beside them."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

from training.errors import TrainingError

PartOf = Callable[[str], str]
KNOWN_FILES = ("parts.csv", "tiles.csv")
_NAME_DIGITS = 16  # two of a million pictures share them once in 37 million such sets


def read_groups(folder: Path, groups: Path | None, by_name: bool = False) -> PartOf:
    """A function from a picture's path, relative to `folder` with slashes, to its part.

    The file names pictures relative to `folder`, or to its own folder. Without a file each picture
    is a part of its own, named by its content: a copy of it is the same part, and pictures of one
    name in two folders are two. `by_name` names it by its path, for pictures whose names are their
    own wherever they lie. The function raises TrainingError for a picture that the file does not
    name.
    """
    if groups is None:
        groups = next((p for name in KNOWN_FILES if (p := folder / name).is_file()), None)
    if groups is None:
        return lambda picture: picture if by_name else _content_name(folder / picture)
    part_by_picture = _read(groups)
    here = groups.resolve().parent

    def part_of(picture: str) -> str:
        part = part_by_picture.get(picture)
        if part is None and (path := (folder / picture).resolve()).is_relative_to(here):
            part = part_by_picture.get(path.relative_to(here).as_posix())
        if part is None:
            raise TrainingError(f"{groups}: does not say which part {picture} shows; add a line")
        return part

    return part_of


def _content_name(picture: Path) -> str:
    try:
        with picture.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:_NAME_DIGITS]
    except OSError as error:
        raise TrainingError(f"{picture}: cannot be read: {error.strerror}") from error


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    if not rows or len(rows[0]) < 2 or rows[0][0] != "image":
        found = ",".join(rows[0]) if rows else "nothing"
        raise TrainingError(f"{path}: expected a first line 'image,part', got {found!r}")
    part_by_picture: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]) or not row[0] or not row[1]:
            raise TrainingError(f"{path}, line {number}: expected an image and its part: {row}")
        part_by_picture[row[0]] = row[1]
    return part_by_picture
