"""Several cameras, and several pictures of each, become parts: joined by trigger, checked by time.

Every part has as many triggers of each camera as the camera takes pictures of it, so that once all
cameras are in step their trigger numbers say what belongs together. Numbers alone do not say
whether they are: a camera that started while parts came has not counted those before. So cameras
get into step at a part whose pictures came together, after a pause that leaves no doubt which
pictures these are, or at the first triggers of all since they were started together. Until then,
and as soon as a camera is lost or its pictures lag, no part is whole and none can pass.
"""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from camera.clock import Clock, SystemClock
from camera.frame import Frame, FrameSource, MissedFrame, MissReason, SourceEnded
from camera.keeper import KeptCamera, Tell

LAGS_IN_A_ROW = 3
"""So many parts in a row without a camera's picture in time: it may be a part behind, or dead."""
_TURN_S = 0.002
"""How long one camera is asked while others are waited for too."""

Outcome = Frame | MissedFrame


@dataclass(frozen=True, slots=True)
class CameraViews:
    """A camera, and what its pictures of a part are called, in the order in which they come."""

    source: FrameSource
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PartPictures:
    """What the cameras gave of one part.

    outcomes: by the name of the view, in the order of the cameras; at least one.
    doubt: why the part cannot be judged whole, whatever its pictures show; empty where it can.
    """

    outcomes: dict[str, Outcome]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class CameraCount:
    """Triggers of a camera over all its starts; `given` of them came out with a part."""

    camera_id: str
    triggers: int
    given: int


