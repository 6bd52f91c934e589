"""Retraining on a small station: its labels, its faults, and what a kill leaves behind."""

import json
import shutil
import sqlite3
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import typer

from camera.picture import read_picture
from inspection.cli.retrain import seconds
from inspection.errors import DataFolderInUse
from inspection.judge import judge
from inspection.records.desk import Desk
from inspection.records.folder_lock import hold_retraining
from inspection.records.images import picture_sha256
from inspection.records.record import Judgement, LedgerEntry, PartRecord, RunStart, ViewRecord
from inspection.records.retraining import Outcome, RetrainLog, Step, steps_of
from inspection.records.signal_desk import SignalDesk
from inspection.records.writer import RecordWriter
from inspection.watch import Watch
from models.bundle import Bundle, open_bundle
from models.registry import Registry
from models.session import ModelSession
from training.data.dataset import Dataset
from training.errors import TrainingError
from training.fitting.fit import FINE_TUNE_RATE, Plan
from training.measuring.evaluate import in_force
from training.retraining.news import labels_waiting, next_version, unanswered_drift
from training.retraining.plan import RetrainPlan, Ruling, Then
from training.retraining.run import retrain
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
"""


class OpenGate:
    """Lets everything through, and remembers whom it saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, challenger: Bundle, champion: Bundle, dataset: Dataset) -> Ruling:
        self.seen.append(f"{challenger.label} against {champion.label}")
        return Ruling((), {"escapes": 0}, {"gate.json": "{}"})


class ShutGate(OpenGate):
    """Refuses everything."""

    def __call__(self, challenger: Bundle, champion: Bundle, dataset: Dataset) -> Ruling:
        super().__call__(challenger, champion, dataset)
        return Ruling(("2 escapes more than the champion",), {}, {})


class Killed(BaseException):
    """The process ends here, as far as the run can tell."""


class DeadlyGate(OpenGate):
    """Whoever comes to it does not come back."""

    def __call__(self, challenger: Bundle, champion: Bundle, dataset: Dataset) -> Ruling:
        raise Killed


@dataclass
class Station:
    """A station whose champion knows spots."""

    folder: Path
    registry: Registry
    writer: RecordWriter
    session: ModelSession
    desk: Desk
    run_id: int

    def judge(self, picture: Path) -> int:
        pixels, pixel_format = read_picture(picture)
        found = self.session.predict(pixels).findings
        bundle = self.session.bundle
        limits = in_force(bundle.card.limits)
        number = self.writer.next_part_number
        view = ViewRecord(
            "cam0", "cam0", number, None, 1_000 + number, LedgerEntry.JUDGED,
            image_sha256=picture_sha256(pixels, pixel_format),
            pixel_format=pixel_format,
            limits=limits,
            findings=found,
            score=max((each.score for each in found), default=0.0),
        )  # fmt: skip
        record = PartRecord(
            number, f"s-{number:07d}", "lot", "day", 0, self.run_id, 1_000 + number,
            LedgerEntry.JUDGED, judge(found, limits),
            Judgement(bundle.digest, bundle.label, self.session.provider, 1), (view,), 5_000,
        )  # fmt: skip
        self.writer.submit(record, {"cam0": pixels})
        self.writer.flush()
        return number

    def answer(self, pictures: list[Path]) -> None:
        """People look at parts, and agree to every verdict."""
        for picture in pictures:
            self.desk.review(self.judge(picture), True, "", "ada")

    def steps(self, run: int) -> list[Step]:
        return list(steps_of(RetrainLog(self.folder).events(), run))

    def plan(self, gate: OpenGate, **changes: Any) -> RetrainPlan:
        fit = Plan(seed=1, epochs=2, batch=8, crop_px=64, learning_rate=FINE_TUNE_RATE)
        plan = RetrainPlan(
            fit=lambda dataset, card: fit, gate=gate, needed=20, command="passline retrain"
        )
        return replace(plan, **changes)


@pytest.fixture
def station(spots_only: tuple[Trained, Path], tmp_path: Path) -> Generator[Station]:
    registry = Registry(tmp_path / "registry")
    bundle = registry.add(spots_only[0].bundle.folder, "test", "judges")
    registry.promote(bundle.label, "test", "the first", {})
    writer, desk = RecordWriter(tmp_path), Desk(tmp_path)
    run_id = writer.begin_run(RunStart("s", "d" * 64, RECIPE, ("cam0",), "passline", 1_000))
    yield Station(tmp_path, registry, writer, ModelSession(bundle), desk, run_id)
    desk.close()
    writer.close()


