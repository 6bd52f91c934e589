"""What is new since the last run: labels that people gave, and drift that the watch signalled."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inspection.recipe import Recipe, parse_recipe
from inspection.records.charts import HEALTH, Measure
from inspection.records.desk import Desk
from inspection.records.query import RecordReader
from inspection.records.retraining import RetrainLog, Step, taken_until_utc_ns
from inspection.records.watch_reader import WatchReader
from models.bundle import Bundle
from models.registry import Registry
from training.errors import TrainingError

DRIFTS = frozenset({Measure.SCORE, Measure.FINDING_PX, *HEALTH})
"""What a signal on a chart of these says: the model sees other pictures than it did."""


@dataclass(frozen=True, slots=True)
class NewLabels:
    """Parts that somebody vouched for since the last run. until_utc_ns: the last word on them."""

    count: int
    until_utc_ns: int

    def too_few(self, needed: int) -> str:
        """Why there is nothing to do."""
        plural = "" if self.count == 1 else "s"
        return f"{self.count} label{plural} since the last run, {needed} needed"


def new_labels(folder: Path, since_utc_ns: int) -> NewLabels:
    """Parts whose review, or return from the field, is newer. Raises RecordsError."""
    desk = Desk(folder)
    try:
        said = {number: review.at_utc_ns for number, review in desk.reviews().items()}
        said |= {entry.part_number: entry.at_utc_ns for entry in desk.returns()}
    finally:
        desk.close()
    new = [at_ns for at_ns in said.values() if at_ns > since_utc_ns]
    return NewLabels(len(new), max(new, default=since_utc_ns))


def labels_waiting(folder: Path) -> NewLabels:
    """Those that no run has learnt from, or had turned down at the gate. Raises RecordsError."""
    return new_labels(folder, taken_until_utc_ns(RetrainLog(folder).events()))


def unanswered_drift(folder: Path) -> str | None:
    """The newest drift that the watch signalled since the last run began, in words; None without.

    A run that had nothing to learn from did not begin: the drift waits for labels.
    Raises RecordsError.
    """
    begun = [e.at_utc for e in RetrainLog(folder).events() if e.step is Step.BEGUN]
    since_utc_ns = int(datetime.fromisoformat(begun[-1]).timestamp() * 1e9) if begun else 0
    watch = WatchReader(folder)
    try:
        signals = watch.signals()
    finally:
        watch.close()
    for signal in reversed(signals):
        if signal.raised_utc_ns > since_utc_ns and signal.chart.measure in DRIFTS:
            return f"drift on {signal.chart.name}, parts {signal.first_part} to {signal.last_part}"
    return None


def last_recipe(folder: Path) -> Recipe:
    """The recipe of the line's last run. Raises TrainingError before the line ever ran."""
    reader = RecordReader(folder)
    try:
        run = reader.latest_run()
    finally:
        reader.close()
    if run is None:
        raise TrainingError(
            f"{folder}: the line has never run here: there is nothing to learn from"
        )
    return parse_recipe(run.start.recipe_toml, f"recipe of run {run.run_id}")


def next_version(registry: Registry, champion: Bundle) -> str:
    """A version that no bundle of this name has: the next number after the champion's."""
    name, version = champion.card.name, champion.card.version
    known = registry.stages()
    stem, _, last = version.rpartition(".")
    number = int(last) if last.isdigit() else 0
    stem = f"{stem}." if stem else ""
    if not last.isdigit():
        stem = f"{version}."
    while f"{name}-{stem}{number + 1}" in known:
        number += 1
    return f"{stem}{number + 1}"
