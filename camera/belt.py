"""A simulated belt: rendered parts come past the camera as a file says, and the truth is known."""

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from camera.clock import Clock, SystemClock
from camera.frame import (
    CameraConfigError,
    CameraLost,
    Frame,
    MissedFrame,
    MissReason,
    SourceEnded,
)
from camera.pace import Exposure, NoExposure, Pace
from camera.renderer import DefectKind, PartMix, PartRenderer, RenderedPart

ORDINARY_RATES: Mapping[DefectKind, float] = {
    DefectKind.SCRATCH: 0.03,
    DefectKind.DENT: 0.02,
    DefectKind.MISSING_HOLE: 0.01,
    DefectKind.CHIPPED_EDGE: 0.015,
}
"""A process that runs as it should; stains are not part of it."""

PICTURE_PX = 512
FILE_POLL_S = 0.02

Rate = Annotated[float, Field(ge=0.0, le=1.0)]
PartNumber = Annotated[int, Field(ge=0)]


class BeltSection(BaseModel):
    """Strict and frozen: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Stretch(BeltSection):
    """How the process runs from part `first_part` on, until the next stretch."""

    first_part: PartNumber = 0
    rates: dict[DefectKind, Rate] = Field(default_factory=lambda: dict(ORDINARY_RATES))
    light: Annotated[float, Field(gt=0.0)] = 1.0
    contrast: tuple[Rate, Rate] = PartMix().contrast

    @model_validator(mode="after")
    def _can_be_rendered(self) -> "Stretch":
        self.mix()
        return self

    def mix(self) -> PartMix:
        return PartMix(rates=self.rates, light=self.light, contrast=self.contrast)


class Belt(BeltSection):
    """What the belt carries and when; a JSON file of this is steered by who plays the factory.

    released: parts with a smaller number may come, the others wait; None lets all come.
    ended: no part comes after the released ones.
    pace_hz: parts a second; None leaves it to the source.
    stretches: in order of `first_part`; the first begins at 0. Change only what begins at a part
        that is not released yet: parts that came keep the truth they came with.
    lost_one_in, incomplete_one_in: every n-th trigger loses its picture, or tears it.
    """

    released: PartNumber | None = None
    ended: bool = False
    pace_hz: Annotated[float, Field(gt=0.0)] | None = None
    stretches: Annotated[tuple[Stretch, ...], Field(min_length=1)] = (Stretch(),)
    lost_one_in: Annotated[int, Field(ge=1)] | None = None
    incomplete_one_in: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> "Belt":
        firsts = [stretch.first_part for stretch in self.stretches]
        if firsts[0] != 0 or any(a >= b for a, b in pairwise(firsts)):
            raise ValueError(f"stretches must begin at part 0 and go up, they begin at {firsts}")
        return self

    def mix_at(self, number: int) -> PartMix:
        """How the process runs at this part."""
        return next(s for s in reversed(self.stretches) if s.first_part <= number).mix()

    def miss_at(self, number: int) -> MissReason | None:
        """Why the trigger of this part has no picture, or None where it has one."""
        if self.lost_one_in is not None and (number + 1) % self.lost_one_in == 0:
            return MissReason.LOST
        if self.incomplete_one_in is not None and (number + 1) % self.incomplete_one_in == 0:
            return MissReason.INCOMPLETE
        return None

    def has_released(self, number: int) -> bool:
        return self.released is None or number < self.released


def read_belt(path: Path) -> Belt:
    """Read a belt file. Raises CameraConfigError naming the file, the key and the fault."""
    try:
        return Belt.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CameraConfigError(f"belt file {path} cannot be read: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(step) for step in fault['loc']) or 'file'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise CameraConfigError(f"belt file {path}: {faults}") from error


def write_belt(path: Path, belt: Belt) -> None:
    """Write the file so that a reader sees the old one or the new one, never a part of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(belt.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def truth(belt: Belt, seed: int, number: int, size_px: int = PICTURE_PX) -> RenderedPart:
    """The part that came, or will come, as `number`: its picture, and what is wrong with it."""
    return _renderer(seed, size_px).render(number, belt.mix_at(number))


@lru_cache(maxsize=4)
def _renderer(seed: int, size_px: int) -> PartRenderer:
    return PartRenderer(size_px, seed)


class RenderedSource:
    """Parts on the simulated belt as a FrameSource; trigger 0 is of the part `first_part`.

    The belt file is read again whenever it changes. One that is missing or wrong stops `start`
    with CameraConfigError and a running belt with CameraLost, as if the camera were gone: every
    fetch looks again, so a mended file brings it back. An old belt is never carried on in silence.

    Args:
        camera_id: the station's name for this view.
        seed: the product's series.
        pace_hz: parts a second where the belt names none; None for as fast as they are asked for.
        parts: after so many triggers the source ends; None for no end.
        belt_file: what the belt carries; without one, ordinary parts.
        first_part: number of the first part.
        size_px: side of the picture.
        clock: the station's clocks.
    """

    def __init__(
        self,
        camera_id: str,
        *,
        seed: int = 1,
        pace_hz: float | None = None,
        parts: int | None = None,
        belt_file: Path | None = None,
        first_part: int = 0,
        size_px: int = PICTURE_PX,
        clock: Clock | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._seed = seed
        self._own_pace_hz = pace_hz
        self._parts = parts
        self._belt_file = belt_file
        self._belt_stamp: tuple[int, int, int] | None = None
        self._belt = Belt()
        self._first_part = first_part
        self._size_px = size_px
        self._clock: Clock = clock or SystemClock()
        self._pace = Pace(self._clock)
        self._running = False
        self._given = 0
        self._next: tuple[PartMix, Exposure | NoExposure] | None = None

    @property
    def camera_id(self) -> str:
        return self._camera_id

    @property
    def triggers(self) -> int:
        """Parts that came past since `start`, fetched or not."""
        return self._given + min(self._left(), self._pace.waiting(self._pace_hz))

    def start(self) -> None:
        """Begin with `first_part`. Raises CameraConfigError when the belt file cannot be used."""
        self._belt_stamp = None
        self._read_changed_belt()
        _renderer(self._seed, self._size_px)
        self._given, self._next, self._running = 0, None, True
        self._pace.restart()

    def fetch(self, timeout_s: float) -> Frame | MissedFrame | None:
        """The next part's outcome, or None when it is held back or not due within `timeout_s`."""
        if not self._running:
            raise CameraLost(f"{self._camera_id}: is not started, or was stopped")
        deadline_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        while not self._is_released():
            left_s = (deadline_ns - self._clock.monotonic_ns()) / 1e9
            if left_s <= 0:
                return None
            self._clock.sleep(min(left_s, FILE_POLL_S))
            self._pace.hold()
        outcome = self._prepared()
        left_s = max(0.0, (deadline_ns - self._clock.monotonic_ns()) / 1e9)
        if not self._pace.wait(self._pace_hz, left_s):
            return None
        self._next = None
        trigger_id, self._given = self._given, self._given + 1
        return self._pace.take(self._camera_id, trigger_id, outcome, self._pace_hz)

    def stop(self) -> None:
        """Stop the belt; may be called twice."""
        self._running = False
        self._next = None

    @property
    def _number(self) -> int:
        return self._first_part + self._given

    @property
    def _pace_hz(self) -> float | None:
        return self._own_pace_hz if self._belt.pace_hz is None else self._belt.pace_hz

    def _left(self) -> int:
        """Parts that may still come by what is known now; a large number where there is no end."""
        left = [10**9 if self._parts is None else self._parts - self._given]
        if self._belt.released is not None:
            left.append(max(0, self._belt.released - self._number))
        return min(left)

    def _is_released(self) -> bool:
        """Whether the next part may come. Raises SourceEnded when none will."""
        if self._parts is not None and self._given >= self._parts:
            raise SourceEnded(f"{self._camera_id}: all {self._parts} parts came")
        try:
            self._read_changed_belt()
        except CameraConfigError as error:
            raise CameraLost(f"{self._camera_id}: the belt stands still: {error}") from error
        if self._belt.has_released(self._number):
            return True
        if self._belt.ended:
            raise SourceEnded(f"{self._camera_id}: the belt ended before part {self._number}")
        return False

    def _read_changed_belt(self) -> None:
        if self._belt_file is None:
            return
        try:
            found = self._belt_file.stat()
        except OSError as error:
            raise CameraConfigError(f"belt file {self._belt_file}: {error}") from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._belt_stamp:
            self._belt = read_belt(self._belt_file)
            self._belt_stamp = stamp

    def _prepared(self) -> Exposure | NoExposure:
        """The next part, rendered before it is due, and again when the process changed since."""
        mix = self._belt.mix_at(self._number)
        if self._next is None or self._next[0] != mix:
            self._next = (mix, self._expose())
        return self._next[1]

    def _expose(self) -> Exposure | NoExposure:
        reason = self._belt.miss_at(self._number)
        if reason is not None:
            return NoExposure(reason, "as the belt file asks")
        part = truth(self._belt, self._seed, self._number, self._size_px)
        return Exposure(part.pixels, "Mono8")
