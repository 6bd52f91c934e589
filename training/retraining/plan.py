"""What an unattended retraining is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from inspection.records.retraining import Outcome
from models.bundle import Bundle
from models.card import Card
from training.data.dataset import Dataset
from training.fitting.fit import Plan
from training.order import Task
from training.tasks.choice import usual_plan


class Then(StrEnum):
    """What becomes of a challenger that the gate lets through."""

    SHADOW = "shadow"  # it judges beside the champion
    PROPOSE = "propose"  # it waits in the registry, and a note says so
    PROMOTE = "promote"  # it is champion at once


@dataclass(frozen=True, slots=True)
class Ruling:
    """The gate's word.

    against: why it is no; empty for yes. evidence: plain values, for the logs. report: the whole
    comparison as texts, by the names of their files.
    """

    against: tuple[str, ...]
    evidence: Mapping[str, Any]
    report: Mapping[str, str]


Gate = Callable[[Bundle, Bundle, Dataset], Ruling]
"""Holds a challenger against the champion on the locked parts of a data set."""

FineTuning = Callable[[Dataset, Card], Plan]
"""How to fine-tune the champion of this card on a data set."""


def fine_tuning(
    minutes: float | None, epochs: int | None = None, seed: int = 0, threads: int = 1
) -> FineTuning:
    """The usual fine-tuning of the champion's task, for so many minutes or epochs."""

    def plan(dataset: Dataset, champion: Card) -> Plan:
        usual = usual_plan(dataset, Task.AUTO, champion)
        return replace(usual, minutes=minutes, epochs=epochs, seed=seed, threads=threads)

    return plan


def _nobody(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class RetrainPlan:
    """How to retrain.

    fit: the fine-tuning. needed: labels since the last run that are worth one. base: labelled
    pictures beside the records, such as the commissioning set. then: see `Then`. tell: is called
    with each step, in words.
    """

    fit: FineTuning
    gate: Gate
    needed: int = 20
    base: tuple[Dataset, ...] = ()
    then: Then = Then.SHADOW
    command: str = ""
    because: str = "new labels"
    tell: Callable[[str], None] = _nobody


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: the outcome, and one sentence for people."""

    outcome: Outcome
    said: str