class PartSource:
    """The cameras of a station as one source of parts.

    After `start`, every trigger of every camera comes out once. A camera that is lost is started
    again in the background; what the others see meanwhile comes out as parts in doubt. A picture
    that comes later than `join_timeout_s` after the first of its part is late; one that does not
    come is lost, and is dropped should it come after all.

    Args:
        cameras: in the order of their views.
        tell: is told of cameras lost and back, and of steps lost and found.
        join_timeout_s: longer than any picture takes to come, and less than half of the time
            between two parts.
        clock: the station's clocks.
    """

    def __init__(
        self,
        cameras: Sequence[CameraViews],
        tell: Tell,
        *,
        join_timeout_s: float = 0.1,
        clock: Clock | None = None,
    ) -> None:
        self._clock: Clock = clock or SystemClock()
        self._timeout_ns = round(join_timeout_s * 1e9)
        self._tell = tell
        self._lanes = [
            _Lane(KeptCamera(camera.source, tell, self._clock), camera.views) for camera in cameras
        ]
        views = [view for camera in cameras for view in camera.views]
        self._alone = self._lanes[0] if len(views) == 1 else None
        self._in_step = False
        self._fresh = False  # no part came out since all cameras were started together
        self._last_ns: int | None = None

    @property
    def sources(self) -> tuple[FrameSource, ...]:
        return tuple(lane.camera.source for lane in self._lanes)

    @property
    def starts(self) -> int:
        """How often a camera has started: another number says that settings may have changed."""
        return sum(lane.camera.starts for lane in self._lanes)

    def counts(self) -> Iterator[CameraCount]:
        """What each camera has counted and given so far."""
        for lane in self._lanes:
            triggers = max(lane.camera.triggers, lane.given)
            yield CameraCount(lane.camera.camera_id, triggers, lane.given)

    def start(self) -> None:
        """Start all cameras; one that is away is waited for. Raises CameraConfigError."""
        for lane in self._lanes:
            lane.camera.start()
        self._fresh = not any(lane.camera.is_away for lane in self._lanes)

    def fetch(self, timeout_s: float) -> PartPictures | None:
        """The next part, or None when none was whole or overdue within `timeout_s`.

        Raises SourceEnded when no camera can give anything any more, and CameraConfigError when a
        camera that was away comes back as another.
        """
        if self._alone is not None:
            return self._fetch_alone(self._alone, timeout_s)
        until_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        while True:
            came = self._ask(until_ns)
            first_ns = self._first_ns()
            if all(lane.is_full for lane in self._lanes):
                return self._part()
            if came:
                continue
            now_ns = self._clock.monotonic_ns()
            if first_ns is not None and now_ns >= first_ns + self._timeout_ns:
                return self._part()
            if first_ns is None and all(lane.camera.ended for lane in self._lanes):
                raise SourceEnded("all cameras have given their last picture")
            if now_ns >= until_ns:
                return None

    def end(self) -> Generator[PartPictures]:
        """Stop all cameras; gives what they counted and nobody fetched, as parts that are lost."""
        lost = [lane.end() for lane in self._lanes]
        while True:
            outcomes: dict[str, Outcome] = {}
            for lane, rest in zip(self._lanes, lost, strict=True):
                some = tuple(islice(rest, len(lane.views)))
                lane.given += len(some)
                outcomes.update(zip(lane.views, some, strict=False))
            if not outcomes:
                return
            yield PartPictures(outcomes, "the line stopped")

    def stop(self) -> None:
        """Stop all cameras; may be called twice."""
        for lane in self._lanes:
            lane.camera.stop()

    def _fetch_alone(self, lane: "_Lane", timeout_s: float) -> PartPictures | None:
        outcome = lane.camera.fetch(timeout_s)
        if outcome is None:
            if lane.camera.ended:
                raise SourceEnded("the camera has given its last picture")
            return None
        lane.given += 1
        return PartPictures({lane.views[0]: outcome})

    def _ask(self, until_ns: int) -> bool:
        """Ask each camera that lacks something once; whether anything came."""
        lacking = [lane for lane in self._lanes if not (lane.is_full or lane.camera.ended)]
        came = False
        for lane in lacking:
            first_ns = self._first_ns()
            end_ns = until_ns if first_ns is None else min(until_ns, first_ns + self._timeout_ns)
            left_s = max(0.0, (end_ns - self._clock.monotonic_ns()) / 1e9)
            came |= lane.ask(left_s if len(lacking) == 1 else min(left_s, _TURN_S))
            if self._in_step and lane.camera.is_away:
                self._lose_step(f"{lane.camera.camera_id} was lost")
        return came

    def _first_ns(self) -> int | None:
        """When the first outcome of the part that is being put together came."""
        return min(
            (_came_ns(lane.waiting[0]) for lane in self._lanes if lane.waiting), default=None
        )

    def _part(self) -> PartPictures:
        """The part made of what waits."""
        first_ns = self._first_ns() or 0
        end_ns = first_ns + self._timeout_ns
        if not self._in_step and self._is_whole(first_ns, end_ns):
            self._in_step = True
            self._tell("cameras_in_step", {})
        part = self._joined(end_ns) if self._in_step else self._apart(end_ns)
        self._fresh = False
        came = [o.captured_ns for o in part.outcomes.values() if isinstance(o, Frame)]
        self._last_ns = max((*came, self._last_ns or first_ns))
        return part

    def _is_whole(self, first_ns: int, end_ns: int) -> bool:
        """Whether what waits is one part beyond doubt, so that the cameras are in step from now."""
        waiting = [outcome for lane in self._lanes for outcome in lane.waiting]
        full = all(lane.is_full for lane in self._lanes)
        if not full or any(_came_ns(outcome) > end_ns for outcome in waiting):
            return False
        if self._fresh and all(lane.waiting[0].trigger_id == 0 for lane in self._lanes):
            return True
        quiet = self._last_ns is None or first_ns - self._last_ns >= 2 * self._timeout_ns
        return quiet and all(isinstance(outcome, Frame) for outcome in waiting)

    def _joined(self, end_ns: int) -> PartPictures:
        """The part that is due, by the numbers of its triggers."""
        outcomes: dict[str, Outcome] = {}
        for lane in self._lanes:
            given = [self._in_time(lane, end_ns) for _ in lane.views]
            outcomes.update(zip(lane.views, (outcome for outcome, _ in given), strict=True))
            lane.lags = lane.lags + 1 if any(lagged for _, lagged in given) else 0
        lagging = next((lane for lane in self._lanes if lane.lags >= LAGS_IN_A_ROW), None)
        if lagging is not None:
            lagging.lags = 0
            self._lose_step(
                f"{lagging.camera.camera_id} gave no picture in time of {LAGS_IN_A_ROW} parts in "
                "a row"
            )
        return PartPictures(outcomes)

    def _in_time(self, lane: "_Lane", end_ns: int) -> tuple[Outcome, bool]:
        """The next outcome of a camera, and whether the camera lags."""
        allowed = f"{self._timeout_ns / 1e6:.0f} ms after the part's first"
        now = self._clock.monotonic_ns(), self._clock.utc_ns()
        camera_id = lane.camera.camera_id
        if not lane.waiting:
            detail = f"no picture within {allowed}"
            return MissedFrame(camera_id, lane.charge(), MissReason.LOST, *now, detail), True
        outcome = lane.take()
        if isinstance(outcome, MissedFrame) or outcome.captured_ns <= end_ns:
            return outcome, False
        outcome.give_back()
        detail = f"the picture came later than {allowed}"
        return MissedFrame(camera_id, outcome.trigger_id, MissReason.LATE, *now, detail), True

    def _apart(self, end_ns: int) -> PartPictures:
        """What came together while the cameras are not in step: nobody can vouch for it."""
        outcomes: dict[str, Outcome] = {}
        missing: list[str] = []
        for lane in self._lanes:
            for view in lane.views:
                if lane.waiting and _came_ns(lane.waiting[0]) <= end_ns:
                    outcomes[view] = lane.take()
                else:
                    missing.append(view)
        if missing:
            return PartPictures(outcomes, f"no picture of {', '.join(missing)}")
        return PartPictures(outcomes, "the cameras are not in step yet")

    def _lose_step(self, why: str) -> None:
        self._in_step = False
        self._tell("cameras_out_of_step", {"fault": why})


