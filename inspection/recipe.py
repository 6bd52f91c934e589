"""A recipe: what a product is inspected for, from a TOML file that is checked to the last key."""

import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan
from camera.wireformats import check_known
from inspection.errors import RecipeError
from inspection.judge import Limit, Limits, OnDoubt
from models.card import Card

Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Section(BaseModel):
    """Strict and frozen: an unknown key is an error that names the nearest known one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Region(Section):
    """The part of the picture that is inspected, in pixels of the camera's picture."""

    left: Annotated[int, Field(ge=0)]
    top: Annotated[int, Field(ge=0)]
    width: Count
    height: Count


class GenicamCamera(Section):
    """A GenICam camera behind a GenTL producer; at least one of serial, id and model picks it."""

    source: Literal["genicam"]
    producers: Annotated[list[str], Field(min_length=1)]
    serial: str | None = None
    id: str | None = None
    model: str | None = None
    features: dict[str, bool | int | float | str] = {}

    @field_validator("features")
    @classmethod
    def _pixels_can_be_read(cls, features: dict[str, Any]) -> dict[str, Any]:
        if "PixelFormat" in features:
            check_known(str(features["PixelFormat"]))
        return features

    @model_validator(mode="after")
    def _is_named(self) -> "GenicamCamera":
        if not (self.serial or self.id or self.model):
            raise ValueError("name the camera by serial, id or model")
        return self


class FolderCamera(Section):
    """A folder of pictures, replayed in the order of their names."""

    source: Literal["folder"]
    path: str
    pace_hz: Positive | None = None


class RenderedCamera(Section):
    """Rendered parts on a simulated belt, as `camera.belt` describes them.

    belt: a file that says what the belt carries, read again whenever it changes; a steady belt of
        the renderer's ordinary parts when left out.
    """

    source: Literal["rendered"]
    seed: Annotated[int, Field(ge=0)] = 1
    pace_hz: Positive | None = None
    parts: Count | None = None
    belt: str | None = None


class TriggerSection(Section):
    """What starts a picture of a GenICam camera; see docs/triggers-and-timing.md.

    max_wait_ms: a trigger that has no picture by then is lost, and its part rejected.
    """

    max_wait_ms: Positive = 1000.0


class FreeTrigger(TriggerSection):
    """The camera takes pictures at its own pace; left out, the rate is as the features say."""

    mode: Literal["free"]
    rate_hz: Positive | None = None

    @property
    def plan(self) -> TriggerPlan:
        return FreeRun(self.rate_hz)


class CommandedTrigger(TriggerSection):
    """The station commands a picture so many times a second."""

    mode: Literal["software"]
    rate_hz: Positive

    @property
    def plan(self) -> TriggerPlan:
        return SoftwareTrigger(self.rate_hz)


class InputTrigger(TriggerSection):
    """A light barrier, an encoder or a PLC at an input of the camera starts each picture."""

    mode: Literal["line"]
    line: str = "Line0"
    activation: Literal["RisingEdge", "FallingEdge", "AnyEdge"] = "RisingEdge"

    @property
    def plan(self) -> TriggerPlan:
        return LineTrigger(self.line, self.activation)


Trigger = Annotated[FreeTrigger | CommandedTrigger | InputTrigger, Field(discriminator="mode")]


class View(Section):
    """One camera's picture of the part.

    mm_per_px: size of a pixel on the part; needed for limits in mm².
    full_scale: highest grey value the camera gives, where it is not that of 8 or 16 bits.
    max_age_ms: a picture older than this when its turn comes is late.
    trigger: what starts a picture; left out, as the features say.
    """

    id: Name
    region: Region | None = None
    mm_per_px: Positive | None = None
    full_scale: Annotated[int, Field(ge=1, le=65535)] | None = None
    max_age_ms: Positive = 1000.0
    trigger: Trigger | None = None
    device: Annotated[GenicamCamera | FolderCamera | RenderedCamera, Field(discriminator="source")]

    @model_validator(mode="after")
    def _trigger_is_said_once(self) -> "View":
        if self.trigger is None:
            return self
        if not isinstance(self.device, GenicamCamera):
            raise ValueError("only a genicam camera has a trigger; pace_hz paces the others")
        said = [name for name in self.device.features if name.startswith("Trigger")]
        if said:
            raise ValueError(f"say what triggers it under trigger or as {said[0]}, not as both")
        return self


