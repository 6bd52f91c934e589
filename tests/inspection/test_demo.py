"""The story of `passline demo`, short, as a user runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inspection.records.desk import Desk
from inspection.records.query import RecordReader


@pytest.mark.timeout(600)
def test_the_story_is_told_to_its_end_and_its_records_bear_it_out(tmp_path: Path) -> None:
    """With a training too short to be sure of: the gate may say no, and the story says so."""
    short = "--headless --parts 200 --training-minutes 0.2 --base-parts 300"
    story = subprocess.run(
        [sys.executable, "-m", "inspection", "demo", *short.split(), "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "160"},  # rich wraps nothing that is looked for
    )
    told = story.stdout
    assert story.returncode == 0, told + story.stderr
    (folder,) = tmp_path.iterdir()
    reader, desk = RecordReader(folder), Desk(folder)
    ledger, counts = reader.ledger(), reader.counts()
    events = [event.kind for event in reader.events_after(0, 1000)]
    assert (ledger.triggers, ledger.difference, ledger.lost) == (200, 0, 2)
    assert counts.parts == 200
    balance = r"200 triggers = \d+ judged \+ \d+ late \+ 0 incomplete \+ 2 lost \(balanced\)"
    assert re.search(balance, told)
    assert len(desk.escapes()) >= 5
    assert desk.reviews()
    promoted = "promoted: metal-cap-2 is champion" in told
    assert promoted == ("model_changed" in events)
    assert promoted == bool(re.search(r"model changed.*metal-cap-1 to metal-cap-2", told))
    assert "run_ended" in events
    reader.close()
    desk.close()


def test_a_story_too_short_to_tell_is_refused(tmp_path: Path) -> None:
    story = subprocess.run(
        [sys.executable, "-m", "inspection", "demo", "--parts", "50", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert story.returncode == 2
    assert "needs 200 parts or more, got 50" in story.stderr