@pytest.fixture
def pictures(parts_folder: Path) -> list[Path]:
    """26 parts that the champion has not seen: good ones, and spots."""
    good = sorted((parts_folder / "good/Imgs").glob("part*[0-9].png"))[:14]
    spots = sorted((parts_folder / "spot/Imgs").glob("part*[0-9].png"))[:12]
    return [*good, *spots]


def test_a_run_that_had_nothing_to_learn_from_leaves_the_drift_unanswered(
    station: Station, pictures: list[Path]
) -> None:
    watch = Watch(station.folder)  # the guard's and the drift's charts alone
    watch.step()
    watch.close()
    assert unanswered_drift(station.folder) is None
    signalled(station.folder)
    drift = "drift on drift-score, parts 500 to 599"
    assert unanswered_drift(station.folder) == drift
    assert retrain(station.folder, station.plan(OpenGate())).outcome is Outcome.NOTHING_NEW
    assert unanswered_drift(station.folder) == drift
    station.answer(pictures[:2])
    assert labels_waiting(station.folder).count == 2
    RetrainLog(station.folder).append(2, Step.BEGUN, {})
    assert unanswered_drift(station.folder) is None


def signalled(folder: Path) -> None:
    """The watch signals drift of the score."""
    database = sqlite3.connect(folder / "watch.sqlite")
    with database:
        database.execute(
            "INSERT INTO charts VALUES (1, 'drift-score', 'ks', 'score', '', '', '{}', 1, '{}')"
        )
        database.execute(
            "INSERT INTO signals VALUES (1, 1, 1, 'ks', 'above', 500, 599, 0, 9.0, 0.0, NULL, 4.6,"
            " ?, '{}')",
            (time.time_ns(),),
        )
    database.close()


def test_too_few_labels_are_nothing_new(station: Station, pictures: list[Path]) -> None:
    station.answer(pictures[:3])
    gate = OpenGate()
    ended = retrain(station.folder, station.plan(gate))
    assert ended.outcome is Outcome.NOTHING_NEW
    assert ended.said == "3 labels since the last run, 20 needed"
    assert station.steps(1) == [Step.ENDED]
    assert gate.seen == []


def test_a_run_that_is_killed_at_the_gate_goes_on_there_and_puts_the_challenger_on_shadow(
    station: Station, pictures: list[Path]
) -> None:
    station.answer(pictures)
    with pytest.raises(Killed):
        retrain(station.folder, station.plan(DeadlyGate()))
    assert station.steps(1) == [Step.BEGUN, Step.TRAINED]
    bundle = open_bundle(station.folder / "retrain/run-0001/bundle")
    gate = OpenGate()
    ended = retrain(station.folder, station.plan(gate))
    assert ended.outcome is Outcome.SHADOW
    assert gate.seen == ["plate-1 against plate-0"]
    assert station.registry.shadow_of("plate") is not None
    assert station.registry.by_digest(bundle.digest).label == "plate-1"  # not trained again
    assert bundle.card.origin.parent == station.session.bundle.digest
    assert bundle.card.classes == ("spot",)
    assert (station.folder / "retrain/run-0001/gate.json").exists()
    again = retrain(station.folder, station.plan(gate))
    assert again.said == "0 labels since the last run, 20 needed"


def test_a_refused_challenger_is_not_in_the_registry_and_its_labels_are_used_up(
    station: Station, pictures: list[Path], trained_run: Path
) -> None:
    """The training itself is that of the run before; only the gate is asked."""
    station.answer(pictures)
    begin_at_the_gate(station, trained_run)
    ended = retrain(station.folder, station.plan(ShutGate()))
    assert ended.outcome is Outcome.REFUSED
    assert "2 escapes more" in ended.said
    assert list(station.registry.stages()) == ["plate-0"]
    assert retrain(station.folder, station.plan(ShutGate())).outcome is Outcome.NOTHING_NEW


@pytest.fixture
def trained_run(trained: Trained) -> Path:
    """A bundle that a run may have trained."""
    return trained.bundle.folder


