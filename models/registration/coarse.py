"""Where the template lies at all: phase correlation under several turns, on small planes.

Kuglin and Hines 1975: the phases of the spectra alone give the shift, whatever the lamp.
"""

from functools import lru_cache

import cv2
import numpy as np

from models.registration.agreement import agreement
from models.registration.motion import Motion, Plane, covered, warp

_TURNS_DEG = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Steps on from there find what lies between them."""
_LEAST_COVERED = 0.5


def find(picture: Plane, template: Plane) -> Motion:
    """The shift and turn, to a pixel or two of these planes, that make the two most alike.

    Up to 4 degrees and a third of the picture; no motion where nothing is alike.
    """
    best, motion = -1.0, Motion()
    spectrum_of = picture * _window((picture.shape[0], picture.shape[1]))
    for turn_deg in _TURNS_DEG:
        candidate = _shift(spectrum_of, template, turn_deg)
        to_x, to_y = candidate.at((picture.shape[0], picture.shape[1]))
        inside = covered(to_x, to_y, (template.shape[0], template.shape[1]))
        found = agreement(picture, warp(template, to_x, to_y), inside)
        if found.covered >= _LEAST_COVERED and found.correlation > best:
            best, motion = found.correlation, candidate
    return motion


def _shift(windowed: Plane, template: Plane, turn_deg: float) -> Motion:
    height, width = windowed.shape
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, 1.0)
    to_x, to_y = Motion(turn).at((height, width))
    # A copy each time: phaseCorrelate writes into what it is given (OpenCV 5.0).
    turned = warp(template, to_x, to_y) * _window((height, width))
    (x, y), _ = cv2.phaseCorrelate(windowed.copy(), turned)
    return Motion(turn).then(np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]]))


@lru_cache(maxsize=8)
def _window(size_hw: tuple[int, int]) -> Plane:
    """Hann's window: without it the picture's borders are its strongest edges."""
    return cv2.createHanningWindow((size_hw[1], size_hw[0]), cv2.CV_32F)
