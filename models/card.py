"""The card of a bundle: everything a model says of itself, checked when it is read."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import BundleError

CARD_FILE = "card.json"
CARD_FORMAT = 1
SIDES = 4
"""The last maps of a detector: how far the left, top, right and bottom sides are."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class CardPart(BaseModel):
    """Strict and frozen: an unknown key on a card is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Normalisation(CardPart):
    """How grey values become network input; see `models.preprocess`.

    linear: (pixel / full_scale - mean) / std.
    log_median: log((255 pixel / full_scale) + offset) minus the picture's median of the same;
        takes out exposure and lamp level, which act as factors.
    """

    kind: Literal["linear", "log_median"] = "linear"
    mean: float = 0.0
    std: Annotated[float, Field(gt=0.0)] = 1.0
    offset: Annotated[float, Field(gt=0.0)] = 6.0


class InputSpec(CardPart):
    """The graph's input: float32 NCHW with one batch entry.

    size_hw: height and width in pixels that a picture is resized to; both multiples of 8.
    template: whether a golden template of the part follows the picture, plane after plane.
    """

    name: str = "image"
    layout: Literal["NCHW"] = "NCHW"
    channels: Literal[1, 3] = 1
    size_hw: tuple[
        Annotated[int, Field(ge=32, le=4096, multiple_of=8)],
        Annotated[int, Field(ge=32, le=4096, multiple_of=8)],
    ]
    normalisation: Normalisation = Normalisation()
    template: bool = False

    @property
    def planes(self) -> int:
        """How many planes the graph is given: those of the picture, and of its template."""
        return self.channels * (2 if self.template else 1)


class OutputSpec(CardPart):
    """What the graph's output means.

    heatmap: probabilities, shape (1, classes, height / stride, width / stride).
    centres: probabilities that a defect of the class has its centre in the cell, then how far its
        left, top, right and bottom sides are from the cell's middle, in input pixels; shape
        (1, classes + 4, height / stride, width / stride).
    """

    name: str
    kind: Literal["heatmap", "centres"]
    stride: Annotated[int, Field(ge=1, le=64)] = 1


class ClassLimit(CardPart):
    """A finding of this class rejects the part from this score and this area on.

    score: lowest rejecting peak score. area_px: lowest rejecting area, in picture pixels.
    """

    score: Probability
    area_px: Annotated[float, Field(ge=0.0)] = 0.0


class Rate(CardPart):
    """A measured share with its exact (Clopper-Pearson) interval; `events` of `n`."""

    events: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=0)]
    rate: Probability
    lower: Probability
    upper: Probability
    confidence: Probability = 0.95


class Familiar(CardPart):
    """What the pictures were like that the model learnt from; see `models.familiar`.

    darkest, brightest: lowest and highest mean of a picture. flattest: lowest standard deviation.
    All of full scale.
    """

    darkest: Probability
    brightest: Probability
    flattest: Probability


class Metrics(CardPart):
    """What was measured on parts the training never saw, at the card's own limits.

    escapes: defective parts passed, of all defective ones. false_rejects: good parts rejected,
    of all good ones. auroc: area under the curve of the part score, None with one class only.
    parity_max_abs: largest difference between torch and onnxruntime on real pictures.
    """

    escapes: Rate
    false_rejects: Rate
    auroc: Probability | None
    parity_max_abs: Annotated[float, Field(ge=0.0)]
    test_parts: Annotated[int, Field(ge=0)]


class Precision(CardPart):
    """In how many bits the graph computes, and what spoke for it on the machine that trained it.

    p99: 99th percentile of one run's processor time, on one thread. figure: the task's own, by
    name, and what it was on validation parts; None where it was not measured.
    """

    kind: Literal["fp32", "int8"]
    why: str = ""
    fp32_p99_ms: Annotated[float, Field(ge=0.0)]
    int8_p99_ms: Annotated[float, Field(ge=0.0)] | None = None
    figure: str = ""
    fp32_figure: Probability | None = None
    int8_figure: Probability | None = None


class Origin(CardPart):
    """Where the model came from, so that it can be made again.

    manifest: digest of the manifest that froze its data, where one did.
    """

    created_utc: str
    data: str
    data_sha256: Sha256
    manifest: Sha256 | None = None
    seed: int
    code_version: str
    command: str
    parent: str | None = None


class Card(CardPart):
    """A bundle's card. `hashes` names every other file of the bundle with its SHA-256.

    floor: map cells from this probability on belong to a finding; findings below the limits are
    recorded too, so no limit may lie below it.
    familiar: None where it is not known; then every picture is answered.
    """

    format: Literal[1] = CARD_FORMAT
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    task: Literal["segmentation", "detection", "classification"]
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    input: InputSpec
    output: OutputSpec
    floor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    limits: dict[str, ClassLimit]
    hashes: dict[str, Sha256]
    metrics: Metrics
    origin: Origin
    licence: str
    precision: Precision | None = None
    familiar: Familiar | None = None

    @property
    def maps_shape(self) -> tuple[int, int, int, int]:
        """The shape of what the graph gives."""
        height, width = self.input.size_hw
        stride = self.output.stride
        maps = len(self.classes) + (SIDES if self.output.kind == "centres" else 0)
        return 1, maps, height // stride, width // stride

    @model_validator(mode="after")
    def _names_agree(self) -> "Card":
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes repeat: {self.classes}")
        if set(self.limits) != set(self.classes):
            raise ValueError(f"limits are for {sorted(self.limits)}, classes are {self.classes}")
        low = [name for name, limit in self.limits.items() if limit.score < self.floor]
        if low:
            raise ValueError(f"limits of {low} are below the floor of {self.floor}")
        kind = "centres" if self.task == "detection" else "heatmap"
        if self.output.kind != kind:
            raise ValueError(f"task {self.task} needs output {kind}, card says {self.output.kind}")
        if "model.onnx" not in self.hashes:
            raise ValueError("hashes do not name model.onnx")
        return self


def read_card(folder: Path) -> Card:
    """The checked card of the bundle in `folder`. Raises BundleError."""
    path = folder / CARD_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: no readable card: {error}") from error
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise BundleError(f"{path}: {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(step) for step in fault["loc"]) or "card"
    more = error.error_count() - 1
    return f"{where}: {fault['msg']}" + (f" (and {more} more)" if more else "")