def begin_at_the_gate(station: Station, bundle: Path) -> None:
    """The log and the folder of a run that was killed before the gate."""
    log = RetrainLog(station.folder)
    until_ns = max(review.at_utc_ns for review in station.desk.reviews().values())
    begun = {"label": "plate-1", "version": "1", "parent": "plate-0", "labels": 26}
    log.append(1, Step.BEGUN, begun | {"until_utc_ns": until_ns})
    own = station.folder / "retrain/run-0001"
    own.mkdir(parents=True)
    (own / "bundle").symlink_to(bundle)
    log.append(1, Step.TRAINED, {"parts": 26})


@pytest.mark.parametrize(
    ("then", "outcome", "champion"),
    [
        (Then.PROMOTE, Outcome.PROMOTED, "plate-1"),
        (Then.PROPOSE, Outcome.PROPOSED, "plate-0"),
    ],
)
def test_a_challenger_is_promoted_only_where_that_was_said(
    station: Station,
    pictures: list[Path],
    trained_run: Path,
    then: Then,
    outcome: Outcome,
    champion: str,
) -> None:
    station.answer(pictures[:1])
    begin_at_the_gate(station, trained_run)
    if then is Then.PROPOSE:  # killed between the note and the end of the run
        desk = SignalDesk(station.folder)
        desk.note("plate-1 passed the gate; proposal: promote it", "retrain")
        desk.close()
    assert retrain(station.folder, station.plan(OpenGate(), then=then)).outcome is outcome
    assert station.registry.standing("plate").champion == champion
    desk = SignalDesk(station.folder)
    notes = [note.text for note in desk.notes()]
    desk.close()
    assert notes.count("retrain: plate-1 passed the gate; proposal: promote it") == (
        1 if then is Then.PROPOSE else 0
    )


def test_a_newer_challenger_takes_the_shadows_place(
    station: Station, pictures: list[Path], trained_run: Path, tmp_path: Path
) -> None:
    older = other_version(trained_run, tmp_path / "older", "0.9")
    station.registry.add(older, "test", "the week before")
    station.registry.shadow("plate-0.9", "test", "the week before")
    station.answer(pictures[:1])
    begin_at_the_gate(station, trained_run)
    assert retrain(station.folder, station.plan(OpenGate())).outcome is Outcome.SHADOW
    assert station.registry.standing("plate").shadow == "plate-1"


def other_version(bundle: Path, target: Path, version: str) -> Path:
    shutil.copytree(bundle, target)
    card = json.loads((target / "card.json").read_text())
    (target / "card.json").write_text(json.dumps(card | {"version": version}))
    return target


def test_a_fault_is_on_record_and_the_labels_are_new_next_time(
    station: Station, pictures: list[Path]
) -> None:
    """Good parts alone: there is nothing to learn from."""
    station.answer(pictures[:3])
    plan = replace(station.plan(OpenGate()), needed=3)
    for _ in range(2):
        with pytest.raises(TrainingError):
            retrain(station.folder, plan)
    assert station.steps(2) == [Step.BEGUN, Step.ENDED]
    last = RetrainLog(station.folder).events()[-1].detail
    assert last["outcome"] == Outcome.FAILED


def test_one_retraining_at_a_time(station: Station) -> None:
    with (
        hold_retraining(station.folder),
        pytest.raises(DataFolderInUse, match="another retraining runs"),
    ):
        retrain(station.folder, station.plan(OpenGate()))


def test_half_a_line_of_the_log_is_cut_off(station: Station) -> None:
    retrain(station.folder, station.plan(OpenGate()))
    log = station.folder / "retrain/log.jsonl"
    log.write_bytes(log.read_bytes() + b'{"run": 2, "st')
    retrain(station.folder, station.plan(OpenGate()))
    assert [event.run for event in RetrainLog(station.folder).events()] == [1, 2]


def test_versions_count_up_and_are_never_given_twice(station: Station) -> None:
    champion = station.session.bundle
    assert next_version(station.registry, champion) == "1"


@pytest.mark.parametrize(
    ("text", "seconds_"), [("30m", 1800.0), ("24h", 86400.0), ("7d", 604800.0)]
)
def test_a_schedule_is_minutes_hours_or_days(text: str, seconds_: float) -> None:
    assert seconds(text) == seconds_


@pytest.mark.parametrize("text", ["24", "h", "0h", "-1d", "1w"])
def test_another_schedule_is_refused_by_name(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="expected 30m, 24h or 7d"):
        seconds(text)
