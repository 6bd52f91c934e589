"""A golden template laid over a picture; see docs/templates.md."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.registration.agreement import Agreement, NotRegistered
from models.registration.coarse import find
from models.registration.motion import Motion, warp
from models.registration.pair import Pair
from models.registration.planes import Plane, grey, small
from models.registration.steps import rigid_step, tile_shifts

_COARSE_PX = 160
_FINE_PX = 320
_STAYS_PX = 0.3
"""A template that wants to move less than this, in picture pixels, is not moved at all."""
_SURE = 0.9
"""From this correlation on, a template that needs little motion lies in the right place."""
_FAR_GAIN = 0.01
"""So much better must a far place agree: along a straight track all places agree."""
_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16))


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """A template laid over a picture.

    template: of the picture's shape and dtype; the very one that was given where it lies well.
    agreement: how well the two agree.
    motion: where in the template each pixel of the picture is.
    """

    template: NDArray[Any]
    agreement: Agreement
    motion: Motion

    @property
    def shift_xy_px(self) -> tuple[float, float]:
        """How far the middle of the part lies from where its template has it."""
        height, width = self.template.shape[:2]
        middle = np.array([(width - 1) / 2, (height - 1) / 2, 1.0])
        x, y = (middle - self.motion.matrix @ middle)[:2].tolist()
        return x, y

    @property
    def turn_deg(self) -> float:
        """How far the part is turned, clockwise."""
        return -math.degrees(math.atan2(self.motion.matrix[1, 0], self.motion.matrix[0, 0]))


def register(template: NDArray[Any], pixels: NDArray[Any]) -> Registered:
    """Lay the template over the picture, to a fraction of a pixel.

    First as a whole (shifts of up to a quarter of the picture, turns of up to 4 degrees), then
    tile by tile, since parts bend and lenses distort. One that is aligned is left as it is.

    template, pixels: (height, width) or (height, width, 3), uint8 or uint16, of one shape.
    Raises NotRegistered when they are not of one shape, are blank, or do not agree.
    """
    _check_alike(template, pixels)
    planes = grey(pixels), grey(template)
    fine = Pair(small(planes[0], _FINE_PX), small(planes[1], _FINE_PX))
    _check_contrast(fine)
    height, width = pixels.shape[:2]
    factor_xy = (width / fine.size_hw[1], height / fine.size_hw[0])
    staying = fine.agreement(Motion())
    if staying.correlation >= _SURE and _stays(fine, max(factor_xy)):
        return Registered(template, staying, Motion())
    motion, found = _found(fine, planes, staying)
    found.check()
    if motion.is_none:
        return Registered(template, found, motion)
    motion = motion.scaled(factor_xy)
    return Registered(warp(template, *motion.at((height, width))), found, motion)


def _stays(fine: Pair, factor: float) -> bool:
    """Whether neither the whole nor any tile wants to move."""
    wanted = fine.pull(Motion())
    moves = Motion(rigid_step(wanted)), Motion(shifts=tile_shifts(wanted, None))
    return all(move.largest_px(fine.size_hw) * factor <= _STAYS_PX for move in moves)


def _found(fine: Pair, planes: tuple[Plane, Plane], staying: Agreement) -> tuple[Motion, Agreement]:
    """The motion that agrees best: near where the template lies, or from anywhere; or none."""
    coarse = Pair(small(planes[0], _COARSE_PX), small(planes[1], _COARSE_PX))
    height, width = fine.size_hw
    factor_xy = (width / coarse.size_hw[1], height / coarse.size_hw[0])
    starts = Motion(), find(coarse.picture, coarse.template)
    near, far = (coarse.moved_as_a_whole(start) for start in starts)
    gain = coarse.agreement(far).correlation - coarse.agreement(near).correlation
    start = (far if gain > _FAR_GAIN else near).scaled(factor_xy)
    motion = fine.moved_by_tiles(fine.moved_as_a_whole(start))
    found = fine.agreement(motion)
    return (motion, found) if found.correlation > staying.correlation else (Motion(), staying)


def _check_alike(template: NDArray[Any], pixels: NDArray[Any]) -> None:
    if template.shape != pixels.shape or template.dtype != pixels.dtype:
        raise NotRegistered(
            f"the template is {template.dtype} of {template.shape}, the picture {pixels.dtype} of "
            f"{pixels.shape}: take the template with the camera and the format of the pictures"
        )
    if pixels.dtype not in _DTYPES or pixels.ndim not in (2, 3) or min(pixels.shape) == 0:
        raise NotRegistered(
            f"expected uint8 or uint16 pictures, got {pixels.dtype} of {pixels.shape}"
        )


def _check_contrast(pair: Pair) -> None:
    for plane, what in ((pair.template, "template"), (pair.picture, "picture")):
        if not plane.any():
            raise NotRegistered(f"the {what} is blank: it has no contrast to go by")
