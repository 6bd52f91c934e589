"""The story: parts in control, a drift and a new defect, escapes, a challenger, its promotion."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from inspection.demo.plot import IN_CONTROL, MODEL, NEW_DEFECT, SEED, plot_of
from inspection.demo.stage import DemoError, Stage, set_stage
from inspection.demo.summary import (
    chapter_figures,
    share,
    signal_in_words,
    station_table,
    story_table,
)
from inspection.demo.truth import Truth
from inspection.judge import Outcome
from inspection.records.query import StoredPart
from inspection.supervisor import Supervisor
from inspection.watch import Watch

SLOW_HZ = 0.5
CHALLENGER = "2"
LEAST_PARTS = 200
SAID_NO = 1  # exit code of `passline promote`
AFTER_THE_STORY = 1_000_000
"""The commissioning parts are other parts than those of the story: numbers from here on."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How the story is told.

    pace_hz: parts a second on the belt. port: where the screens are; None shows none.
    base_parts: parts of the commissioning set that the challenger learns from too, and that with
        the returned ones judge it. training_minutes: how long it is fitted.
    """

    folder: Path
    parts: int
    pace_hz: float
    port: int | None
    base_parts: int
    training_minutes: float


def tell_story(telling: Telling, console: Console, stopped: Callable[[], bool]) -> None:
    """Run the whole story; returns when it is told, or soon after `stopped()`.

    With screens, they stay open after the end until `stopped()`.
    Raises DemoError when a process of the station fails.
    """
    if telling.parts < LEAST_PARTS:
        raise DemoError(f"the story needs {LEAST_PARTS} parts or more, got {telling.parts}")
    supervisor = Supervisor(say=console.print)
    try:
        stage = set_stage(telling.folder, plot_of(telling.parts), supervisor)
        _Teller(stage, telling, console, stopped, _Told(stage, console)).tell()
    except _Stopped:
        console.print("Stopped; everything judged so far is on record.")
    finally:
        supervisor.stop_all()


class _Stopped(Exception):
    """The story was interrupted."""


@dataclass(frozen=True, slots=True)
class _Teller:
    stage: Stage
    telling: Telling
    console: Console
    stopped: Callable[[], bool]
    told: "_Told"

    def tell(self) -> None:
        plot, truth = self.stage.plot, Truth(self.stage.plot)
        self._open()
        self._chapter("1. In control: parts flow, rejects fall", plot.drift_from)
        self._chapter("2. The process drifts, and a new defect appears", plot.training_from)
        self._operator_reviews(truth)
        self._escapes_come_back(truth)
        self.stage.release(plot.mended_from, SLOW_HZ)
        self._train()
        judge = "new" if self._passes_gate() else "old"
        self._chapter(f"3. The tool is mended, the {judge} model judges", plot.parts)
        self._end()
        self._say_how_it_went(truth)
        if self.telling.port is not None:
            self.console.print(f"The screen stays on {self._url}; Ctrl-C ends the demo.")
            while not self.stopped():
                self.stage.supervisor.tend()
                time.sleep(0.2)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self.telling.port}"

    def _open(self) -> None:
        if self.telling.port is not None:
            data, port = str(self.stage.folder), str(self.telling.port)
            self.stage.supervisor.start("web", ["web", data, "--port", port])
            self.console.print(f"The screen is on [bold]{self._url}[/bold]")
        self.stage.release(0, self.telling.pace_hz)
        self.stage.start(self._check_stopped)

    def _chapter(self, title: str, until_part: int) -> None:
        """Let parts flow until number `until_part`, and say what happens meanwhile."""
        self.console.rule(title)
        start = self.stage.recorded()
        self.stage.release(until_part, self.telling.pace_hz)
        with _progress(self.console) as progress:
            task = progress.add_task("parts", total=until_part - start)

            def tell() -> None:
                self._check_stopped()
                counts = self.stage.reader.counts()
                words = f"{counts.passed} passed, {counts.rejected} rejected"
                progress.update(task, completed=self.stage.recorded() - start, description=words)
                self.told.signals()

            self.stage.wait_until(lambda: self.stage.recorded() >= until_part, tell)
            tell()

    def _operator_reviews(self, truth: Truth) -> None:
        """A person looks at the rejects: confirms, or overrules with a reason.

        Rejects whose marked defect is not what is wrong with the part are left for an engineer.
        """
        confirmed = overruled = 0
        for part in self.stage.reader.rejects_waiting(self.stage.plot.parts):
            number, judgement = part.record.part_number, part.record.judgement
            if judgement is None:
                continue
            if not truth.is_bad(number):
                self.stage.desk.review(number, False, "good part", "operator")
                overruled += 1
            elif {reason.detail for reason in part.record.verdict.reasons} <= truth.classes(number):
                self.stage.desk.review(number, True, "", "operator")
                confirmed += 1
        self.console.print(f"The operator confirms {confirmed} rejects and overrules {overruled}.")

    def _escapes_come_back(self, truth: Truth) -> None:
        """Bad parts that passed come back from the customer and are outlined by an engineer."""
        escaped = [
            part
            for part in self._judged(0, self.stage.plot.training_from)
            if part.record.verdict.outcome is Outcome.PASS and truth.is_bad(part.record.part_number)
        ]
        for part in escaped:
            self.stage.desk.register_return(
                part.record.serial,
                who="customer",
                note="field return",
                labels=truth.labels(part.record.part_number),
            )
        classes = [name for part in escaped for name in truth.classes(part.record.part_number)]
        kinds = ", ".join(f"{classes.count(name)} {name}" for name in sorted(set(classes)))
        serials = ", ".join(part.record.serial for part in escaped[:3])
        self.console.print(
            f"{len(escaped)} parts come back from the field ({kinds}): {serials}, ... "
            "They are outlined, and locked away: every model from now on has to catch them."
        )

    def _train(self) -> None:
        self.console.rule("A challenger is trained while the line runs on")
        base = str(self.stage.folder / "commissioning")
        self.console.print(
            f"An engineer has labelled {self.telling.base_parts} more parts, among "
            f"them some with the new defect ({NEW_DEFECT})."
        )
        self._passline(
            ["render", base],
            parts=self.telling.base_parts,
            seed=SEED,
            first=AFTER_THE_STORY,
            defects=",".join((*IN_CONTROL, NEW_DEFECT)),
            defect_rate=0.4,
        )
        champion = self.stage.registry.champion(MODEL)
        assert champion is not None
        self._passline(
            ["train"],
            out=self._challenger,
            name=MODEL,
            version=CHALLENGER,
            records=self.stage.folder,
            base=base,
            fine_tune=champion.folder,
            minutes=self.telling.training_minutes,
        )

    def _passes_gate(self) -> bool:
        """Put the challenger to the gate; on yes, wait until the running line has taken it up."""
        self.console.rule("The gate: challenger against champion on the same locked parts")
        code = self._passline(
            ["promote", str(self._challenger)],
            accept=(0, SAID_NO),
            registry=self.stage.registry.folder,
            parts=self.stage.folder / "commissioning",
            records=self.stage.folder,
            who="demo",
            why="escaped stains",
        )
        if code == SAID_NO:
            self.console.print("The challenger has not earned its place: the champion judges on.")
            return False
        self.stage.wait_until(self._model_changed, self._check_stopped)
        self.console.print(f"The running line has taken up {MODEL}-{CHALLENGER} between two parts.")
        return True

    @property
    def _challenger(self) -> Path:
        return self.stage.folder / "challenger"

    def _model_changed(self) -> bool:
        events = self.stage.reader.events_after(0, 1_000_000)
        refused = [event for event in events if event.kind == "model_refused"]
        if refused:
            raise DemoError(f"the line refused the new model: {refused[0].detail['fault']}")
        return any(event.kind == "model_changed" for event in events)

    def _passline(
        self, command: Sequence[str], accept: tuple[int, ...] = (0,), **options: object
    ) -> int:
        """Run a command as a user would, and keep the station alive meanwhile; its exit code."""
        arguments = list(command)
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        self.console.print(f"[dim]passline {' '.join(arguments)}[/dim]", highlight=False)
        process = subprocess.Popen([sys.executable, "-m", "inspection", *arguments])
        try:
            self.stage.wait_until(lambda: process.poll() is not None, self._check_stopped)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode not in accept:
            raise DemoError(f"passline {command[0]} ended with exit code {process.returncode}")
        return process.returncode

    def _end(self) -> None:
        """Stop the station; the watch then looks once at all that is on record."""
        self.stage.end()
        watch = Watch(self.stage.folder)
        watch.step()
        watch.close()
        self.told.signals()

    def _say_how_it_went(self, truth: Truth) -> None:
        plot = self.stage.plot
        chapters = [
            *chapter_figures("1 in control", self._judged(0, plot.drift_from), truth),
            *chapter_figures("2 drift", self._judged(plot.drift_from, plot.mended_from), truth),
            *chapter_figures("3 mended", self._judged(plot.mended_from, plot.parts), truth),
        ]
        self.console.print(story_table(chapters))
        self.console.print(station_table(self.stage))
        before = [figures for figures in chapters if figures.model == chapters[0].model]
        after = [figures for figures in chapters if figures.model != chapters[0].model]
        for name, figures in (("before", before), ("after", after)):
            escapes = share(sum(f.escapes for f in figures), sum(f.bad for f in figures))
            false_rejects = share(
                sum(f.false_rejects for f in figures), sum(f.good for f in figures)
            )
            self.console.print(
                f"{name:6} promotion: escapes {escapes}, false rejects {false_rejects}"
            )

    def _judged(self, first: int, end: int) -> list[StoredPart]:
        """Parts with a picture from number `first` up to before `end`."""
        kept = self.stage.reader.parts_with_pictures(first - 1, end - first)
        return [part for part in kept if part.record.part_number < end]

    def _check_stopped(self) -> None:
        if self.stopped():
            raise _Stopped


class _Told:
    """Says each signal of the charts once."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage = stage
        self._console = console
        self._last = 0

    def signals(self) -> None:
        for raised in self._stage.watch.signals(after=self._last):
            self._last = raised.signal_id
            self._console.print(f"[bold]Signal[/bold]: {signal_in_words(raised)}")


def _progress(console: Console) -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
    )
