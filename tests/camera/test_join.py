"""Parts of several cameras and pictures: whatever is lost, none gets another's picture."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera.frame import CameraConfigError, CameraLost, Frame, MissedFrame, MissReason, SourceEnded
from camera.join import CameraViews, PartPictures, PartSource

MS = 1_000_000
TIMEOUT_MS = 100


class BenchClock:
    """A clock that moves when a camera is waited for."""

    def __init__(self) -> None:
        self.now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_ns(self) -> int:
        return self.now_ns

    def sleep(self, duration_s: float) -> None:
        self.now_ns += round(duration_s * 1e9)


@dataclass
class WiredCamera:
    """A camera on the trigger wire: sees every part from its start on, whether told of it or not.

    come_ms: when the parts pass. takes_ms: how long each part's picture is on its way.
    loses: parts whose picture never comes; that is known when the next one does.
    dies: parts at which it is gone. mute: parts of which it sees no trigger, as if unplugged.
    Its pictures show the number of the part, and the number of the picture of the part.
    """

    clock: BenchClock
    camera_id: str
    come_ms: list[int]
    takes_ms: list[int]
    loses: set[int] = field(default_factory=set[int])
    dies: set[int] = field(default_factory=set[int])
    mute: set[int] = field(default_factory=set[int])
    away_for: int = 0
    frames: int = 1
    frame_gap_ms: int = 10
    seen: int = 0
    starts: int = 0
    _queue: list[tuple[int, Frame | MissedFrame | CameraLost]] = field(default_factory=list[Any])
    _armed_ns: int = 0
    _running: bool = False

    @property
    def triggers(self) -> int:
        return sum(
            1
            for part, come_ms in enumerate(self.come_ms)
            for frame in range(self.frames)
            if self._armed_ns <= (come_ms + frame * self.frame_gap_ms) * MS <= self.clock.now_ns
            and part not in self.mute
        )

    def start(self) -> None:
        if self.away_for > 0:
            self.away_for -= 1
            raise CameraLost(f"{self.camera_id}: is unplugged")
        self.starts += 1
        self._armed_ns = self.clock.now_ns
        self._running = True
        self._queue = []
        trigger_id, missing = 0, list[int]()
        for part, come_ms in enumerate(self.come_ms):
            if part in self.mute:
                continue
            for frame in range(self.frames):
                at_ns = (come_ms + frame * self.frame_gap_ms) * MS
                if at_ns < self._armed_ns:
                    continue
                arrives_ns = at_ns + self.takes_ms[part] * MS
                if part in self.dies:
                    self._queue.append((arrives_ns, CameraLost(f"{self.camera_id}: unplugged")))
                    return
                if part in self.loses and frame == 0:
                    missing.append(trigger_id)
                else:
                    self._queue += [(arrives_ns, self._lost(each, arrives_ns)) for each in missing]
                    missing = []
                    self._queue.append(
                        (arrives_ns, self._frame(part, frame, trigger_id, arrives_ns))
                    )
                trigger_id += 1

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        if not self._running:
            raise CameraLost(f"{self.camera_id}: is not started")
        until_ns = self.clock.now_ns + round(timeout_s * 1e9)
        if not self._queue or self._queue[0][0] > until_ns:
            self.clock.now_ns = until_ns
            return None
        at_ns, outcome = self._queue.pop(0)
        self.clock.now_ns = max(self.clock.now_ns, at_ns)
        if isinstance(outcome, CameraLost):
            self.seen = max(self.seen, self.triggers)
            self.dies = {part for part in self.dies if self.come_ms[part] * MS > self.clock.now_ns}
            raise outcome
        return outcome

    def stop(self) -> None:
        self._running = False

    def _frame(self, part: int, frame: int, trigger_id: int, at_ns: int) -> Frame:
        pixels = np.array([[part % 256, part // 256, frame]], np.uint8)
        return Frame(pixels, "Mono8", self.camera_id, trigger_id, at_ns, at_ns)

    def _lost(self, trigger_id: int, at_ns: int) -> MissedFrame:
        return MissedFrame(self.camera_id, trigger_id, MissReason.LOST, at_ns, at_ns)


@dataclass
class Bench:
    """Cameras over one belt, and all that came of them; a part is `work_ms` of work."""

    clock: BenchClock
    cameras: list[WiredCamera]
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list[Any])
    parts: list[PartPictures] = field(default_factory=list[PartPictures])
    work_ms: int = 0

    def source(self) -> PartSource:
        views = [
            CameraViews(
                camera,
                (camera.camera_id,)
                if camera.frames == 1
                else tuple(f"{camera.camera_id}.{n}" for n in range(camera.frames)),
            )
            for camera in self.cameras
        ]
        return PartSource(
            views,
            lambda kind, detail: self.told.append((kind, detail)),
            join_timeout_s=TIMEOUT_MS / 1e3,
            clock=self.clock,
        )

    def run(self, until_ms: int) -> PartSource:
        """Take every part until the belt's time is over, then the rest."""
        source = self.source()
        source.start()
        self.take(source, until_ms)
        self.parts += source.end()
        return source

    def take(self, source: PartSource, until_ms: int) -> None:
        while self.clock.now_ns < until_ms * MS:
            part = source.fetch(0.05)
            if part is not None:
                self.parts.append(part)
                self.clock.now_ns += self.work_ms * MS

    @property
    def whole(self) -> list[int]:
        """Numbers of the parts that could be judged whole, by their pictures."""
        return [shown(part)[0][0] for part in self.parts if is_whole(part)]


