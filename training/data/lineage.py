"""Which parts a bundle learnt from, and its ancestors before it: none of them may judge it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.bundle import Bundle
from models.registry import Registry
from training.errors import TrainingError

LINEAGE_FILE = "lineage.json"


class Lineage(BaseModel):
    """The parts, by name, that set weights or limits of a bundle or of one that it started from.

    limits_from: those of them that set limits alone: others may still be chosen on these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    learnt_from: tuple[str, ...]
    limits_from: tuple[str, ...] = ()

    @property
    def taught_by(self) -> frozenset[str]:
        """The parts that set weights."""
        return frozenset(self.learnt_from) - frozenset(self.limits_from)

    def with_parts(self, taught: Iterable[str], set_limits: Iterable[str] = ()) -> "Lineage":
        """The lineage of a bundle that learns further: from some parts, with limits by others."""
        weights = self.taught_by | frozenset(taught)
        limits = (frozenset(self.limits_from) | frozenset(set_limits)) - weights
        return Lineage(
            learnt_from=tuple(sorted(weights | limits)), limits_from=tuple(sorted(limits))
        )

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json() + "\n", encoding="utf-8")


def who_learnt(registry: Registry, parts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each of these parts that some bundle of the registry learnt from: the bundles' labels."""
    wanted = set(parts)
    learnt: dict[str, tuple[str, ...]] = {}
    for label in sorted(registry.stages()):
        for part in wanted.intersection(read_lineage(registry.bundle(label)).learnt_from):
            learnt[part] = (*learnt.get(part, ()), label)
    return learnt


def read_lineage(bundle: Bundle) -> Lineage:
    """The lineage of a bundle. Raises TrainingError when it does not say what it learnt from."""
    path = bundle.folder / LINEAGE_FILE
    try:
        return Lineage.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise TrainingError(
            f"{bundle.label}: {path} does not say which parts it learnt from: {error}"
        ) from error
