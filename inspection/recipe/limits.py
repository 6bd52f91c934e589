"""The limits in force: the model's own, overridden by the recipe's."""

from inspection.errors import RecipeError
from inspection.judge import Fusion, Limit, Limits, OnDoubt
from inspection.recipe.cameras import View
from inspection.recipe.contents import Recipe
from inspection.recipe.judging import ClassLimits
from models.card import Card


def resolve_limits(recipe: Recipe, card: Card, camera: View) -> Limits:
    """The limits in force for a camera's pictures: the card's, overridden by the recipe's.

    Areas are in pixels of that camera. Raises RecipeError when the recipe names a class the model
    does not know, sets a limit below the card's floor (findings there do not exist), or gives mm²
    without a scale.
    """
    unknown = sorted(set(recipe.limits) - set(card.classes))
    if unknown:
        known = ", ".join(card.classes)
        raise RecipeError(f"limits.{unknown[0]}: {card.name} has no such class; it has {known}")
    by_class = {name: _limit(recipe, card, camera, name) for name in card.classes}
    return Limits(by_class, OnDoubt(recipe.doubt.action), Fusion(recipe.fusion.views))


def _limit(recipe: Recipe, card: Card, camera: View, name: str) -> Limit:
    own = recipe.limits.get(name, ClassLimits())
    score = card.limits[name].score if own.score is None else own.score
    lowest = _lowest_score(recipe, card)
    if score < lowest:
        raise RecipeError(
            f"limits.{name}.score: {score} is below {card.name}'s floor of {lowest:g}: "
            "the model reports no findings there"
        )
    area_px = card.limits[name].area_px if own.area_px is None else own.area_px
    if own.area_mm2 is not None:
        scale = camera.mm_per_px
        if scale is None:
            raise RecipeError(f"limits.{name}.area_mm2: needs camera.mm_per_px of {camera.id}")
        area_px = own.area_mm2 / (scale * scale)
    doubt_score = score - recipe.doubt.band if own.doubt_score is None else own.doubt_score
    return Limit(score, area_px, max(lowest, doubt_score))


def _lowest_score(recipe: Recipe, card: Card) -> float:
    """The lowest score that there is: the card's floor, or that of a finding in one view of all."""
    views = 1 if recipe.fusion.views == Fusion.ANY else len(recipe.view_names)
    return card.floor / views
