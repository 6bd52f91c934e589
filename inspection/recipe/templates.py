"""The golden templates that a recipe names: read and checked before the first part."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from camera.frame import FrameError, Pixels
from camera.picture import SUFFIXES, read_header, read_picture
from inspection.errors import RecipeError
from inspection.recipe.cameras import FolderCamera, GenicamCamera, View
from inspection.recipe.contents import Recipe
from models.bundle import file_sha256
from models.errors import BundleError


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A picture of how the part should look to one view; of the size of the camera's pictures.

    sha256: of the file, in hex.
    """

    path: Path
    sha256: str
    pixels: Pixels


Templates = Mapping[str, Template]
"""By the name of their view; views without one are left out."""


def load_templates(recipe: Recipe) -> dict[str, Template]:
    """The templates of all views.

    Raises RecipeError when one cannot be read, has no contrast, does not hold the region that is
    inspected, or is not of the size of the pictures, as far as that is known before the first.
    """
    return {
        view: _load(camera, Path(path))
        for camera in recipe.cameras
        for view, path in camera.templates.items()
    }


def _load(camera: View, path: Path) -> Template:
    try:
        pixels, _ = read_picture(path)
        template = Template(path, file_sha256(path), pixels)
    except (FrameError, BundleError) as error:
        raise RecipeError(f"camera {camera.id}: template: {error}") from error
    pixels.setflags(write=False)
    _check(camera, template)
    return template


def _check(camera: View, template: Template) -> None:
    height, width = template.pixels.shape[:2]
    said = f"camera {camera.id}: template {template.path} is {width}x{height}"
    expected = _picture_size(camera)
    if expected is not None and expected != (width, height):
        raise RecipeError(
            f"{said}, the camera's pictures are {expected[0]}x{expected[1]}: keep a picture of a "
            "good part from this camera, whole and not scaled"
        )
    region = camera.region
    if region is not None and (
        region.left + region.width > width or region.top + region.height > height
    ):
        raise RecipeError(
            f"{said}, the region ends at {region.left + region.width}, "
            f"{region.top + region.height}: a template is of the whole picture"
        )
    if template.pixels.min() == template.pixels.max():
        raise RecipeError(f"{said} and blank: there is nothing on it to compare with")


def _picture_size(camera: View) -> tuple[int, int] | None:
    """Width and height of the camera's pictures where the recipe says so, or the folder shows."""
    device = camera.device
    if isinstance(device, GenicamCamera):
        width, height = device.features.get("Width"), device.features.get("Height")
        return (int(width), int(height)) if width is not None and height is not None else None
    if isinstance(device, FolderCamera) and Path(device.path).is_dir():
        pictures = (p for p in Path(device.path).iterdir() if p.suffix.lower() in SUFFIXES)
        first = min(pictures, default=None)
        if first is not None:
            return _size_of(first)
    return None


def _size_of(picture: Path) -> tuple[int, int] | None:
    """None for one that cannot be read: the camera says so, when its turn comes."""
    try:
        header = read_header(picture.read_bytes())
    except (FrameError, OSError):
        return None
    return header.width, header.height
