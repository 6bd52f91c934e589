"""From a part number to a picture: drawing, tool marks, defects, pose, light, noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.renderer.defects import PAINTERS
from camera.renderer.labels import DefectKind, PartMix, RenderedDefect, RenderedPart
from camera.renderer.product import PartShape, Plane, draw_product
from camera.renderer.surface import (
    NOISE_MARGIN_PX,
    READ_NOISE_GREY,
    SHOT_NOISE_GREY,
    Surface,
    make_surface,
)

MAX_TURN_DEG = 4.0
MAX_MOVE = 0.016
"""How far a part lies from its place: degrees, and a fraction of the picture's side."""
WHITE_GREY = 232.0
MARKS_DEPTH, MOTTLE_DEPTH = 0.050, 0.022
LAMP_FLICKER = 0.012

# Streams of chance of one part, so that a defect never changes the part around it.
_PLATES_STREAM, _PART_STREAM, _DEFECT_STREAM = 0, 1, 2


class PartRenderer:
    """Renders part after part of one product; the same number always gives the same picture.

    A picture depends on shape, size, seed, part number and mix, not on what was rendered before.
    A part rendered with and without a defect is otherwise the same part, down to its noise, and
    changing the rate of one kind leaves the other kinds' defects where they are.

    Args:
        size_px: side of the square picture, at least 64.
        seed: the product's series: tool marks, lamp, belt and the chance of every part.
        shape: what the part looks like.
    """

    def __init__(
        self, size_px: int = 512, seed: int = 0, shape: PartShape = PartShape.ROUND
    ) -> None:
        if size_px < 64:
            raise ValueError(f"size_px: expected at least 64, got {size_px}")
        self.size_px = size_px
        self.seed = seed
        self.shape = shape
        self._product = draw_product(shape, size_px)
        self._surface: Surface = make_surface(shape, size_px, self._chance(_PLATES_STREAM))

    def render(self, number: int, mix: PartMix) -> RenderedPart:
        """The picture and the truth of part `number`, from 0."""
        chance = self._chance(_PART_STREAM, number)
        part = self._machined(chance)
        pose = self._pose(chance)
        flicker = 1.0 + LAMP_FLICKER * float(chance.uniform(-1, 1))
        noise = self._noise(chance)

        painted = [
            (kind, contrast, PAINTERS[kind](part, self._product, contrast, stream))
            for kind, contrast, stream in self._defects_of(number, mix)
        ]
        pixels = self._photograph(part, pose, mix.light * flicker, noise)
        return RenderedPart(
            pixels,
            tuple(
                RenderedDefect(kind, self._posed_mask(mask, pose), contrast)
                for kind, contrast, mask in painted
            ),
        )

    def _chance(self, *path: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *path])

    def _defects_of(
        self, number: int, mix: PartMix
    ) -> list[tuple[DefectKind, float, np.random.Generator]]:
        """Which defects this part has, each with its contrast and its own chance."""
        found: list[tuple[DefectKind, float, np.random.Generator]] = []
        for stream, kind in enumerate(DefectKind):
            rate = mix.rates.get(kind, 0.0)
            if rate == 0.0:
                continue
            chance = self._chance(_DEFECT_STREAM, number, stream)
            if chance.random() < rate:
                found.append((kind, float(chance.uniform(*mix.contrast)), chance))
        return found

    def _machined(self, chance: np.random.Generator) -> Plane:
        """The good part's reflectance, with the tool marks and the shade that are its own."""
        marks = self._surface.marks[chance.integers(len(self._surface.marks))]
        mottle = self._surface.mottle[chance.integers(len(self._surface.mottle))]
        turned = self.shape is PartShape.ROUND
        angle_deg = float(chance.uniform(0, 360)) if turned else 180.0 * chance.integers(2)
        room_px = 0.5 * (marks.shape[0] - self.size_px) - 1
        move_x, move_y = (0.0, 0.0) if turned else chance.uniform(-room_px, room_px, 2)
        lines = self._cut(marks, angle_deg, move_x, move_y)
        shade = self._cut(mottle, float(chance.uniform(0, 360)), 0.0, 0.0)
        lines *= np.float32(MARKS_DEPTH * chance.uniform(0.75, 1.25))
        shade *= np.float32(MOTTLE_DEPTH)
        lines += shade
        lines *= self._product.metal
        lines += np.float32(1.0)
        lines *= self._product.reflectance
        return lines

    def _cut(self, plate: Plane, angle_deg: float, move_x: float, move_y: float) -> Plane:
        """A picture-sized cut of a plate, turned around its centre and moved by pixels."""
        centre = 0.5 * (plate.shape[0] - 1)
        matrix = cv2.getRotationMatrix2D((centre, centre), angle_deg, 1.0).astype(np.float64)
        matrix[:, 2] += 0.5 * (self.size_px - 1) - centre + np.array([move_x, move_y])
        return self._warped(plate, matrix, cv2.BORDER_REFLECT_101)

    def _pose(self, chance: np.random.Generator) -> NDArray[np.float64]:
        """The 2x3 matrix from the part's coordinates to the picture's, in pixels."""
        centre = 0.5 * (self.size_px - 1)
        angle_deg = float(chance.uniform(-MAX_TURN_DEG, MAX_TURN_DEG))
        matrix = cv2.getRotationMatrix2D((centre, centre), angle_deg, 1.0).astype(np.float64)
        matrix[:, 2] += chance.uniform(-MAX_MOVE, MAX_MOVE, 2) * self.size_px
        return matrix

    def _noise(self, chance: np.random.Generator) -> Plane:
        top, left = chance.integers(NOISE_MARGIN_PX + 1, size=2)
        noise = self._surface.noise[top : top + self.size_px, left : left + self.size_px]
        return noise[:: 1 - 2 * int(chance.integers(2)), :: 1 - 2 * int(chance.integers(2))]

    def _photograph(
        self, reflectance: Plane, pose: NDArray[np.float64], light: float, noise: Plane
    ) -> NDArray[np.uint8]:
        """Put the part in its place, light it, and read it with a noisy sensor."""
        grey = self._warped(reflectance, pose, cv2.BORDER_CONSTANT)
        cv2.multiply(grey, self._surface.light, dst=grey, scale=WHITE_GREY * light)
        cv2.scaleAdd(self._surface.belt, light, grey, dst=grey)
        np.maximum(grey, 0.0, out=grey)
        sigma = np.sqrt(grey)
        sigma *= np.float32(SHOT_NOISE_GREY / np.sqrt(255.0))
        sigma += np.float32(READ_NOISE_GREY)
        sigma *= noise
        grey += sigma
        np.rint(grey, out=grey)
        np.clip(grey, 0.0, 255.0, out=grey)
        return grey.astype(np.uint8)

    def _posed_mask(self, mask: NDArray[np.uint8], pose: NDArray[np.float64]) -> NDArray[np.bool_]:
        posed = np.empty_like(mask)
        cv2.warpAffine(mask, pose, (self.size_px, self.size_px), dst=posed)
        return posed > 64

    def _warped(self, plane: Plane, matrix: NDArray[np.float64], border: int) -> Plane:
        out = np.empty((self.size_px, self.size_px), np.float32)
        cv2.warpAffine(plane, matrix, (self.size_px, self.size_px), dst=out, borderMode=border)
        return out