class _Lane:
    """One camera's way into the parts.

    waiting: outcomes that no part has taken, in order; as many as it has views at most.
    given: outcomes that parts have taken.
    lags: parts in a row without its pictures in time.
    """

    def __init__(self, camera: KeptCamera, views: tuple[str, ...]) -> None:
        self.camera = camera
        self.views = views
        self.waiting: deque[Outcome] = deque()
        self.given = 0
        self.lags = 0
        self._charged: set[int] = set()  # triggers that were given as lost before they came
        self._next_id = 0
        self._starts = 0

    @property
    def is_full(self) -> bool:
        return len(self.waiting) == len(self.views)

    def ask(self, timeout_s: float) -> bool:
        """Fetch one outcome; whether anything came. What was charged as lost already is dropped."""
        outcome = self.camera.fetch(timeout_s)
        if outcome is None:
            return False
        if self.camera.starts != self._starts:
            self._starts = self.camera.starts
            self._charged.clear()
        self._next_id = outcome.trigger_id + 1
        if outcome.trigger_id not in self._charged:
            self.waiting.append(outcome)
        elif isinstance(outcome, Frame):
            outcome.give_back()
        self._charged.discard(outcome.trigger_id)
        return True

    def take(self) -> Outcome:
        self.given += 1
        return self.waiting.popleft()

    def charge(self) -> int:
        """Give the next trigger up for lost; its number."""
        trigger_id = self._next_id + len(self._charged)
        self._charged.add(trigger_id)
        self.given += 1
        return trigger_id

    def end(self) -> Generator[MissedFrame]:
        """Stop the camera; gives LOST for each trigger that is not accounted for."""
        waiting, self.waiting = self.waiting, deque()
        for outcome in waiting:
            if isinstance(outcome, MissedFrame):
                yield outcome
            else:
                outcome.give_back()
                yield MissedFrame(
                    outcome.camera_id,
                    outcome.trigger_id,
                    MissReason.LOST,
                    outcome.captured_ns,
                    outcome.captured_utc_ns,
                    "the line stopped before its part was whole",
                )
        yield from (
            missed for missed in self.camera.end() if missed.trigger_id not in self._charged
        )


def _came_ns(outcome: Outcome) -> int:
    """When a picture was taken, or found out that there is none."""
    return outcome.captured_ns if isinstance(outcome, Frame) else outcome.noticed_ns
