"""A challenger beside the line: what it says is kept, and whatever it does the line goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from camera.frame import Frame
from inspection.cli.label import queue_command
from inspection.judge import Outcome
from inspection.line.shadow_wire import connect
from inspection.quality.label_queue import LabelQueue
from inspection.quality.trial import Proposal, read_station_trial
from inspection.recipe import parse_recipe
from inspection.records.answers import AnswerDesk
from inspection.records.candidates import Why
from inspection.records.shadow_reader import ShadowReader
from inspection.records.signal_desk import SignalDesk
from inspection.shadow import store as shadow_store
from inspection.shadow.process import ShadowProcess
from training.data.from_records import collect

Bench = Any  # the fixture of conftest.py
Capture = Callable[[], Frame]
BundleMaker = Callable[..., Path]
PASS, REJECT = Outcome.PASS, Outcome.REJECT
PATIENCE_S = 30.0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s, f"waited {PATIENCE_S} s until {what}"
        time.sleep(0.005)


@contextmanager
def shadow_beside(folder: Path) -> Generator[None]:
    """A shadow that judges in a thread of this process until the block ends."""
    ending = threading.Event()
    process = ShadowProcess(folder, look_every_s=0.1)
    thread = threading.Thread(target=process.run, args=(ending.is_set,))
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


ON_WHATEVER_TIME = """
import sys
from pathlib import Path
from inspection.shadow.process import ShadowProcess
ShadowProcess(Path(sys.argv[1])).run(lambda: False)
"""
"""A test cannot wait for spare time, which a busy machine does not have."""


@contextmanager
def own_process(folder: Path) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", ON_WHATEVER_TIME, str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class Beside:
    """Runs a line whose parts wait until the shadow is ready for them, or do not."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self._bench = bench
        self._stack = stack
        self.feed: Any = None

    def when_ready(self, capture: Capture) -> Callable[[], Frame]:
        """The part comes once the shadow has asked for one."""

        def step() -> Frame:
            wait_until(lambda: self.feed._wanted, "the shadow asked for a part")
            return capture()

        return step

    def once(self, holds: Callable[[], bool], capture: Capture, what: str) -> Callable[[], Frame]:
        def step() -> Frame:
            wait_until(holds, what)
            return capture()

        return step

    def run(self, steps: list[Any]) -> None:
        with ExitStack() as stack:
            line = self._bench.line(stack, self._bench.source(steps))
            self.feed = line._station.shadow
            line.run(lambda: False)


@pytest.fixture
def beside(bench: Bench) -> Generator[Beside]:
    with ExitStack() as stack:
        yield Beside(bench, stack)


@pytest.fixture
def blind(bench: Bench, constant_bundle: Callable[[float], Path]) -> str:
    """A shadow that never sees anything."""
    return take_on(bench, constant_bundle(0.01))


def take_on(bench: Bench, bundle: Path) -> str:
    label: str = bench.registry.add(bundle, "bench", "trained").label
    bench.registry.shadow(label, "bench", "on trial")
    return label


def counts_of(bench: Bench, label: str) -> Any:
    digests = {event.label: event.digest for event in bench.registry.history()}
    reader = ShadowReader(bench.folder)
    try:
        return reader.counts(digests[label], digests["spot-1"])
    finally:
        reader.close()


def disagreements_of(bench: Bench, label: str) -> Any:
    digests = {event.label: event.digest for event in bench.registry.history()}
    reader = ShadowReader(bench.folder)
    try:
        return reader.disagreements(digests[label], digests["spot-1"])
    finally:
        reader.close()


def test_a_shadow_judges_the_same_parts_and_only_its_disagreements_are_marked(
    bench: Bench, beside: Beside, blind: str, good: Capture, bad: Capture
) -> None:
    ready = beside.when_ready
    with shadow_beside(bench.folder):
        beside.run([ready(good), ready(bad), ready(good), ready(good)])
        wait_until(lambda: counts_of(bench, blind) is not None, "the answers were kept")
    counts = counts_of(bench, blind)
    assert (counts.parts, counts.disagreements, counts.no_answer) == (4, 1, 0)
    (found,) = disagreements_of(bench, blind)
    assert (found.part_number, found.champion, found.shadow) == (1, REJECT, PASS)
    assert bench.outcomes() == [PASS, REJECT, PASS, PASS]  # the records know nothing of it


