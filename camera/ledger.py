"""The frame ledger: every trigger of a camera is accounted for, also those that left no frame."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from camera.frame import CameraLost, Frame, MissedFrame, MissReason

MAX_GAP = 100_000
"""A jump of more triggers than this is a broken counter, not lost frames: 17 minutes at 100 Hz."""


class FrameLedger:
    """Counts triggers, frames and misses of one source, and finds the gaps in its trigger ids.

    Triggers are numbered without a hole, so `triggers` is always `frames` + all misses.

    Args:
        camera_id: who is accounted for; named in every miss and fault.
        first_id: number of the first trigger.
    """

    def __init__(self, camera_id: str, first_id: int = 0) -> None:
        self._camera_id = camera_id
        self._first_id = first_id
        self._next_id = first_id
        self._frames = 0
        self._missed: Counter[MissReason] = Counter()

    @property
    def triggers(self) -> int:
        """Triggers up to the newest frame or miss."""
        return self._next_id - self._first_id

    @property
    def frames(self) -> int:
        return self._frames

    def missed(self, reason: MissReason) -> int:
        """How many triggers were missed for this reason."""
        return self._missed[reason]

    def enter(self, outcome: Frame | MissedFrame) -> Iterator[Frame | MissedFrame]:
        """Enter what the camera gave; returns it after a LOST for every trigger left out before it.

        A gap is noticed when the outcome behind it comes: its misses bear that outcome's time.
        Everything is counted at once; the iterator makes the misses one by one, so a wide gap takes
        no memory. A repeated or smaller id, or a gap of more than MAX_GAP, raises CameraLost and
        enters nothing: the camera counts anew, and no later frame could be given to its part.
        """
        gap = outcome.trigger_id - self._next_id
        if not 0 <= gap <= MAX_GAP:
            raise CameraLost(
                f"{self._camera_id}: expected trigger {self._next_id} or a little more, got "
                f"{outcome.trigger_id}; the camera counts anew: restart it and the line"
            )
        lost_ids = range(self._next_id, outcome.trigger_id)
        self._next_id = outcome.trigger_id + 1
        self._missed[MissReason.LOST] += gap
        if isinstance(outcome, MissedFrame):
            self._missed[outcome.reason] += 1
        else:
            self._frames += 1
        return chain((self._lost(trigger_id, outcome) for trigger_id in lost_ids), (outcome,))

    def _lost(self, trigger_id: int, outcome: Frame | MissedFrame) -> MissedFrame:
        came = isinstance(outcome, Frame)
        return MissedFrame(
            camera_id=self._camera_id,
            trigger_id=trigger_id,
            reason=MissReason.LOST,
            noticed_ns=outcome.captured_ns if came else outcome.noticed_ns,
            noticed_utc_ns=outcome.captured_utc_ns if came else outcome.noticed_utc_ns,
            detail="the camera's numbers leave this trigger out",
        )
