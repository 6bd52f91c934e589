"""What `passline limits` found, on a terminal and as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inspection.report.document import Document, Picture, Section, Table

if TYPE_CHECKING:
    from inspection.report.cost_curve import CostCurve
    from models.card import Rate
    from training.limits.figures import PartFigures
    from training.limits.report import LimitsReport

_POINTS_SHOWN = 12


def print_report(told: LimitsReport) -> None:
    """The tables, the promise, the curve in short and the lines for the recipe."""
    from rich.console import Console
    from rich.table import Table as Printed

    console = Console()
    for section in sections(told):
        if section.table is not None:
            printed = Printed(*section.table.columns, title=section.title)
            for row in section.table.rows:
                printed.add_row(*row)
            console.print(printed)
        for line in section.lines:
            console.print(line, highlight=False, markup=False)
    console.print("For the recipe, whose limits override the card's:\n", highlight=False)
    console.print(told.toml, highlight=False, markup=False)


def document(told: LimitsReport) -> Document:
    """The same as a report, with the curve drawn."""
    from inspection.report.cost_curve import cost_curve_svg

    drawn = Section(
        "The whole curve", pictures=(Picture(cost_curve_svg(_curve(told)), "costs by limit"),)
    )
    recipe = Section("For the recipe", tuple(told.toml.splitlines()))
    subtitle = f"{told.bundle.label}, card {told.bundle.digest[:12]}"
    return Document("Limits", subtitle, (*sections(told), drawn, recipe))


def sections(told: LimitsReport) -> tuple[Section, ...]:
    """What was found, told alike on terminal and paper."""
    return (
        _figures_section(told),
        _limits_section(told),
        _points_section(told),
        Section("What to know", _known_lines(told), alarm=bool(told.cautions)),
    )


def _figures_section(told: LimitsReport) -> Section:
    rows = [
        ("card's limits, parts that chose", told.now),
        ("proposed, parts that chose", told.then),
        ("card's limits, locked parts", told.locked_now),
        ("proposed, locked parts", told.locked_then),
    ]
    columns = ("", "escapes", "false rejects", "to a person", "cost of 1000 parts")
    return Section(
        f"{told.bundle.label}: what limits do (95 % intervals)",
        table=Table(columns, tuple(_row(name, each) for name, each in rows if each is not None)),
    )


def _row(name: str, figures: PartFigures) -> tuple[str, ...]:
    person = "nobody is asked"
    if figures.looked is not None:
        share, lower, upper = figures.looked
        person = f"{share:.1%} ({lower:.1%} to {upper:.1%}) of the line, n {figures.parts}"
    cost = f"{1000.0 * figures.cost:.4g}"
    return name, _rate(figures.escapes), _rate(figures.false_rejects), person, cost


def _limits_section(told: LimitsReport) -> Section:
    proposal, card = told.proposal, told.bundle.card
    escapes = (told.locked_then or told.then).escapes_by_class
    rows: list[tuple[str, ...]] = []
    for column, name in enumerate(proposal.classes):
        doubt = "" if proposal.doubt is None else f"{proposal.doubt[column]:g}"
        at, now = f"{proposal.limits[column]:g}", f"{card.limits[name].score:g}"
        rows.append(
            (name, now, at, doubt, _rate(escapes[name]) if name in escapes else "none of 0")
        )
    where = "locked parts" if told.locked_then else "parts that chose"
    columns = ("class", "limit on the card", "proposed", "doubtful from", f"escapes, {where}")
    return Section("Limits of each class", table=Table(columns, tuple(rows)))


def _points_section(told: LimitsReport) -> Section:
    """The curve, thinned out evenly."""
    curve = told.proposal.curve
    many = len(curve.shifts)
    shown = np.unique(np.linspace(0, many - 1, min(many, _POINTS_SHOWN)).round().astype(int))
    rows = [
        (
            f"{curve.shifts[at]:+.2f}",
            f"{curve.escapes[at]} of {curve.defective}",
            f"{curve.false_rejects[at]} of {curve.good}",
            f"{1000.0 * curve.cost[at]:.4g}",
        )
        for at in shown
    ]
    columns = ("all limits moved by (log-odds)", "escapes", "false rejects", "cost of 1000 parts")
    return Section(
        f"The curve, {len(rows)} of its {many} points", table=Table(columns, tuple(rows))
    )


def _known_lines(told: LimitsReport) -> tuple[str, ...]:
    from training.limits.words import guarantee_in_words

    known = told.known
    locked = 0 if known.locked is None else len(known.locked.parts)
    lines = [
        f"Chosen on {len(known.choosing.parts)} parts ({told.now.pictures} pictures), reported on "
        f"{locked} locked parts; {known.taught} parts taught the model and were left out.",
        f"Defect rate {told.costs.defect_rate:.2%}; pictures of a part: {known.fusion}.",
    ]
    if told.proposal.guarantee is not None:
        said = guarantee_in_words(told.proposal.guarantee)
        lines.append(said[:1].upper() + said[1:] + ".")
    return (*(f"Caution: {caution}." for caution in told.cautions), *lines)


def _curve(told: LimitsReport) -> CostCurve:
    """The curve over the limit itself where there is one class, over the shift of all else."""
    from inspection.report.cost_curve import CostCurve

    proposal, curve = told.proposal, told.proposal.curve
    one = len(proposal.classes) == 1

    def place(shift: float) -> float:
        return float(proposal.shift.limits(shift)[0]) if one else shift

    marks = {"proposed": proposal.reject_at}
    if proposal.doubt is not None:
        marks["doubtful from here"] = proposal.doubt_at
    return CostCurve(
        title=f"{told.bundle.label}: what the limits do",
        axis=f"limit of {proposal.classes[0]}" if one else "all limits moved by (log-odds)",
        at=np.array([place(float(shift)) for shift in curve.shifts]),
        escapes=curve.escapes.tolist(),
        defective=curve.defective,
        false_rejects=curve.false_rejects.tolist(),
        good=curve.good,
        cost=curve.cost,
        chosen={name: place(shift) for name, shift in marks.items()},
    )


def _rate(rate: Rate) -> str:
    if rate.n == 0:
        return "none of 0"
    return f"{rate.events} of {rate.n}, {rate.rate:.1%} ({rate.lower:.1%} to {rate.upper:.1%})"
