"""A recipe's cameras: where pictures come from, what starts them, how they are judged."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan
from camera.wireformats import check_known
from inspection.recipe.section import Count, Name, Positive, Section


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
    template: a picture of how the part should look, for a model that compares the two; a table
        with one for each of the `frames`, where there are several. See docs/templates.md.
    trigger: what starts a picture; left out, as the features say.
    """

    id: Name
    frames: Annotated[list[Name], Field(max_length=16)] = []
    region: Region | None = None
    mm_per_px: Positive | None = None
    full_scale: Annotated[int, Field(ge=1, le=65535)] | None = None
    max_age_ms: Positive = 1000.0
    light_reference: str | None = None
    template: str | dict[Name, str] | None = None
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
    def _each_frame_has_its_template(self) -> "View":
        if isinstance(self.template, str) and len(self.frames) > 1:
            table = ", ".join(f'{frame} = "{self.template}"' for frame in self.frames)
            raise ValueError(f"each light has a template of its own: template = {{ {table} }}")
        if isinstance(self.template, dict) and set(self.template) != set(self.frames):
            raise ValueError(
                f"templates are for {', '.join(self.template)}; "
                f"the frames are {', '.join(self.frames) or 'not named'}"
            )
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

    @property
    def templates(self) -> dict[str, str]:
        """The file of each view's template, by the view's name; empty where there are none."""
        if isinstance(self.template, dict):
            return {f"{self.id}.{frame}": self.template[frame] for frame in self.frames}
        return {} if self.template is None else dict.fromkeys(self.view_names, self.template)
