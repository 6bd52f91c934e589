"""A model as the line would hold it to limits: its card's, overridden by the station's recipe."""

from dataclasses import dataclass

from inspection.judge import Fusion, Limits
from inspection.recipe import Recipe, resolve_limits
from models.card import Card
from models.session import ModelSession
from training.measuring.evaluate import in_force


@dataclass(frozen=True, slots=True)
class Judge:
    """A model at work, and the limits that its findings are held against."""

    session: ModelSession
    limits: Limits


def limits_on_the_line(card: Card, recipe: Recipe | None) -> Limits:
    """What the line would have in force for a model of this card, and to several views of a part.

    recipe: of the station; None for the limits on the card alone. Of cameras of which each has
    limits of its own (areas in mm², and another scale) those of the first hold: which camera took a
    labelled picture is not on record. Raises RecipeError for a recipe that the model does not fit.
    """
    if recipe is None:
        return in_force(card.limits)
    limits = resolve_limits(recipe, card, recipe.cameras[0])
    if len(recipe.view_names) > 1:
        return limits
    return Limits(limits.by_class, limits.on_doubt, Fusion.ANY)  # a single view is not fused


def as_its_champion_runs(recipe: Recipe, champion: Card) -> Recipe:
    """The recipe without the classes that this champion does not know yet."""
    known = {name: own for name, own in recipe.limits.items() if name in champion.classes}
    return recipe.model_copy(update={"limits": known})
