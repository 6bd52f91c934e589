"""`passline run` as a process of its own: ended, killed, starved, and met by another one."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inspection.records.query import RecordReader
from inspection.records.record import GateOutcome
from models.registry import Registry

Picture = NDArray[np.uint8]
PICTURES = 160

RECIPE = """
product = "cap"
station = "press4"
verdict_deadline_ms = 10000.0
[camera]
id = "cam1"
max_age_ms = 10000.0
[camera.device]
source = "folder"
path = {pictures}
pace_hz = 200.0
[model]
name = "spot"
[gate]
kind = "simulated"
travel_ms = 50.0
[keep]
passes_one_in = 50
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A commissioned station whose camera is a folder of pictures, every fifth of a bad part."""

    data: Path
    recipe: Path
    started: list[subprocess.Popen[str]]

    def pace(self, pace_hz: float) -> None:
        """Slow the belt down, so that it still runs when the test gets there."""
        text = self.recipe.read_text().replace("pace_hz = 200.0", f"pace_hz = {pace_hz}")
        self.recipe.write_text(text)

    def start(self, preexec: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "inspection", "run", str(self.recipe), str(self.data)],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,
        )
        self.started.append(process)
        return process

    def wait_for_parts(self, parts: int) -> None:
        reader = RecordReader(self.data)
        deadline_s = time.monotonic() + 60
        while reader.counts().parts < parts:
            assert time.monotonic() < deadline_s, f"{reader.counts()} after 60 s"
            time.sleep(0.01)
        reader.close()

    def check_law_two_and_three(self) -> int:
        """Whatever passed is on record as a pass; gives how many parts are on record."""
        reader = RecordReader(self.data)
        for verdict in reader.verdicts_after(-1, 100_000):
            if reader.gate_outcome(verdict.part_number) is GateOutcome.PASSED:
                assert not verdict.rejected
        counts = reader.counts()
        reader.close()
        return counts.parts


@pytest.fixture
def site(
    tmp_path: Path, spot_bundle: Path, grey_picture: Picture, spotted_picture: Picture
) -> Generator[Site]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(PICTURES):
        bad = number % 5 == 4
        cv2.imwrite(str(pictures / f"{number:04d}.png"), spotted_picture if bad else grey_picture)
    data = tmp_path / "data"
    registry = Registry(data / "registry")
    added = registry.add(spot_bundle, "test", "first")
    registry.promote(added.label, "test", "first", {})
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.format(pictures=json.dumps(str(pictures))))
    site = Site(data, recipe, [])
    yield site
    for process in site.started:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def test_a_folder_is_judged_to_its_end(site: Site) -> None:
    process = site.start()
    assert process.wait(60) == 0
    assert site.check_law_two_and_three() == PICTURES
    reader = RecordReader(site.data)
    assert reader.counts().rejected == PICTURES // 5
    assert reader.ledger().difference == 0
    assert all(reader.gate_outcome(number) is not None for number in range(PICTURES))
    ended = [event for event in reader.events_after(0, 100) if event.kind == "run_ended"]
    assert ended[0].detail["pass"]["n"] == PICTURES * 4 // 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_in_the_middle_is_a_clean_stop(site: Site, number: signal.Signals) -> None:
    site.pace(20.0)
    process = site.start()
    site.wait_for_parts(20)
    process.send_signal(number)
    assert process.wait(30) == 0
    _, told = process.communicate()
    assert "all records on disk" in told
    assert "Traceback" not in told
    parts = site.check_law_two_and_three()
    reader = RecordReader(site.data)
    assert 20 <= parts < PICTURES
    assert all(reader.gate_outcome(number) is not None for number in range(parts))


def test_a_killed_line_loses_nothing_it_signalled_and_starts_again(site: Site) -> None:
    site.pace(50.0)
    for kill in range(1, 4):
        process = site.start()
        site.wait_for_parts(20 * kill)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        site.check_law_two_and_three()
    assert site.start().wait(60) == 0
    parts = site.check_law_two_and_three()
    reader = RecordReader(site.data)
    numbers = [verdict.part_number for verdict in reader.verdicts_after(-1, 100_000)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == parts


def test_a_second_station_on_the_folder_is_turned_away(site: Site) -> None:
    site.pace(2.0)
    site.start()
    site.wait_for_parts(1)
    second = site.start()
    assert second.wait(30) == 2
    _, told = second.communicate()
    assert told.startswith("passline: ")
    assert "station.lock" in told or "another" in told.lower()
    assert str(site.started[0].pid) in told


def test_a_full_disk_stops_the_line_with_one_message_and_nothing_passes_unrecorded(
    site: Site,
) -> None:
    """No file of the line may grow past 200 kB: the kernel says so as it would on a full disk."""

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    process = site.start(little_room)
    assert process.wait(60) == 2
    _, told = process.communicate()
    assert "Traceback" not in told
    assert "records.sqlite" in told
    assert 0 < site.check_law_two_and_three() < PICTURES


def test_a_recipe_with_a_fault_is_one_message(site: Site) -> None:
    site.recipe.write_text(
        site.recipe.read_text() + "[[chart]]\nname = 'p'\nkind = 'p'\nsubgrop = 5\n"
    )
    process = site.start()
    assert process.wait(30) == 2
    _, told = process.communicate()
    assert "chart.0.p.subgrop: no such key; did you mean 'subgroup'" in told
    assert "Traceback" not in told
    assert not (site.data / "records.sqlite").exists()


def test_a_part_is_replayed_bit_for_bit(site: Site) -> None:
    assert site.start().wait(60) == 0
    replay = [sys.executable, "-m", "inspection", "replay", str(site.data)]
    for serial, outcome in (("press4-0000004", "reject"), ("press4-0000050", "pass")):
        done = subprocess.run([*replay, serial], capture_output=True, text=True, check=True)
        assert f"{serial}: {outcome}" in done.stdout
        assert "same findings and same verdict" in done.stdout


def test_a_part_whose_picture_was_not_kept_says_so(site: Site) -> None:
    assert site.start().wait(60) == 0
    replay = [sys.executable, "-m", "inspection", "replay", str(site.data), "press4-0000001"]
    done = subprocess.run(replay, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "its picture was not kept" in done.stderr


def test_a_part_whose_picture_was_altered_is_not_replayed(site: Site) -> None:
    assert site.start().wait(60) == 0
    picture = next((site.data / "images").rglob("4-*.png"))
    cv2.imwrite(str(picture), np.full((64, 64), 128, np.uint8))
    replay = [sys.executable, "-m", "inspection", "replay", str(site.data), "press4-0000004"]
    done = subprocess.run(replay, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert picture.name in done.stderr


def test_a_verdict_made_with_other_limits_does_not_replay_as_the_same(site: Site) -> None:
    """Shows that the comparison can fail: the record's verdict is turned round behind its back."""
    import sqlite3

    assert site.start().wait(60) == 0
    with sqlite3.connect(site.data / "records.sqlite") as records:
        records.execute("UPDATE parts SET outcome = 'pass', reasons = '[]' WHERE part_number = 4")
    replay = [sys.executable, "-m", "inspection", "replay", str(site.data), "press4-0000004"]
    done = subprocess.run(replay, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "NOT as on record" in done.stdout


def test_the_ledger_command_shows_the_balance(site: Site) -> None:
    assert site.start().wait(60) == 0
    ledger = [sys.executable, "-m", "inspection", "ledger", str(site.data)]
    done = subprocess.run(ledger, capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"triggers {PICTURES} = judged {PICTURES} + late 0 + incomplete 0 + lost 0\n"
    )


def test_the_line_does_not_load_what_only_screens_and_training_need(site: Site) -> None:
    """Start and memory: no web framework, no plotting, no torch, no vendor library in the line."""
    site.pace(20.0)
    process = site.start()
    site.wait_for_parts(5)
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    for heavy in ("torch", "genicam", "matplotlib", "pydantic_core"):
        loaded = f"/{heavy}" in maps
        assert loaded == (heavy == "pydantic_core"), heavy
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(30) == 0
