"""`passline spc`: charts, rules, designs, capability, Pareto and agreement.

Numbers come from a CSV file or a station's records. Each command prints a table, or all figures as
JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inspection.cli import app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from inspection.spc.phases import Chart

spc = typer.Typer(no_args_is_help=True, help="Statistical process control on records or a CSV.")
app.add_typer(spc, name="spc")

Source = Annotated[
    Path, typer.Argument(exists=True, help="A CSV file with a header line, or a station's DATA.")
]
PartsOfSubgroup = Annotated[int, typer.Option(help="Parts in a subgroup of records.")]
Json = Annotated[bool, typer.Option("--json", help="All figures as JSON.")]
Values = Annotated[str, typer.Option(help="Column of values; several with commas, one per value.")]
Rules = Annotated[str, typer.Option(help="Rules, with commas: nelson1 to nelson8, we1 to we4.")]


@spc.command("chart")
def chart(
    source: Source,
    kind: Annotated[
        str, typer.Option(help="p, np, c, u, laney-p, individuals, xbar-s, g ...")
    ] = "laney-p",
    values: Values = "defectives",
    sizes: Annotated[str, typer.Option(help="Column of the subgroups' sizes.")] = "",
    size: PartsOfSubgroup = 100,
    hours: Annotated[float, typer.Option(help="Or hours in one, of records.")] = 0.0,
    rules: Annotated[str, typer.Option(help="Rules, with commas; the chart's own if empty.")] = "",
    baseline: Annotated[int, typer.Option(help="Estimate from the first so many; 0: all.")] = 0,
    exclude: Annotated[
        list[str] | None, typer.Option(help="INDEX=REASON, from 0; may be repeated.")
    ] = None,
    center: Annotated[float | None, typer.Option(help="A known center: phase II.")] = None,
    sigma: Annotated[float | None, typer.Option(help="A known sigma, or sigma_z.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the chart as a picture.")] = None,
    png: Annotated[Path | None, typer.Option(help="The same with pixels.")] = None,
    as_json: Json = False,
) -> None:
    """Draw a chart: its lines, its points and what signals. Without --center, phase I."""
    from inspection.cli.spc_source import columns, counted, numbers, reasons
    from inspection.spc.errors import SpcError
    from inspection.spc.phases import FrozenLimits, estimate, monitor
    from inspection.spc.result import Standard

    name = kind if kind.startswith("xbar") else kind.replace("-", " ")
    if source.is_dir() and values == "defectives":
        data, parts = counted(source, size, hours)
    elif source.is_dir():
        data, parts = _measured(source, values, size, name.startswith("xbar")), None
    else:
        table = columns(source)
        data = numbers(source, table, values)
        parts = numbers(source, table, sizes) if sizes else None
    options: dict[str, Any] = {"rules": tuple(rules.split(","))} if rules else {}
    if center is None:
        if sigma is not None:
            raise SpcError("--sigma: a known sigma needs a known --center")
        options |= {"baseline": baseline} if baseline else {}
        drawn = estimate(name, data, parts, exclude=reasons(exclude or []), **options).chart
    else:
        standard = Standard(center, 1.0 if sigma is None else sigma)
        drawn = monitor(FrozenLimits(name, standard, options), data, parts)
    _write_pictures(drawn, source.stem, svg, png)
    _show(drawn, as_json, _chart_table(drawn))


@spc.command("rules")
def rules_command(
    source: Source,
    center: Annotated[float, typer.Option(help="The center line.")],
    sigma: Annotated[float, typer.Option(help="Sigma of one value.")],
    values: Values = "value",
    size: PartsOfSubgroup = 1,
    rules: Rules = "nelson1,nelson2",
    as_json: Json = False,
) -> None:
    """Judge values against rules; says how often the set alarms falsely."""
    from inspection.spc.individuals import individuals_chart
    from inspection.spc.rules_run_length import rules_arl

    names = tuple(rules.split(","))
    data = _values(source, values, size)
    drawn = individuals_chart(data, center=center, sigma=sigma, rules=names)
    every = rules_arl(names)
    found = {"rules": names, "false_alarm_every": every, "signals": drawn.signals}
    table = _table(
        f"a false alarm about every {every:.1f} points", "point", "rule", "side", "points"
    )
    for signal in drawn.signals:
        table.add_row(str(signal.at), signal.rule, signal.side, _spelled(signal.points))
    _show(found, as_json, table)


@spc.command("design")
def design(
    rate: Annotated[float | None, typer.Option(help="Share of defective parts in control.")] = None,
    data: Annotated[
        Path | None, typer.Option(exists=True, help="Or: the share and parts a day of DATA.")
    ] = None,
    rise: Annotated[float, typer.Option(help="The factor to notice.")] = 2.0,
    shift: Annotated[float | None, typer.Option(help="Or: shift of a mean, in sigmas.")] = None,
    days: Annotated[float | None, typer.Option(help="Days between false alarms ...")] = None,
    per_day: Annotated[float | None, typer.Option(help="... and parts (points) a day.")] = None,
    false_alarm_parts: Annotated[float | None, typer.Option(help="Or: parts between.")] = None,
    false_alarm_every: Annotated[float | None, typer.Option(help="Or: points between.")] = None,
    as_json: Json = False,
) -> None:
    """Pick chart, subgroups and limits for a false-alarm interval and a change to notice."""
    from inspection.spc.design import design_mean_chart, design_rate_chart
    from inspection.spc.errors import SpcError

    if (rate is not None) + (shift is not None) + (data is not None) != 1:
        raise SpcError("--rate, --data, --shift: expected one of them")
    if data is not None:
        rate, seen_per_day = _on_record(data)
        per_day = seen_per_day if per_day is None else per_day
    if shift is not None:
        found = design_mean_chart(
            shift,
            false_alarm_every=false_alarm_every,
            false_alarm_days=days,
            points_per_day=per_day,
        )
    else:
        if false_alarm_parts is None and days is None:
            false_alarm_parts = 1e6
        found = design_rate_chart(
            rate or 0.0,
            rise,
            false_alarm_parts=false_alarm_parts,
            false_alarm_days=days,
            parts_per_day=per_day,
        )
    unit = found[0].unit
    table = _table("best first", "chart", "parameters", f"false alarm every ({unit})", "seen after")
    for candidate in found:
        spelled = ", ".join(f"{name} {value:g}" for name, value in candidate.parameters.items())
        every, seen = f"{candidate.false_alarm_every:,.0f}", f"{candidate.seen_after:,.1f}"
        table.add_row(candidate.chart, spelled, every, seen)
    table.caption = f"{found[0].chart}: {found[0].sentence}"
    _show(found, as_json, table)


@spc.command("capability")
def capability_command(
    source: Source,
    values: Values = "value",
    size: PartsOfSubgroup = 1,
    lower: Annotated[float | None, typer.Option(help="Lower limit of the tolerance.")] = None,
    upper: Annotated[float | None, typer.Option(help="Upper limit of the tolerance.")] = None,
    as_json: Json = False,
) -> None:
    """Cp, Cpk, Pp and Ppk with 95 % intervals."""
    from inspection.spc.capability import capability

    data = _values(source, values, size, rows=size > 1)
    found = capability(data, lower=lower, upper=upper)
    table = _table(f"mean {found.mean:g}, {found.values} values", "index", "value", "95 % interval")
    for name in ("cp", "cpk", "pp", "ppk"):
        value, interval = getattr(found, name), getattr(found, f"{name}_interval")
        if value is not None:
            table.add_row(name, f"{value:.3f}", f"{interval[0]:.3f} to {interval[1]:.3f}")
    if not found.stable:
        table.caption = "The process is not stable: cp and cpk promise nothing."
    _show(found, as_json, table)


@spc.command("pareto")
def pareto_command(
    source: Source,
    by: Annotated[str, typer.Option(help="Column; of DATA: class, lot, shift, model or run.")],
    count: Annotated[str, typer.Option(help="Column of counts; one a row when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Causes by count, with cumulative share."""
    from inspection.cli.spc_source import causes, column, columns, numbers
    from inspection.spc.capability import pareto

    totals: dict[str, Any] = causes(source, by) if source.is_dir() else {}
    if not source.is_dir():
        table = columns(source)
        names = column(source, table, by)
        each = numbers(source, table, count) if count else [1] * len(names)
        for cause, number in zip(names, each, strict=True):
            totals[cause] = totals.get(cause, 0) + number
    found = pareto(totals)
    shown = _table("", by, "count", "share", "cumulative")
    for row in found:
        shown.add_row(row.name, str(row.count), f"{row.share:.1%}", f"{row.cumulative:.1%}")
    _show(found, as_json, shown)