class ModelChoice(Section):
    """Which model judges: the champion of this name in the registry."""

    name: str
    provider: str = "CPUExecutionProvider"
    threads: Count = 1


class ClassLimits(Section):
    """Overrides the card's limits of one defect class; score 0 to 1, area in px or in mm²."""

    score: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    area_px: Annotated[float, Field(ge=0.0)] | None = None
    area_mm2: Annotated[float, Field(ge=0.0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "ClassLimits":
        if self.area_px is not None and self.area_mm2 is not None:
            raise ValueError("give the area in px or in mm², not in both")
        return self


class Doubt(Section):
    """Scores less than `band` below a limit are doubtful; `action` says what then happens."""

    band: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    action: Literal["reject", "review"] = "reject"


class SimulatedGate(Section):
    """The simulated conveyor: the part reaches the gate `travel_ms` after the picture."""

    kind: Literal["simulated"]
    travel_ms: Positive = 500.0


class ModbusGate(Section):
    """A PLC that reads verdicts from coils over Modbus TCP; see docs/modbus-gate.md."""

    kind: Literal["modbus"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    first_coil: Annotated[int, Field(ge=0, le=65535)] = 0
    slots: Annotated[int, Field(ge=1, le=1000)] = 16
    timeout_ms: Positive = 200.0


class Keep(Section):
    """Which pictures are kept: every reject, and one pass in `passes_one_in` (0 keeps none)."""

    passes_one_in: Annotated[int, Field(ge=0)] = 20


class Chart(Section):
    """The p chart of rejects: parts per subgroup, and how many subgroups freeze the limits."""

    subgroup_parts: Count = 50
    baseline_subgroups: Annotated[int, Field(ge=2)] = 20


class Recipe(Section):
    """What a product is inspected for."""

    product: Name
    station: Name = "station1"
    lot: str = ""
    verdict_deadline_ms: Positive = 400.0
    camera: View
    model: ModelChoice
    limits: dict[str, ClassLimits] = {}
    doubt: Doubt = Doubt()
    gate: Annotated[SimulatedGate | ModbusGate, Field(discriminator="kind")]
    keep: Keep = Keep()
    chart: Chart = Chart()


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
        faults = "\n  ".join(_fault(dict(fault)) for fault in error.errors())
        raise RecipeError(f"{where}:\n  {faults}") from error


def resolve_limits(recipe: Recipe, card: Card) -> Limits:
    """The limits in force: the card's, overridden by the recipe's, in pixels.

    Raises RecipeError when the recipe names a class the model does not know, sets a limit below
    the card's floor (findings there do not exist), or gives mm² without a scale.
    """
    unknown = sorted(set(recipe.limits) - set(card.classes))
    if unknown:
        known = ", ".join(card.classes)
        raise RecipeError(f"limits.{unknown[0]}: {card.name} has no such class; it has {known}")
    by_class = {name: _limit(recipe, card, name) for name in card.classes}
    return Limits(by_class, OnDoubt(recipe.doubt.action))


def _limit(recipe: Recipe, card: Card, name: str) -> Limit:
    own = recipe.limits.get(name, ClassLimits())
    score = card.limits[name].score if own.score is None else own.score
    if score < card.floor:
        raise RecipeError(
            f"limits.{name}.score: {score} is below {card.name}'s floor of {card.floor}: "
            "the model reports no findings there"
        )
    area_px = card.limits[name].area_px if own.area_px is None else own.area_px
    if own.area_mm2 is not None:
        scale = recipe.camera.mm_per_px
        if scale is None:
            raise RecipeError(f"limits.{name}.area_mm2: needs camera.mm_per_px")
        area_px = own.area_mm2 / (scale * scale)
    return Limit(score, area_px, max(card.floor, score - recipe.doubt.band))


def _fault(fault: dict[str, Any]) -> str:
    where = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        near = difflib.get_close_matches(key, _known_keys(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{where}: no such key{hint}"
    return f"{where}: {fault['msg']} (got {fault['input']!r:.80})"


def _known_keys() -> list[str]:
    sections: list[type[Section]] = [Section]
    keys: list[str] = []
    while sections:
        section = sections.pop()
        sections.extend(section.__subclasses__())
        keys.extend(section.model_fields)
    return keys


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
