"""The supervisor with real processes of the station."""

import signal
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from inspection.supervisor import Supervisor


def wait_for(what: Callable[[], bool], supervisor: Supervisor) -> None:
    deadline_s = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline_s, "waited 30 s"
        supervisor.tend()
        time.sleep(0.02)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(told: list[str]) -> Generator[Supervisor]:
    supervisor = Supervisor(say=told.append)
    yield supervisor
    supervisor.stop_all()


def test_a_killed_process_is_started_again_and_that_is_said(
    supervisor: Supervisor, told: list[str], tmp_path: Path
) -> None:
    supervisor.start("watch", ["watch", str(tmp_path)])
    first = supervisor.children["watch"].process
    first.kill()
    wait_for(lambda: supervisor.children["watch"].process is not first, supervisor)
    assert supervisor.children["watch"].process.poll() is None
    assert told == ["watch died (signal 9); restart 1 in 0.5 s"]


def test_a_process_that_met_a_known_fault_is_not_started_again(
    supervisor: Supervisor, told: list[str], tmp_path: Path
) -> None:
    supervisor.start("line", ["run", str(tmp_path / "no-recipe.toml"), str(tmp_path)])
    wait_for(lambda: supervisor.ended("line") is not None, supervisor)
    before = supervisor.children["line"].process
    supervisor.tend()
    assert supervisor.ended("line") == 2
    assert supervisor.children["line"].process is before
    assert told == []


def test_stopping_ends_every_process(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start("watch", ["watch", str(tmp_path)])
    process = supervisor.children["watch"].process
    wait_for(lambda: (tmp_path / "watch.sqlite").exists(), supervisor)
    assert supervisor.stop_all() == {"watch": 0}
    assert process.poll() == 0
    assert supervisor.children == {}


def test_a_process_that_waits_for_its_restart_can_be_stopped(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start("watch", ["watch", str(tmp_path)])
    supervisor.children["watch"].process.kill()
    wait_for(lambda: supervisor.children["watch"].restart_at_s is not None, supervisor)
    assert supervisor.stop_all() == {"watch": -signal.SIGKILL}
