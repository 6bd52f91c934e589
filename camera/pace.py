"""When a simulated trigger comes, and what came of it: what replay and belt have in common."""

from dataclasses import dataclass

from camera.clock import Clock
from camera.frame import Frame, MissedFrame, MissReason, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """A picture in the format that is named."""

    pixels: Pixels
    pixel_format: str


@dataclass(frozen=True, slots=True)
class NoExposure:
    """Why a trigger has no picture."""

    reason: MissReason
    detail: str


class Pace:
    """Triggers at a steady pace, like parts on a belt that waits for nobody.

    A trigger comes when it is due, taken or not: who fetches late gets a picture that is old, and
    `waiting` counts those not fetched yet. Without a pace a trigger comes whenever it is asked for.

    Args:
        clock: the station's clocks.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due_ns: int | None = None

    def restart(self) -> None:
        """The first trigger is due when it is waited for: cameras that start together keep step."""
        self._due_ns = None

    def hold(self) -> None:
        """No trigger can be due before now: the belt stands still."""
        if self._due_ns is not None:
            self._due_ns = max(self._due_ns, self._clock.monotonic_ns())

    def wait(self, pace_hz: float | None, timeout_s: float) -> bool:
        """Wait for the next trigger, `timeout_s` at most; whether it has come."""
        if pace_hz is None:
            return True
        if self._due_ns is None:
            self._due_ns = self._clock.monotonic_ns()
        left_s = (self._due_ns - self._clock.monotonic_ns()) / 1e9
        self._clock.sleep(min(left_s, timeout_s))
        return left_s <= timeout_s

    def take(
        self, camera_id: str, trigger_id: int, outcome: Exposure | NoExposure, pace_hz: float | None
    ) -> Frame | MissedFrame:
        """What came of the trigger that was waited for, dated to when it was due."""
        now_ns, now_utc_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        came_ns = now_ns
        if pace_hz is not None and self._due_ns is not None:
            came_ns = min(self._due_ns, now_ns)
            self._due_ns += round(1e9 / pace_hz)
        if isinstance(outcome, NoExposure):
            return MissedFrame(
                camera_id, trigger_id, outcome.reason, now_ns, now_utc_ns, outcome.detail
            )
        return Frame(
            pixels=outcome.pixels,
            pixel_format=outcome.pixel_format,
            camera_id=camera_id,
            trigger_id=trigger_id,
            captured_ns=came_ns,
            captured_utc_ns=now_utc_ns - (now_ns - came_ns),
        )

    def waiting(self, pace_hz: float | None) -> int:
        """Triggers that have come and were not taken yet."""
        if pace_hz is None or self._due_ns is None:
            return 0
        overdue_ns = self._clock.monotonic_ns() - self._due_ns
        if overdue_ns < 0:
            return 0
        return 1 + int(overdue_ns * pace_hz / 1e9)
