"""What limits do to escapes, false rejects and cost, as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspection.report.chart_picture import CENTER, INK, SIGNAL, SOFT, as_svg, picture_style
from inspection.spc.arrays import Floats
from inspection.spc.intervals import clopper_pearson

_SIZE_IN = (10.0, 6.0)


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """How often something went wrong at each limit: events, shape (k,), of n; a line in colour."""

    name: str
    events: Sequence[int]
    n: int
    colour: str
    dashes: str


@dataclass(frozen=True, slots=True, eq=False)
class CostCurve:
    """Escapes, false rejects and expected cost at rising limits, shape (k,) each.

    at: the limits, on an axis called `axis`. chosen: limits to be marked, by name.
    """

    title: str
    axis: str
    at: Floats
    escapes: Sequence[int]
    defective: int
    false_rejects: Sequence[int]
    good: int
    cost: Floats
    chosen: dict[str, float]


def cost_curve_svg(curve: CostCurve) -> str:
    """The curve as an SVG document: rates with their exact 95 % intervals above, cost below."""
    from matplotlib.figure import Figure

    lines = (
        Errors("escapes, of defective parts", curve.escapes, curve.defective, SIGNAL, "-"),
        Errors("false rejects, of good parts", curve.false_rejects, curve.good, CENTER, "--"),
    )
    with picture_style():
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        rates, cost = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for line in lines:
            bounds = _bounds(line)
            said = f"{line.name}, n {line.n}"
            share = 100.0 * np.asarray(line.events) / max(line.n, 1)
            rates.step(
                curve.at, share, where="post", color=line.colour, linestyle=line.dashes, label=said
            )
            rates.fill_between(
                curve.at, *bounds, step="post", color=line.colour, alpha=0.15, linewidth=0
            )
        rates.set_ylabel("% (band: 95 % interval)")
        rates.set_ylim(0, 100)
        rates.legend(frameon=False)
        rates.set_title(curve.title, loc="left", fontsize=11, fontweight="bold", color=INK)
        cost.step(curve.at, curve.cost, where="post", color=INK)
        cost.set_ylabel("cost per part, nobody looks")
        cost.set_ylim(bottom=0)
        cost.set_xlabel(curve.axis, color=SOFT)
        for name, at in curve.chosen.items():
            for axes in (rates, cost):
                axes.axvline(at, color=SOFT, linewidth=1)
            cost.annotate(
                name, (at, 0.97), xycoords=("data", "axes fraction"), rotation=90,
                ha="right", va="top", color=SOFT,
            )  # fmt: skip
        return as_svg(figure, curve.title)


def _bounds(line: Errors) -> tuple[Floats, Floats]:
    """Lower and upper end of the interval at each limit, in percent."""
    known = {events: clopper_pearson(events, line.n) for events in set(line.events)}
    lower = 100.0 * np.array([known[events][0] for events in line.events])
    upper = 100.0 * np.array([known[events][1] for events in line.events])
    return lower, upper
