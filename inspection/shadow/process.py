"""The shadow's process: asks the line for parts, judges them, keeps what it said.

It may crash, hang or be killed at any moment: the line does not notice, and the supervisor starts
it again.
"""

import faulthandler
import logging
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from inspection.errors import RecipeError, RecordsError
from inspection.line.shadow_wire import OfferedPart
from inspection.recipe import Recipe
from inspection.records.folder_lock import hold_shadow
from inspection.records.query import RecordReader
from inspection.shadow.challenger import Challenger, recipe_of
from inspection.shadow.line_end import LineEnd
from inspection.shadow.proposals import Proposals
from inspection.shadow.store import Answer, ShadowStore
from models.bundle import Bundle
from models.errors import BundleError, RegistryError
from models.registry import station_registry

log = logging.getLogger("passline.shadow")

HANGS_AFTER_S = 30.0
"""A verdict that takes longer does not come: the process ends itself, and is started again."""
LOOK_EVERY_S = 5.0
"""How often it looks whether people have answered enough for a proposal."""
_POLL_S = 0.25
_KEEP_EVERY_S = 1.0
_KEEP_AT_MOST = 64


class ShadowProcess:
    """Judges beside the line of one data folder, whenever the registry names a shadow.

    Raises DataFolderInUse when another shadow runs, RecordsError when it cannot write its answers.
    """

    def __init__(
        self,
        folder: Path,
        *,
        hangs_after_s: float = HANGS_AFTER_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._folder = folder
        self._hangs_after_s = hangs_after_s
        self._registry = station_registry(folder)
        self._closing = ExitStack()
        with ExitStack() as opening:
            opening.enter_context(hold_shadow(folder))
            self._records = RecordReader(folder)
            opening.callback(self._records.close)
            self._store = ShadowStore(folder)
            opening.callback(self._store.close)
            self._proposals = Proposals(folder, self._registry, look_every_s)
            opening.callback(self._proposals.close)
            self._line = LineEnd(folder, _POLL_S)
            opening.callback(self._line.hang_up)
            self._closing = opening.pop_all()
        self._stamp: tuple[int, int] | None = None
        self._run_id: int | None = None
        self._recipe: Recipe | None = None
        self._bundle: Bundle | None = None
        self._challenger: Challenger | None = None
        self._answers: list[Answer] = []
        self._kept_s = time.monotonic()

    def run(self, stop: Callable[[], bool]) -> None:
        """Judge until `stop()` says so; what was said is on disk when this returns."""
        try:
            while not stop():
                self._turn()
            self._keep()
        finally:
            self._closing.close()

    def _turn(self) -> None:
        if not self._line.connected or self._registry.stamp() != self._stamp:
            run = self._records.latest_run()
            self._look(None if run is None else run.run_id)
        if self._bundle is None:
            self._line.hang_up()
            time.sleep(_POLL_S)
        else:
            part = self._line.next()
            if part is not None:
                self._judge(part)
            elif not self._line.connected:
                time.sleep(_POLL_S)
        if len(self._answers) >= _KEEP_AT_MOST or time.monotonic() > self._kept_s + _KEEP_EVERY_S:
            self._keep()

    def _look(self, run_id: int | None) -> None:
        """Which bundle is the shadow of a run; read again when the registry or the run is another.

        Records are not read while the line gives parts: a reader that gets no time for long keeps
        the line's database from being tidied up.
        """
        stamp = self._registry.stamp()
        if (stamp, run_id) == (self._stamp, self._run_id):
            return
        self._keep()
        self._stamp, self._run_id = stamp, run_id
        self._challenger, self._bundle = None, None
        if run_id is None:
            return
        try:
            self._recipe = recipe_of(self._folder, run_id)
            self._bundle = self._registry.shadow_of(self._recipe.model.name)
        except (BundleError, RegistryError, RecipeError) as fault:
            log.warning("the shadow cannot judge: %s", fault)

    def _judge(self, part: OfferedPart) -> None:
        self._look(part.run_id)
        if self._challenger is None and self._bundle is not None:
            self._challenger = self._open(self._bundle, part)
        if self._challenger is None:
            self._bundle = None
            return
        faulthandler.dump_traceback_later(self._hangs_after_s, exit=True, file=sys.stderr)
        self._answers.append(self._challenger.judge(part))
        faulthandler.cancel_dump_traceback_later()

    def _open(self, bundle: Bundle, part: OfferedPart) -> Challenger | None:
        """The challenger, as the line has its champion; None, and a warning, where it cannot be."""
        try:
            return Challenger(self._folder, bundle, part.run_id, part.templates)
        except (BundleError, RecipeError, RecordsError) as fault:
            log.warning("%s cannot judge beside this line: %s", bundle.label, fault)
            return None

    def _keep(self) -> None:
        """Put on disk what was said, and note what the trial proposes by now."""
        answers, self._answers = self._answers, []
        if answers and self._bundle is not None:
            self._store.add(self._bundle, answers)
        self._kept_s = time.monotonic()
        if self._recipe is not None:
            self._proposals.look(self._recipe)
