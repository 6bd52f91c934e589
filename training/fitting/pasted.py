"""Real defects lifted off their pictures and put on good ones: the few there are, on many parts."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.network.layers import STRIDE

Planes = NDArray[np.float32]
Chance = np.random.Generator

_SOFTNESS_PX = 1.5
_CONTRAST = (0.7, 1.4)


def pasted(planes: Planes, cells: Planes, onto: Planes, chance: Chance) -> Planes | None:
    """The crop `onto` with the defects of the crop `planes`, in the same place.

    Ghiasi et al., "Simple Copy-Paste" (arXiv 2012.07177), with grey levels brought to those around
    the new place, and the defect's contrast made a little weaker or stronger.

    planes, onto: float32 (planes, height, width). cells: float32 (classes, height / 4, width / 4).
    Returns None where the defect fills the crop, so that nothing around it says its level.
    """
    marked = cells.max(0).astype(np.uint8)
    around = _pixels(cv2.dilate(marked, np.ones((5, 5), np.uint8)) - marked) > 0
    if not around.any():
        return None
    own, wanted = (np.median(each[:, around], 1)[:, None, None] for each in (planes, onto))
    defect = (planes - own) * np.float32(chance.uniform(*_CONTRAST)) + wanted
    soft = cv2.GaussianBlur(_pixels(marked), (0, 0), _SOFTNESS_PX)
    return (soft * defect + (1.0 - soft) * onto).astype(np.float32)


def _pixels(cells: NDArray[np.uint8]) -> NDArray[np.float32]:
    return cells.repeat(STRIDE, 0).repeat(STRIDE, 1).astype(np.float32)
