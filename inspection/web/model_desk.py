"""The model desk: what the registry, the shadow's trial, the guard and retraining say of models."""

from collections.abc import Iterable
from typing import Any

from inspection.errors import RecipeError
from inspection.quality.trial import Trial, read_trial
from inspection.recipe import Recipe, parse_recipe
from inspection.records.charts import ChartKind, WatchedChart
from inspection.records.retraining import RetrainEvent, RetrainLog, Step
from inspection.records.shadow_reader import Disagreement
from inspection.records.watch_reader import WatchReader
from inspection.web.records import StationRecords
from inspection.web.words import class_in_words
from models.bundle import Bundle
from models.errors import BundleError
from models.learning import Run, read_run, station_run
from models.registry import Registry, station_registry
from models.stages import RegistryEvent

Json = dict[str, Any]

HISTORY_AT_MOST = 40
WAITING_AT_MOST = 12
RUNS_AT_MOST = 8


def model_desk(records: StationRecords) -> Json:
    """All of the model page, as JSON values. Raises RecordsError or RegistryError."""
    registry = station_registry(records.folder)
    recipe = _recipe(records)
    name = None if recipe is None else recipe.model.name
    trial = None
    if recipe is not None:
        trial = read_trial(
            registry, recipe.model.name, recipe.shadow, records.shadows(), records.desk()
        )
    history = registry.history()
    return {
        "name": name,
        "champion": None if name is None else _champion(registry, name, history),
        "stages": {label: stage.value for label, stage in registry.stages().items()},
        "shadow": None if name is None else _shadow(registry, name, trial),
        "guard": _guard(records.watch()),
        "training": _training(records),
        "runs": _runs(RetrainLog(records.folder).events()),
        "history": [_event(event) for event in reversed(history[-HISTORY_AT_MOST:])],
    }


def _recipe(records: StationRecords) -> Recipe | None:
    run = records.reader().latest_run()
    if run is None:
        return None
    try:
        return parse_recipe(run.start.recipe_toml, f"recipe of run {run.run_id}")
    except RecipeError:  # of an older Passline; its line will not start again either
        return None


def _champion(registry: Registry, name: str, history: Iterable[RegistryEvent]) -> Json | None:
    label = registry.standing(name).champion
    if label is None:
        return None
    last = [event for event in history if event.label == label][-1]
    said: Json = {"label": label, "since": _minute(last.at_utc), "who": last.who, "why": last.why}
    try:
        return said | {"card": _card(registry.bundle(label)), "fault": None}
    except BundleError as fault:
        return said | {"card": None, "fault": str(fault)}


def _card(bundle: Bundle) -> Json:
    metrics, origin = bundle.card.metrics, bundle.card.origin
    return {
        "escapes": metrics.escapes.model_dump(),
        "false_rejects": metrics.false_rejects.model_dump(),
        "auroc": metrics.auroc,
        "test_parts": metrics.test_parts,
        "created": _minute(origin.created_utc),
        "data": origin.data,
        "classes": [class_in_words(each) for each in bundle.card.classes],
    }


def _shadow(registry: Registry, name: str, trial: Trial | None) -> Json | None:
    label = registry.standing(name).shadow
    if label is None:
        return None
    if trial is None:
        return {"label": label, "sentence": f"shadow {label}: no part yet", "waiting": []}
    counts = trial.counts
    return {
        "label": label,
        "sentence": trial.sentence(),
        "proposal": trial.proposal.value,
        "parts": counts.parts,
        "passed_over": counts.passed_over,
        "no_answer": counts.no_answer,
        "disagreements": counts.disagreements,
        "answered": trial.answers.answered,
        "took_ms": counts.took_ns / counts.parts / 1e6,
        "waiting": [_waiting(each) for each in trial.waiting[-WAITING_AT_MOST:]],
        "waiting_all": len(trial.waiting),
    }


def _waiting(one: Disagreement) -> Json:
    return {
        "part_number": one.part_number,
        "serial": one.serial,
        "champion": one.champion.value,
        "shadow": one.shadow.value,
        "champion_score": one.champion_score,
        "score": one.score,
        "digest": one.digest,
        "champion_digest": one.champion_digest,
    }


def _guard(watch: WatchReader) -> list[Json]:
    guards = [chart for chart in watch.charts() if chart.kind is ChartKind.GUARD]
    return [said for chart in guards if (said := _guarding(watch, chart)) is not None]


def _guarding(watch: WatchReader, chart: WatchedChart) -> Json | None:
    """The guard on the last promotion; None before its first point."""
    stages, points = watch.stages(chart.chart_id), watch.points(chart.chart_id, last=1)
    if not stages or not points or points[-1].stage != stages[-1].number:
        return None
    stage, point = stages[-1], points[-1]
    return {
        "name": chart.name,
        "because": stage.because,
        "seen": point.last_part - stage.first_part + 1,
        "parts": chart.settings["parts"],
        "action": chart.settings["action"],
        "value": point.value,
        "center": point.center,
        "lower": point.lower,
        "upper": point.upper,
        "signalled": bool(point.rules),
    }


def _training(records: StationRecords) -> Json | None:
    """The training that is under way, or the last one: its curve is for the page to draw."""
    path = station_run(records.folder)
    if not path.exists():
        return None
    try:
        run: Run = read_run(path)
    except BundleError:  # of another version; the next training writes it anew
        return None
    return run.model_dump(mode="json")


def _runs(events: list[RetrainEvent]) -> list[Json]:
    """The last runs of retraining, the latest first."""
    numbers = sorted({event.run for event in events}, reverse=True)[:RUNS_AT_MOST]
    return [_run([event for event in events if event.run == number]) for number in numbers]


def _run(steps: list[RetrainEvent]) -> Json:
    last = steps[-1]
    ended = last.step is Step.ENDED
    begun = steps[0].detail if steps[0].step is Step.BEGUN else {}
    return {
        "run": last.run,
        "at": _minute(last.at_utc),
        "label": begun.get("label"),
        "labels": begun.get("labels"),
        "because": begun.get("because"),
        "outcome": last.detail["outcome"] if ended else f"{last.step.value}, not ended yet",
        "said": last.detail["said"] if ended else "",
    }


def _event(event: RegistryEvent) -> Json:
    return {
        "at": _minute(event.at_utc),
        "action": event.action.value.replace("_", " "),
        "label": event.label,
        "who": event.who,
        "why": event.why,
    }


def _minute(at_utc: str) -> str:
    """An ISO time to the minute, as `2026-11-23 01:40` UTC."""
    return at_utc[:16].replace("T", " ")
