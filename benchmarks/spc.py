"""Charts of 10 million parts, and what one more part costs.

    python benchmarks/spc.py

Each figure is the best of three, on one core.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from inspection.spc.attributes import p_chart, subgroup_counts
from inspection.spc.bernoulli import BernoulliState, bernoulli_cusum_chart
from inspection.spc.cusum_state import CusumDesign, CusumState
from inspection.spc.design import design_bernoulli
from inspection.spc.ewma import EwmaDesign, EwmaState
from inspection.spc.laney import laney_p_chart

RATE = 0.0006
UPDATES = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description="charts of 10 million parts")
    parser.add_argument("--parts", type=int, default=10_000_000)
    parts = parser.parse_args().parts
    verdicts = np.random.default_rng(1).random(parts) < RATE
    for size in (3600, 500, 50):
        for name, chart in (("p", p_chart), ("Laney p'", laney_p_chart)):
            took = best(lambda c=chart, n=size: c(*subgroup_counts(verdicts, n)))
            print(f"{name:9} {parts:,} parts, subgroups of {size:4}   {took:7.3f} s")
    design = design_bernoulli(RATE, 2.0, false_alarm_parts=850_000)
    took = best(lambda: bernoulli_cusum_chart(verdicts, design=design))
    print(f"Bernoulli CUSUM of {parts:,} parts              {took:7.3f} s")
    took = best(lambda: design_bernoulli(RATE, 2.0, false_alarm_parts=850_000))
    print(f"design of a Bernoulli CUSUM                     {took:7.3f} s")
    history(verdicts)


def history(verdicts: np.ndarray) -> None:
    """An update after a short and after a long history."""
    design = design_bernoulli(RATE, 2.0, false_alarm_parts=850_000)
    for seen in (1_000, 1_000_000):
        start = bernoulli_cusum_chart(verdicts[:seen], design=design).state

        def cusum(state: BernoulliState = start) -> None:
            for defective in verdicts[:UPDATES].tolist():
                state, _ = state.update(defective, design)

        print(f"Bernoulli CUSUM, one part after {seen:9,}   {best(cusum) / UPDATES * 1e6:6.2f} us")

    ewma_design, cusum_design = EwmaDesign(RATE, 0.02), CusumDesign(RATE, 0.02)

    def ewma() -> None:
        state = EwmaState.begin(ewma_design)
        for _ in range(UPDATES):
            state, _ = state.update(0.001, ewma_design, 3600.0)

    def cusum_of_means() -> None:
        state = CusumState.begin(cusum_design)
        for _ in range(UPDATES):
            state, _ = state.update(0.001, cusum_design, 3600.0)

    for name, work in (("EWMA", ewma), ("CUSUM", cusum_of_means)):
        print(f"{name + ', one subgroup':36}       {best(work) / UPDATES * 1e6:6.2f} us")


def best(work: Callable[[], object], rounds: int = 3) -> float:
    took: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return min(took)


if __name__ == "__main__":
    main()
