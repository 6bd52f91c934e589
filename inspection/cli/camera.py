"""`passline camera ...`: cameras, their settings, and setting them up."""

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

    chosen = _chosen(recipe, name, producer, simulator)
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

    chosen = _chosen(recipe, name, producer, simulator)
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
    chosen = _chosen(recipe, name, producer, simulator)
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
    """Write all that can be set as TOML that fits into a recipe's [camera.device.features]."""
    from camera.discovery import open_for_settings
    from camera.features import snapshot
    from inspection.commissioning.settings_file import settings_toml, write_settings_file

    chosen = _chosen(recipe, name, producer, simulator)
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


@camera.command("auto-exposure")
def auto_exposure(
    target: Annotated[
        float, typer.Option(help="Grey value to aim at, 0.05 to 0.95 of full scale.")
    ] = 0.8,
    percentile: Annotated[
        float, typer.Option(min=50.0, max=100.0, help="Of the picture's values, which one.")
    ] = 99.0,
    longest_us: Annotated[
        float, typer.Option(min=1.0, help="Longest exposure that the part's motion allows.")
    ] = 100_000.0,
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Set exposure, and gain where that does not do, until a part is as bright as it should be.

    Put a good part into the picture first. Exit 1 when the light does not allow it.
    """
    from inspection.commissioning.exposure import Level, auto_expose, level_of
    from inspection.commissioning.live_camera import open_live

    chosen = _chosen(recipe, name, producer, simulator)
    with open_live(chosen) as live:

        def measure() -> Level:
            frame = live.fresh_frame()
            return level_of(frame.pixels, chosen.full_scale_of(frame), percentile)

        found = auto_expose(live.node_map, measure, target=target, longest_us=longest_us)
    typer.echo(f"ExposureTime = {found.exposure_us:.10g}\nGain = {found.gain_db:.4g}")
    typer.echo(
        f"# after {found.steps} steps the percentile {percentile:g} is at "
        f"{found.level.value:.2f} of full scale, {found.level.saturated:.2%} saturated",
    )
    if found.why_not:
        typer.echo(f"# {found.why_not}")
        raise typer.Exit(1)


@camera.command("white-balance")
def white_balance(
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Set BalanceRatio until a white card in the middle of the picture is grey."""
    from inspection.commissioning.live_camera import open_live
    from inspection.commissioning.white_balance import RATIO, balance_white, channel_means

    with open_live(_chosen(recipe, name, producer, simulator)) as live:
        found = balance_white(live.node_map, lambda: channel_means(live.fresh_frame()))
    for channel, ratio in found.ratios.items():
        typer.echo(f'"{RATIO}[{channel}]" = {ratio:.6g}')
    typer.echo(f"# after {found.steps} steps red and blue are within {found.off:.1%} of green")


@camera.command("reference")
def reference(
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to keep it; where the recipe says, if left out."),
    ] = None,
    pictures: Annotated[int, typer.Option(min=1, help="How many pictures of good parts.")] = 20,
    recipe: RecipeOption = None,
    name: CameraOption = None,
    producer: ProducerOption = None,
    simulator: SimulatorOption = False,
) -> None:
    """Keep how good parts look now: light by place and sharpness, to hold later pictures against.

    The parts pass as in production, by the recipe's trigger; without one the camera runs free.
    """
    from itertools import islice

    from camera.health import take_reference
    from inspection.commissioning.live_camera import open_live

    chosen = _chosen(recipe, name, producer, simulator)
    kept_at = file or chosen.light_reference
    if kept_at is None:
        raise typer.BadParameter("name a FILE, or give a --recipe whose camera has light_reference")
    with open_live(chosen, chosen.trigger) as live:
        frames = list(islice(live.frames(), pictures))
    full_scale = chosen.full_scale_of(frames[0])
    take_reference((frame.pixels for frame in frames), full_scale).save(kept_at)
    typer.echo(f"{len(frames)} pictures of {chosen.camera_id} make the reference {kept_at}")


@camera.command("tune")
def tune(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    name: CameraOption = None,
    reference: Annotated[
        Path | None, typer.Option(help="A light reference; the recipe's, if left out.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes any free one.")] = 8010,
) -> None:
    """Serve a page to set up lens and light by, until Ctrl-C; the line must not run.

    Live picture with saturated pixels marked, histogram, focus, evenness, motion blur, frame rate
    and losses, and controls for exposure and gain.
    """
    from camera.health import LightReference
    from inspection.commissioning.choice import choose_from_recipe
    from inspection.commissioning.page import serve_tuner
    from inspection.commissioning.tuner import Tuner

    chosen = choose_from_recipe(recipe, name)
    path = reference or chosen.light_reference
    is_there = path is not None and (reference is not None or path.exists())
    held_against = LightReference.load(path) if path is not None and is_there else None

    def tell(url: str) -> None:
        typer.echo(f"passline: set up {chosen.camera_id} on {url}; Ctrl-C ends it", err=True)

    serve_tuner(Tuner(chosen, held_against), host, port, tell)


def _chosen(
    recipe: Path | None, name: str | None, producer: list[Path] | None, simulator: bool
) -> ChosenCamera:
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
    chosen = _chosen(file if of_recipe else None, name, producer, simulator)
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
    return " ".join(str(value) for value in read_known(node_map, names).values())


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
