"""A training as the command line shows it: a bar, and what goes along with it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from training.data.dataset import Dataset
    from training.fitting.following import Progress
    from training.fitting.ranks import Ranks
    from training.order import Order
    from training.runs.accompany import Accompanied


@contextmanager
def followed(
    what: str,
    out: Path,
    order: Order,
    dataset: Dataset,
    ranks: Ranks,
    logs: Path | None,
    station: Path | None = None,
) -> Generator[Accompanied]:
    """A bar on stderr with the loss and the time that is left; checkpoints beside `out`.

    ranks: the processes that fit together, of which this is the first. logs: where TensorBoard's
    are written. station: the data folder of the station whose model desk shows the training.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    from models.learning import station_run
    from training.runs.accompany import Company, accompanied

    columns = (
        TextColumn(what), BarColumn(), TextColumn("loss {task.fields[loss]:.3f}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=1.0, loss=0.0)

        def show(step: Progress) -> None:
            bars.update(task, completed=step.share, loss=step.loss)

        company = Company(
            label=f"{order.name}-{order.version}",
            command=order.command,
            data_sha256=dataset.digest(),
            tell=show,
            live=None if station is None else station_run(station),
            logs=logs,
            ranks=ranks,
        )
        with accompanied(out, company) as along:
            yield along
