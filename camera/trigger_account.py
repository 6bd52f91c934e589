"""Which trigger each picture is of, and which triggers have none: counting only, no camera."""

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto
from itertools import chain

from camera.frame import CameraLost, Frame, MissedFrame, MissReason
from camera.frame_ids import FrameIds
from camera.ledger import MAX_GAP, FrameLedger

FRUITLESS, FRUITLESS_WAITS = 5, 2
"""So many triggers in a row without a picture, over so many times the longest wait, are a camera
that stands still, not so many losses."""


class Numbering(Enum):
    """What tells which trigger a picture is of.

    FRAME_ID: its frame id. Nobody counts the triggers; one that yields no picture and uses up no id
        leaves no trace.
    COUNT: the camera's count of triggers, which comes with each picture. Nothing is ambiguous.
    ONE_AT_A_TIME: triggers are counted apart from the pictures, which do not say theirs. A picture
        is of the one trigger that waits; where two wait it cannot be told, and both are lost.
    """

    FRAME_ID = auto()
    COUNT = auto()
    ONE_AT_A_TIME = auto()


class TriggerAccount:
    """Triggers of one acquisition, each with its picture, or with the reason why it has none.

    Args:
        camera_id: named in every miss and fault.
        max_wait_ns: a trigger that has no picture by then is LOST.
    """

    def __init__(self, camera_id: str, numbering: Numbering, max_wait_ns: int) -> None:
        self._camera_id = camera_id
        self._numbering = numbering
        self._max_wait_ns = max_wait_ns
        self._ledger = FrameLedger(camera_id)
        self._ids = FrameIds()
        self._known = 0
        self._seen: deque[tuple[int, int]] = deque()
        self._refused: set[int] = set()
        self._given_up: set[int] = set()
        self._anchor = (-1, -1)
        self._fruitless = 0
        self._fruitless_since_ns = 0
        self._stands_still = False

    @property
    def triggers(self) -> int:
        """Triggers that were commanded or counted, or that a frame id speaks of."""
        return max(self._known, self._ledger.triggers)

    @property
    def known(self) -> int:
        """Triggers that were commanded or counted apart from the pictures."""
        return self._known

    @property
    def waiting(self) -> int:
        """Known triggers that the camera was given, without an outcome yet."""
        settled = self._ledger.triggers
        refused = sum(1 for trigger_id in self._refused if trigger_id >= settled)
        return max(0, self._known - settled - refused)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the picture that has come could be of more than one trigger."""
        return self._numbering is Numbering.ONE_AT_A_TIME and self.waiting > 1

    def know(self, triggers: int, now_ns: int) -> None:
        """So many triggers there have been since the start, as counted apart from the pictures.

        Raises CameraLost when there were more before, or far fewer: the camera counts anew.
        """
        if not 0 <= triggers - self._known <= MAX_GAP:
            raise CameraLost(
                f"{self._camera_id}: its count of triggers went from {self._known} to {triggers}; "
                "the camera counts anew: restart it and the line"
            )
        if triggers > self._known:
            self._known = triggers
            self._seen.append((triggers, now_ns))

    def refuse(self, now_ns: int) -> None:
        """A trigger that the camera was not given, because another one's picture is awaited."""
        self._refused.add(self._known)
        self.know(self._known + 1, now_ns)

    def place(self, frame_id: int, count: int | None) -> int | None:
        """The trigger that a buffer is of, or None for one that was given up and now came late.

        frame_id: of the buffer.
        count: the camera's count with the picture, from 1; None where the buffer has none.
        Raises CameraLost for a picture without a trigger.
        """
        number = self._ids.number(frame_id)
        if self._numbering is Numbering.FRAME_ID:
            return number
        trigger_id = self._ledger.triggers
        if self._numbering is Numbering.COUNT:
            trigger_id = self._by_count(number, count)
        if trigger_id in self._given_up:
            self._given_up.discard(trigger_id)
            self._fruitless = 0
            return None
        if count is None and self._numbering is Numbering.COUNT:
            # A buffer that does not say its trigger is of this one or of a later one, so of none
            # that is settled; what waits is found by its age.
            return trigger_id if trigger_id >= self._ledger.triggers else None
        if self._numbering is Numbering.ONE_AT_A_TIME and self.waiting == 0:
            raise CameraLost(
                f"{self._camera_id}: frame id {frame_id} came, but none of the {self._known} "
                "triggers waits for a picture; look what else triggers this camera"
            )
        return trigger_id

    def enter(self, outcome: Frame | MissedFrame) -> Iterator[Frame | MissedFrame]:
        """What comes out for a buffer, after a LOST for each trigger that it leaves out."""
        outcomes = self._ledger.enter(outcome)
        self._fruitless = 0
        now_ns, now_utc_ns = _time_of(outcome)
        return chain(outcomes, self._give_up(0, now_ns, now_utc_ns, ""))

    def overdue(self, now_ns: int, now_utc_ns: int) -> list[MissedFrame]:
        """Triggers whose time is over, now LOST; a frame that comes for one of them is dropped."""
        up_to = 0
        while self._seen and now_ns - self._seen[0][1] >= self._max_wait_ns:
            up_to, _ = self._seen.popleft()
        waited_ms = round(self._max_wait_ns / 1e6)
        lost = self._give_up(up_to, now_ns, now_utc_ns, f"no picture within {waited_ms} ms")
        if lost:
            self._count_fruitless(len(lost), now_ns)
        return lost

    def give_up_all(self, now_ns: int, now_utc_ns: int, detail: str) -> list[MissedFrame]:
        """All that wait are LOST."""
        self._seen.clear()
        return self._give_up(self._known, now_ns, now_utc_ns, detail)

    def check_fruitful(self) -> None:
        """Raises CameraLost when the camera stood still for as long as triggers came."""
        if self._stands_still:
            raise CameraLost(
                f"{self._camera_id}: {self._fruitless} triggers in a row had no picture; the "
                "camera answers, but stands still: open it anew"
            )

    def begin_anew(self) -> None:
        """The camera's stream was begun anew: frame ids too, and nothing late can come."""
        self._ids = FrameIds()
        self._given_up.clear()

    def _count_fruitless(self, triggers: int, now_ns: int) -> None:
        if not self._fruitless:
            self._fruitless_since_ns = now_ns
        self._fruitless += triggers
        lasted_ns = now_ns - self._fruitless_since_ns
        self._stands_still = (
            self._fruitless >= FRUITLESS and lasted_ns >= FRUITLESS_WAITS * self._max_wait_ns
        )

    def _by_count(self, number: int, count: int | None) -> int:
        """Without a count: at least as far on as its frame id is from the last that had one."""
        if count is None:
            trigger_id, anchored = self._anchor
            return trigger_id + number - anchored
        self._anchor = (count - 1, number)
        self._given_up = {given for given in self._given_up if given >= count - 1}
        return count - 1

    def _give_up(self, up_to: int, now_ns: int, now_utc_ns: int, detail: str) -> list[MissedFrame]:
        """LOST for all before `up_to`, and for what was refused right behind them."""
        lost: list[MissedFrame] = []
        while (trigger_id := self._ledger.triggers) < up_to or trigger_id in self._refused:
            why = detail
            if trigger_id in self._refused:
                self._refused.discard(trigger_id)
                why = "commanded while the picture before it was awaited"
            else:
                self._given_up.add(trigger_id)
            lost.append(
                MissedFrame(self._camera_id, trigger_id, MissReason.LOST, now_ns, now_utc_ns, why)
            )
            self._ledger.enter(lost[-1])
        return lost


def _time_of(outcome: Frame | MissedFrame) -> tuple[int, int]:
    if isinstance(outcome, Frame):
        return outcome.captured_ns, outcome.captured_utc_ns
    return outcome.noticed_ns, outcome.noticed_utc_ns
