"""The two clocks of the station: monotonic for durations, UTC for records."""

import time
from typing import Protocol


class Clock(Protocol):
    """Passed in wherever time matters, so that a test can move it."""

    def monotonic_ns(self) -> int:
        """For durations: never steps, and means nothing outside this machine."""
        ...

    def utc_ns(self) -> int:
        """For records: nanoseconds since 1970 UTC."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Wait; 0 or less returns at once."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def utc_ns(self) -> int:
        return time.time_ns()

    def sleep(self, duration_s: float) -> None:
        if duration_s > 0:
            time.sleep(duration_s)
