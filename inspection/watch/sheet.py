"""What one step of the watch adds to its database, gathered before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inspection.records.charts import StageLimits
from inspection.spc.result import Side
from inspection.watch.subgroups import Subgroup


@dataclass(frozen=True, slots=True)
class Lines:
    """What a point is drawn with and against. rules: those that signal at it."""

    value: float
    center: float | None = None
    lower: float | None = None
    upper: float | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that signals at a point.

    first_part: where its pattern begins. rate: of rejects in control, where that is known.
    """

    rule: str
    side: Side
    first_part: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A subgroup as drawn, with what signals at it."""

    subgroup: Subgroup
    lines: Lines
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """A signal: the pattern's parts and the point that completes it.

    known_part: the part with which it was known. rate: of rejects in control, where it is known.
    """

    chart: str
    stage: int
    rule: str
    side: Side
    first_part: int
    last_part: int
    known_part: int
    at_utc_ns: int
    lines: Lines
    rate: float | None


@dataclass(frozen=True, slots=True)
class NewStage:
    """A stage of a chart begins, in phase I."""

    chart: str
    number: int
    first_part: int
    begun_utc_ns: int
    because: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A stage's phase I is over: its limits are frozen from here on.

    reference: its values, where later ones are held against them all.
    """

    chart: str
    stage: int
    part: int
    utc_ns: int
    limits: StageLimits
    reference: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """Something changed at the station."""

    at_utc_ns: int
    part_number: int | None
    kind: str
    text: str


@dataclass(slots=True)
class Sheet:
    """All that a step adds. points: by chart and number, with their stage; later ones replace."""

    points: dict[tuple[str, int], tuple[int, Subgroup, Lines]] = field(
        default_factory=dict[tuple[str, int], tuple[int, Subgroup, Lines]]
    )
    raised: list[Raised] = field(default_factory=list[Raised])
    stages: list[NewStage] = field(default_factory=list[NewStage])
    frozen: list[Frozen] = field(default_factory=list[Frozen])
    noted: list[Noted] = field(default_factory=list[Noted])
    hours: dict[tuple[Any, ...], Mapping[str, Any]] = field(
        default_factory=dict[tuple[Any, ...], Mapping[str, Any]]
    )
