"""A line on a bench: a real registry, real records, a real model, and named stand-ins around it."""

import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import Frame, MissedFrame, MissReason, SourceEnded
from inspection.compose import part_source
from inspection.judge import Outcome
from inspection.line.accounts import TriggerAccounts
from inspection.line.champion import ChampionFollower
from inspection.line.loop import Line, Station
from inspection.line.lots import LotFollower
from inspection.line.shadow_feed import ShadowFeed
from inspection.line.shifts import Shifts
from inspection.live import LiveWriter
from inspection.recipe import LoadedRecipe, Recipe, parse_recipe
from inspection.records.desk import Desk
from inspection.records.query import RecordReader, StoredPart
from inspection.records.record import GateConfirmation, GateOutcome, RunStart
from inspection.records.writer import RecordWriter
from inspection.reject.protocol import Rejector
from models.registry import Registry

Step = Frame | MissedFrame | Exception | None
BundleMaker = Callable[..., Path]

RECIPE = """
product = "cap"
station = "bench"
verdict_deadline_ms = 5000.0
[camera]
id = "cam1"
max_age_ms = 5000.0
device = { source = "rendered" }
[model]
name = "spot"
[gate]
kind = "simulated"
[keep]
passes_one_in = 0
"""


class ListSource:
    """A source that gives prepared outcomes, raises prepared errors, then ends.

    A callable in the list is called when its turn comes and gives the outcome, so that a frame
    can be captured just then.
    """

    camera_id = "cam1"

    def __init__(self, steps: Iterable[Step | Callable[[], Step]], already_missed: int = 0) -> None:
        """already_missed: triggers that are counted and that never come out."""
        self._steps = list(steps)
        self.already_missed = already_missed
        self.triggers = 0
        self.starts = 0
        self.stops = 0

    def start(self) -> None:
        self.starts += 1
        self.triggers = self.already_missed

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        if not self._steps:
            raise SourceEnded
        step = self._steps.pop(0)
        outcome = step() if callable(step) else step
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            self.triggers += 1
        return outcome

    def stop(self) -> None:
        self.stops += 1


class PromptGate:
    """A gate that parts reach `travel_ns` after their picture, and that always confirms."""

    def __init__(self, travel_ns: int = 50_000_000) -> None:
        self._travel_ns = travel_ns
        self._lock = threading.Lock()
        self._arrivals: dict[int, int] = {}
        self.let_through: set[int] = set()
        self.told_to_reject: set[int] = set()
        self.safe = False

    def track(self, part_number: int, captured_ns: int) -> None:
        with self._lock:
            self._arrivals[part_number] = time.monotonic_ns() + self._travel_ns

    def let_pass(self, part_number: int) -> None:
        with self._lock:
            self.let_through.add(part_number)

    def reject(self, part_number: int) -> None:
        with self._lock:
            self.told_to_reject.add(part_number)

    def confirmations(self) -> tuple[GateConfirmation, ...]:
        with self._lock:
            now_ns = time.monotonic_ns()
            gone = [part for part, at_ns in self._arrivals.items() if at_ns <= now_ns]
            for part in gone:
                del self._arrivals[part]
            return tuple(
                GateConfirmation(part, self.way_out(part), time.time_ns()) for part in gone
            )

    def way_out(self, part_number: int) -> GateOutcome:
        passed = part_number in self.let_through and not self.safe
        return GateOutcome.PASSED if passed else GateOutcome.REJECTED

    def safe_state(self) -> None:
        self.safe = True

    def close(self) -> None:
        self.safe_state()


class StuckOpenGate(PromptGate):
    """A gate that lets everything through, whatever it is told."""

    def way_out(self, part_number: int) -> GateOutcome:
        return GateOutcome.PASSED


class SilentGate(PromptGate):
    """A gate whose confirmation is torn off."""

    def confirmations(self) -> tuple[GateConfirmation, ...]:
        return ()


