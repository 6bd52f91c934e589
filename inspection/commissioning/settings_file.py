"""A camera's settings as a piece of TOML that fits into a recipe, and back.

The text is what stands under `[camera.device.features]`. Its values are written as JSON, whose
texts, numbers and switches are TOML too, but for the character DEL.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camera.features import FeatureValue
from camera.frame import CameraConfigError
from camera.node_map import FeatureKey
from inspection.commissioning.choice import genicam_camera
from inspection.recipe import load_recipe

HEADER = "[camera.device.features]"


def settings_toml(settings: Mapping[str, FeatureValue], about: str) -> str:
    """The settings as TOML, in their order; `about` becomes the comment above."""
    lines = [f"{_key(name)} = {_value(value)}" for name, value in settings.items()]
    return "\n".join([f"# {about}", HEADER, *lines, ""])


def write_settings_file(path: Path, text: str) -> None:
    """Write a new file. Raises CameraConfigError when it is there already, or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CameraConfigError(f"{path}: not written: {error.strerror}") from error


def is_recipe(path: Path) -> bool:
    """Whether the file is a whole recipe. Raises CameraConfigError when it is no TOML."""
    return "product" in _read(path)


def read_settings_file(path: Path, camera_id: str | None = None) -> dict[str, FeatureValue]:
    """The settings in a piece of TOML as `settings_toml` writes it, or of a recipe's camera.

    camera_id: which of the recipe's cameras.
    Raises CameraConfigError naming the file and what is wrong, RecipeError for a faulty recipe.
    """
    if is_recipe(path):
        return dict(genicam_camera(load_recipe(path).recipe, camera_id)[1].features)
    features: Any = _read(path)
    for step in ("camera", "device", "features"):
        features = features.get(step) if isinstance(features, dict) else None
    if not isinstance(features, dict) or not features:
        raise CameraConfigError(f"{path}: expected settings under {HEADER}, or a recipe")
    for name, value in features.items():
        FeatureKey.parse(name)
        if not isinstance(value, FeatureValue):
            raise CameraConfigError(
                f"{path}: {name} = {value!r}: expected a number, a text, true or false"
            )
    return features


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CameraConfigError(f"{path}: cannot be read as TOML: {error}") from error


def _key(name: str) -> str:
    return name if name.isalnum() and name.isascii() else json.dumps(name)


def _value(value: FeatureValue) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
