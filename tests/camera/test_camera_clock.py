"""The camera's clock beside the station's: when a picture was exposed, or when it arrived."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from camera.camera_clock import OLDEST_S, RELATE_BUSY_EVERY_S, RELATE_EVERY_S, CameraClock
from camera.frame import Frame
from camera.genicam import GenicamSource

SECOND_NS = 1_000_000_000


@dataclass
class HandClock:
    """The station's clocks, moved by hand; a command to the camera takes 2 us."""

    now_ns: int = 1000 * SECOND_NS

    def monotonic_ns(self) -> int:
        self.now_ns += 1000
        return self.now_ns

    def utc_ns(self) -> int:
        return self.now_ns

    def sleep(self, duration_s: float) -> None:
        self.now_ns += round(duration_s * 1e9)


@dataclass
class Quartz:
    """The node map of a camera that has nothing but a clock.

    rate: of its ticks to ns; ahead_ns: of the station's clock.
    """

    host: HandClock
    rate: float = 1.0
    ahead_ns: int = 0
    names: tuple[str, ...] = ("TimestampLatch", "TimestampLatchValue")
    value: int = field(default=0, init=False)

    def has_node(self, name: str) -> bool:
        return name in self.names

    def execute(self) -> None:
        self.value = self.time_ns()

    def time_ns(self) -> int:
        return round((self.host.now_ns + self.ahead_ns) * self.rate)

    @property
    def TimestampLatch(self) -> "Quartz":  # noqa: N802  (SFNC)
        return self

    @property
    def TimestampLatchValue(self) -> "Quartz":  # noqa: N802  (SFNC)
        return self


@pytest.mark.parametrize("ahead_ns", [0, -900 * SECOND_NS, 10**18])
def test_a_picture_is_as_old_as_its_exposure_wherever_the_camera_s_clock_began(
    ahead_ns: int,
) -> None:
    host = HandClock()
    camera = Quartz(host, ahead_ns=ahead_ns)
    clock = CameraClock(camera, host, "cam")
    exposed_ns, camera_ns = host.now_ns, camera.time_ns()
    host.sleep(0.25)
    assert abs(clock.exposed_ns(camera_ns, host.now_ns) - exposed_ns) <= 2000


@pytest.mark.parametrize(
    "camera",
    [
        Quartz(HandClock(), names=()),
        Quartz(HandClock(), names=("TimestampLatch",)),
        Quartz(HandClock(), rate=0.125),  # ticks of 125 MHz
    ],
    ids=["no clock", "no reading", "not ns"],
)
def test_without_a_clock_that_counts_ns_a_picture_is_as_old_as_its_arrival(camera: Quartz) -> None:
    clock = CameraClock(camera, camera.host, "cam")
    assert clock.exposed_ns(camera.time_ns() - SECOND_NS, camera.host.now_ns) == camera.host.now_ns


def test_a_picture_without_a_time_is_as_old_as_its_arrival() -> None:
    host = HandClock()
    assert CameraClock(Quartz(host), host, "cam").exposed_ns(None, 77) == 77


@pytest.mark.parametrize("off_ns", [-10 * SECOND_NS, round((OLDEST_S + 1) * 1e9)])
def test_pictures_that_bear_the_time_of_another_clock_are_not_dated_by_it(off_ns: int) -> None:
    host = HandClock()
    camera = Quartz(host)
    clock = CameraClock(camera, host, "cam")
    for _ in range(2):
        now_ns = host.now_ns
        assert clock.exposed_ns(camera.time_ns() - off_ns, now_ns) == now_ns


def test_a_picture_never_comes_before_it_was_taken() -> None:
    host = HandClock()
    camera = Quartz(host)
    clock = CameraClock(camera, host, "cam")
    now_ns = host.now_ns
    assert clock.exposed_ns(camera.time_ns() + 500, now_ns) == now_ns


def test_clocks_that_part_are_related_again(caplog: pytest.LogCaptureFixture) -> None:
    host = HandClock()
    camera = Quartz(host, rate=1.0001)
    clock = CameraClock(camera, host, "cam")
    for is_idle, every_s in ((True, RELATE_EVERY_S), (False, RELATE_BUSY_EVERY_S)):
        for _ in range(20):
            host.sleep(every_s)
            clock.relate_again(host.now_ns, is_idle=is_idle)
            now_ns = host.now_ns
            assert abs(clock.exposed_ns(camera.time_ns(), now_ns) - now_ns) < 100_000
    assert not caplog.records


def test_a_clock_that_is_set_is_read_again_and_makes_no_old_picture_fresh(
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = HandClock()
    camera = Quartz(host)
    clock = CameraClock(camera, host, "cam")
    clock.exposed_ns(camera.time_ns(), host.now_ns)
    camera.ahead_ns -= 3600 * SECOND_NS  # PTP found its master
    now_ns = host.now_ns
    assert now_ns - clock.exposed_ns(camera.time_ns(), now_ns) > 3599 * SECOND_NS
    assert "its clock is read again" in caplog.text
    clock.relate_again(host.now_ns, is_idle=True)
    now_ns = host.now_ns
    assert abs(clock.exposed_ns(camera.time_ns(), now_ns) - now_ns) < 10_000


def test_a_picture_that_the_camera_held_back_is_old_when_it_arrives(
    open_simulator: Callable[..., GenicamSource], simulator: Path
) -> None:
    source = open_simulator({"FaultLateEveryNth": 1, "FaultLateMs": 80})
    frame = source.fetch(20.0)
    assert isinstance(frame, Frame)
    assert source._clock.monotonic_ns() - frame.captured_ns >= 80_000_000
    assert source._clock.utc_ns() - frame.captured_utc_ns >= 80_000_000