@spc.command("agreement")
def agreement_command(
    source: Source,
    study_id: Annotated[int, typer.Option("--study", help="Study of DATA; 0: the latest.")] = 0,
    part: Annotated[str, typer.Option(help="Column of parts.")] = "part",
    appraiser: Annotated[str, typer.Option(help="Column of appraisers.")] = "appraiser",
    call: Annotated[str, typer.Option(help="Column of calls: 1 bad, 0 good.")] = "call",
    truth: Annotated[str, typer.Option(help="Column of the truth: 1 bad, 0 good.")] = "truth",
    as_json: Json = False,
) -> None:
    """Attribute agreement: appraisers and the station against the truth; a row per call."""
    from inspection.cli.spc_source import column, columns, numbers, study, study_on_record
    from inspection.spc.agreement import agreement_study

    if source.is_dir():
        found = study_on_record(source, study_id).agreement
    else:
        read = columns(source)
        who, parts = column(source, read, appraiser), column(source, read, part)
        calls, truths = numbers(source, read, call), numbers(source, read, truth)
        found = agreement_study(*study(who, parts, calls, truths))
    table = _table(
        "95 % intervals", "appraiser", "effectiveness", "miss", "false alarm", "kappa", ""
    )
    for name, effect, kappa in zip(found.names, found.against_truth, found.kappas, strict=True):
        table.add_row(
            name,
            _share(effect.effectiveness, effect.effectiveness_interval),
            _share(effect.miss, effect.miss_interval),
            _share(effect.false_alarm, effect.false_alarm_interval),
            f"{kappa.kappa:.2f} ({kappa.lower:.2f} to {kappa.upper:.2f})",
            effect.verdict,
        )
    _show(found, as_json, table)


