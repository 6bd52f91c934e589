"""Statistical process control: pure functions, arrays in, frozen results out; see docs/spc.md."""

from inspection.spc.agreement import agreement_study, cohen_kappa, effectiveness, fleiss_kappa
from inspection.spc.attribute_run_length import (
    c_chart_arl,
    ewma_rate_arl,
    g_chart_parts,
    laney_p_arl,
    laney_u_arl,
    p_chart_arl,
    t_chart_arl,
)
from inspection.spc.attributes import c_chart, np_chart, p_chart, subgroup_counts, u_chart
from inspection.spc.bernoulli import (
    BernoulliDesign,
    BernoulliState,
    bernoulli_cusum_chart,
    bernoulli_design,
)
from inspection.spc.capability import (
    capability,
    dpmo,
    first_pass_yield,
    pareto,
    rolled_throughput_yield,
    sigma_level,
)
from inspection.spc.changepoint import ChangePoint, change_point
from inspection.spc.cusum import CusumChart, binomial_cusum_chart, cusum_chart
from inspection.spc.cusum_state import BinomialCusumDesign, CusumDesign, CusumState
from inspection.spc.design import design_bernoulli, design_mean_chart, design_rate_chart
from inspection.spc.diagnosis import Diagnosis, Origin, Rows, diagnose
from inspection.spc.distributions import (
    TwoSamples,
    kolmogorov_smirnov,
    neighbours_correlation,
)
from inspection.spc.errors import SpcError
from inspection.spc.evidence import Evidence
from inspection.spc.ewma import EwmaDesign, EwmaState, ewma_chart, ewma_rate_chart
from inspection.spc.gaps import GDesign, GState, gaps_between
from inspection.spc.individuals import individuals_chart, moving_center_chart
from inspection.spc.intervals import clopper_pearson, wilson
from inspection.spc.laney import laney_p_chart, laney_u_chart
from inspection.spc.measured_run_length import (
    individuals_arl,
    moving_center_arl,
    spread_chart_arl,
)
from inspection.spc.phases import FrozenLimits, PhaseOne, estimate, monitor
from inspection.spc.rare import g_chart, t_chart
from inspection.spc.rates import StudyCounts, autocorrelation, dispersion_test, rogan_gladen
from inspection.spc.result import ControlChart, Side, Signal, Standard
from inspection.spc.rules import NELSON, WESTERN_ELECTRIC, Conventions, judge
from inspection.spc.rules_run_length import rules_arl, simulated_rules_arl
from inspection.spc.run_length import (
    bernoulli_parts,
    binomial_cusum_arl,
    cusum_arl,
    ewma_arl,
    shewhart_arl,
)
from inspection.spc.subgroups import xbar_r_chart, xbar_s_chart
from inspection.spc.times import TimedSubgroups, subgroups_by_time, times_between

__all__ = [
    "NELSON",
    "WESTERN_ELECTRIC",
    "BernoulliDesign",
    "BernoulliState",
    "BinomialCusumDesign",
    "ChangePoint",
    "ControlChart",
    "Conventions",
    "CusumChart",
    "CusumDesign",
    "CusumState",
    "Diagnosis",
    "Evidence",
    "EwmaDesign",
    "EwmaState",
    "FrozenLimits",
    "GDesign",
    "GState",
    "Origin",
    "PhaseOne",
    "Rows",
    "Side",
    "Signal",
    "SpcError",
    "Standard",
    "StudyCounts",
    "TimedSubgroups",
    "TwoSamples",
    "agreement_study",
    "autocorrelation",
    "bernoulli_cusum_chart",
    "bernoulli_design",
    "bernoulli_parts",
    "binomial_cusum_arl",
    "binomial_cusum_chart",
    "c_chart",
    "c_chart_arl",
    "capability",
    "change_point",
    "clopper_pearson",
    "cohen_kappa",
    "cusum_arl",
    "cusum_chart",
    "design_bernoulli",
    "design_mean_chart",
    "design_rate_chart",
    "diagnose",
    "dispersion_test",
    "dpmo",
    "effectiveness",
    "estimate",
    "ewma_arl",
    "ewma_chart",
    "ewma_rate_arl",
    "ewma_rate_chart",
    "first_pass_yield",
    "fleiss_kappa",
    "g_chart",
    "g_chart_parts",
    "gaps_between",
    "individuals_arl",
    "individuals_chart",
    "judge",
    "kolmogorov_smirnov",
    "laney_p_arl",
    "laney_p_chart",
    "laney_u_arl",
    "laney_u_chart",
    "monitor",
    "moving_center_arl",
    "moving_center_chart",
    "neighbours_correlation",
    "np_chart",
    "p_chart",
    "p_chart_arl",
    "pareto",
    "rogan_gladen",
    "rolled_throughput_yield",
    "rules_arl",
    "shewhart_arl",
    "sigma_level",
    "simulated_rules_arl",
    "spread_chart_arl",
    "subgroup_counts",
    "subgroups_by_time",
    "t_chart",
    "t_chart_arl",
    "times_between",
    "u_chart",
    "wilson",
    "xbar_r_chart",
    "xbar_s_chart",
]