def is_whole(part: PartPictures) -> bool:
    return not part.doubt and all(isinstance(o, Frame) for o in part.outcomes.values())


def shown(part: PartPictures) -> list[tuple[int, int]]:
    """Part and picture number on each picture."""
    pixels = [o.pixels[0] for o in part.outcomes.values() if isinstance(o, Frame)]
    return [(int(p[0]) + 256 * int(p[1]), int(p[2])) for p in pixels]


def bench(come_ms: list[int], **cameras: dict[str, Any]) -> Bench:
    clock = BenchClock()
    made = [
        WiredCamera(clock, name, come_ms, values.pop("takes_ms", [5] * len(come_ms)), **values)
        for name, values in cameras.items()
    ]
    return Bench(clock, made)


EVERY_300_MS = list(range(500, 500 + 300 * 20, 300))


def test_a_lost_picture_rejects_its_part_and_no_other() -> None:
    made = bench(EVERY_300_MS, left={}, right={"loses": {7}})
    made.run(8000)
    assert made.whole == [part for part in range(20) if part != 7]
    (lost,) = [part for part in made.parts if not is_whole(part)]
    assert isinstance(lost.outcomes["left"], Frame)
    assert isinstance(lost.outcomes["right"], MissedFrame)
    assert lost.outcomes["right"].detail == "no picture within 100 ms after the part's first"


def test_a_picture_that_comes_too_late_rejects_its_part_and_is_given_to_no_other() -> None:
    made = bench(EVERY_300_MS, left={}, right={"takes_ms": [5] * 4 + [250] + [5] * 15})
    made.run(8000)
    assert made.whole == [part for part in range(20) if part != 4]
    assert len(made.parts) == 20


def test_a_line_that_lags_behind_joins_no_more_than_a_quick_one() -> None:
    made = bench(EVERY_300_MS, left={}, right={"takes_ms": [5] * 4 + [250] + [5] * 15})
    made.work_ms = 400
    made.run(12_000)
    assert made.whole == [part for part in range(20) if part != 4]
    late = made.parts[4].outcomes["right"]
    assert isinstance(late, MissedFrame)
    assert late.reason is MissReason.LATE


def test_a_camera_that_is_away_rejects_parts_while_the_other_is_accounted_for() -> None:
    made = bench(EVERY_300_MS, left={}, right={"dies": {5}, "away_for": 0})
    source = made.run(8000)
    assert made.whole[:5] == [0, 1, 2, 3, 4]
    assert 5 not in made.whole
    assert made.whole[-1] == 19, "it is back, and in step again"
    left = next(count for count in source.counts() if count.camera_id == "left")
    assert (left.triggers, left.given) == (20, 20)
    kinds = [kind for kind, _ in made.told]
    assert kinds[1:3] == ["camera_lost", "cameras_out_of_step"]
    assert kinds[-1] == "cameras_in_step"


def test_a_camera_that_started_while_parts_came_is_not_a_part_behind() -> None:
    made = bench(EVERY_300_MS, left={}, right={"away_for": 1})
    made.run(8000)
    assert made.whole
    assert made.whole[-1] == 19
    assert all(len(set(shown(part))) == 1 for part in made.parts if is_whole(part))


def test_parts_too_close_to_tell_apart_are_rejected_until_there_is_a_pause() -> None:
    close = list(range(500, 2000, 120))
    made = bench([*close, 4000, 4300], left={}, right={"dies": {2}})
    made.run(6000)
    assert made.whole == [0, 1, len(close), len(close) + 1]


def test_a_camera_whose_wire_is_torn_stops_the_counting_on_its_account() -> None:
    made = bench(EVERY_300_MS, left={}, right={"mute": set(range(5, 12))})
    source = made.run(8000)
    assert made.whole[:5] == [0, 1, 2, 3, 4]
    assert made.whole[-1] == 19
    assert all(len(set(shown(part))) == 1 for part in made.parts if is_whole(part))
    right = next(count for count in source.counts() if count.camera_id == "right")
    assert right.triggers == right.given


def test_two_lights_give_a_part_two_views_in_their_order() -> None:
    made = bench(EVERY_300_MS, top={"frames": 2})
    made.run(8000)
    assert made.whole == list(range(20))
    assert all([frame for _, frame in shown(part)] == [0, 1] for part in made.parts)


