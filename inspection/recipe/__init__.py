"""A recipe: what a product is inspected for, from a TOML file that is checked to the last key."""

from inspection.recipe.cameras import (
    FolderCamera,
    GenicamCamera,
    RecordedCamera,
    Region,
    View,
)
from inspection.recipe.contents import (
    ModbusGate,
    Recipe,
    ShiftStart,
    SimulatedGate,
)
from inspection.recipe.fit import check_fits
from inspection.recipe.limits import (
    resolve_limits,
)
from inspection.recipe.load import (
    LoadedRecipe,
    load_recipe,
    parse_recipe,
)
from inspection.recipe.templates import Template, Templates, load_templates

__all__ = [
    "FolderCamera",
    "GenicamCamera",
    "LoadedRecipe",
    "ModbusGate",
    "Recipe",
    "RecordedCamera",
    "Region",
    "ShiftStart",
    "SimulatedGate",
    "Template",
    "Templates",
    "View",
    "check_fits",
    "load_recipe",
    "load_templates",
    "parse_recipe",
    "resolve_limits",
]
