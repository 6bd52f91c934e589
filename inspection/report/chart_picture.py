"""One renderer for control charts: SVG and PNG, readable in print and by the colour-blind.

The colours are Okabe and Ito's; none carries a meaning alone (decision 0009).
"""

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from inspection.report.errors import ReportError
from inspection.spc.arrays import Floats
from inspection.spc.result import Side, Signal, Standard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1b1f24"
SOFT = "#5f6b76"
CENTER = "#0072b2"
SIGNAL = "#d55e00"
CHANGE = "#7a4fa3"

_WIDTH_IN, _HEIGHT_IN, _COMPANION_IN = 10.0, 3.7, 1.9
_MARKERS_UP_TO = 250
_RULES_SIDE_BY_SIDE = 30
_LABELS = 8
_NAME_HEIGHT = 0.055  # of the chart's
_ARROWS = {Side.ABOVE: "▲", Side.BELOW: "▼", Side.BOTH: "◆"}
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "svg.fonttype": "path",  # the picture looks the same wherever it is opened
    "svg.hashsalt": "passline",  # and is the same file every time it is drawn
}
_styling = Lock()


class Drawable(Protocol):
    """Any chart of `inspection.spc`: points, lines and signals, arrays of shape (k,)."""

    @property
    def values(self) -> Floats: ...
    @property
    def center(self) -> Floats: ...
    @property
    def lower(self) -> Floats: ...
    @property
    def upper(self) -> Floats: ...
    @property
    def signals(self) -> tuple[Signal, ...]: ...
    @property
    def standard(self) -> Standard: ...


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that changed, or that somebody noted, before the point `at`."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written on and around a chart.

    labels: one per point, for the horizontal axis (times, part numbers); indices where empty.
    phase_one: how many of the first points the limits were estimated from; 0 draws no boundary.
    percent: whether values are shares, to be written in percent.
    about: the line below the chart; `in_one_line` where empty.
    """

    title: str
    value: str = ""
    labels: Sequence[str] = ()
    phase_one: int = 0
    annotations: Sequence[Annotation] = ()
    percent: bool = False
    about: str = ""


def chart_svg(chart: Drawable, caption: Caption) -> str:
    """The chart as an SVG document; equal charts give equal text."""
    with _drawn(chart, caption) as figure:
        return as_svg(figure, caption.title)


@contextmanager
def picture_style() -> Generator[None]:
    """How every picture of a report is drawn and saved, one picture at a time."""
    import matplotlib as mpl

    with _styling, mpl.rc_context(_STYLE):
        yield


def as_svg(figure: "Figure", title: str) -> str:
    """A figure as an SVG document; inside `picture_style`."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Title": title})
    return out.getvalue()


def chart_png(chart: Drawable, caption: Caption, *, dots_per_inch: int = 150) -> bytes:
    """The chart as a PNG file, 10 inches wide."""
    with _drawn(chart, caption) as figure:
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=dots_per_inch)
    return out.getvalue()


def write_picture(
    path: Path, kind: Literal["svg", "png"], chart: Drawable, caption: Caption
) -> None:
    """Write the chart to a file. Raises ReportError when the file cannot be written."""
    picture = chart_svg(chart, caption).encode() if kind == "svg" else chart_png(chart, caption)
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise ReportError(f"{path}: the picture cannot be written: {error.strerror}") from error


def in_one_line(chart: Drawable, *, percent: bool = False) -> str:
    """Center, what it was estimated from, sigma, sizes and signals in words."""
    standard = chart.standard
    said = [f"center {_figure(standard.center, percent)}"]
    if standard.subgroups:
        provisional = ", provisional" if standard.provisional else ""
        said.append(f"limits from {standard.subgroups} points{provisional}")
    else:
        said.append("limits given")
    name = str(getattr(chart, "name", ""))
    if name.startswith("laney") or name == "ewma rate":
        warning = " (the rate wanders)" if standard.sigma > 1.5 else ""
        said.append(f"sigma_z {standard.sigma:.2f}{warning}")
    elif name in {"individuals", "xbar-r", "xbar-s", "ewma", "cusum"}:
        said.append(f"sigma {standard.sigma:.4g}")
    sizes = getattr(chart, "sizes", None)
    if sizes is not None and len(sizes):
        least, most = int(np.min(sizes)), int(np.max(sizes))
        said.append(f"n {least:,}" if least == most else f"n {least:,} to {most:,}")
    said.append(f"{len(chart.values):,} points")
    many = len(chart.signals)
    said.append(f"{many} signal{'' if many == 1 else 's'}" if many else "no signal")
    return " · ".join(said)


@contextmanager
def _drawn(chart: Drawable, caption: Caption) -> Generator["Figure"]:
    """The figure, inside the style it must be saved under; one at a time."""
    from matplotlib.figure import Figure

    companion: Drawable | None = getattr(chart, "companion", None)
    with picture_style():
        height = _HEIGHT_IN + (_COMPANION_IN if companion is not None else 0.0)
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        if companion is None:
            axes = figure.subplots()
        else:
            axes, below = figure.subplots(
                2, 1, sharex=True, height_ratios=[_HEIGHT_IN, _COMPANION_IN]
            )
            _lines_and_points(below, companion, percent=False)
            below.set_ylabel(str(getattr(companion, "name", "spread")))
        _lines_and_points(axes, chart, percent=caption.percent)
        axes.set_ylabel(caption.value)
        axes.set_title(caption.title, loc="left", fontsize=11, fontweight="bold", color=INK)
        _phases(axes, caption.phase_one, len(chart.values))
        _changes(axes, caption.annotations)
        _label_points(figure.axes[-1], caption.labels, len(chart.values))
        about = caption.about or in_one_line(chart, percent=caption.percent)
        figure.axes[-1].set_xlabel(about, color=SOFT)
        yield figure


