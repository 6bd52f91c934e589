"""`passline camera auto-exposure|white-balance|reference|tune`: setting up lens and light."""

from pathlib import Path
from typing import Annotated

import typer

from inspection.cli.camera import (
    CameraOption,
    ProducerOption,
    RecipeOption,
    SimulatorOption,
    camera,
    chosen_camera,
)


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

    chosen = chosen_camera(recipe, name, producer, simulator)
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

    with open_live(chosen_camera(recipe, name, producer, simulator)) as live:
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

    chosen = chosen_camera(recipe, name, producer, simulator)
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
