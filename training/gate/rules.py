"""What two models may differ by: the exact paired test, and how many more errors are tolerated."""

import math

from training.gate.report import Paired

SIGNIFICANT = 0.05
"""The level of every test of the gate, divided by the number of those made in one check."""


def mcnemar(only_one: int, only_other: int) -> float:
    """Exact two-sided p value for discordant pairs (McNemar 1947, binomial form)."""
    n = only_one + only_other
    tail = sum(math.comb(n, k) for k in range(min(only_one, only_other) + 1))
    return min(1.0, 2 * tail / 2**n)


def tolerated(share: float, n: int) -> int:
    """How many more errors in n parts a share allows; one always is, by chance."""
    return max(1, math.floor(share * n))


def is_worse(paired: Paired, share: float) -> bool:
    """True when the challenger makes more errors than the share tolerates, or surely more."""
    if paired.p_value is None or paired.more <= 0:
        return False
    return paired.p_value < SIGNIFICANT or paired.more > tolerated(share, paired.challenger.n)


def is_surely_worse(paired: Paired, share: float, tests: int) -> bool:
    """True when it makes more errors than the share tolerates, and that is no chance.

    tests: how many such questions one check asks; each is held to its part of the level
    (Bonferroni), so that the check says no to an equal challenger no more often than SIGNIFICANT.
    """
    if paired.p_value is None or paired.more <= tolerated(share, paired.challenger.n):
        return False
    return paired.p_value < SIGNIFICANT / tests
