"""What the screens are told, as the records stand."""

import json
import shutil
import sqlite3
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from inspection.records.desk import Desk
from inspection.watch import Watch
from inspection.web.records import StationRecords
from inspection.web.state import ScreenState
from models.findings import Finding

SCRATCH = Finding("scratch", 0.93, (40.0, 56.0, 72.0, 64.0), 180.0)
CHIP = Finding("chipped_edge", 0.71, (0.0, 0.0, 9.0, 9.0), 60.0)
FAINT = Finding("scratch", 0.3, (1.0, 1.0, 9.0, 9.0), 60.0)


class Watcher:
    """Reads the state as the feed does."""

    def __init__(self, folder: Path) -> None:
        self.records = StationRecords(folder)
        self._state = ScreenState(self.records, "v1")

    def now(self) -> dict[str, Any]:
        return json.loads(self._state.read())


@pytest.fixture
def watcher(tmp_path: Path) -> Generator[Watcher]:
    watching = Watcher(tmp_path)
    yield watching
    watching.records.close()


def test_a_database_from_a_newer_passline_is_said(tmp_path: Path, watcher: Watcher) -> None:
    newer = sqlite3.connect(tmp_path / "records.sqlite")
    newer.execute("PRAGMA user_version=99")
    newer.commit()
    newer.close()
    assert "has schema version" in watcher.now()["fault"]


def test_a_damaged_database_is_said_and_a_restored_one_is_read(
    tmp_path: Path, watcher: Watcher, line: Any
) -> None:
    line.part(SCRATCH)
    line.close()
    whole = tmp_path / "whole"
    shutil.move(tmp_path / "records.sqlite", whole)
    (tmp_path / "records.sqlite").write_bytes(b"no database at all " * 500)
    assert "not a database" in watcher.now()["fault"]
    (tmp_path / "records.sqlite").unlink()
    shutil.move(whole, tmp_path / "records.sqlite")
    restored = watcher.now()
    assert restored["fault"] is None
    assert restored["counts"]["parts"] == 1


def test_a_locked_database_is_said(tmp_path: Path, watcher: Watcher, line: Any) -> None:
    line.part(SCRATCH)
    line.close()
    holder = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    assert "database is locked" in watcher.now()["fault"]
    holder.execute("ROLLBACK")
    holder.close()
    assert watcher.now()["fault"] is None


def test_a_folder_that_is_not_there_yet_is_waited_for_and_not_made(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path / "later")
    assert watcher.now() == {"screen": "v1", "fault": None, "waiting": True}
    assert not (tmp_path / "later").exists()
    watcher.records.close()


def test_a_line_that_starts_ends_the_waiting(
    tmp_path: Path, watcher: Watcher, request: pytest.FixtureRequest
) -> None:
    assert watcher.now()["waiting"]
    request.getfixturevalue("line").good_parts(1)
    state = watcher.now()
    assert (state["waiting"], state["station"], state["lot"]) == (False, "press-4", "L7")


def test_a_data_folder_begun_anew_is_read_anew(
    tmp_path: Path, watcher: Watcher, line: Any, request: pytest.FixtureRequest
) -> None:
    line.good_parts(3)
    line.close()
    assert watcher.now()["counts"]["parts"] == 3
    for file in tmp_path.glob("*.sqlite*"):
        file.unlink()
    assert watcher.now()["waiting"]


def test_counts_and_ledger_are_those_of_the_run(watcher: Watcher, line: Any) -> None:
    line.good_parts(2)
    line.part(SCRATCH)
    line.lost()
    state = watcher.now()
    lower, upper = state["counts"].pop("reject_rate_95")
    assert state["counts"] == {"parts": 4, "passed": 2, "rejected": 2, "reject_rate": 0.5}
    assert (lower, upper) == pytest.approx(proportion_confint(2, 4, method="beta"))
    assert state["ledger"] == {
        "triggers": 4, "judged": 3, "late": 0, "incomplete": 0, "lost": 1, "waiting": 0,
        "difference": 0,
    }  # fmt: skip


def test_a_trigger_nobody_accounted_for_shows_as_a_difference(watcher: Watcher, line: Any) -> None:
    line.triggers["L7"] += 2
    line.good_parts(1)
    assert watcher.now()["ledger"]["difference"] == 2


def test_a_reject_comes_with_its_reasons_and_the_findings_that_count(
    watcher: Watcher, line: Any
) -> None:
    line.part(SCRATCH, CHIP, FAINT)
    [reject] = watcher.now()["rejects"]
    assert reject["reasons"] == ["scratch", "chipped edge"]
    [view] = reject["views"]
    assert [finding["class_name"] for finding in view["findings"]] == ["scratch", "chipped edge"]
    assert view["findings"][0]["box_xyxy_px"] == [40.0, 56.0, 72.0, 64.0]
    assert view["picture"].startswith("/pictures/0.png?view=cam1&sha256=")
    assert reject["review"] is None


