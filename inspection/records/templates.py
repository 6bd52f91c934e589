"""The golden templates that parts were judged by: kept with the records, named by their hash."""

import os
from collections.abc import Iterable
from pathlib import Path

from camera.frame import FrameError
from camera.picture import read_picture
from inspection.errors import RecordsError
from inspection.recipe import Template
from models.bundle import file_sha256
from models.errors import BundleError

TEMPLATES_FOLDER = "templates"


def keep_templates(folder: Path, templates: Iterable[Template]) -> None:
    """Put a copy of each template into the data folder, on disk when this returns.

    What is there already stays. Raises RecordsError when a copy cannot be made, or when the file
    is not the one any more that was loaded.
    """
    for template in templates:
        target = folder / TEMPLATES_FOLDER / f"{template.sha256}{template.path.suffix.lower()}"
        if target.exists():
            continue
        unfinished = target.with_name(f"{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(template.path.read_bytes())
                file.flush()
                os.fsync(file.fileno())
            _check(unfinished, template.sha256)
            unfinished.rename(target)
        except OSError as error:
            raise RecordsError(f"{target}: the template cannot be kept: {error}") from error


def template_file(folder: Path, sha256: str) -> Path:
    """The kept template of this hash. Raises RecordsError when it is gone or was altered."""
    found = sorted((folder / TEMPLATES_FOLDER).glob(f"{sha256}.*"))
    if not found or found[0].suffix == ".part":
        raise RecordsError(
            f"{folder / TEMPLATES_FOLDER}: the template with SHA-256 {sha256} is not there; "
            "restore it from a copy of the data folder"
        )
    _check(found[0], sha256)
    return found[0]


def kept_template(folder: Path, sha256: str) -> Template:
    """The kept template of this hash. Raises RecordsError."""
    path = template_file(folder, sha256)
    try:
        pixels, _ = read_picture(path)
    except FrameError as error:
        raise RecordsError(str(error)) from error
    pixels.setflags(write=False)
    return Template(path, sha256, pixels)


def _check(path: Path, sha256: str) -> None:
    try:
        found = file_sha256(path)
    except BundleError as error:
        raise RecordsError(str(error)) from error
    if found != sha256:
        raise RecordsError(
            f"{path}: SHA-256 of the template is {found}, the record says {sha256}; "
            "the file was altered: restore it from a copy"
        )
