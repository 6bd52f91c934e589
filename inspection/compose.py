"""Puts a station together: the one file that picks concrete cameras, gates and stores."""

import os
import socket
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from camera.frame import FrameSource
from camera.join import CameraViews, PartSource
from inspection.errors import LineStop
from inspection.line.accounts import TriggerAccounts
from inspection.line.champion import ChampionFollower
from inspection.line.loop import Line, Station
from inspection.line.lots import LotFollower
from inspection.line.shadow_feed import ShadowFeed
from inspection.line.shifts import Shifts
from inspection.live import LiveWriter
from inspection.recipe import (
    FolderCamera,
    GenicamCamera,
    LoadedRecipe,
    ModbusGate,
    Recipe,
    RecordedCamera,
    SimulatedGate,
    View,
)
from inspection.records.folder_lock import hold_data_folder
from inspection.records.record import RunStart
from inspection.records.templates import keep_templates
from inspection.records.writer import RecordWriter
from inspection.reject.protocol import Rejector
from models.registry import station_registry

_CONFIRM_SLACK_S = 2.0


@contextmanager
def open_line(
    loaded: LoadedRecipe, folder: Path, sources: Sequence[FrameSource] | None = None
) -> Generator[Line]:
    """A line ready to run on the data folder, which is ours alone until the end.

    sources: stand in for the recipe's cameras, one for each.
    On the way out the run's summary goes on record and everything recorded is flushed to disk.
    Raises DataFolderInUse, RecipeError, BundleError, RegistryError, RecordsError, CameraError or
    GateError before the first part.
    """
    recipe = loaded.recipe
    with ExitStack() as stack:
        stack.enter_context(hold_data_folder(folder))
        shadow = ShadowFeed(folder)
        stack.callback(shadow.close)
        writer = RecordWriter(folder)
        stack.callback(writer.close)
        champion = ChampionFollower(station_registry(folder), recipe, writer.log_event)
        keep_templates(folder, champion.templates.values())
        first_part = writer.next_part_number
        gate, live = open_gate(recipe), LiveWriter(folder)
        stack.callback(gate.close)
        stack.callback(live.close)
        run_id = writer.begin_run(run_start(loaded))
        shifts = Shifts(recipe.shifts, recipe.time_zone)
        lots = LotFollower(folder, recipe.lot, writer.log_event)
        station = Station(
            recipe=recipe,
            source=part_source(recipe, sources or open_sources(recipe, first_part), writer),
            champion=champion,
            accounts=TriggerAccounts(run_id, shifts, lots),
            gate=gate,
            writer=writer,
            live=live,
            shadow=shadow,
            run_id=run_id,
            first_part=first_part,
            gate_confirms_within_s=confirms_within_s(recipe),
        )
        line = Line(station)
        try:
            yield line
        except LineStop as fault:
            with suppress(LineStop):  # records that cannot be written may be why it stopped
                writer.log_event("line_stopped", {"run_id": station.run_id, "fault": str(fault)})
            raise
        writer.log_event("run_ended", {"run_id": station.run_id} | line.latencies.summary())


def part_source(recipe: Recipe, sources: Sequence[FrameSource], writer: RecordWriter) -> PartSource:
    """The recipe's cameras as one source of parts, which tells the records of its troubles."""
    cameras = [
        CameraViews(source, camera.view_names)
        for source, camera in zip(sources, recipe.cameras, strict=True)
    ]
    join_timeout_s = recipe.join_timeout_ms / 1e3
    return PartSource(cameras, writer.log_event, join_timeout_s=join_timeout_s)


def open_sources(recipe: Recipe, first_part: int) -> list[FrameSource]:
    """The recipe's cameras."""
    return [open_source(camera, first_part) for camera in recipe.cameras]


def open_source(view: View, first_part: int) -> FrameSource:
    """The recipe's camera; a GenICam camera is opened by a process of its own."""
    device = view.device
    if isinstance(device, GenicamCamera):
        return _own_process(view, device)
    if isinstance(device, FolderCamera):
        from camera.replay import FolderSource

        return FolderSource(view.id, Path(device.path), pace_hz=device.pace_hz)
    if isinstance(device, RecordedCamera):
        from camera.recorded import RecordingSource

        return RecordingSource(view.id, Path(device.path), speed=device.speed)
    from camera.belt import RenderedSource

    return RenderedSource(
        view.id,
        seed=device.seed,
        pace_hz=device.pace_hz,
        parts=device.parts,
        belt_file=None if device.belt is None else Path(device.belt),
        first_part=first_part,
    )


def _own_process(view: View, device: GenicamCamera) -> FrameSource:
    from camera.worker import WorkerSource
    from camera.worker_spec import CameraSpec

    spec = CameraSpec(
        camera_id=view.id,
        producers=tuple(device.producers),
        serial=device.serial,
        device_id=device.id,
        model=device.model,
        features=device.features,
        trigger=None if view.trigger is None else view.trigger.plan,
        max_wait_s=1.0 if view.trigger is None else view.trigger.max_wait_ms / 1e3,
    )
    return WorkerSource(spec)


def open_gate(recipe: Recipe) -> Rejector:
    """The recipe's reject output."""
    gate = recipe.gate
    if isinstance(gate, ModbusGate):
        from inspection.reject.modbus import ModbusRejector

        return ModbusRejector(
            host=gate.host,
            port=gate.port,
            unit=gate.unit,
            first_coil=gate.first_coil,
            slots=gate.slots,
            timeout_s=gate.timeout_ms / 1e3,
        )
    from inspection.reject.simulated import SimulatedConveyor

    return SimulatedConveyor(travel_s=gate.travel_ms / 1e3)


def confirms_within_s(recipe: Recipe) -> float | None:
    """How long after a verdict the gate must have said which way the part left."""
    if isinstance(recipe.gate, SimulatedGate):
        return recipe.gate.travel_ms / 1e3 + _CONFIRM_SLACK_S
    return None


def run_start(loaded: LoadedRecipe) -> RunStart:
    """What goes on record of a start of the line."""
    return RunStart(
        station=loaded.recipe.station,
        recipe_digest=loaded.digest,
        recipe_toml=loaded.toml,
        cameras=tuple(camera.id for camera in loaded.recipe.cameras),
        software=software_name(),
        started_utc_ns=time.time_ns(),
    )


def software_name() -> str:
    """What wrote a record: version, machine and process."""
    return f"passline {version('passline')} on {socket.gethostname()}, pid {os.getpid()}"