@dataclass
class Bench:
    """Builds and runs lines on one data folder; what they did is read from the records."""

    folder: Path
    registry: Registry
    stack: ExitStack
    reader: RecordReader
    desk: Desk
    gate: PromptGate = field(default_factory=PromptGate)

    def run(
        self,
        steps: Iterable[Step | Callable[[], Step]],
        *,
        recipe: str = RECIPE,
        gate: Rejector | None = None,
        confirms_within_s: float | None = 5.0,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> ListSource:
        """Run a line over these steps to the end of the source; gives the source back."""
        source = ListSource(steps)
        with ExitStack() as stack:
            line = self.line(stack, source, recipe, gate, confirms_within_s, now_ns)
            line.run(lambda: False)
        return source

    def line(
        self,
        stack: ExitStack,
        source: ListSource,
        recipe: str = RECIPE,
        gate: Rejector | None = None,
        confirms_within_s: float | None = 5.0,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> Line:
        loaded = LoadedRecipe(parse_recipe(recipe, "bench"), recipe, "0" * 64)
        shadow = ShadowFeed(self.folder)
        stack.callback(shadow.close)
        writer = RecordWriter(self.folder)
        stack.callback(writer.close)
        live = LiveWriter(self.folder)
        stack.callback(live.close)
        recipe_ = loaded.recipe
        run_id = writer.begin_run(run_start(loaded))
        lots = LotFollower(self.folder, recipe_.lot, writer.log_event)
        sources = source if isinstance(source, list) else [source]
        station = Station(
            recipe=recipe_,
            source=part_source(recipe_, sources, writer),
            champion=ChampionFollower(self.registry, recipe_, writer.log_event),
            accounts=TriggerAccounts(run_id, Shifts(recipe_.shifts, recipe_.time_zone), lots),
            gate=gate or self.gate,
            writer=writer,
            live=live,
            shadow=shadow,
            run_id=run_id,
            first_part=writer.next_part_number,
            gate_confirms_within_s=confirms_within_s,
        )
        return Line(station, now_ns)

    def source(
        self, steps: Iterable[Step | Callable[[], Step]], already_missed: int = 0
    ) -> ListSource:
        return ListSource(steps, already_missed)

    def parts(self) -> list[StoredPart]:
        """Every part on record, in order."""
        numbers = [verdict.part_number for verdict in self.reader.verdicts_after(-1, 100_000)]
        found = [self.reader.part_by_number(number) for number in numbers]
        return [part for part in found if part is not None]

    def outcomes(self) -> list[Outcome]:
        return [part.record.verdict.outcome for part in self.parts()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        events = self.reader.events_after(0, 1000)
        return [dict(event.detail) for event in events if event.kind == kind]

    def promote(self, bundle: Path) -> None:
        added = self.registry.add(bundle, "bench", "trained")
        self.registry.promote(added.label, "bench", "better", {})


def run_start(loaded: LoadedRecipe) -> RunStart:
    recipe: Recipe = loaded.recipe
    return RunStart(
        station=recipe.station,
        recipe_digest=loaded.digest,
        recipe_toml=loaded.toml,
        cameras=recipe.view_names,
        software="bench",
        started_utc_ns=time.time_ns(),
    )


@pytest.fixture
def bench(tmp_path: Path, make_bundle: BundleMaker) -> Generator[Bench]:
    folder = tmp_path / "data"
    folder.mkdir()
    with ExitStack() as stack:
        reader, desk = RecordReader(folder), Desk(folder)
        stack.callback(reader.close)
        stack.callback(desk.close)
        bench = Bench(folder, Registry(folder / "registry"), stack, reader, desk)
        bench.promote(make_bundle())
        yield bench


@pytest.fixture
def good(grey_picture: NDArray[np.uint8]) -> Callable[[], Frame]:
    """Captures a good part, now."""
    return camera(grey_picture)


@pytest.fixture
def bad(spotted_picture: NDArray[np.uint8]) -> Callable[[], Frame]:
    """Captures a part with a bright spot, now."""
    return camera(spotted_picture)


def camera(picture: NDArray[Any], age_ns: int = 0) -> Callable[[], Frame]:
    """Captures frames of `picture`, as if `age_ns` ago; frame ids do not matter to the line."""

    def capture() -> Frame:
        captured_ns = time.monotonic_ns() - age_ns
        return Frame(picture.copy(), "Mono8", "cam1", 0, captured_ns, time.time_ns() - age_ns)

    return capture


def missed(reason: MissReason) -> MissedFrame:
    return MissedFrame("cam1", 0, reason, time.monotonic_ns(), time.time_ns(), "for the test")


@pytest.fixture
def miss() -> Callable[[MissReason], MissedFrame]:
    return missed


@pytest.fixture
def capture() -> Callable[..., Callable[[], Frame]]:
    return camera


@pytest.fixture
def stuck_open_gate() -> StuckOpenGate:
    return StuckOpenGate()


@pytest.fixture
def silent_gate() -> SilentGate:
    return SilentGate()


@pytest.fixture
def recipe() -> str:
    return RECIPE


@pytest.fixture
def nan_bundle(constant_bundle: Callable[[float], Path]) -> Path:
    """A bundle whose model answers NaN, whatever it sees."""
    return constant_bundle(float("nan"))
