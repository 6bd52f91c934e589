"""The same model with other limits: a new version of its bundle, with a card of its own."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.bundle import Bundle, open_bundle
from models.card import Metrics
from training.data.lineage import LINEAGE_FILE, read_lineage
from training.errors import TrainingError
from training.limits.figures import PartFigures
from training.limits.propose import Proposal
from training.measuring.evaluate import rate
from training.network.export import hashes, new_bundle_folder, write_card


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What the new card says: its version, and what makes it again."""

    version: str
    command: str


def rebundle(
    parent: Bundle,
    proposal: Proposal,
    chosen_on: Iterable[str],
    locked: PartFigures | None,
    new: NewVersion,
    out: Path,
) -> Bundle:
    """Write the bundle with the proposed limits to the new folder `out`; the parent stays.

    chosen_on: the parts that chose: they go into the lineage.
    locked: figures on the card, counted in locked parts; without any the card says nothing.
    Only files that the parent's card names are taken: a signature is of the old card.
    Raises TrainingError for limits below the card's floor, and when `out` cannot be written.
    """
    card = parent.card
    low = [n for n, at in zip(card.classes, proposal.limits, strict=True) if at < card.floor]
    if low:
        raise TrainingError(
            f"the limit of {low[0]!r} lies below {card.name}'s floor of {card.floor}, as only the "
            "mean over views can: put these limits into the recipe instead of a bundle"
        )
    limits = {
        name: card.limits[name].model_copy(update={"score": float(score)})
        for name, score in zip(card.classes, proposal.limits, strict=True)
    }
    with new_bundle_folder(out) as folder:
        for name in card.hashes:
            shutil.copyfile(parent.folder / name, folder / name)
        read_lineage(parent).with_parts((), chosen_on).write(folder / LINEAGE_FILE)
        origin = card.origin.model_copy(
            update={
                "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": new.command,
                "parent": parent.digest,
            }
        )
        changes = {
            "version": new.version,
            "limits": limits,
            "metrics": _metrics(card.metrics, locked),
            "origin": origin,
            "hashes": hashes(folder),
        }
        write_card(folder, card.model_copy(update=changes))
    return open_bundle(out)


def _metrics(before: Metrics, locked: PartFigures | None) -> Metrics:
    """The model is as it was, what its limits do is not."""
    return before.model_copy(
        update={
            "escapes": rate(0, 0) if locked is None else locked.escapes,
            "false_rejects": rate(0, 0) if locked is None else locked.false_rejects,
            "test_parts": 0 if locked is None else locked.parts,
        }
    )
