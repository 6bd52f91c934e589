"""What the champion before did, for the guard on the one that takes over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from inspection.watch.observed import Floats
from models.registry import Registry
from models.stages import Action, RegistryEvent

Promoted = Callable[[str, int], bool]
"""Whether the bundle of this digest judges, at this time (UTC), because it was promoted."""

_BLOCKS = 10
_SLACK_NS = 2_000_000_000
"""A picture may have been taken before the promotion and judged after it."""


@dataclass(frozen=True, slots=True)
class Before:
    """Events among observations of the champion before."""

    model: str
    events: int
    n: int


@dataclass(slots=True)
class Recent:
    """The latest observations of one measure under one epoch; written as JSON.

    blocks: events and observations, of blocks of equal size in order, the last one still open.
    before: of the champion before, where the present one was promoted over it.
    """

    epoch: int = 0
    model: str | None = None
    product: str | None = None
    blocks: list[list[int]] = field(default_factory=list[list[int]])
    before: Before | None = None

    def followed_by(
        self, epoch: int, model: str | None, product: str | None, *, promoted: bool
    ) -> "Recent":
        """The next epoch's, with what this one saw where a promotion makes them comparable."""
        before = None
        if self.model is not None and model != self.model and product == self.product and promoted:
            before = Before(
                self.model, sum(block[0] for block in self.blocks), sum(b[1] for b in self.blocks)
            )
        return Recent(epoch, model, product, before=before)

    def add(self, values: Floats, most: int) -> None:
        """More observations, 1 for an event; about the latest `most` are kept."""
        size = max(1, most // _BLOCKS)
        at = 0
        while at < len(values):
            if not self.blocks or self.blocks[-1][1] == size:
                self.blocks = [*self.blocks[-_BLOCKS:], [0, 0]]
            last = self.blocks[-1]
            piece = values[at : at + size - last[1]]
            last[0] += int(piece.sum())
            last[1] += len(piece)
            at += len(piece)


class Promotions:
    """Reads the registry's log, when it has changed, for what was a promotion."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stamp: tuple[int, int] | None = None
        self._events: tuple[RegistryEvent, ...] = ()

    def promoted(self, digest: str, utc_ns: int) -> bool:
        """Whether the last change of champions up to then was the promotion of this bundle.

        Raises RegistryError for a damaged log.
        """
        event = self.last_change(utc_ns, digest)
        return event is not None and event.action is Action.PROMOTE

    def last_change(self, utc_ns: int, digest: str) -> RegistryEvent | None:
        """The last promotion or roll-back to this bundle up to then."""
        stamp = self._registry.stamp()
        if stamp != self._stamp:
            self._stamp, self._events = stamp, self._registry.history()
        changes = [
            event
            for event in self._events
            if event.action in (Action.PROMOTE, Action.ROLL_BACK)
            and event.digest == digest
            and at_utc_ns(event) <= utc_ns + _SLACK_NS
        ]
        return changes[-1] if changes else None


def at_utc_ns(event: RegistryEvent) -> int:
    """When it happened, in nanoseconds since 1970 UTC."""
    return int(datetime.fromisoformat(event.at_utc).timestamp() * 1000) * 1_000_000
