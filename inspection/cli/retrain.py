"""`passline retrain`: the whole loop from new labels to a challenger, unattended."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder
from inspection.cli.training_options import Groups, Layout, Seed, Threads, need_torch, open_labelled

if TYPE_CHECKING:
    from training.retraining.plan import Ended, RetrainPlan

REFUSED = 1
NOTHING_NEW = 3
_UNIT_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
_LOOK_EVERY_S = 60.0

Planned = Callable[[], "RetrainPlan"]
"""Makes the plan, which takes torch: only once there is something to do."""


@app.command("retrain")
def retrain_command(
    data: DataFolder,
    once: Annotated[bool, typer.Option("--once", help="One run, the default.")] = False,
    every: Annotated[
        str | None, typer.Option(help="Run for ever, as often as this: 30m, 24h or 7d.")
    ] = None,
    when_drift: Annotated[
        bool, typer.Option("--when-drift", help="Only, or also, when the watch signals drift.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="How long to fit; 20 if left out.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times each picture is seen, instead of minutes.")
    ] = None,
    needed: Annotated[
        int, typer.Option(min=1, help="Labels since the last run that are worth a run.")
    ] = 20,
    base: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled pictures beside the records, such as the commissioning set."),
    ] = None,
    layout: Layout = "auto",
    groups: Groups = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make a challenger champion that passes the gate.")
    ] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Only propose it, instead of making it the shadow.")
    ] = False,
    seed: Seed = 0,
    threads: Threads = 1,
) -> None:
    """Learn from what people said since the last run: fine-tune, ask the gate, put on shadow.

    Exit code 0: a challenger passed the gate. 1: the gate refused it. 3: nothing new. 2: a fault.
    It may be killed at any moment: the next one goes on where it was.
    """
    need_torch()
    if once and every is not None:
        raise typer.BadParameter("--once and --every: one of them")
    if promote and propose:
        raise typer.BadParameter("--promote and --propose: one of them")
    if minutes is not None and epochs is not None:
        raise typer.BadParameter("--minutes and --epochs: one of them")
    every_s = None if every is None else seconds(every)
    os.nice(19)
    if epochs is None:
        minutes = 20.0 if minutes is None else minutes
    long = f"--epochs {epochs}" if minutes is None else f"--minutes {minutes:g}"

    def planned() -> RetrainPlan:
        from training.retraining.at_the_gate import gate_of
        from training.retraining.plan import RetrainPlan, Then, fine_tuning

        return RetrainPlan(
            fit=fine_tuning(minutes, epochs, seed, threads),
            gate=gate_of(data),
            needed=needed,
            base=tuple(open_labelled(folder, layout, groups) for folder in base or ()),
            then=Then.PROMOTE if promote else Then.PROPOSE if propose else Then.SHADOW,
            command=f"passline retrain {data} {long} --seed {seed}",
            tell=_say,
        )

    if every_s is None:
        raise typer.Exit(_run_once(data, planned, when_drift))
    _run_for_ever(data, planned, every_s, needed if when_drift else None)


def seconds(text: str) -> float:
    """30m, 24h or 7d in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", text)
    if found is None or float(found[1]) <= 0.0:
        raise typer.BadParameter(f"--every: expected 30m, 24h or 7d, got {text!r}")
    return float(found[1]) * _UNIT_S[found[2]]


def _run_once(data: Path, planned: Planned, when_drift: bool) -> int:
    from inspection.records.retraining import Outcome
    from training.retraining.news import unanswered_drift

    because = None
    if when_drift:
        because = unanswered_drift(data)
        if because is None:
            _say("nothing new: no drift was signalled since the last run began")
            return NOTHING_NEW
    ended = _run(data, planned, because)
    codes = {Outcome.REFUSED: REFUSED, Outcome.NOTHING_NEW: NOTHING_NEW}
    return codes.get(ended.outcome, 0)


def _run_for_ever(data: Path, planned: Planned, every_s: float, at_drift: int | None) -> None:
    """Runs at their times, and at drift as well; a fault is said, and the next run tries again.

    at_drift: so many labels that wait are worth a run as soon as drift is signalled; None for runs
    at their times alone.
    """
    from inspection.cli import KNOWN_FAULTS

    next_run_s, faulty = time.monotonic(), False
    while True:
        try:
            drift = None
            if at_drift is not None and not faulty:
                drift = _drift_to_answer(data, at_drift)
            if drift is not None or time.monotonic() >= next_run_s:
                next_run_s, faulty = time.monotonic() + every_s, False
                _run(data, planned, drift)
        except KNOWN_FAULTS as fault:
            faulty = True  # drift is not tried again every minute
            typer.echo(f"passline: {fault}", err=True)
        time.sleep(max(0.0, min(next_run_s - time.monotonic(), _LOOK_EVERY_S)))


def _drift_to_answer(data: Path, needed: int) -> str | None:
    """Drift since the last run began, once there are labels to learn from."""
    from training.retraining.news import labels_waiting, unanswered_drift

    drift = unanswered_drift(data)
    return drift if drift is not None and labels_waiting(data).count >= needed else None


def _run(data: Path, planned: Planned, because: str | None) -> Ended:
    from training.retraining.run import retrain

    plan = planned()
    ended = retrain(data, plan if because is None else replace(plan, because=because))
    _say(f"{ended.outcome}: {ended.said}")
    return ended


def _say(words: str) -> None:
    """A line of a log that nobody looks at until something is wrong."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    typer.echo(f"{at} {words}")
