import numpy as np

from training.fitting.examples import Example
from training.painting.batches import PaintedBatches
from training.painting.painters import choose


def test_a_parts_border_is_seen_as_often_as_its_middle() -> None:
    """A picture whose outermost pixels are bright: where painters never reach that level."""
    planes = np.zeros((160, 160), np.float16)
    planes[0] = planes[-1] = 9.0
    good = Example(planes, np.zeros((1, 40, 40), np.uint8))
    batches = PaintedBatches([good], choose("spot"), size=64, side_px=64, seed=1)
    images = batches.next().images[::2]
    at_border = (images[:, 0, 0] > 5.0).all(1) | (images[:, 0, -1] > 5.0).all(1)
    assert at_border.sum() >= len(images) // 4
