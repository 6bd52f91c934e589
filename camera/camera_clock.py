"""The camera's clock beside the station's: when a picture was exposed, not when it arrived."""

import logging
from dataclasses import dataclass, replace
from typing import Any

from camera.clock import Clock
from camera.frame import CameraLost
from camera.vendor import VENDOR_ERRORS, vendor_errors

RELATE_EVERY_S, RELATE_BUSY_EVERY_S = 10.0, 60.0
"""Quartz clocks part by up to 100 ppm: 1 ms, or 6 ms where pictures follow without a pause."""
OLDEST_S = 60.0
"""A picture older than this is no picture of that clock."""
_READINGS = 5
_CHECK_S = 0.02
_SLACK_NS = 1_000_000
_LONG_AGO_NS = -(1 << 62)
_WORST_RATE = 0.05  # clocks that part faster do not both count ns

log = logging.getLogger("passline.camera")


@dataclass(frozen=True, slots=True)
class _Relation:
    offset_ns: int  # host = camera + offset
    uncertain_ns: int
    taken_ns: int


class CameraClock:
    """Turns the camera's timestamps into the station's monotonic time.

    The camera is asked for its time by TimestampLatch; the answer is of a moment between command
    and reply, so it is as exact as half of that time. A camera that has no such command, whose
    clock does not count ns, or whose first picture bears the time of another clock is not believed:
    its pictures are as old as their arrival. A clock that is set later on is read again; until
    then pictures may seem too old, and are rejected.

    Args:
        node_map: of the camera.
        clock: the station's clocks.
        camera_id: named in faults.
    """

    def __init__(self, node_map: Any, clock: Clock, camera_id: str) -> None:
        self._node_map = node_map
        self._clock = clock
        self._camera_id = camera_id
        self._relation = self._first_relation()
        self._is_proven = False

    def exposed_ns(self, camera_ns: int | None, arrived_ns: int) -> int:
        """When a picture was exposed, on the station's monotonic clock; `arrived_ns` if unknown."""
        if self._relation is None or camera_ns is None:
            return arrived_ns
        exposed_ns = camera_ns + self._relation.offset_ns
        age_ns = arrived_ns - exposed_ns
        if -2 * self._relation.uncertain_ns - _SLACK_NS <= age_ns <= OLDEST_S * 1e9:
            self._is_proven = True
        else:
            self._doubt(self._relation, age_ns / 1e9)
        return min(exposed_ns, arrived_ns) if self._is_proven else arrived_ns

    def relate_again(self, now_ns: int, *, is_idle: bool) -> None:
        """Follow the clocks' drift, where it is time. Raises CameraLost: the camera is gone.

        is_idle: whether no picture has to wait meanwhile.
        """
        relation = self._relation
        every_s = RELATE_EVERY_S if is_idle else RELATE_BUSY_EVERY_S
        if relation is not None and now_ns - relation.taken_ns >= every_s * 1e9:
            with vendor_errors(CameraLost, f"{self._camera_id}: cannot read its clock"):
                self._relation = self._read()

    def _doubt(self, relation: _Relation, age_s: float) -> None:
        """A picture that cannot be of this clock, or a clock that was set since it was read."""
        log.warning(
            "%s: by the camera's clock a picture was taken %.3f s before it arrived; %s",
            self._camera_id,
            age_s,
            "its clock is read again" if self._is_proven else "ages are counted from arrival",
        )
        self._relation = replace(relation, taken_ns=_LONG_AGO_NS) if self._is_proven else None

    def _first_relation(self) -> _Relation | None:
        names = ("TimestampLatch", "TimestampLatchValue")
        if not all(self._node_map.has_node(name) for name in names):
            return None
        try:
            first = self._read()
            self._clock.sleep(_CHECK_S)
            second = self._read()
        except VENDOR_ERRORS as error:
            log.warning("%s: its clock cannot be read: %s", self._camera_id, error)
            return None
        passed_ns = second.taken_ns - first.taken_ns
        parted_ns = abs(second.offset_ns - first.offset_ns)
        if parted_ns > _WORST_RATE * passed_ns + first.uncertain_ns + second.uncertain_ns:
            log.warning("%s: its clock does not count ns; ages are from arrival", self._camera_id)
            return None
        return second

    def _read(self) -> _Relation:
        """The most exact of several readings."""
        return min((self._read_once() for _ in range(_READINGS)), key=lambda r: r.uncertain_ns)

    def _read_once(self) -> _Relation:
        before_ns = self._clock.monotonic_ns()
        self._node_map.TimestampLatch.execute()
        after_ns = self._clock.monotonic_ns()
        camera_ns = int(self._node_map.TimestampLatchValue.value)
        uncertain_ns = (after_ns - before_ns) // 2
        return _Relation(before_ns + uncertain_ns - camera_ns, uncertain_ns, after_ns)
