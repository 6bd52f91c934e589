"""Commands and counts the triggers of a camera that acquires, and finds those without a picture."""

from collections.abc import Iterator, Sequence
from typing import Any

from camera.clock import Clock
from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame
from camera.open_camera import OpenCamera
from camera.trigger_account import Numbering, TriggerAccount
from camera.trigger_count import TriggerCount
from camera.triggers import FreeRun, LineTrigger, SoftwareTrigger, TriggerPlan

_COUNTS_PER_WAIT = 8
"""How often the camera's count is read while a trigger may wait: how late a wait may begin."""
_SHORTEST_COUNT_NS, _LONGEST_COUNT_NS = 5_000_000, 250_000_000
_NEVER_NS = 1 << 63


class TriggerWatch:
    """The triggers of one acquisition.

    Args:
        camera: open, and acquiring.
        plan: what starts its pictures; None where nobody said, and frame ids are all there is.
        count: the camera's own count of its triggers, where it has one.
        max_wait_s: a trigger that has no picture by then is LOST.
        clock: the station's clocks.
    """

    def __init__(
        self,
        camera: OpenCamera,
        plan: TriggerPlan | None,
        count: TriggerCount | None,
        max_wait_s: float,
        clock: Clock,
    ) -> None:
        self._camera = camera
        self._plan = plan
        self._count = count
        self._clock = clock
        max_wait_ns = round(max_wait_s * 1e9)
        self._numbering = _numbering(plan, count)
        self._account = TriggerAccount(camera.camera_id, self._numbering, max_wait_ns)
        self._count_every_ns = min(
            max(_SHORTEST_COUNT_NS, max_wait_ns // _COUNTS_PER_WAIT), _LONGEST_COUNT_NS
        )
        self._must_begin_anew = ""
        self._counted_ns = clock.monotonic_ns()
        self._due_ns = self._counted_ns

    @property
    def triggers(self) -> int:
        return self._account.triggers

    def command(self) -> None:
        """Command one picture now; see `GenicamSource.trigger`."""
        if not isinstance(self._plan, SoftwareTrigger):
            raise CameraConfigError(
                f"{self._camera.camera_id}: is not triggered by software, but by {self._plan}: "
                "set the mode to software under [camera.trigger]"
            )
        now_ns = self._clock.monotonic_ns()
        if self._must_wait():
            self._account.refuse(now_ns)
            return
        self._account.know(self._account.known + 1, now_ns)
        self._camera.command_trigger()

    def command_due(self, now_ns: int) -> None:
        """Command a picture where the plan's pace has one due.

        A station that comes late commands one, not all that it left out. Where pictures do not say
        their trigger, the next is commanded when the one before has its picture or is given up.
        """
        period_ns = self._period_ns()
        if period_ns is None or now_ns < self._due_ns or self._must_wait():
            return
        self._due_ns = max(self._due_ns, now_ns - period_ns) + period_ns
        self.command()

    @property
    def due_ns(self) -> int:
        """When the next command is due; far away where none will be."""
        return _NEVER_NS if self._period_ns() is None or self._must_wait() else self._due_ns

    def count_of(self, buffer: Any) -> int | None:
        """The count of triggers that a buffer brings. Raises FrameError when it is broken."""
        if self._count is None or self._numbering is not Numbering.COUNT:
            return None
        return self._count.of(buffer)

    def is_in_doubt(self) -> bool:
        """Whether the buffer that has come may be of one of several triggers: it must be dropped.

        Raises CameraLost.
        """
        if self._numbering is Numbering.ONE_AT_A_TIME:
            self._read_count(self._clock.monotonic_ns())
        if self._account.is_in_doubt:
            self._must_begin_anew = "pictures do not say their trigger, and more than one waited"
        return bool(self._must_begin_anew)

    def place(self, frame_id: int, count: int | None) -> int | None:
        """The trigger that a buffer is of, or None for one whose trigger was given up.

        Raises CameraLost for a picture without a trigger.
        """
        return self._account.place(frame_id, count)

    def enter(self, outcome: Frame | MissedFrame) -> Iterator[Frame | MissedFrame]:
        """What comes out for a buffer that was placed. Raises CameraLost: it counts anew."""
        return self._account.enter(outcome)

    def begin_anew(self) -> Sequence[MissedFrame]:
        """Where it is not known any more what a late picture would be of: empty the camera.

        All triggers that wait are LOST, and those that come meanwhile. Raises CameraLost.
        """
        if not self._must_begin_anew:
            return ()
        self._camera.stop_stream()
        self._read_count(self._clock.monotonic_ns())  # none of these can have a picture now
        self._camera.start_stream()
        self._account.begin_anew()
        why, self._must_begin_anew = self._must_begin_anew, ""
        return self._account.give_up_all(*self._now(), why)

    def look(self) -> Sequence[MissedFrame]:
        """While no buffer waits: triggers whose time is over.

        Raises CameraLost when the camera counts anew, does not answer, or stands still.
        """
        self._account.check_fruitful()
        now_ns, now_utc_ns = self._now()
        if now_ns - self._counted_ns >= self._count_every_ns:
            self._read_count(now_ns)
        lost = self._account.overdue(now_ns, now_utc_ns)
        if lost and self._numbering is Numbering.ONE_AT_A_TIME:
            self._must_begin_anew = "came while the picture before it was given up"
        elif lost:
            self._check_commands_arrived()
        return lost

    def give_up_all(self, why: str) -> Sequence[MissedFrame]:
        """The camera is gone: all that wait are LOST."""
        return self._account.give_up_all(*self._now(), why)

    def _read_count(self, now_ns: int) -> None:
        """Commands are counted here; edges at a line only the camera knows."""
        self._counted_ns = now_ns
        if self._count is not None and isinstance(self._plan, LineTrigger):
            self._account.know(self._count.now(), now_ns)

    def _check_commands_arrived(self) -> None:
        """A command that the camera did not count makes all later counts one too small."""
        if self._count is None or not isinstance(self._plan, SoftwareTrigger):
            return
        counted = self._count.now()
        if counted != self._account.known:
            raise CameraLost(
                f"{self._camera.camera_id}: {self._account.known} triggers were commanded, the "
                f"camera counted {counted}: which picture is of which part is not known any more"
            )

    def _must_wait(self) -> bool:
        if self._numbering is not Numbering.ONE_AT_A_TIME:
            return False
        return bool(self._must_begin_anew) or self._account.waiting > 0

    def _period_ns(self) -> int | None:
        if not isinstance(self._plan, SoftwareTrigger) or self._plan.rate_hz is None:
            return None
        return round(1e9 / self._plan.rate_hz)

    def _now(self) -> tuple[int, int]:
        return self._clock.monotonic_ns(), self._clock.utc_ns()


def _numbering(plan: TriggerPlan | None, count: TriggerCount | None) -> Numbering:
    if plan is None or isinstance(plan, FreeRun):
        return Numbering.FRAME_ID
    if count is not None and count.with_pictures:
        return Numbering.COUNT
    if count is not None or isinstance(plan, SoftwareTrigger):
        return Numbering.ONE_AT_A_TIME
    return Numbering.FRAME_ID
