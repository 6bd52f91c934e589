"""Everything that goes along with a training: checkpoints, its state for the desk, its logs."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from training.fitting.checkpoint import Checkpoints
from training.fitting.following import Following, Progress, nobody
from training.fitting.ranks import ALONE, Ranks
from training.runs.live import LiveRun, live_run
from training.runs.tensorboard import tensorboard


@dataclass(frozen=True, slots=True)
class Company:
    """What goes along with a training.

    label, command: of the new model. data_sha256: with the command it says which training this
        is: one that was killed goes on when it is given again.
    live: the file that says how it stands. logs: folder of logs that TensorBoard reads.
    ranks: the processes that fit together, of which this is the first.
    """

    label: str
    command: str
    data_sha256: str
    tell: Callable[[Progress], None] = nobody
    live: Path | None = None
    logs: Path | None = None
    ranks: Ranks = ALONE


@dataclass(frozen=True, slots=True)
class Accompanied:
    """A training with its company. run: None where nobody asked how it stands."""

    following: Following
    run: LiveRun | None

    def says(self, words: str) -> None:
        """How the training ended, for the desk."""
        if self.run is not None:
            self.run.said = words


@contextmanager
def accompanied(out: Path, company: Company) -> Generator[Accompanied]:
    """Go along with a training of the new bundle `out`, from its start to its end.

    Checkpoints lie in a hidden folder beside `out` until the bundle is there. Raises TrainingError
    when those of another training do, or when a log cannot be written.
    """
    identity = f"{company.command}\n  data {company.data_sha256}\n  passline {version('passline')}"
    checkpoints = Checkpoints(out.with_name(f".{out.name}.training"), identity)
    following = Following(company.tell, checkpoints=checkpoints, ranks=company.ranks)
    run = None
    with ExitStack() as stack:
        if company.live is not None:
            run = LiveRun(company.live, company.label, company.command, following.points)
            following.marks.append(stack.enter_context(live_run(run)))
        if company.logs is not None:
            following.marks.append(stack.enter_context(tensorboard(company.logs, following.points)))
        yield Accompanied(following, run)
    checkpoints.drop()
