"""The same data through another package: `shewhart` 0.1.1 from PyPI, exact constants."""

import numpy as np
import pytest

from inspection.spc import (
    capability,
    cusum_chart,
    ewma_chart,
    individuals_chart,
    laney_p_chart,
    laney_u_chart,
    xbar_r_chart,
    xbar_s_chart,
)

DEFECTIVES = [20, 18, 14, 16, 13, 29, 21, 14, 6, 6, 35, 11, 9, 12, 8, 18, 25, 9, 17, 22]
SIZES = [
    980, 760, 860, 930, 840, 1010, 890, 870, 700, 740,
    1200, 800, 760, 910, 690, 850, 1000, 720, 880, 990,
]  # fmt: skip
VALUES = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34,
    9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84,
]  # fmt: skip
SUBGROUPS = np.array(VALUES).reshape(5, 4)


def exactly(value: object) -> object:
    return pytest.approx(value, rel=1e-12)


def test_laney_p() -> None:
    chart = laney_p_chart(DEFECTIVES, SIZES)
    assert chart.standard.sigma == exactly(1.2648498135032755)
    assert chart.upper[-2:] == exactly([0.03585972466436384, 0.03487174258288412])
    assert chart.lower[-2:] == exactly([0.001309435289606243, 0.0022974173710859636])


def test_laney_u() -> None:
    chart = laney_u_chart(DEFECTIVES, SIZES)
    assert chart.standard.sigma == exactly(1.2530413410671635)
    assert chart.upper[-1] == exactly(0.03487174258288413)


def test_individuals_and_moving_ranges() -> None:
    chart = individuals_chart(VALUES)
    assert chart.standard.sigma == exactly(1.3736517344517756)
    assert (chart.lower[0], chart.upper[0]) == exactly((5.875044796644674, 14.116955203355328))
    assert chart.companion is not None
    assert chart.companion.upper[0] == exactly(5.063124474897529)


def test_means_and_ranges() -> None:
    chart = xbar_r_chart(SUBGROUPS)
    assert chart.standard.sigma == exactly(1.329932729986468)
    assert chart.upper[0] == exactly(11.990899094979701)
    assert chart.companion is not None
    assert chart.companion.upper[0] == pytest.approx(6.248257175142419, rel=1e-11)


def test_means_and_deviations() -> None:
    chart = xbar_s_chart(SUBGROUPS)
    assert chart.standard.sigma == exactly(1.3193584406351295)
    assert chart.companion is not None
    assert chart.companion.upper[0] == exactly(2.7544897336060514)


def test_ewma() -> None:
    chart = ewma_chart(VALUES, center=10, sigma=1, weight=0.1, width=2.7)
    assert chart.values[-2:] == exactly([9.918642769849773, 10.010778492864796])
    assert chart.upper[-2:] == exactly([10.613744848988015, 10.614827633669835])


def test_cusum() -> None:
    chart = cusum_chart(VALUES, center=10, sigma=1, limit=5)
    assert chart.high[-2:] == pytest.approx([0.0, 0.34])
    assert chart.low[-2:] == pytest.approx([0.98, 0.0])


def test_capability_and_its_intervals() -> None:
    found = capability(VALUES, lower=5, upper=15)
    assert (found.cp, found.cpk) == exactly((1.2133109323607656, 1.2123402836148771))
    assert (found.pp, found.ppk) == exactly((1.410434739838039, 1.4093063920461688))
    assert found.cp_interval == exactly((0.730736003863689, 1.696345985442709))
    assert found.cpk_interval == exactly((0.70147110412462, 1.7232094631051345))
    assert found.pp_interval == exactly((0.9656731001470115, 1.8546384679597165))
    assert found.ppk_interval == exactly((0.9380073202128794, 1.8806054638794585))
