"""What a shadow's trial proposes, noted at the desk once."""

import logging
import time
from contextlib import ExitStack
from pathlib import Path

from inspection.errors import RecordsError
from inspection.quality.trial import Proposal, Trial, read_trial
from inspection.recipe import Recipe
from inspection.records.desk import Desk
from inspection.records.shadow_reader import ShadowReader
from inspection.records.signal_desk import SignalDesk
from models.errors import RegistryError
from models.registry import Registry

log = logging.getLogger("passline.shadow")

WHO = "shadow trial"


class Proposals:
    """Looks at the trial now and then, for people answer at any time."""

    def __init__(self, folder: Path, registry: Registry, look_every_s: float) -> None:
        """Raises RecordsError when the desk cannot be used."""
        self._registry = registry
        self._look_every_s = look_every_s
        self._next_look_s = 0.0
        with ExitStack() as opening:
            self._shadows, self._desk = ShadowReader(folder), Desk(folder)
            opening.callback(self._shadows.close)
            opening.callback(self._desk.close)
            self._notes = SignalDesk(folder)
            opening.callback(self._notes.close)
            self._closing = opening.pop_all()

    def close(self) -> None:
        self._closing.close()

    def look(self, recipe: Recipe) -> None:
        """Note the proposal on the present shadow, if it is one that was not made before."""
        if time.monotonic() < self._next_look_s:
            return
        self._next_look_s = time.monotonic() + self._look_every_s
        name, plan = recipe.model.name, recipe.shadow
        try:
            trial = read_trial(self._registry, name, plan, self._shadows, self._desk)
            if trial is not None and trial.proposal is not Proposal.MORE:
                self._note(trial)
        except (RecordsError, RegistryError) as fault:  # a hung screen may hold the desk for long
            log.warning("the shadow's trial cannot be judged now: %s", fault)

    def _note(self, trial: Trial) -> None:
        begins = f"{_title(trial)}, proposal: {trial.proposal}"
        if not any(note.text.startswith(f"{WHO}: {begins}") for note in self._notes.notes()):
            self._notes.note(f"{begins}; {trial.sentence()}", WHO, trial.counts.last_part)


def _title(trial: Trial) -> str:
    """Names the two models by their cards: a label may come twice after a station is reset."""
    counts = trial.counts
    return (
        f"{counts.label} ({counts.digest[:8]}) beside {counts.champion_label} "
        f"({counts.champion_digest[:8]})"
    )
