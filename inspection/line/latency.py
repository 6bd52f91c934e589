"""How long verdicts took, for the run's summary."""

from collections import deque
from typing import Any

import numpy as np

_LAST = 100_000


class Latencies:
    """Nanoseconds from frame to signal of the last parts, passes and rejects apart.

    Deques are safe between the line's thread (rejects) and the record writer's (passes).
    """

    def __init__(self) -> None:
        self._pass_ns: deque[int] = deque(maxlen=_LAST)
        self._reject_ns: deque[int] = deque(maxlen=_LAST)

    def add_pass(self, took_ns: int) -> None:
        self._pass_ns.append(took_ns)

    def add_reject(self, took_ns: int) -> None:
        self._reject_ns.append(took_ns)

    def summary(self) -> dict[str, Any]:
        """p50 and p99 in milliseconds with their n, for passes and rejects."""
        return {"pass": _quantiles(self._pass_ns), "reject": _quantiles(self._reject_ns)}


def _quantiles(took_ns: deque[int]) -> dict[str, float]:
    if not took_ns:
        return {"n": 0}
    p50, p99 = np.quantile(np.array(took_ns), [0.5, 0.99]) / 1e6
    return {"n": len(took_ns), "p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}
