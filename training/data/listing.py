"""A list that says which pictures of a folder count."""

from collections.abc import Iterator
from pathlib import Path

from training.errors import TrainingError

_ENDINGS = ("", "_test")  # DeepPCB's lists say X.jpg for the board X_test.jpg


class PictureList:
    """The pictures that a text file names: one a line, more words behind it are not read.

    A picture is named relative to the data set's folder or to the list's own, with its ending or
    without (as VOC's image sets do).
    """

    def __init__(self, path: Path, folder: Path) -> None:
        """Raises TrainingError for a list that cannot be read or names nothing."""
        self.path = path
        self._folders = tuple(dict.fromkeys((folder.resolve(), path.resolve().parent)))
        self._waiting = {name: number for number, name in _names(path)}
        self._named = frozenset(self._waiting)
        if not self._named:
            raise TrainingError(f"{path}: an empty list; expected the path of a picture on a line")

    def wants(self, picture: Path) -> bool:
        """True for a picture on the list."""
        found = [name for name in self._names_of(picture) if name in self._named]
        for name in found:
            self._waiting.pop(name, None)
        return bool(found)

    def missing(self) -> Iterator[str]:
        """A message for each line whose picture nobody has asked for."""
        for name, number in self._waiting.items():
            yield f"{self.path}, line {number}: picture {name!r} is not in the data set"

    def _names_of(self, picture: Path) -> Iterator[str]:
        """All that a list may call this picture."""
        path = picture.absolute()
        for folder in self._folders:
            if path.is_relative_to(folder):
                relative = path.relative_to(folder)
                for ending in _ENDINGS:
                    plain = relative.with_name(f"{path.stem.removesuffix(ending)}{path.suffix}")
                    yield plain.as_posix()
                    yield plain.with_suffix("").as_posix()
        yield from (path.name, path.stem)


def _names(path: Path) -> Iterator[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _first(line)


def _first(line: str) -> str:
    """The picture on a line; behind it may stand its labels' file or a number, but not more.

    Names with blanks stand alone on their line.
    """
    words = line.split()
    named = words[0] if len(words) == 2 and _is_second_word(words[1]) else line.strip()
    return named.replace("\\", "/").removeprefix("./")


def _is_second_word(word: str) -> bool:
    return word.lstrip("-").isdecimal() or word.endswith((".txt", ".xml"))
