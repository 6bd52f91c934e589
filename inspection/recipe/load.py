"""From a TOML file to a recipe, with every fault named."""

import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import (
    ValidationError,
)

from inspection.errors import RecipeError
from inspection.recipe.contents import Recipe
from inspection.recipe.section import Section


@dataclass(frozen=True, slots=True)
class LoadedRecipe:
    """A recipe with the text it came from and the SHA-256 of that text."""

    recipe: Recipe
    toml: str
    digest: str


def load_recipe(path: Path) -> LoadedRecipe:
    """Read and check a recipe file. Raises RecipeError naming the file, the key and the fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
    return LoadedRecipe(parse_recipe(text, str(path)), text, _sha256(text))


def parse_recipe(text: str, where: str) -> Recipe:
    """The recipe in `text`; `where` names it in errors. Raises RecipeError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where}: not TOML: {error}") from error
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        alone = isinstance(values.get("camera"), dict)
        faults = "\n  ".join(_fault(dict(fault), alone) for fault in error.errors())
        raise RecipeError(f"{where}:\n  {faults}") from error


def _fault(fault: dict[str, Any], one_camera: bool) -> str:
    """One fault in words; `one_camera`: the recipe has a table [camera], which has no number."""
    steps = fault["loc"]
    if one_camera and steps[:2] == ("camera", 0):
        steps = ("camera", *steps[2:])
    where = ".".join(str(step) for step in steps)
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        known = [name for name in _known_keys() if name != key]
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{where}: no such key{hint}"
    return f"{where}: {fault['msg']} (got {fault['input']!r:.80})"


def _known_keys() -> list[str]:
    sections: list[type[Section]] = [Section]
    keys: list[str] = []
    while sections:
        section = sections.pop()
        sections.extend(section.__subclasses__())
        keys.extend(field.alias or name for name, field in section.model_fields.items())
    return keys


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