def test_a_disagreement_on_a_pass_keeps_the_picture_that_the_records_do_not(
    bench: Bench,
    beside: Beside,
    constant_bundle: Callable[[float], Path],
    good: Capture,
    bad: Capture,
) -> None:
    strict = take_on(bench, constant_bundle(0.9))
    with shadow_beside(bench.folder):
        beside.run([beside.when_ready(bad), beside.when_ready(good)])
    (found,) = disagreements_of(bench, strict)
    assert (found.part_number, found.champion, found.shadow) == (1, PASS, REJECT)
    assert bench.parts()[1].pictures == {}
    reader = ShadowReader(bench.folder)
    kept = reader.picture(found.views[0])
    reader.close()
    assert kept is not None
    assert kept.tolist() == good().pixels.tolist()
    assert found.views[0].findings[0].class_name in ("bright", "dark")


def test_a_disagreement_waits_for_a_label_and_its_answer_counts_in_the_trial_and_teaches(
    bench: Bench,
    beside: Beside,
    constant_bundle: Callable[[float], Path],
    good: Capture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """On a pass of which the records keep no picture: the shadow's is seen and learnt from."""
    strict = take_on(bench, constant_bundle(0.9))
    with shadow_beside(bench.folder):
        beside.run([beside.when_ready(good)])
        wait_until(lambda: len(disagreements_of(bench, strict)) == 1, "it was kept")
    queue = LabelQueue(bench.folder)
    (waiting,) = queue.read(10)
    assert (waiting.queued.part_number, waiting.queued.why) == (0, Why.SHADOW)
    queue_command(bench.folder, limit=10, as_json=False)
    said = f"spot-1 says pass, its shadow {strict} says reject"
    assert said in capfd.readouterr().out
    answers = AnswerDesk(bench.folder)
    answers.answer(0, "Mia")
    answers.close()
    assert queue.read(10) == []
    queue.close()
    plan = parse_recipe(bench_recipe(bench), "bench").shadow
    trial = read_station_trial(bench.folder, bench.registry, "spot", plan)
    assert trial is not None
    assert (trial.answers.champion_right, trial.waiting) == (1, ())
    (sample,) = collect(bench.folder, bench.registry).dataset.samples
    assert (sample.part, sample.labels) == ("bench-0000000", ())
    assert sample.pixels().tolist() == good().pixels.tolist()


def test_a_shadow_that_disagrees_always_does_not_fill_the_disk(
    bench: Bench,
    beside: Beside,
    constant_bundle: Callable[[float], Path],
    good: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shadow_store, "MOST_PICTURES", 2)
    strict = take_on(bench, constant_bundle(0.9))
    with shadow_beside(bench.folder):
        beside.run([beside.when_ready(good) for _ in range(4)])
    kept = [found.views[0].path is not None for found in disagreements_of(bench, strict)]
    assert kept == [True, True, False, False]


def test_parts_that_come_while_the_shadow_is_busy_are_passed_over_and_counted(
    bench: Bench, beside: Beside, blind: str, good: Capture
) -> None:
    """The other end asks once, takes its part, and asks again only after five more have come."""
    line_end: list[Any] = []

    def ask() -> bool:
        if not line_end:
            line_end.append(connect(bench.folder, 5.0))
            line_end[0].sendall(b"n")
        return beside.feed._wanted

    def ask_again() -> bool:
        if not line_end[1:]:
            line_end.append(line_end[0].recv(65536))
            line_end[0].sendall(b"n")
        return beside.feed._wanted

    first = beside.once(ask, good, "the feed heard")
    last = beside.once(ask_again, good, "the feed heard again")
    beside.run([first, good, good, good, good, good, last])
    message = line_end[0].recv(65536)
    line_end[0].close()
    assert b'"part_number": 6' in message
    assert b'"passed_over": 5' in message


def test_a_nan_is_no_answer_and_no_disagreement(
    bench: Bench, beside: Beside, nan_bundle: Path, good: Capture
) -> None:
    label = take_on(bench, nan_bundle)
    with shadow_beside(bench.folder):
        beside.run([beside.when_ready(good), beside.when_ready(good)])
    counts = counts_of(bench, label)
    assert (counts.parts, counts.disagreements, counts.no_answer) == (2, 0, 2)
    recipe = parse_recipe(bench_recipe(bench), "bench")
    trial = read_station_trial(bench.folder, bench.registry, "spot", recipe.shadow)
    assert trial is not None
    assert trial.proposal is Proposal.KEEP
    assert "no answer on 2 parts" in trial.because


def bench_recipe(bench: Bench) -> str:
    return bench.reader.latest_run().start.recipe_toml


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hanging"])
def test_the_line_runs_on_beside_a_shadow_that_is(
    bench: Bench, beside: Beside, blind: str, good: Capture, bad: Capture, fate: signal.Signals
) -> None:
    with own_process(bench.folder) as shadow:

        def strike() -> Frame:
            wait_until(lambda: beside.feed._wanted, "the shadow asked for a part")
            os.kill(shadow.pid, fate)
            return bad()

        beside.run([beside.when_ready(good), strike, good, bad, *[good] * 20])
    assert bench.outcomes() == [PASS, REJECT, PASS, REJECT, *[PASS] * 20]
    assert bench.gate.let_through == {0, 2, *range(4, 24)}
    ledger = bench.reader.ledger()
    assert (ledger.judged, ledger.difference) == (24, 0)


def test_a_shadow_that_was_halted_says_its_part_when_it_is_awake_and_goes_on(
    bench: Bench, beside: Beside, blind: str, good: Capture, bad: Capture
) -> None:
    """The one part that it was given waits for it; those that came by meanwhile do not."""
    with own_process(bench.folder) as shadow:

        def halt() -> Frame:
            wait_until(lambda: beside.feed._wanted, "the shadow asked for a part")
            os.kill(shadow.pid, signal.SIGSTOP)
            return bad()

        def wake() -> Frame:
            assert disagreements_of(bench, blind) == []
            os.kill(shadow.pid, signal.SIGCONT)
            wait_until(lambda: len(disagreements_of(bench, blind)) == 1, "it spoke")
            wait_until(lambda: beside.feed._wanted, "it asked for the next part")
            return bad()

        beside.run([beside.when_ready(good), halt, *[good] * 30, wake])
        wait_until(lambda: len(disagreements_of(bench, blind)) == 2, "both were kept")
    assert [found.part_number for found in disagreements_of(bench, blind)] == [1, 32]
    assert counts_of(bench, blind).passed_over == 30
    ledger = bench.reader.ledger()
    assert (ledger.judged, ledger.difference) == (33, 0)


def test_no_shadow_costs_the_line_nothing_but_a_look(
    bench: Bench, beside: Beside, good: Capture
) -> None:
    """Without a shadow in the registry its process keeps away from the line."""
    with shadow_beside(bench.folder):
        beside.run([good] * 5)
        assert beside.feed._passed_over == 0


def test_another_registry_entry_changes_the_shadow_between_two_parts(
    bench: Bench,
    beside: Beside,
    blind: str,
    constant_bundle: Callable[[float], Path],
    make_bundle: BundleMaker,
    bad: Capture,
) -> None:
    other = bench.registry.add(make_bundle(version="2"), "bench", "trained").label

    def change() -> Frame:
        bench.registry.end_shadow("spot", "Mia", "it sees nothing")
        bench.registry.shadow(other, "Mia", "the next one")
        return bad()

    steps = [beside.when_ready(bad), beside.when_ready(change)]
    with shadow_beside(bench.folder):
        beside.run([*steps, *[beside.when_ready(bad)] * 3])
        wait_until(lambda: counts_of(bench, other) is not None, "the other one judged")
    assert counts_of(bench, blind).disagreements >= 1
    assert counts_of(bench, other).disagreements == 0


def test_answers_of_people_end_the_trial_with_a_proposal_at_the_desk(
    bench: Bench, beside: Beside, blind: str, good: Capture, bad: Capture
) -> None:
    """Eight false rejects of the champion that the shadow would have passed."""
    short = f"{recipe_text()}\n[shadow]\nafter_parts = 5\n"
    with shadow_beside(bench.folder), ExitStack() as stack:
        line = bench.line(
            stack, bench.source([beside.when_ready(bad) for _ in range(8)]), recipe=short
        )
        beside.feed = line._station.shadow
        line.run(lambda: False)
        wait_until(lambda: (c := counts_of(bench, blind)) and c.parts == 8, "all were kept")
        plan = parse_recipe(short, "bench").shadow
        before = read_station_trial(bench.folder, bench.registry, "spot", plan)
        for number in range(8):
            bench.desk.review(number, agrees=False, reason="good part", who="Mia")
        desk = SignalDesk(bench.folder)
        wait_until(lambda: len(desk.notes()) > 0, "the proposal was noted")
        notes = [note.text for note in desk.notes()]
        desk.close()
    assert before is not None
    assert before.proposal is Proposal.MORE
    assert len(before.waiting) == 8
    (note,) = notes
    assert "proposal: promote" in note
    assert "8 parts, 8 disagreements, 8 answered" in note


def recipe_text() -> str:
    return """
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
