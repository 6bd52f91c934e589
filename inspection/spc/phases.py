"""Phase I and phase II: estimate limits once, freeze them, and hold what comes against them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from numpy.typing import ArrayLike

from inspection.spc.attributes import c_chart, np_chart, p_chart, u_chart
from inspection.spc.cusum import CusumChart, cusum_chart
from inspection.spc.errors import SpcError
from inspection.spc.ewma import ewma_chart, ewma_rate_chart
from inspection.spc.individuals import individuals_chart, moving_center_chart
from inspection.spc.laney import laney_p_chart, laney_u_chart
from inspection.spc.rare import g_chart, t_chart
from inspection.spc.result import ControlChart, Standard
from inspection.spc.subgroups import xbar_r_chart, xbar_s_chart

Chart = ControlChart | CusumChart


@dataclass(frozen=True, slots=True)
class _Kind:
    """A chart that can be frozen. center, sigma: the keywords that its standard goes back in by."""

    draw: Callable[..., Chart]
    sized: bool
    center: str = "center"
    sigma: str | None = None


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "p": _Kind(p_chart, sized=True),
        "np": _Kind(np_chart, sized=True),
        "c": _Kind(c_chart, sized=False),
        "u": _Kind(u_chart, sized=True),
        "laney p": _Kind(laney_p_chart, sized=True, sigma="sigma_z"),
        "laney u": _Kind(laney_u_chart, sized=True, sigma="sigma_z"),
        "individuals": _Kind(individuals_chart, sized=False, sigma="sigma"),
        "xbar-r": _Kind(xbar_r_chart, sized=False, sigma="sigma"),
        "xbar-s": _Kind(xbar_s_chart, sized=False, sigma="sigma"),
        "ewma": _Kind(ewma_chart, sized=False, sigma="sigma"),
        "ewma rate": _Kind(ewma_rate_chart, sized=True, sigma="sigma_z"),
        "cusum": _Kind(cusum_chart, sized=False, sigma="sigma"),
        "g": _Kind(g_chart, sized=False, center="rate"),
        "t": _Kind(t_chart, sized=False, center="mean", sigma="sigma"),
        "moving center": _Kind(moving_center_chart, sized=False, center="start", sigma="sigma"),
    }
)

CHARTS = tuple(_KINDS)
"""The charts that `estimate` and `monitor` draw."""


@dataclass(frozen=True, slots=True)
class FrozenLimits:
    """What phase I found, to hold what comes against: a chart's name, standard and options."""

    chart: str
    standard: Standard
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, eq=False)
class PhaseOne:
    """Limits estimated from the data they are drawn on.

    chart: of all points; those left out of the estimate are judged as well.
    """

    chart: Chart
    data: ArrayLike
    sizes: ArrayLike | None
    options: Mapping[str, Any]

    @property
    def standard(self) -> Standard:
        """What was estimated, from how many subgroups, and what was left out why."""
        return self.chart.standard

    def exclude(self, reasons: Mapping[int, str]) -> "PhaseOne":
        """Estimate again without these points as well; each needs a reason. Raises SpcError."""
        left_out = {**dict(self.standard.excluded), **reasons}
        return estimate(
            self.chart.name, self.data, self.sizes, exclude=left_out, **dict(self.options)
        )

    def freeze(self) -> FrozenLimits:
        """The limits for phase II."""
        return FrozenLimits(self.chart.name, self.standard, self.options)


def estimate(
    chart: str,
    data: ArrayLike,
    sizes: ArrayLike | None = None,
    *,
    exclude: Mapping[int, str] = MappingProxyType({}),
    **options: Any,
) -> PhaseOne:
    """Phase I: draw `chart`, one of CHARTS, with limits estimated from its own data.

    exclude: index and reason of points that do not enter the estimate. options: the chart's own.
    Source: Montgomery (7th ed.), section 5.3.4. Raises SpcError, also for an empty reason.
    """
    for at, reason in exclude.items():
        if not reason.strip():
            raise SpcError(f"exclude[{at}]: a point is left out for a reason; got none")
    kind = _kind(chart, sizes)
    for keyword in (kind.center, kind.sigma):
        if keyword is not None and keyword in options:
            raise SpcError(f"{keyword}: phase I estimates it; a known one goes into FrozenLimits")
    drawn = _draw(kind, data, sizes, exclude=exclude, **options)
    return PhaseOne(drawn, data, sizes, MappingProxyType(dict(options)))


def monitor(limits: FrozenLimits, data: ArrayLike, sizes: ArrayLike | None = None) -> Chart:
    """Phase II: hold points against frozen limits, which they do not move. Raises SpcError."""
    kind = _kind(limits.chart, sizes)
    known: dict[str, Any] = {kind.center: limits.standard.center}
    if kind.sigma is not None:
        known[kind.sigma] = limits.standard.sigma
    options = {name: value for name, value in limits.options.items() if name != "baseline"}
    return _draw(kind, data, sizes, **known, **options)


def _kind(chart: str, sizes: ArrayLike | None) -> _Kind:
    if chart not in _KINDS:
        raise SpcError(f"chart: expected any of {', '.join(CHARTS)}; got {chart!r}")
    kind = _KINDS[chart]
    if kind.sized and sizes is None:
        raise SpcError(f"sizes: a {chart} chart needs the size of each subgroup; got none")
    return kind


def _draw(kind: _Kind, data: ArrayLike, sizes: ArrayLike | None, **options: Any) -> Chart:
    return kind.draw(data, **options) if sizes is None else kind.draw(data, sizes, **options)
