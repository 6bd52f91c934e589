"""Whether a model is one for a recipe: its name, its signature, its classes, and what it sees."""

from camera.frame import CHANNELS_BY_FORMAT
from camera.wireformats import WIRE_FORMATS
from inspection.errors import RecipeError
from inspection.recipe.cameras import GenicamCamera, View
from inspection.recipe.contents import Recipe
from inspection.recipe.limits import resolve_limits
from models.bundle import Bundle
from models.card import Card
from models.signature import check_trusted


def check_fits(recipe: Recipe, bundle: Bundle) -> None:
    """Raise unless this bundle may judge under this recipe.

    Raises BundleError when the recipe trusts keys and none of them signed it; RecipeError when it
    is of another name, lacks a class that the recipe has limits for, sees grey where a camera
    sends colour, or compares with a template where the recipe names none; or the other way round.
    Of pictures in other sizes nothing is said: they are scaled to the card's.
    """
    card, choice = bundle.card, recipe.model
    if card.name != choice.name:
        raise RecipeError(
            f"model.name is {choice.name!r}, the bundle is {card.name!r} ({bundle.folder}): name "
            "the recipe's model, or bring a bundle of that name"
        )
    check_trusted(bundle.label, bundle.signed_by, choice.trusted_keys)
    for camera in recipe.cameras:
        resolve_limits(recipe, card, camera)
        _check_channels(camera, card)
        _check_template(camera, card)


def _check_channels(camera: View, card: Card) -> None:
    """Of cameras whose recipe says in which format they send."""
    device = camera.device
    if not isinstance(device, GenicamCamera) or "PixelFormat" not in device.features:
        return
    sent = str(device.features["PixelFormat"])
    channels = CHANNELS_BY_FORMAT[WIRE_FORMATS[sent].pixel_format]
    if channels != card.input.channels:
        raise RecipeError(
            f"camera {camera.id}: sends {sent}, {channels} channel(s) a pixel; {card.name} "
            f"{card.version} was trained on {card.input.channels}: set PixelFormat to what it was "
            "trained on, or bring a bundle for this camera"
        )


def _check_template(camera: View, card: Card) -> None:
    if card.input.template and camera.template is None:
        raise RecipeError(
            f"camera {camera.id}: {card.name} {card.version} compares each picture with a golden "
            'template, and the recipe names none: template = "golden.png" under [camera]'
        )
    if camera.template is not None and not card.input.template:
        raise RecipeError(
            f"camera {camera.id}: the recipe names a template, and {card.name} {card.version} "
            "uses none: take the line out, or bring a model that was trained on pairs"
        )
