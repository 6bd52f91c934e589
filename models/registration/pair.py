"""A picture and a template on small planes, and the motions that bring them together."""

from dataclasses import dataclass

import numpy as np

from models.registration.agreement import Agreement, agreement
from models.registration.motion import Motion, Plane, Shifts, covered, warp
from models.registration.steps import Pull, pull, rigid_step, tile_shifts

_STEPS = 5
_TILE_STEPS = 4
_STILL_PX = 0.03
"""Steps end when nothing moves by more than this, in pixels of the planes."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Both planes as `models.registration.planes.small` gives them, of one shape."""

    picture: Plane
    template: Plane

    @property
    def size_hw(self) -> tuple[int, int]:
        return self.picture.shape[0], self.picture.shape[1]

    def laid(self, motion: Motion) -> tuple[Plane, Plane]:
        """The template over the picture, and 1 where there is one."""
        if motion.is_none:
            return self.template, np.ones_like(self.template)
        to_x, to_y = motion.at(self.size_hw)
        return warp(self.template, to_x, to_y), covered(to_x, to_y, self.size_hw)

    def agreement(self, motion: Motion) -> Agreement:
        return agreement(self.picture, *self.laid(motion))

    def pull(self, motion: Motion) -> Pull:
        """Where the edges of the template, moved so, want to go from there."""
        return pull(self.picture, *self.laid(motion))

    def moved_as_a_whole(self, motion: Motion) -> Motion:
        """The motion after some steps of shift and turn; it must be right to 2 px or so."""
        for _ in range(_STEPS):
            step = rigid_step(self.pull(motion))
            motion = motion.then(step)
            if Motion(step).largest_px(self.size_hw) < _STILL_PX:
                break
        return motion

    def moved_by_tiles(self, motion: Motion) -> Motion:
        """The motion with each tile's own shift, which must be less than 3 px or so."""
        shifts: Shifts | None = None
        for _ in range(_TILE_STEPS):
            before = np.float32(0) if shifts is None else shifts
            shifts = tile_shifts(self.pull(Motion(motion.matrix, shifts)), shifts)
            if np.abs(shifts - before).max() < _STILL_PX:
                break
        return Motion(motion.matrix, shifts)
