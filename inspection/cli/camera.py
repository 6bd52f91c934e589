"""`passline camera list|show|get|set|snapshot|apply|diff`: cameras and their settings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app

if TYPE_CHECKING:
    from camera.discovery import SeenCamera
    from camera.feature_list import FeatureInfo
    from inspection.commissioning.choice import ChosenCamera

camera = typer.Typer(no_args_is_help=True, help="Cameras: which there are, how they are set.")
app.add_typer(camera, name="camera")

RecipeOption = Annotated[
    Path | None, typer.Option("--recipe", help="Take the camera of this recipe.")
]
CameraOption = Annotated[
    str | None,
    typer.Option("--camera", help="Its id in the recipe; or else its serial, id, model or name."),
]
ProducerOption = Annotated[
    list[Path] | None,
    typer.Option("--producer", help="GenTL producer (.cti); those installed if left out."),
]
SimulatorOption = Annotated[
    bool, typer.Option("--simulator", help="Look in Passline's own camera simulator.")
]
SettingsFile = Annotated[Path, typer.Argument(help="A snapshot, or a recipe.")]


@camera.command("list")
def list_command(producer: ProducerOption = None, simulator: SimulatorOption = False) -> None:
    """Show the cameras behind each producer: model, serial, id, maker, and who may open them."""
    from camera.discovery import look_for_cameras
    from inspection.commissioning.choice import producers_to_search

    many = 0
    for seen in look_for_cameras(producers_to_search(producer or [], simulator)):
        typer.echo(str(seen.path))
        if seen.fault:
            typer.echo(f"  {seen.fault}")
        elif not seen.cameras:
            typer.echo("  no camera: not plugged in, no rights, or another subnet")
        for row in _columns([_camera_row(one) for one in seen.cameras]):
            typer.echo(f"  {row}")
        many += len(seen.cameras)
    if not many:
        raise typer.Exit(1)


@camera.command("show")
def show(
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Show every feature of a camera by category: value, unit, range or entries, access."""
    from camera.discovery import open_for_settings
    from camera.feature_list import list_features

    chosen = chosen_camera(recipe, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        features = list_features(node_map)
    for category in dict.fromkeys(one.category for one in features):
        typer.echo(category)
        rows = [_feature_row(one) for one in features if one.category == category]
        for row in _columns(rows):
            typer.echo(f"  {row}")


@camera.command("get")
def get(
    features: Annotated[
        list[str], typer.Argument(help="Features, as ExposureTime or TriggerMode[FrameStart].")
    ],
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Read features from the camera, with their units."""
    from camera.discovery import open_for_settings
    from camera.feature_list import describe_feature

    chosen = chosen_camera(recipe, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        for feature in features:
            typer.echo(f"{feature} = {describe_feature(node_map, feature).value_text}")


@camera.command("set")
def set_command(
    settings: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")],
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Write features in the order given, and read them back from the camera."""
    from camera.discovery import open_for_settings
    from camera.feature_list import describe_feature, value_from_text
    from camera.features import set_features

    pairs = [_pair(setting) for setting in settings]
    chosen = chosen_camera(recipe, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        values = {feature: value_from_text(node_map, feature, text) for feature, text in pairs}
        set_features(node_map, values, chosen.camera_id)
        for feature in values:
            typer.echo(f"{feature} = {describe_feature(node_map, feature).value_text}")


@camera.command("snapshot")
def snapshot_command(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output if left out.")] = (
        None
    ),
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Write all that can be set as TOML that fits into a recipe, under camera.device.features."""
    from camera.discovery import open_for_settings
    from camera.features import snapshot
    from inspection.commissioning.settings_file import settings_toml, write_settings_file

    chosen = chosen_camera(recipe, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        settings, about = snapshot(node_map), _about(node_map)
    text = settings_toml(settings, about)
    if file is None:
        typer.echo(text, nl=False)
    else:
        write_settings_file(file, text)
        typer.echo(f"{len(settings)} settings of {about} in {file}")


@camera.command("apply")
def apply(
    file: SettingsFile,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Write the settings of a snapshot or a recipe, and read them back from the camera.

    A recipe also says which camera it is, unless --camera, --producer or --simulator do.
    """
    from camera.discovery import open_for_settings
    from camera.features import set_features

    chosen = _chosen_for(file, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        set_features(node_map, chosen.features, chosen.camera_id)
        about = _about(node_map)
    typer.echo(f"{len(chosen.features)} settings written to {about} and read back")


@camera.command("diff")
def diff(
    file: SettingsFile,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Show which settings of a snapshot or a recipe the camera has not. Exit 1 if it differs."""
    from camera.discovery import open_for_settings
    from camera.features import differences

    chosen = _chosen_for(file, name, producer, simulator)
    with open_for_settings(chosen.producers, chosen.wanted, chosen.camera_id) as node_map:
        found = differences(node_map, chosen.features)
        about = _about(node_map)
    for one in found:
        has = "has no such value" if one.got is None else f"has {one.got!r}"
        typer.echo(f"{one.name}: {file} wants {one.wanted!r}, the camera {has}")
    if found:
        raise typer.Exit(1)
    typer.echo(f"{about} has all {len(chosen.features)} settings of {file}")


def chosen_camera(
    recipe: Path | None, name: str | None, producer: list[Path] | None, simulator: bool
) -> ChosenCamera:
    """The camera that the options mean. Raises RecipeError or CameraConfigError."""
    from inspection.commissioning.choice import (
        choose_by_name,
        choose_from_recipe,
        producers_to_search,
    )

    if recipe is not None:
        return choose_from_recipe(recipe, name)
    return choose_by_name(producers_to_search(producer or [], simulator), name)


def _chosen_for(
    file: Path, name: str | None, producer: list[Path] | None, simulator: bool
) -> ChosenCamera:
    """The camera that is named, else the recipe's own; with the file's settings."""
    from dataclasses import replace

    from inspection.commissioning.settings_file import is_recipe, read_settings_file

    is_named = producer is not None or simulator
    of_recipe = is_recipe(file) and not is_named
    chosen = chosen_camera(file if of_recipe else None, name, producer, simulator)
    camera_id = name if of_recipe else None
    return replace(chosen, features=read_settings_file(file, camera_id))


def _pair(setting: str) -> tuple[str, str]:
    feature, equals, text = setting.partition("=")
    if not equals:
        raise typer.BadParameter(f"{setting!r}: expected NAME=VALUE, as ExposureTime=2000")
    return feature.strip(), text.strip()


def _about(node_map: object) -> str:
    """The camera in words, for messages and files."""
    from camera.features import read_known

    names = ("DeviceVendorName", "DeviceModelName", "DeviceSerialNumber")
    return " ".join(map(str, read_known(node_map, names).values())) or "the camera"


def _camera_row(seen: SeenCamera) -> tuple[str, ...]:
    return (
        seen.model,
        f"serial {seen.serial or '-'}",
        f"id {seen.device_id}",
        seen.vendor,
        seen.link,
        seen.access,
        seen.user_name,
    )


def _feature_row(feature: FeatureInfo) -> tuple[str, ...]:
    access = "rw" if feature.settable else "ro"
    return feature.name, feature.value_text, access, feature.range_text


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The rows with their columns below each other."""
    told = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*told, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in told
    ]
