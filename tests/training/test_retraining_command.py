"""`passline retrain` as a process of its own: at drift, on a full disk, killed in mid-training."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from camera.picture import read_picture
from inspection.judge import judge
from inspection.records.desk import Desk
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement, LedgerEntry, PartRecord, RunStart, ViewRecord
from inspection.records.retraining import RetrainLog, Step, steps_of
from inspection.records.rows import text_sha256
from inspection.records.writer import RecordWriter
from inspection.watch import Watch
from models.findings import Finding
from models.learning import CURVE_FILE
from models.registry import Registry
from models.session import ModelSession
from models.stages import Action
from training.measuring.evaluate import in_force
from training.train import Trained

RECIPE = """
product = "plate"
[camera]
id = "cam0"
device = { source = "rendered" }
[model]
name = "plate"
[gate]
kind = "simulated"
[drift]
reference_parts = 50
parts = 20
of = ["score"]
"""
SECOND_NS = 1_000_000_000
MARK = 12_345.0


class Station:
    """A station whose champion knows spots, with a line that judges and people who agree."""

    def __init__(self, folder: Path, champion: Path) -> None:
        self.folder = folder
        self.registry = Registry(folder / "registry")
        bundle = self.registry.add(champion, "test", "judges")
        self.registry.promote(bundle.label, "test", "the first", {})
        self._session = ModelSession(bundle)
        self._writer, self._desk = RecordWriter(folder), Desk(folder)
        start = RunStart("s", text_sha256(RECIPE), RECIPE, ("cam0",), "passline", 1_000)
        self._run_id = self._writer.begin_run(start)

    def close(self) -> None:
        self._desk.close()
        self._writer.close()

    def judge(self, picture: Path, score: float | None = None) -> int:
        """Judge a part; a score of its own stands in for what the model saw."""
        pixels, pixel_format = read_picture(picture)
        bundle = self._session.bundle
        found = self._session.predict(pixels).findings
        if score is not None:
            found = (Finding("spot", score, (0, 0, 9, 9), 0.0),)  # too small to reject
        limits, number = in_force(bundle.card.limits), self._writer.next_part_number
        captured_ns = number * SECOND_NS
        view = ViewRecord(
            "cam0", "cam0", number, None, captured_ns, LedgerEntry.JUDGED,
            image_sha256=picture_sha256(pixels, pixel_format),
            pixel_format=pixel_format,
            limits=limits,
            findings=found,
            score=max((each.score for each in found), default=0.0),
        )  # fmt: skip
        record = PartRecord(
            number, f"s-{number:07d}", "lot", "day", 0, self._run_id, captured_ns,
            LedgerEntry.JUDGED, judge(found, limits),
            Judgement(bundle.digest, bundle.label, self._session.provider, 1), (view,), 5_000,
        )  # fmt: skip
        self._writer.submit(record, {"cam0": pixels} if score is None else {})
        self._writer.flush()
        return number

    def answer(self, pictures: list[Path]) -> None:
        for picture in pictures:
            self._desk.review(self.judge(picture), True, "", "ada")

    def drift(self, picture: Path) -> None:
        """50 parts like each other, 20 with higher scores; the watch sees all of them."""
        for at in range(70):
            self.judge(picture, score=0.1 + 0.001 * (at % 7) + (0.2 if at >= 50 else 0.0))
        watch = Watch(self.folder)
        watch.step()
        watch.close()

    def steps(self, run: int) -> dict[Step, Any]:
        return steps_of(RetrainLog(self.folder).events(), run)


@pytest.fixture
def station(spots_only: tuple[Trained, Path], tmp_path: Path) -> Generator[Station]:
    station = Station(tmp_path / "station", spots_only[0].bundle.folder)
    yield station
    station.close()


@pytest.fixture
def good(parts_folder: Path) -> list[Path]:
    return sorted((parts_folder / "good/Imgs").glob("part*[0-9].png"))


@pytest.fixture
def spots(parts_folder: Path) -> list[Path]:
    return sorted((parts_folder / "spot/Imgs").glob("part*[0-9].png"))


def command(station: Station, *options: str) -> list[str]:
    return [
        sys.executable, "-c", "from inspection.cli import main; main()", "retrain",
        str(station.folder), *options,
    ]  # fmt: skip


def retrain(
    station: Station, *options: str, preexec_fn: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(station, *options),
        capture_output=True, text=True, check=False, preexec_fn=preexec_fn,
    )  # fmt: skip


def test_without_drift_nothing_happens_and_it_says_so(station: Station, good: list[Path]) -> None:
    station.answer(good[:3])
    ended = retrain(station, "--when-drift", "--needed", "1")
    assert ended.returncode == 3
    assert ended.stdout.endswith("nothing new: no drift was signalled since the last run began\n")
    assert not (station.folder / "retrain").exists()


def test_drift_begins_one_run_and_a_full_disk_ends_it_by_name_without_half_a_bundle(
    station: Station, good: list[Path], spots: list[Path]
) -> None:
    """A limit on the size of files stands in for the full disk."""
    station.drift(good[0])
    station.answer([*good[:8], *spots[:6]])

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    options = ("--when-drift", "--needed", "10", "--epochs", "1")
    ended = retrain(station, *options, preexec_fn=little_room)
    assert ended.returncode == 2
    said = "run 1: plate-1 learns from plate-0 and 14 new labels (drift on drift-score, parts 50 to"
    assert said in ended.stdout
    assert "fit.pt: the checkpoint cannot be written: " in ended.stderr
    assert station.steps(1)[Step.BEGUN].detail["because"] == "drift on drift-score, parts 50 to 69"
    assert station.steps(1)[Step.ENDED].detail["outcome"] == "failed"
    own = station.folder / "retrain/run-0001"
    assert [path.name for path in own.iterdir()] == ["training.txt"]
    assert list(station.registry.stages()) == ["plate-0"]
    again = retrain(station, *options)
    assert again.returncode == 3
    assert "no drift was signalled since the last run began" in again.stdout


def test_a_round_killed_in_mid_training_goes_on_from_its_checkpoint_and_doubles_nothing(
    station: Station, good: list[Path], spots: list[Path]
) -> None:
    """Killed as soon as some of the fit is on disk: that is not learnt again."""
    station.answer([*good[:30], *spots[:30]])
    options = ("--needed", "10", "--epochs", "2")
    own = station.folder / "retrain/run-0001"
    checkpoint = own / ".bundle.training/fit.pt"
    with subprocess.Popen(command(station, *options), stdout=subprocess.DEVNULL) as process:
        while not checkpoint.exists():  # the test's own time limit ends it
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert list(station.steps(1)) == [Step.BEGUN]
    assert not (own / "bundle").exists()
    learnt = torch.load(checkpoint, weights_only=True)
    learnt["drawing"]["points"][0]["loss"] = MARK  # seen again in the bundle if it goes on there
    torch.save(learnt, checkpoint)

    ended = retrain(station, *options)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "refused: plate-1: enough parts: " in ended.stdout
    curve = json.loads((own / "bundle" / CURVE_FILE).read_text())
    assert curve["points"][0]["loss"] == MARK
    events = [event.step for event in RetrainLog(station.folder).events()]
    assert events == [Step.BEGUN, Step.TRAINED, Step.GATED, Step.ENDED]
    history = [(event.action, event.label) for event in station.registry.history()]
    assert history == [(Action.ADD, "plate-0"), (Action.PROMOTE, "plate-0")]
    assert sorted(path.name for path in own.iterdir()) == [
        "bundle", "gate.html", "gate.json", "training.txt",
    ]  # fmt: skip
