"""`passline models`: every bundle of a station, its stage, its history, and the shadow's trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from models.registry import Registry

models_app = typer.Typer(no_args_is_help=True, help="The models of a station, and their stages.")
app.add_typer(models_app, name="models")

Label = Annotated[str, typer.Argument(help="The bundle, as name-version.")]
Who = Annotated[str, typer.Option(help="Who says so.")]
Why = Annotated[str, typer.Option(help="Why.")]


@models_app.command("list")
def list_command(data: DataFolder) -> None:
    """Every bundle with its stage and what was last done to it, and how the shadow's trial is."""
    from rich.console import Console
    from rich.table import Table

    from models.registry import station_registry

    registry = station_registry(data)
    last = {event.label: event for event in registry.history()}
    table = Table("bundle", "stage", "since (UTC)", "who", "why")
    for label, stage in registry.stages().items():
        event = last[label]
        table.add_row(label, stage.value, event.at_utc[:16], event.who, event.why)
    Console().print(table)
    trial = _trial(data, registry)
    if trial is not None:
        typer.echo(trial)


@models_app.command("history")
def history_command(data: DataFolder) -> None:
    """All that was done to the bundles of a station, oldest first: when, by whom, why, on what."""
    from models.registry import station_registry

    for event in station_registry(data).history():
        action = event.action.value.replace("_", " ")
        said = f"{event.at_utc[:19]} {action} {event.label} · {event.who}: {event.why}"
        typer.echo(said + _on(event.evidence))


@models_app.command("retire")
def retire_command(data: DataFolder, label: Label, who: Who, why: Why) -> None:
    """Put a bundle away: no roll-back returns to it; only the gate can bring it back."""
    from models.registry import station_registry

    station_registry(data).retire(label, who, why)
    typer.echo(f"{label} is retired")


def _on(evidence: Mapping[str, Any]) -> str:
    """Which report of the gate a promotion rests on."""
    report = evidence.get("report_sha256")
    return "" if report is None else f" · gate report {str(report)[:12]}"


def _trial(data: Path, registry: Registry) -> str | None:
    """The shadow's trial in a sentence, where there is a shadow beside a line."""
    from inspection.quality.trial import read_station_trial
    from inspection.recipe import parse_recipe
    from inspection.records.query import RecordReader

    reader = RecordReader(data)
    try:
        run = reader.latest_run()
    finally:
        reader.close()
    if run is None:
        return None
    recipe = parse_recipe(run.start.recipe_toml, f"recipe of run {run.run_id}")
    label = registry.standing(recipe.model.name).shadow
    if label is None:
        return None
    trial = read_station_trial(data, registry, recipe.model.name, recipe.shadow)
    return f"shadow {label}: no part yet" if trial is None else trial.sentence()
