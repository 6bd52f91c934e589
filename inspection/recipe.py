"""A recipe: what a product is inspected for, from a TOML file that is checked to the last key."""

import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan
from camera.wireformats import check_known
from inspection.chart_recipe import DEFAULT_CHARTS, Chart, SignalOutput
from inspection.errors import RecipeError
from inspection.judge import Limit, Limits, OnDoubt
from inspection.section import Count, Name, Positive, Section
from models.card import Card


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


class RecordedCamera(Section):
    """A session that `passline record` kept, played back; see docs/recording.md.

    speed: 1 is the original timing, 2 twice as fast; 0 gives each picture when it is asked for.
    """

    source: Literal["recording"]
    path: str
    speed: Annotated[float, Field(ge=0.0)] = 1.0


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


_SAID_BY_TRIGGER = ("TriggerMode", "TriggerSource", "TriggerActivation")

Trigger = Annotated[FreeTrigger | CommandedTrigger | InputTrigger, Field(discriminator="mode")]


class View(Section):
    """A camera and how its pictures of the part are judged: one view of the part, or several.

    frames: the names of the pictures that it takes of each part, for a sequence of lights; each is
        a view of its own. One picture, named like the camera, when left out.
    mm_per_px: size of a pixel on the part; needed for limits in mm².
    full_scale: highest grey value the camera gives, where it is not that of its pixel format.
    max_age_ms: a picture older than this when its turn comes is late.
    light_reference: a file of `passline camera reference`, which the health of pictures is
        measured against.
    trigger: what starts a picture; left out, as the features say.
    """

    id: Name
    frames: Annotated[list[Name], Field(max_length=16)] = []
    region: Region | None = None
    mm_per_px: Positive | None = None
    full_scale: Annotated[int, Field(ge=1, le=65535)] | None = None
    max_age_ms: Positive = 1000.0
    light_reference: str | None = None
    trigger: Trigger | None = None
    device: Annotated[
        GenicamCamera | FolderCamera | RecordedCamera | RenderedCamera,
        Field(discriminator="source"),
    ]

    @model_validator(mode="after")
    def _reference_is_of_one_light(self) -> "View":
        if self.light_reference is not None and len(self.frames) > 1:
            raise ValueError("a light reference is of one light, not of a sequence of frames")
        return self

    @model_validator(mode="after")
    def _trigger_is_said_once(self) -> "View":
        if self.trigger is None:
            return self
        if not isinstance(self.device, GenicamCamera):
            raise ValueError("only a genicam camera has a trigger; pace_hz paces the others")
        said = [name for name in self.device.features if name.split("[")[0] in _SAID_BY_TRIGGER]
        if said:
            raise ValueError(f"say what triggers it under trigger or as {said[0]}, not as both")
        return self

    @property
    def view_names(self) -> tuple[str, ...]:
        """What its pictures of a part are called, in the order in which they are taken."""
        return tuple(f"{self.id}.{frame}" for frame in self.frames) or (self.id,)


def _as_list(tables: object) -> object:
    """One table is a list of one."""
    return [tables] if isinstance(tables, dict) else tables


class ShiftStart(Section):
    """A shift: its name, and when it begins on the clock on the wall, as HH:MM."""

    name: Name
    start: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


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


class Recipe(Section):
    """What a product is inspected for.

    lot: the parts' lot until `passline lot` orders another.
    time_zone: of the shifts, an IANA name such as Europe/Vienna; the machine's own when left out.
    backpressure: what happens when the line cannot keep up and a picture grows too old: its part is
        rejected as late, or the line stops in its safe state as well.
    join_timeout_ms: how long after the first picture of a part the others may come: longer than any
        picture takes, shorter than half the time between two parts.
    """

    product: Name
    station: Name = "station1"
    lot: str = ""
    verdict_deadline_ms: Positive = 400.0
    time_zone: str | None = None
    shifts: Annotated[list[ShiftStart], Field(alias="shift", min_length=1, max_length=24)] = [
        ShiftStart(name="day", start="00:00")
    ]
    backpressure: Literal["reject_late", "stop"] = "reject_late"
    join_timeout_ms: Positive = 100.0
    cameras: Annotated[
        list[View], BeforeValidator(_as_list), Field(alias="camera", min_length=1, max_length=16)
    ]
    model: ModelChoice
    limits: dict[str, ClassLimits] = {}
    doubt: Doubt = Doubt()
    gate: Annotated[SimulatedGate | ModbusGate, Field(discriminator="kind")]
    keep: Keep = Keep()
    chart: list[Chart] = []
    output: list[SignalOutput] = []

    @property
    def charts(self) -> tuple[Chart, ...]:
        """The charts that the watch draws: the recipe's own, or the default ones."""
        return tuple(self.chart) or DEFAULT_CHARTS

    @model_validator(mode="after")
    def _charts_and_outputs_have_names_of_their_own(self) -> "Recipe":
        for what, sections in (("chart", self.chart), ("output", self.output)):
            names = [section.name for section in sections]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two of [[{what}]] are named {twice[0]!r}; give each its own")
        return self

    @field_validator("time_zone")
    @classmethod
    def _is_a_time_zone(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (KeyError, OSError) as error:
            raise ValueError("not the name of a time zone, such as Europe/Vienna") from error

    @field_validator("shifts")
    @classmethod
    def _shifts_begin_apart(cls, shifts: list[ShiftStart]) -> list[ShiftStart]:
        for values in ([each.name for each in shifts], [each.start for each in shifts]):
            if len(set(values)) < len(values):
                raise ValueError("two shifts have one name, or begin at the same time")
        return shifts

    @model_validator(mode="after")
    def _views_have_names_of_their_own(self) -> "Recipe":
        for names in ([camera.id for camera in self.cameras], list(self.view_names)):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two cameras or views are named {twice!r}: give each its own")
        return self

    @property
    def view_names(self) -> tuple[str, ...]:
        """The views of a part, in order."""
        return tuple(name for camera in self.cameras for name in camera.view_names)

    def view(self, camera_id: str) -> View:
        """The camera of this id. Raises RecipeError when there is none."""
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        raise RecipeError(
            f"no camera {camera_id!r}; the recipe has "
            f"{', '.join(camera.id for camera in self.cameras)}"
        )


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
    return Limits(by_class, OnDoubt(recipe.doubt.action))


def _limit(recipe: Recipe, card: Card, camera: View, name: str) -> Limit:
    own = recipe.limits.get(name, ClassLimits())
    score = card.limits[name].score if own.score is None else own.score
    if score < card.floor:
        raise RecipeError(
            f"limits.{name}.score: {score} is below {card.name}'s floor of {card.floor}: "
            "the model reports no findings there"
        )
    area_px = card.limits[name].area_px if own.area_px is None else own.area_px
    if own.area_mm2 is not None:
        scale = camera.mm_per_px
        if scale is None:
            raise RecipeError(f"limits.{name}.area_mm2: needs camera.mm_per_px of {camera.id}")
        area_px = own.area_mm2 / (scale * scale)
    return Limit(score, area_px, max(card.floor, score - recipe.doubt.band))


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
