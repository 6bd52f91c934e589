"""How a training stands, in a file that the model desk reads."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from models.learning import Point, Run, write_whole
from training.errors import TrainingError

State = Literal["running", "done", "failed"]


class LiveRun:
    """The state of one training; `write` puts it into the file.

    points: its learning curve, which grows. said: how it ended, in words.
    """

    def __init__(self, path: Path, label: str, command: str, points: Sequence[Point]) -> None:
        self._path = path
        self._label = label
        self._command = command
        self._points = points
        self._started = datetime.now(UTC)
        self._began = time.monotonic()
        self._share_before: float | None = None
        self.said = ""

    def write(self, state: State = "running") -> None:
        """Write how it stands now. Raises TrainingError."""
        spent_s = time.monotonic() - self._began
        run = Run(
            label=self._label,
            command=self._command,
            started_utc=self._started.isoformat(timespec="seconds"),
            updated_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            state=state,
            spent_s=spent_s,
            left_s=self._left_s(spent_s) if state == "running" else None,
            said=self.said,
            points=tuple(self._points),
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, run)
        except OSError as error:
            raise TrainingError(f"{self._path}: cannot be written: {error}") from error

    def _left_s(self, spent_s: float) -> float | None:
        """At the pace since the first point that this process drew."""
        if not self._points:
            return None
        share = self._points[-1].share
        if self._share_before is None:
            self._share_before = share - 0.01
        done = share - self._share_before
        return spent_s * (1.0 - share) / done if done > 0.0 else None


@contextmanager
def live_run(run: LiveRun) -> Generator[Callable[[], None]]:
    """Say that the training runs, at each call how it stands, and in the end how it ended."""
    run.write()
    try:
        yield run.write
    except (TrainingError, KeyboardInterrupt) as error:
        run.said = str(error) or "stopped by hand"
        run.write("failed")
        raise
    run.write("done")
