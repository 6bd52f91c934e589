"""What every reader of a layout works with, and how it names what it has read."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.data.dataset import Sample
from training.data.faults import Faults
from training.data.labels import Label
from training.data.layouts.groups import PartOf
from training.data.listing import PictureList
from training.data.pictures import is_picture
from training.data.sides import Side

_SIDE_FOLDER = re.compile(
    r"((?P<train>train(ing|val|set)?)|(?P<validation>val(id|idation)?)|(?P<locked>test(ing|set)?))"
    r"(\d{4})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over a folder.

    folder: the data set's; parts, lists and classes are named from it.
    files: every file in it and below, in the order of their names; see `walk`.
    part_of: the part for a picture's path relative to the folder.
    listed: the pictures that count; all of them when None.
    notes: what a person should know of how the files were read.
    """

    folder: Path
    files: tuple[Path, ...]
    part_of: PartOf
    faults: Faults
    listed: PictureList | None = None
    notes: list[str] = field(default_factory=list[str])

    def wants(self, picture: Path) -> bool:
        return self.listed is None or self.listed.wants(picture)

    def pictures(self) -> Iterator[Path]:
        """The pictures that count, in the order of their names."""
        return (path for path in self.files if is_picture(path) and self.wants(path))

    def named(self, *endings: str) -> list[Path]:
        """The files with one of these endings, such as `.xml`."""
        return [path for path in self.files if path.suffix.lower() in endings]

    def sample(
        self, picture: Path, labels: Iterable[Label] = (), template: Path | None = None
    ) -> Sample:
        """The picture with its part, and the side that its folders say.

        Raises TrainingError for a picture of which nobody says what part it shows.
        """
        relative = picture.relative_to(self.folder)
        part = self.part_of(relative.as_posix())
        side = side_of(relative)
        return Sample(picture, part, tuple(labels), template=template, side=side)


def walk(folder: Path, faults: Faults) -> tuple[Path, ...]:
    """Every file in a folder and below, in the order of their names; hidden ones are left out.

    A folder that cannot be read is a fault.
    """

    def unreadable(error: OSError) -> None:
        faults.add(f"{error.filename}: the folder cannot be read: {error.strerror}")

    found: list[Path] = []
    for inside, below, names in os.walk(folder, onerror=unreadable):
        below[:] = [name for name in below if not name.startswith(".")]
        found.extend(Path(inside, name) for name in names if not name.startswith("."))
    return tuple(sorted(found))


def with_text_names(files: Iterable[Path], faults: Faults) -> tuple[Path, ...]:
    """The files whose names are text; one that is made of other bytes than UTF-8 is a fault."""
    named: list[Path] = []
    for path in files:
        try:
            path.name.encode()
        except UnicodeEncodeError:
            faults.add(f"{path.parent}/{path.name!a}: the name is not UTF-8; rename the file")
        else:
            named.append(path)
    return tuple(named)


def is_side(folder_name: str) -> bool:
    """True for a folder that holds one side of a published split: train, val, test2017."""
    return _SIDE_FOLDER.fullmatch(folder_name) is not None


def side_of(relative: Path) -> Side | None:
    """The side that a picture's folders say; `test` where several do, None where none does."""
    found = [_SIDE_FOLDER.fullmatch(name) for name in relative.parts[:-1]]
    said = {name for one in found if one for name, text in one.groupdict().items() if text}
    return next((side for side in (Side.LOCKED, *Side) if side in said), None)
