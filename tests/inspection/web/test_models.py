"""The model desk: what it says of a station's models, and answers to disagreements."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inspection.records.retraining import Outcome, RetrainLog, Step
from models.learning import Point, Run, station_run, write_whole
from models.registry import station_registry


@pytest.fixture
def registry(tmp_path: Path, make_bundle: Any, line: Any) -> Any:
    """A station whose rings-1 judges and whose rings-2 is its shadow."""
    registry = station_registry(tmp_path)
    for version in ("1", "2"):
        registry.add(make_bundle(version=version, card={"name": "rings"}), "Mia", "trained")
    registry.promote("rings-1", "Mia", "the first", {})
    registry.shadow("rings-2", "Mia", "passed the gate", {})
    return registry


def test_before_the_first_model_the_page_says_so(asker: Any) -> None:
    answer = asker.get("/models")
    assert answer.status_code == 200
    assert "No model judges here yet" in answer.text
    assert "Nothing was retrained here yet" in answer.text


def test_champion_shadow_runs_and_history_are_on_the_page(
    asker: Any, line: Any, registry: Any, tmp_path: Path
) -> None:
    line.good_parts(1)
    log = RetrainLog(tmp_path)
    log.append(1, Step.ENDED, {"outcome": Outcome.NOTHING_NEW, "said": "nothing new: 3 labels"})
    state = asker.get("/models/state").json()
    assert state["champion"]["label"] == "rings-1"
    assert state["shadow"]["sentence"] == "shadow rings-2: no part yet"
    assert state["runs"][0]["said"] == "nothing new: 3 labels"
    assert [event["action"] for event in state["history"]] == ["shadow", "promote", "add", "add"]
    text = asker.get("/models").text
    assert "rings-1" in text
    assert "nothing new: 3 labels" in text


def test_a_damaged_registry_is_said_and_not_hidden(asker: Any, line: Any, registry: Any) -> None:
    line.good_parts(1)
    log = registry.folder / "log.jsonl"
    log.write_text("{}\n" + log.read_text())
    answer = asker.get("/models/state")
    assert answer.status_code == 503
    assert "line 1: damaged" in answer.json()["detail"]


def test_a_picture_of_no_disagreement_is_not_there(asker: Any, line: Any) -> None:
    line.good_parts(1)
    asked = f"digest={'d' * 64}&champion={'c' * 64}"
    assert asker.get(f"/models/disagreements/0.png?{asked}").status_code == 404


@pytest.mark.browser
def test_the_page_runs_without_a_fault(
    page: Page, web_thread: Any, line: Any, registry: Any
) -> None:
    line.good_parts(1)
    page.goto(f"{web_thread.url}/models")
    expect(page.locator("#champion")).to_contain_text("rings-1")
    expect(page.locator("#trial")).to_contain_text("no part yet")
    expect(page.locator("#fault")).to_be_hidden()


@pytest.mark.browser
def test_the_learning_curve_of_a_training_is_drawn(
    page: Page, web_thread: Any, line: Any, registry: Any
) -> None:
    points = tuple(
        Point(phase="fit", share=share, step=1, loss=1.0 - share, learning_rate=1e-3)
        for share in (0.25, 0.5)
    )
    run = Run(
        label="rings-3",
        command="passline train",
        started_utc="2026-11-23T01:00:00+00:00",
        updated_utc="2026-11-23T01:05:00+00:00",
        state="running",
        spent_s=300.0,
        left_s=290.0,
        points=points,
    )
    path = station_run(registry.folder.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, run)
    page.goto(f"{web_thread.url}/models")
    expect(page.locator("#run")).to_have_text("rings-3: running · 50 % done · 5 min left")
    expect(page.locator("#curve canvas")).to_be_visible()