def test_a_lighting_sequence_that_lost_a_picture_is_whole_again_with_the_next_part() -> None:
    made = bench(EVERY_300_MS, top={"frames": 2, "loses": {3}})
    made.run(8000)
    assert made.whole == [part for part in range(20) if part != 3]


def test_what_the_camera_counted_and_nobody_fetched_is_lost_when_the_line_stops() -> None:
    made = bench(EVERY_300_MS, left={}, right={})
    source = made.source()
    source.start()
    made.clock.now_ns = 2000 * MS
    rest = list(source.end())
    assert len(rest) == 6
    assert all(isinstance(o, MissedFrame) for part in rest for o in part.outcomes.values())
    assert [(c.triggers, c.given) for c in source.counts()] == [(6, 6), (6, 6)]


def test_a_camera_with_other_settings_after_its_return_ends_the_line() -> None:
    made = bench(EVERY_300_MS, left={}, right={"dies": {3}})
    right = made.cameras[1]
    start = right.start

    def refused_when_it_is_back() -> None:
        if right.starts:
            raise CameraConfigError("right: another camera answers")
        start()

    right.start = refused_when_it_is_back  # type: ignore[method-assign]
    source = made.source()
    source.start()
    with pytest.raises(CameraConfigError, match="another camera answers"):
        made.take(source, until_ms=8000)
    source.stop()


class Album:
    """A source without a clock: it gives a picture whenever it is asked, then ends."""

    def __init__(self, camera_id: str, parts: Iterable[int]) -> None:
        self.camera_id = camera_id
        self.parts = list(parts)
        self.triggers = 0

    def start(self) -> None:
        self.triggers = 0

    def fetch(self, timeout_s: float) -> Frame:
        if self.triggers == len(self.parts):
            raise SourceEnded
        part = self.parts[self.triggers]
        self.triggers += 1
        return Frame(np.full((1, 3), part, np.uint8), "Mono8", self.camera_id, part, 0, 0)

    def stop(self) -> None:
        pass


@pytest.mark.parametrize("cameras", [1, 2, 3])
def test_pictures_on_demand_are_joined_by_their_numbers(cameras: int) -> None:
    albums = [CameraViews(Album(f"cam{n}", range(5)), (f"cam{n}",)) for n in range(cameras)]
    source = PartSource(albums, lambda kind, detail: None, clock=BenchClock())
    source.start()
    parts = [source.fetch(0.01) for _ in range(5)]
    assert all(part is not None and is_whole(part) for part in parts)
    with pytest.raises(SourceEnded):
        source.fetch(0.01)
    source.stop()


@st.composite
def belts(draw: st.DrawFn) -> Bench:
    """Two or three cameras over parts at least 180 ms apart; pictures take at most 80 ms."""
    pitches = draw(st.lists(st.integers(180, 900), min_size=3, max_size=25))
    come_ms = [300 + sum(pitches[:n]) for n in range(len(pitches))]
    clock = BenchClock()
    some = st.sets(st.integers(0, len(come_ms) - 1), max_size=4)
    frames = draw(st.sampled_from([1, 1, 2]))
    cameras = [
        WiredCamera(
            clock,
            f"cam{n}",
            come_ms,
            draw(st.lists(st.integers(0, 70), min_size=len(come_ms), max_size=len(come_ms))),
            loses=draw(some),
            dies=draw(some),
            mute=draw(some),
            away_for=draw(st.integers(0, 1)),
            frames=frames,
        )
        for n in range(draw(st.integers(2, 3)))
    ]
    return Bench(clock, cameras)


@given(made=belts(), skip_ms=st.integers(0, 400), work_ms=st.integers(0, 600))
@settings(max_examples=60, deadline=None)
def test_whatever_is_lost_no_part_gets_another_parts_picture_and_every_trigger_is_given_once(
    made: Bench, skip_ms: int, work_ms: int
) -> None:
    made.work_ms = work_ms
    made.clock.now_ns = skip_ms * MS
    source = made.run(made.cameras[0].come_ms[-1] + 2000)
    views = [(n, f) for n in range(len(made.cameras)) for f in range(made.cameras[0].frames)]
    for part in made.parts:
        if is_whole(part):
            pictures = shown(part)
            assert len(pictures) == len(views)
            assert len({number for number, _ in pictures}) == 1, pictures
            assert [frame for _, frame in pictures] == [frame for _, frame in views]
    whole = Counter(made.whole)
    assert not whole or max(whole.values()) == 1, "a part passed twice"
    for count, camera in zip(source.counts(), made.cameras, strict=True):
        given = [o for part in made.parts for o in part.outcomes.values()]
        assert count.given == sum(1 for o in given if o.camera_id == camera.camera_id)
        assert count.triggers == count.given
