"""Give a station its first champion."""

from pathlib import Path

from inspection.errors import RecipeError
from inspection.line.inspector import Inspector
from inspection.recipe import Recipe, check_fits
from models.bundle import Bundle, open_bundle
from models.library import library_bundle
from models.registry import station_registry
from models.session import ModelSession


def commission_station(recipe: Recipe, folder: Path, source: Path | None, who: str) -> Bundle:
    """Make a bundle the first champion of the recipe's model name.

    source: the bundle's folder; the one that ships with Passline under that name when None.
    The bundle is opened, run once and held against the recipe first. A station that has a
    champion keeps it: later models come in through the gate (`passline promote`).
    Raises BundleError, RegistryError or RecipeError.
    """
    choice = recipe.model
    bundle = open_bundle(source if source is not None else library_bundle(choice.name))
    check_fits(recipe, bundle)
    Inspector(ModelSession(bundle, choice.provider, choice.threads), recipe)
    registry = station_registry(folder)
    champion = registry.champion(choice.name)
    if champion is not None:
        if champion.digest == bundle.digest:
            return champion
        raise RecipeError(
            f"{folder}: {champion.label} is champion already; "
            f"let {bundle.label} earn its place with `passline promote`"
        )
    why = "first model of the station"
    registry.add(bundle.folder, who, why)
    evidence = {"card_metrics": bundle.card.metrics.model_dump(mode="json")}
    return registry.promote(bundle.label, who, why, evidence)
