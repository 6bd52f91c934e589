"""What the gate says, check by check: as values, as JSON of a versioned form, and as a hash."""

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inspection.judge import Limits
from models.bundle import Bundle
from models.card import Probability, Rate, Sha256

REPORT_FORMAT = 1


class Answer(StrEnum):
    """What a check says of the challenger; only a no keeps it from taking over."""

    YES = "yes"
    NO = "no"
    NOT_MEASURED = "not measured"


class Section(BaseModel):
    """Strict and frozen: an unknown key in a report is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Paired(Section):
    """The errors of two models on the same parts, each share with its exact interval.

    what: which errors. champion: None where there is no champion to hold the challenger against.
    only_champion, only_challenger: parts that this one alone got wrong.
    p_value: exact two-sided McNemar test of the two being equally often wrong.
    """

    what: str
    champion: Rate | None
    challenger: Rate
    only_champion: Annotated[int, Field(ge=0)] = 0
    only_challenger: Annotated[int, Field(ge=0)] = 0
    p_value: Probability | None = None

    @property
    def more(self) -> int:
        """How many more errors the challenger makes; all of its own where there is no champion."""
        return self.challenger.events - (0 if self.champion is None else self.champion.events)


class Measure(Section):
    """A quantity of both models, and their ratio: challenger to champion.

    lower, upper: the smallest and the largest ratio of `rounds` rounds, between which the true
    median lies with 1 - 2^(1 - rounds) confidence. ratio: the median of the rounds.
    """

    what: str
    unit: str
    champion: float | None
    challenger: float
    ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    rounds: Annotated[int, Field(ge=1)] = 1


class Check(Section):
    """One question to the challenger: its rule in words, what was found, and the answer."""

    name: str
    rule: str
    answer: Answer
    found: str
    rates: tuple[Paired, ...] = ()
    measures: tuple[Measure, ...] = ()


class LimitUsed(Section):
    """What findings of a class were held against; area_px in pixels of the first camera."""

    class_name: str
    score: float
    area_px: float
    doubt_score: float


class Contender(Section):
    """A bundle that was compared; signed_by: the public keys that signed it.

    limits: in force for its findings; none in a report of an older Passline.
    """

    label: str
    digest: Sha256
    signed_by: tuple[str, ...] = ()
    limits: tuple[LimitUsed, ...] = ()


class DataUsed(Section):
    """The locked parts that judged; sha256 is over pictures, labels and part names."""

    source: str
    sha256: Sha256
    pictures: int
    parts: int
    good: int
    defective: int


class Difference(Section):
    """A part that one of the two got wrong and the other right.

    defects: its defect classes; none for a good part.
    """

    part: str
    picture: str
    defects: tuple[str, ...]
    champion_rejects: bool
    challenger_rejects: bool

    @property
    def champion_is_right(self) -> bool:
        return self.champion_rejects == bool(self.defects)


class GateReport(Section):
    """The whole comparison, as it goes into the registry.

    champion: None for a station that has none yet. judged_by: whose limits were in force.
    """

    format: Literal[1] = REPORT_FORMAT
    made_utc: str
    software: str
    challenger: Contender
    champion: Contender | None
    judged_by: str = "the limits on each model's card"
    data: DataUsed
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    differences: tuple[Difference, ...]
    passed: bool

    @model_validator(mode="after")
    def _passed_is_what_the_checks_say(self) -> "GateReport":
        if self.passed != passes(self.checks):
            raise ValueError(f"passed is {self.passed}, the checks say otherwise")
        return self

    @property
    def against(self) -> tuple[str, ...]:
        """Why the answer is no, check by check; empty for yes."""
        return tuple(
            f"{check.name}: {check.found}" for check in self.checks if check.answer is Answer.NO
        )

    def check(self, name: str) -> Check:
        """The check of this name. Raises KeyError."""
        return {check.name: check for check in self.checks}[name]

    def json_text(self) -> str:
        """The report as it is kept: one form for one content."""
        return self.model_dump_json(indent=2) + "\n"

    def sha256(self) -> str:
        """SHA-256 over `json_text`; names the report on paper and in the registry."""
        return hashlib.sha256(self.json_text().encode()).hexdigest()

    def evidence(self) -> dict[str, Any]:
        """Plain values for the registry's log."""
        return {"report_sha256": self.sha256(), **self.model_dump(mode="json")}


def passes(checks: tuple[Check, ...]) -> bool:
    """True when no check says no."""
    return all(check.answer is not Answer.NO for check in checks)


def contender(bundle: Bundle, limits: Limits) -> Contender:
    """A bundle as the report names it, with the limits in force."""
    used = tuple(
        LimitUsed(
            class_name=name,
            score=limit.score,
            area_px=limit.area_px,
            doubt_score=limit.doubt_score,
        )
        for name, limit in limits.by_class.items()
    )
    return Contender(
        label=bundle.label, digest=bundle.digest, signed_by=bundle.signed_by, limits=used
    )