def _lines_and_points(axes: "Axes", chart: Drawable, *, percent: bool) -> None:
    values = chart.values
    k = len(values)
    edges = np.arange(k + 1, dtype=np.float64) - 0.5
    dashed = {"color": INK, "linewidth": 1.1, "linestyle": (0, (5, 3))}
    _steps(axes, chart.lower, edges, **dashed)
    _steps(axes, chart.upper, edges, **dashed)
    _steps(axes, chart.center, edges, color=CENTER, linewidth=1.2)
    axes.plot(np.arange(k), values, color=SOFT, linewidth=1.0, zorder=2)
    if k <= _MARKERS_UP_TO:
        axes.plot(np.arange(k), values, "o", color=INK, markersize=4, zorder=3)
    _signals(axes, chart)
    axes.set_xlim(-0.5, k - 0.5)
    axes.margins(y=0.16)
    _name_lines(axes, chart, percent)
    axes.grid(axis="y", color="#e3e7ea", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter(lambda value, _at: _figure(value, percent))


def _steps(axes: "Axes", line: Floats, edges: Floats, **style: Any) -> None:
    """A line as steps: each point has its own; none is drawn where there is no limit."""
    known = np.where(np.isfinite(line), line, np.nan)
    if not np.isnan(known).all():
        axes.stairs(known, edges, baseline=None, **style)


def _name_lines(axes: "Axes", chart: Drawable, percent: bool) -> None:
    """What the lines are called, at their right end; one that would hide another has no name."""
    bottom, top = axes.get_ylim()
    named: list[float] = []
    for name, line in (("CL", chart.center), ("UCL", chart.upper), ("LCL", chart.lower)):
        height = float(line[-1])
        hides = any(abs(height - other) < _NAME_HEIGHT * (top - bottom) for other in named)
        if not np.isfinite(height) or hides:
            continue
        named.append(height)
        axes.annotate(
            f"{name} {_figure(height, percent)}",
            (len(line) - 0.5, height),
            xytext=(4, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize=8,
            color=SOFT,
            annotation_clip=False,
        )


def _signals(axes: "Axes", chart: Drawable) -> None:
    """A diamond at each signalling point; beside it which rules, and on which side."""
    by_point: dict[int, list[Signal]] = {}
    for signal in chart.signals:
        by_point.setdefault(signal.at, []).append(signal)
    points = list(by_point)
    axes.plot(
        points, chart.values[points], "D", color=SIGNAL, markeredgecolor=INK, markersize=8, zorder=4
    )
    room = len(chart.values) / _RULES_SIDE_BY_SIDE
    last = -room
    for at, signals in by_point.items():
        if at - last < room:
            continue  # no room beside the one before; the diamond stands all the same
        last = at
        below = all(signal.side is Side.BELOW for signal in signals)
        axes.annotate(
            "\n".join(f"{_short(signal.rule)}{_ARROWS[signal.side]}" for signal in signals),
            (at, chart.values[at]),
            xytext=(0, -8 if below else 8),
            textcoords="offset points",
            horizontalalignment="center",
            verticalalignment="top" if below else "bottom",
            fontsize=8,
            color=INK,
        )


def _phases(axes: "Axes", phase_one: int, points: int) -> None:
    if not 0 < phase_one <= points:
        return
    axes.axvspan(-0.5, phase_one - 0.5, color="#eef1f4", zorder=0)
    for at, name in ((-0.5, "phase I"), (phase_one - 0.5, "phase II")):
        if at < points - 1:
            axes.annotate(
                name,
                (at, 0.0),
                xycoords=axes.get_xaxis_transform(),
                xytext=(4, 4),
                textcoords="offset points",
                fontsize=8,
                color=SOFT,
            )


def _changes(axes: "Axes", annotations: Sequence[Annotation]) -> None:
    for change in annotations:
        axes.axvline(change.at - 0.5, color=CHANGE, linewidth=1.0, linestyle=":")
        axes.annotate(
            change.text,
            (change.at - 0.5, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(3, -2),
            textcoords="offset points",
            verticalalignment="top",
            fontsize=7.5,
            color=CHANGE,
        )


def _label_points(axes: "Axes", labels: Sequence[str], points: int) -> None:
    if not labels:
        return
    every = max(1, -(-points // _LABELS))
    shown = range(0, points, every)
    axes.set_xticks(list(shown), [labels[at] for at in shown])


def _figure(value: float, percent: bool) -> str:
    return f"{100 * value:.3g} %" if percent else f"{value:.4g}"


def _short(rule: str) -> str:
    return rule.replace("nelson", "N").replace("we", "WE") if rule[-1].isdigit() else rule
