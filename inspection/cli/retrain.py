"""`passline retrain`: the whole loop from new labels to a challenger, unattended."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inspection.cli import app
from inspection.cli.line import DataFolder, stop_on_signals
from inspection.cli.training_options import Groups, Layout, Seed, Threads, need_torch, open_labelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.retraining.plan import Ended, RetrainPlan

REFUSED = 1
NOTHING_NEW = 3
_UNIT_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
_LOOK_EVERY_S = 60.0


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
    minutes: Annotated[float, typer.Option(min=0.01, help="How long to fit.")] = 20.0,
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
    """
    need_torch()
    if once and every is not None:
        raise typer.BadParameter("--once and --every: one of them")
    if promote and propose:
        raise typer.BadParameter("--promote and --propose: one of them")
    from training.fitting.fit import FINE_TUNE_RATE, Plan
    from training.retraining.at_the_gate import gate_of
    from training.retraining.plan import RetrainPlan, Then

    os.nice(19)
    then = Then.PROMOTE if promote else Then.PROPOSE if propose else Then.SHADOW
    plan = RetrainPlan(
        fit=Plan(seed=seed, minutes=minutes, learning_rate=FINE_TUNE_RATE, threads=threads),
        gate=gate_of(data),
        needed=needed,
        base=tuple(open_labelled(folder, layout, groups) for folder in base or ()),
        then=then,
        command=f"passline retrain {data} --minutes {minutes:g} --seed {seed}",
    )
    if every is None:
        raise typer.Exit(_run_once(data, plan, when_drift))
    _run_for_ever(data, plan, seconds(every), when_drift, stop_on_signals())


def seconds(text: str) -> float:
    """30m, 24h or 7d in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", text)
    if found is None or float(found[1]) <= 0.0:
        raise typer.BadParameter(f"--every: expected 30m, 24h or 7d, got {text!r}")
    return float(found[1]) * _UNIT_S[found[2]]


def _run_once(data: Path, plan: RetrainPlan, when_drift: bool) -> int:
    from inspection.records.retraining import Outcome

    if when_drift:
        drift = _drift(data)
        if drift is None:
            typer.echo("nothing new: no drift was signalled since the last run")
            return NOTHING_NEW
        plan = _because(plan, drift)
    ended = _run(data, plan)
    codes = {Outcome.REFUSED: REFUSED, Outcome.NOTHING_NEW: NOTHING_NEW}
    return codes.get(ended.outcome, 0)


def _run_for_ever(
    data: Path, plan: RetrainPlan, every_s: float, when_drift: bool, stopping: Callable[[], bool]
) -> None:
    """Runs at their times, and at drift as well; a fault is said, and the next run tries again."""
    from inspection.cli import KNOWN_FAULTS

    next_run_s = look_s = 0.0
    while not stopping():
        now_s = time.monotonic()
        drift = None
        if when_drift and now_s >= look_s:
            drift, look_s = _drift(data), now_s + _LOOK_EVERY_S
        if now_s >= next_run_s or drift is not None:
            next_run_s = now_s + every_s
            try:
                _run(data, plan if drift is None else _because(plan, drift))
            except KNOWN_FAULTS as fault:
                typer.echo(f"passline: {fault}", err=True)
        time.sleep(0.5)


def _run(data: Path, plan: RetrainPlan) -> Ended:
    from training.retraining.run import retrain

    ended = retrain(data, plan)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    typer.echo(f"{at} {ended.outcome}: {ended.said}")
    return ended


def _drift(data: Path) -> str | None:
    from inspection.records.retraining import RetrainLog
    from training.retraining.news import drift_since

    events = RetrainLog(data).events()
    last = datetime.fromisoformat(events[-1].at_utc).timestamp() if events else 0.0
    return drift_since(data, int(last * 1e9))


def _because(plan: RetrainPlan, drift: str) -> RetrainPlan:
    from dataclasses import replace

    return replace(plan, because=drift)