def _on_record(folder: Path) -> tuple[float, float]:
    """The share of rejects among inspected parts, and parts a day at the pace of their hours."""
    from inspection.cli.spc_source import counted

    rejects, parts = counted(folder, 1, 1.0)
    return sum(rejects) / sum(parts), 24.0 * sum(parts) / len(parts)


def _values(source: Path, values: str, size: int, rows: bool = False) -> Any:
    from inspection.cli.spc_source import columns, numbers

    if source.is_dir():
        return _measured(source, values, size, rows)
    return numbers(source, columns(source), values)


def _measured(folder: Path, values: str, size: int, rows: bool) -> Any:
    """Means of so many values in a row on record, or those rows themselves."""
    from inspection.cli.spc_source import measured

    found = measured(folder, values, size)
    return found if rows else found.mean(axis=1)


def _write_pictures(drawn: Chart, of: str, svg: Path | None, png: Path | None) -> None:
    from inspection.report.chart_picture import Caption, write_picture

    title = f"{drawn.name} chart of {of}"
    share = drawn.name in {"p", "laney p", "ewma rate"}
    caption = Caption(title, value="share" if share else "value", percent=share)
    if svg is not None:
        write_picture(svg, "svg", drawn, caption)
    if png is not None:
        write_picture(png, "png", drawn, caption)


def _chart_table(drawn: Chart) -> Table:
    standard = drawn.standard
    said = f"{drawn.name}: center {standard.center:g}, sigma {standard.sigma:g}"
    if standard.subgroups:
        said += f", from {standard.subgroups} subgroups" + " (provisional)" * standard.provisional
    table = _table(said, "point", "value", "lower", "upper", "signals")
    by_point: dict[int, list[str]] = {}
    for signal in drawn.signals:
        by_point.setdefault(signal.at, []).append(
            f"{signal.rule} {signal.side}, {_spelled(signal.points)}"
        )
    for at, (value, lower, upper) in enumerate(
        zip(drawn.values, drawn.lower, drawn.upper, strict=True)
    ):
        said = "; ".join(by_point.get(at, []))
        table.add_row(str(at), f"{value:.6g}", f"{lower:.6g}", f"{upper:.6g}", said)
    return table


def _spelled(points: Sequence[int]) -> str:
    return f"point {points[0]}" if len(points) == 1 else f"points {points[0]} to {points[-1]}"


def _share(share: float | None, interval: tuple[float, float]) -> str:
    return "none" if share is None else f"{share:.1%} ({interval[0]:.1%} to {interval[1]:.1%})"


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title)
    for column in columns:
        table.add_column(column)
    return table


def _show(found: Any, as_json: bool, table: Table) -> None:
    import json

    from rich.console import Console

    if as_json:
        typer.echo(json.dumps(_plain(found), allow_nan=False))
    else:
        Console().print(table)


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and tuples as JSON knows them; what is not finite is null."""
    import dataclasses
    import math

    import numpy as np

    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
