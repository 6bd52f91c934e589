"""How well a template lies over a picture, in figures, and what is needed to judge by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InferenceError
from models.registration.motion import Plane, tile_grid, tile_means

NEEDED_CORRELATION = 0.5
NEEDED_TILES = 0.5
NEEDED_COVERED = 0.7
_TILE_AGREES = 0.5
_TEXTURE = 0.05
"""A tile has something to compare from this variance on; that of the whole picture is 1."""


class NotRegistered(InferenceError):
    """The template cannot be laid over the picture: what was measured, and what is needed."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of a picture is as its template says, after lamp level and contrast are taken out.

    correlation: of the two over all that the template covers; 1 is perfect.
    tiles: share of the tiles with something on them in which it is at least one half.
    covered: share of the picture for which there is a template.
    """

    correlation: float
    tiles: float
    covered: float

    def check(self) -> None:
        """Raise NotRegistered unless it is good enough to tell a defect from another place."""
        if self.correlation < NEEDED_CORRELATION or self.tiles < NEEDED_TILES:
            raise NotRegistered(
                f"the picture is not like its template: correlation {self.correlation:.2f}, "
                f"{NEEDED_CORRELATION} is needed, and {self.tiles:.0%} of the tiles agree, "
                f"{NEEDED_TILES:.0%} are needed; is it the right product, and in the right place?"
            )
        if self.covered < NEEDED_COVERED:
            raise NotRegistered(
                f"the part lies too far from its template: {self.covered:.0%} of the picture is "
                f"covered, {NEEDED_COVERED:.0%} is needed; move the part or the camera"
            )


def agreement(picture: Plane, template: Plane, inside: Plane) -> Agreement:
    """How well `template`, laid over `picture`, agrees with it.

    inside: 1 where there is a template, 0 where there is none; all of one shape.
    """
    weight = np.maximum(_tiles(inside), np.float32(1e-6))
    template = template * inside
    sums = _Sums(
        weight,
        _tiles(picture * inside),
        _tiles(template),
        _tiles(picture * picture * inside),
        _tiles(template * template),
        _tiles(picture * template),
    )
    each, textured = sums.correlation()
    whole, _ = sums.together().correlation()
    tiles = float((each[textured] >= _TILE_AGREES).mean()) if textured.any() else 0.0
    return Agreement(float(whole[0, 0]), tiles, float(inside.mean()))


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Of each tile: how much of it is covered, and sums of values, squares and products."""

    weight: Plane
    picture: Plane
    template: Plane
    picture_squared: Plane
    template_squared: Plane
    product: Plane

    def together(self) -> "_Sums":
        """All tiles as one."""
        return _Sums(*(getattr(self, name).mean(keepdims=True) for name in self.__slots__))

    def correlation(self) -> tuple[Plane, NDArray[np.bool_]]:
        """Each tile's correlation, and whether there is something on it to compare."""
        picture, template = self.picture / self.weight, self.template / self.weight
        of_picture = self.picture_squared / self.weight - picture * picture
        of_template = self.template_squared / self.weight - template * template
        together = self.product / self.weight - picture * template
        textured = (np.maximum(of_picture, of_template) >= _TEXTURE) & (self.weight >= 0.5)
        return together / np.sqrt(np.maximum(of_picture * of_template, 1e-12)), textured


def _tiles(plane: Plane) -> Plane:
    return tile_means(plane, tile_grid((plane.shape[0], plane.shape[1])))
