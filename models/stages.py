"""What a registry's events add up to: which bundle is on trial, beside the line, on it, or done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from models.errors import RegistryError


class Action(StrEnum):
    """What can be done to a bundle."""

    ADD = "add"
    SHADOW = "shadow"
    END_SHADOW = "end_shadow"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"
    RETIRE = "retire"


class Stage(StrEnum):
    """Where a bundle stands: on trial, beside the champion, on the line, or done."""

    CHALLENGER = "challenger"
    SHADOW = "shadow"
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One line of the log: what was done to which bundle, when, by whom and why.

    evidence: the figures it was done on, such as the gate's for a promotion.
    """

    at_utc: str
    action: Action
    name: str
    label: str
    digest: str
    who: str
    why: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the bundles of one name stand.

    reigns: labels of the champions that stand, oldest first; the last one judges now. A roll-back
        ends the last, and a bundle that was retired is none to roll back to.
    shadow: the label of the bundle that judges beside the champion.
    stages: every bundle by label, in the order of coming in.
    """

    reigns: tuple[str, ...] = ()
    shadow: str | None = None
    stages: Mapping[str, Stage] = field(default_factory=dict[str, Stage])

    @property
    def champion(self) -> str | None:
        return self.reigns[-1] if self.reigns else None


def standings(events: Iterable[RegistryEvent]) -> dict[str, Standing]:
    """How each model name's bundles stand after these events, oldest first.

    Raises RegistryError for events that cannot have followed each other.
    """
    found: dict[str, Standing] = {}
    for event in events:
        found[event.name] = _after(found.get(event.name, Standing()), event)
    return found


def _after(standing: Standing, event: RegistryEvent) -> Standing:
    label = event.label
    match event.action:
        case Action.ADD:
            return _staged(standing, label, Stage.CHALLENGER)
        case Action.SHADOW:
            return replace(_staged(standing, label, Stage.SHADOW), shadow=label)
        case Action.END_SHADOW:
            return replace(_staged(standing, label, Stage.CHALLENGER), shadow=None)
        case Action.PROMOTE:
            return _crowned(standing, (*standing.reigns, label))
        case Action.ROLL_BACK:
            if len(standing.reigns) < 2:
                raise RegistryError(
                    f"the log rolls {event.name} back to {label} at {event.at_utc}, and there was "
                    "no champion before: restore the registry from a copy"
                )
            return _crowned(standing, standing.reigns[:-1])
        case Action.RETIRE:
            reigns = tuple(reign for reign in standing.reigns if reign != label)
            return replace(_staged(standing, label, Stage.RETIRED), reigns=reigns)


def _crowned(standing: Standing, reigns: tuple[str, ...]) -> Standing:
    """The last of `reigns` judges from now on; the champion before is done."""
    after = standing
    if standing.champion is not None:
        after = _staged(after, standing.champion, Stage.RETIRED)
    after = _staged(after, reigns[-1], Stage.CHAMPION)
    return replace(after, reigns=reigns)


def _staged(standing: Standing, label: str, stage: Stage) -> Standing:
    shadow = None if standing.shadow == label else standing.shadow
    return replace(standing, stages={**standing.stages, label: stage}, shadow=shadow)
