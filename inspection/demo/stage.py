"""The stage of the demo: a data folder, a recipe, a belt with a virtual camera, the processes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from camera.belt import write_belt
from camera.simulator import producer_path
from inspection.commission import commission_station
from inspection.demo.plot import LOST_ONE_IN, MODEL, SEED, Plot
from inspection.errors import PasslineError
from inspection.recipe import load_recipe
from inspection.records.desk import Desk
from inspection.records.query import RecordReader
from inspection.records.watch_reader import WatchReader
from inspection.supervisor import Supervisor
from models.registry import Registry, station_registry

POLL_S = 0.2

RECIPE = """\
# The recipe of the demo's line; examples/metal-cap.toml explains every key.
product = "metal-cap"
station = "demo"
lot = "demo"
# A shared laptop, with a training beside the line: more time for a verdict than a line would give.
verdict_deadline_ms = 1500.0

[camera]
id = "cam1"
mm_per_px = 0.1
max_age_ms = 1200.0

[camera.trigger]
mode = "line"  # a light barrier at the camera's input: one picture for each part

[camera.device]
source = "genicam"
producers = [{producer}]
serial = "SIM0"

[camera.device.features]
ReplayFrames = {frames}
ReplayAtEnd = "Wait"
ReplayPartPerFrame = true
ReplayTiming = "Recorded"
FaultTriggerLostEveryNth = {lost_one_in}

[model]
name = "{model}"

[gate]
kind = "simulated"
travel_ms = 2000.0

[keep]
passes_one_in = 1  # every picture: a part that comes back from the field can be labelled

# The alarm, and its picture. A demo has no month to wait for: a false alarm every seven minutes of
# the running line is the design.
[[chart]]
name = "rejects"
kind = "bernoulli"
baseline_parts = {phase_one}
baseline_rejects = 5
false_alarm_days = 0.005
plan = [
    {{ do = "inform", text = "Tell the shift lead which parts to inspect again." }},
    {{ do = "hold_lot", text = "Hold the lot until they are." }},
]

[[chart]]
name = "rejects-by-subgroup"
kind = "p"
subgroup = {subgroup}
baseline_subgroups = {baseline}

[[chart]]
name = "score"
kind = "ewma"
of = "score"
alarm = false
subgroup = {subgroup}
baseline_subgroups = {baseline}
"""


class DemoError(PasslineError):
    """The story cannot go on; the message says which process failed, and its message is above."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story works with; `folder` is the station's data folder."""

    folder: Path
    plot: Plot
    recipe: Path
    belt_file: Path
    frames_file: Path
    reader: RecordReader
    desk: Desk
    watch: WatchReader
    supervisor: Supervisor

    @property
    def registry(self) -> Registry:
        return station_registry(self.folder)

    def release(self, parts: int, pace_hz: float) -> None:
        """Let the belt carry parts up to number `parts`, at this pace."""
        write_belt(self.belt_file, self.plot.belt(parts, pace_hz))

    def start(self, stopped: Callable[[], None]) -> None:
        """Start the belt, standing still, then the line with its camera, and the watch."""
        self._start_belt(first_part=0)
        self.wait_until(self.frames_file.exists, stopped)
        self.supervisor.start("line", ["run", str(self.recipe), str(self.folder)])
        self.supervisor.start("watch", ["watch", str(self.folder)])

    def tend(self) -> None:
        """Restart what died. With a line that died, its camera began anew: so does the belt."""
        line = self.supervisor.children.get("line")
        restarts = 0 if line is None else line.restarts
        self.supervisor.tend()
        if line is not None and line.restarts > restarts:
            self.supervisor.stop("belt")
            self.frames_file.unlink()
            last = self.reader.last_part()
            self._start_belt(first_part=0 if last is None else last.record.part_number + 1)

    def _start_belt(self, first_part: int) -> None:
        options = {"parts": self.plot.parts, "seed": SEED, "first": first_part}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.supervisor.start("belt", ["belt", str(self.belt_file), str(self.frames_file), *words])

    def end(self) -> None:
        """Stop belt, line and watch; parts on their way to the gate still leave."""
        for name in ("belt", "line", "watch"):
            self.supervisor.stop(name)

    def wait_until(self, done: Callable[[], bool], tell: Callable[[], None]) -> None:
        """Keep the station alive until `done()`; `tell` is called a few times a second.

        Raises DemoError when a process ends that should not.
        """
        while not done():
            self.tend()
            for name in self.supervisor.children:
                code = self.supervisor.ended(name)
                if code is not None and not done():
                    raise DemoError(f"{name} ended early with exit code {code}")
            tell()
            time.sleep(POLL_S)

    def recorded(self) -> int:
        """Triggers that are on record, with or without a picture."""
        found = self.reader.ledger()
        return found.judged + found.late + found.incomplete + found.lost


def set_stage(folder: Path, plot: Plot, supervisor: Supervisor) -> Stage:
    """A fresh station in `folder` with the shipped model as its champion, not running yet."""
    folder.mkdir(parents=True)
    belt_file, frames_file = folder / "belt.json", folder / "belt.frames"
    recipe = folder / "recipe.toml"
    subgroup, baseline = plot.chart()
    recipe.write_text(
        RECIPE.format(
            producer=json.dumps(str(producer_path())),
            frames=json.dumps(str(frames_file)),
            lost_one_in=LOST_ONE_IN,
            model=MODEL,
            subgroup=subgroup,
            baseline=baseline,
            phase_one=subgroup * baseline,
        ),
        encoding="utf-8",
    )
    commission_station(load_recipe(recipe).recipe, folder, source=None, who="demo")
    reader, desk, watch = RecordReader(folder), Desk(folder), WatchReader(folder)
    files = recipe, belt_file, frames_file
    return Stage(folder, plot, *files, reader, desk, watch, supervisor)
