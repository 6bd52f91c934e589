"""The names of YOLO's classes: data.yaml, classes.txt or obj.names."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.errors import TrainingError

NAME_FILES = ("classes.txt", "obj.names", "names.txt", "_darknet.labels")
_YAML = frozenset({".yaml", ".yml"})


def read_names(files: Iterable[Path]) -> dict[int, str]:
    """Name by number, from the first file that has any; empty where there is none.

    Raises TrainingError for a file that cannot be read, or that gives one name twice.
    """
    held = sorted(files, key=lambda path: len(path.parts))
    for path in (path for path in held if path.suffix.lower() in _YAML):
        if names := _from_yaml(path):
            return _checked(path, names)
    for path in (path for path in held if path.name in NAME_FILES):
        lines = [line.strip() for line in _text(path).splitlines()]
        return _checked(path, {number: line for number, line in enumerate(lines) if line})
    return {}


def _from_yaml(path: Path) -> dict[int, str]:
    try:
        import yaml
    except ImportError as error:
        raise TrainingError(
            f"{path}: reading it needs PyYAML: pip install 'passline[training]', or put the names "
            "into classes.txt, one a line"
        ) from error
    try:
        content: Any = yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise TrainingError(f"{path}: cannot be read as YAML: {error}") from error
    names: Any = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if names is None:
        return {}
    if not isinstance(names, dict) or not all(isinstance(number, int) for number in names):
        raise TrainingError(f"{path}: names: expected a list, or numbers with names: {names!r}")
    return {number: str(name) for number, name in names.items()}


def _checked(path: Path, names: dict[int, str]) -> dict[int, str]:
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    if twice:
        raise TrainingError(f"{path}: two classes are called {min(twice)!r}")
    return names


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