def test_the_worst_view_comes_first_and_each_has_its_own_picture(
    watcher: Watcher, line: Any, asker: Any
) -> None:
    line.two_views(replace(SCRATCH, score=0.6), SCRATCH)
    state = watcher.now()
    [reject] = state["rejects"]
    assert reject["reasons"] == ["scratch", "scratch"]
    assert [(view["view"], view["score"]) for view in reject["views"]] == [
        ("side", 0.93), ("top", 0.6),
    ]  # fmt: skip
    side, top = (asker.get(view["picture"]) for view in reject["views"])
    assert side.status_code == top.status_code == 200
    assert side.content != top.content
    assert asker.get("/pictures/0.png").content == side.content, "the worst when none is named"
    assert asker.get("/pictures/0.png?view=back").status_code == 404
    assert state["ledger"]["difference"] == 0


def test_a_part_that_was_not_inspected_says_why(watcher: Watcher, line: Any) -> None:
    line.lost("no picture within 100 ms")
    [reject] = watcher.now()["rejects"]
    assert reject["reasons"] == ["No picture came"]
    assert reject["detail"] == "no picture within 100 ms"
    [view] = reject["views"]
    assert (reject["inspected"], view["picture"], reject["score"]) == (False, None, None)


def test_a_review_is_news(watcher: Watcher, line: Any, tmp_path: Path) -> None:
    line.part(SCRATCH)
    assert watcher.now()["waiting_review"] == 1
    desk = Desk(tmp_path, utc_ns=lambda: 5_000_000)
    desk.review(0, False, "reflection", "Mia")
    desk.close()
    state = watcher.now()
    assert state["waiting_review"] == 0
    assert state["rejects"][0]["review"] == {
        "agrees": False, "reason": "reflection", "who": "Mia", "at_utc_ms": 5,
    }  # fmt: skip


def test_the_chart_has_limits_once_its_baseline_is_complete(
    watcher: Watcher, line: Any, tmp_path: Path
) -> None:
    watch = Watch(tmp_path)
    line.good_parts(19)
    watch.step()
    assert watcher.now()["chart"]["points"] == []
    line.part(SCRATCH)
    watch.step()
    chart = watcher.now()["chart"]
    assert (chart["frozen"], chart["center"], len(chart["points"])) == (False, None, 1)
    line.good_parts(40)
    watch.step()
    chart = watcher.now()["chart"]
    assert chart["frozen"]
    assert chart["center"] == pytest.approx(1 / 60)
    line.good_parts(16)
    for _ in range(4):
        line.part(SCRATCH)
    watch.step()
    watch.close()
    last = watcher.now()["chart"]["points"][-1]
    assert last["upper"] == pytest.approx(1 / 60 + 3 * (1 / 60 * 59 / 60 / 20) ** 0.5)
    assert (last["defectives"], last["size"], last["signal"]) == (4, 20, True)


def test_the_model_in_force_is_named_with_the_moment_it_took_over(
    watcher: Watcher, line: Any
) -> None:
    line.part(SCRATCH, model="rings-1")
    assert watcher.now()["model"] == {"label": "rings-1", "since_utc_ms": None}
    line.writer.log_event("model_changed", {"from": "rings-1", "to": "rings-2"})
    line.writer.flush()
    state = watcher.now()
    assert state["model"]["label"] == "rings-2"
    assert state["events"][0]["text"] == "Model rings-2 took over from rings-1"
    line.part(SCRATCH, model="rings-2")
    assert watcher.now()["model"]["since_utc_ms"] == state["model"]["since_utc_ms"]


@pytest.mark.parametrize(
    ("kind", "detail", "told"),
    [
        ("camera_lost", {"fault": "cam1 is gone"}, "Camera lost: cam1 is gone"),
        ("model_refused", {"kept": "rings-1"}, "New model refused, rings-1 stays: (no fault)"),
        ("lamp_weak", {"grey": 12}, "Lamp weak: grey 12"),
        ("shift_began", {}, "Shift began"),
    ],
)
def test_every_event_is_told_in_words(
    watcher: Watcher, line: Any, kind: str, detail: dict[str, Any], told: str
) -> None:
    line.good_parts(1)
    line.writer.log_event(kind, detail)
    line.writer.flush()
    assert watcher.now()["events"][0]["text"] == told


def test_a_line_that_stopped_says_why(watcher: Watcher, line: Any) -> None:
    line.good_parts(1)
    assert watcher.now()["run"]["ended"] is None
    line.writer.log_event("line_stopped", {"fault": "the gate did not confirm"})
    line.writer.flush()
    assert watcher.now()["run"]["ended"] == "Line stopped: the gate did not confirm"
