"""Which parts a bundle learnt from, and its ancestors before it: none of them may judge it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.bundle import Bundle
from training.errors import TrainingError

LINEAGE_FILE = "lineage.json"


class Lineage(BaseModel):
    """The parts, by name, that set weights or limits of a bundle or of one that it started from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    learnt_from: tuple[str, ...]

    def with_parts(self, parts: Iterable[str]) -> "Lineage":
        return Lineage(learnt_from=tuple(sorted({*self.learnt_from, *parts})))

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json() + "\n", encoding="utf-8")


def read_lineage(bundle: Bundle) -> Lineage:
    """The lineage of a bundle. Raises TrainingError when it does not say what it learnt from."""
    path = bundle.folder / LINEAGE_FILE
    try:
        return Lineage.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise TrainingError(
            f"{bundle.label}: {path} does not say which parts it learnt from: {error}"
        ) from error
