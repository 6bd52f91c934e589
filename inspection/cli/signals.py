"""`passline signals` and `passline note`: what the charts say, and what people do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from inspection.cli import app
from inspection.cli.line import DataFolder

if TYPE_CHECKING:
    from inspection.records.charts import ChartSignal, SignalState
    from inspection.records.signal_desk import SignalAct, SignalDesk

SignalId = Annotated[int, typer.Argument(help="The signal's number, as listed.")]
Who = Annotated[str, typer.Option(help="Who says so.")]
Text = Annotated[str, typer.Option(help="What they say.")]


class _ListsByDefault(TyperGroup):
    """`passline signals DATA` lists: what is no command's name is a data folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["list", *args]
        return super().parse_args(ctx, args)


signals = typer.Typer(
    cls=_ListsByDefault,
    no_args_is_help=True,
    help="Signals of the charts, and what was done. `passline signals DATA` lists them.",
)
app.add_typer(signals, name="signals")


@signals.command("list")
def list_signals(
    data: DataFolder,
    only_open: Annotated[bool, typer.Option("--open", help="Leave out those closed.")] = False,
) -> None:
    """List signals, newest first: what moved with each, its plan, and what was done."""
    from inspection.records.charts import SignalState
    from inspection.records.signal_desk import SignalDesk
    from inspection.records.watch_reader import WatchReader

    watch = WatchReader(data)
    found = watch.signals()
    watch.close()
    if not found:
        typer.echo("no signals")
        return
    desk = SignalDesk(data)
    states = desk.states()
    for signal in reversed(found):
        state = states.get(signal.signal_id, SignalState.RAISED)
        if not (only_open and state is SignalState.CLOSED):
            _show(signal, state, desk.acts(signal.signal_id))
    desk.close()


@signals.command("ack")
def acknowledge(data: DataFolder, signal: SignalId, who: Who, text: Text = "") -> None:
    """Somebody has seen the signal and takes it on."""
    desk = _desk(data)
    desk.acknowledge(signal, who, text)
    _say_state(desk, signal)


@signals.command("explain")
def explain(data: DataFolder, signal: SignalId, who: Who, text: Text) -> None:
    """Say what the cause was."""
    desk = _desk(data)
    desk.explain(signal, who, text)
    _say_state(desk, signal)


@signals.command("close")
def close(data: DataFolder, signal: SignalId, who: Who, text: Text) -> None:
    """Say what was done about it; then the signal is dealt with."""
    desk = _desk(data)
    desk.close_signal(signal, who, text)
    _say_state(desk, signal)


@signals.command("step")
def answer_step(
    data: DataFolder,
    signal: SignalId,
    step: Annotated[int, typer.Argument(help="The step of the action plan, from 1.")],
    who: Who,
    text: Text,
) -> None:
    """Answer a step of the signal's action plan: what was done, or why not."""
    desk = _desk(data)
    desk.answer_step(signal, step - 1, who, text)
    _say_state(desk, signal)


@signals.command("exclude")
def exclude(
    data: DataFolder,
    chart: Annotated[str, typer.Argument(help="The chart's name.")],
    point: Annotated[int, typer.Argument(help="The point's number, from 0.")],
    who: Who,
    text: Annotated[str, typer.Option(help="Why it is not of the process as it should be.")],
) -> None:
    """Leave a point of phase I out of a chart's limits, which are estimated anew."""
    desk = _desk(data)
    desk.exclude(chart, point, who, text)
    desk.close()
    typer.echo(f"point {point} of {chart} will be left out")


@app.command("note")
def note(
    data: DataFolder,
    text: Annotated[str, typer.Argument(help="What a reader of the charts must know.")],
    who: Who,
    part: Annotated[int | None, typer.Option(help="The part from which on it holds.")] = None,
) -> None:
    """Write a note that stands on every chart from now on, or from a part on."""
    desk = _desk(data)
    desk.note(text, who, part)
    desk.close()
    typer.echo("noted")


def _desk(data: DataFolder) -> SignalDesk:
    from inspection.records.signal_desk import SignalDesk

    return SignalDesk(data)


def _say_state(desk: SignalDesk, signal_id: int) -> None:
    typer.echo(f"signal {signal_id} is {desk.state(signal_id)}")
    desk.close()


def _show(signal: ChartSignal, state: SignalState, acts: list[SignalAct]) -> None:
    at = datetime.fromtimestamp(signal.at_utc_ns // 1_000_000_000, UTC)
    typer.echo(
        f"{signal.signal_id}  {at:%Y-%m-%d %H:%M:%S} UTC  {signal.chart.name}  {signal.rule} "
        f"{signal.side}  parts {signal.first_part} to {signal.last_part}  {state}"
    )
    typer.echo(f"   {signal.diagnosis['sentence']}")
    for number, step in enumerate(signal.chart.plan, 1):
        answers = [act for act in acts if act.step == number - 1]
        answer = f"{answers[-1].who}: {answers[-1].text}" if answers else "not answered"
        typer.echo(f"   step {number}, {step.do.replace('_', ' ')}: {step.text} [{answer}]")
    for act in acts:
        if act.step is None:
            typer.echo(f"   {act.act} by {act.who}{act.text and ': '}{act.text}")
