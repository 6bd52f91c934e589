"""All that a recipe says."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from inspection.errors import RecipeError
from inspection.recipe.cameras import View
from inspection.recipe.charts import DEFAULT_CHARTS, Chart, SignalOutput, StationChart
from inspection.recipe.drift import DriftWatch
from inspection.recipe.judging import ClassLimits, Costs, Doubt, FusionChoice
from inspection.recipe.section import Count, Name, Positive, Section
from inspection.recipe.succession import PromotionGuard, ShadowTrial
from models.errors import SigningError


def _as_list(tables: object) -> object:
    """One table is a list of one."""
    return [tables] if isinstance(tables, dict) else tables


class ShiftStart(Section):
    """A shift: its name, and when it begins on the clock on the wall, as HH:MM."""

    name: Name
    start: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class ModelChoice(Section):
    """Which model judges: the champion of this name in the registry.

    trusted_keys: public keys, as `passline keys new` prints them; a model that none of them signed
        is refused. Every model is accepted when left out.
    """

    name: str
    provider: str = "CPUExecutionProvider"
    threads: Count = 1
    trusted_keys: Annotated[list[str], Field(min_length=1)] | None = None

    @field_validator("trusted_keys")
    @classmethod
    def _are_keys(cls, keys: list[str] | None) -> list[str] | None:
        if keys is not None:
            from models.keys import check_public  # a station that signs nothing needs no crypto

            for key in keys:
                try:
                    check_public(key)
                except SigningError as error:
                    raise ValueError(str(error)) from error
        return keys


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
    fusion: FusionChoice = FusionChoice()
    costs: Costs = Costs()
    gate: Annotated[SimulatedGate | ModbusGate, Field(discriminator="kind")]
    keep: Keep = Keep()
    shadow: ShadowTrial = ShadowTrial()
    guard: PromotionGuard = PromotionGuard()
    drift: DriftWatch = DriftWatch()
    chart: list[Chart] = []
    output: list[SignalOutput] = []

    @property
    def charts(self) -> tuple[StationChart, ...]:
        """The charts that the watch draws: the recipe's own or the default ones, guard, drift."""
        drift = self.drift.charts(len(self.cameras))
        return (*(self.chart or DEFAULT_CHARTS), *self.guard.charts, *drift)

    @model_validator(mode="after")
    def _charts_and_outputs_have_names_of_their_own(self) -> "Recipe":
        charts = [*self.chart, *PromotionGuard().charts, *DriftWatch().charts(1)]
        for what, sections in (("chart", charts), ("output", self.output)):
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
