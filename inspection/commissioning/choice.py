"""Which camera a command means: one of a recipe, one by name, or the only one there is."""

from dataclasses import dataclass
from pathlib import Path

from camera.discovery import PRODUCER_PATHS, SeenCamera, installed_producers, look_for_cameras
from camera.features import FeatureValue
from camera.frame import FULL_SCALE_BY_FORMAT, CameraConfigError, Frame
from camera.triggers import TriggerPlan
from inspection.errors import RecipeError
from inspection.recipe import GenicamCamera, Recipe, View, load_recipe


@dataclass(frozen=True, slots=True)
class ChosenCamera:
    """How the camera is found, and what the recipe sets; nothing without a recipe.

    wanted: as `camera.device.find_device` takes it.
    full_scale, light_reference: as the recipe's camera has them.
    """

    camera_id: str
    producers: tuple[Path, ...]
    wanted: dict[str, str | None]
    features: dict[str, FeatureValue]
    trigger: TriggerPlan | None = None
    full_scale: int | None = None
    light_reference: Path | None = None

    def full_scale_of(self, frame: Frame) -> int:
        """The highest value that the camera gives, as the line takes it."""
        return self.full_scale or FULL_SCALE_BY_FORMAT[frame.pixel_format]


def choose_from_recipe(recipe: Path, camera_id: str | None) -> ChosenCamera:
    """The recipe's camera of this id, or its only one. Raises RecipeError."""
    view, device = genicam_camera(load_recipe(recipe).recipe, camera_id)
    return ChosenCamera(
        camera_id=view.id,
        producers=tuple(Path(producer) for producer in device.producers),
        wanted={"serial_number": device.serial, "id_": device.id, "model": device.model},
        features=dict(device.features),
        trigger=None if view.trigger is None else view.trigger.plan,
        full_scale=view.full_scale,
        light_reference=None if view.light_reference is None else Path(view.light_reference),
    )


def choose_by_name(producers: tuple[Path, ...], name: str | None) -> ChosenCamera:
    """The camera whose serial, id, model or own name this is; the only one there is without.

    Raises CameraConfigError when not exactly one fits.
    """
    wanted: dict[str, str | None] = {}
    if name is not None:
        seen = [one for producer in look_for_cameras(producers) for one in producer.cameras]
        fits = [
            one for one in seen if name in {one.serial, one.device_id, one.model, one.user_name}
        ]
        if len(fits) != 1:
            there = ", ".join(_names(one) for one in seen) or "none"
            raise CameraConfigError(
                f"expected one camera called {name!r}, found {len(fits)}; there is {there}"
            )
        wanted = {"id_": fits[0].device_id}
    return ChosenCamera(name or "camera", producers, wanted, {})


def producers_to_search(named: list[Path], simulator: bool) -> tuple[Path, ...]:
    """Those named, and the simulator's; those that are installed where neither is asked for.

    Raises CameraConfigError where there is none, or the simulator was not built.
    """
    from camera.simulator import producer_path

    simulated = [producer_path()] if simulator else []
    producers = [*named, *simulated] or installed_producers()
    if not producers:
        raise CameraConfigError(
            f"no GenTL producer to look for cameras in: {PRODUCER_PATHS} names none; install the "
            "camera maker's driver, or give --producer FILE, --simulator or --recipe FILE"
        )
    return tuple(producer.absolute() for producer in producers)


def genicam_camera(recipe: Recipe, camera_id: str | None) -> tuple[View, GenicamCamera]:
    """The recipe's GenICam camera of this id, or its only one. Raises RecipeError."""
    found = [
        (view, view.device)
        for view in recipe.cameras
        if isinstance(view.device, GenicamCamera) and camera_id in {None, view.id}
    ]
    if len(found) != 1:
        there = ", ".join(f"{view.id} ({view.device.source})" for view in recipe.cameras)
        raise RecipeError(
            f"expected one GenICam camera {camera_id or 'in the recipe'}, found {len(found)}; "
            f"the recipe has {there}: name one with --camera ID"
        )
    return found[0]


def _names(seen: SeenCamera) -> str:
    return f"{seen.model} {seen.serial} {seen.device_id}"
