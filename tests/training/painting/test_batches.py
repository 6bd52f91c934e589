import numpy as np
import torch

from training.fitting.batches import Batches
from training.fitting.examples import Example
from training.painting.batches import MixedBatches, PaintedBatches
from training.painting.painters import choose


def test_a_parts_border_is_seen_as_often_as_its_middle() -> None:
    """A picture whose outermost pixels are bright: where painters never reach that level."""
    planes = np.zeros((1, 160, 160), np.float16)
    planes[0, 0] = planes[0, -1] = 9.0
    good = Example(planes, np.zeros((1, 40, 40), np.uint8))
    batches = PaintedBatches([good], choose("spot"), size=64, side_px=64, seed=1)
    images = batches.next().images[::2]
    at_border = (images[:, 0, 0] > 5.0).all(1) | (images[:, 0, -1] > 5.0).all(1)
    assert at_border.sum() >= len(images) // 4


def test_defects_painted_on_colours_are_of_any_colour() -> None:
    """Some change the light alone, and others one colour more than the rest."""
    good = Example(np.zeros((3, 96, 96), np.float16), np.zeros((1, 24, 24), np.uint8))
    batches = PaintedBatches([good], choose("spot"), size=64, side_px=64, seed=1)
    painted = batches.next().images[1::2]
    apart = (painted - painted.mean(1, keepdim=True)).abs().amax((1, 2, 3)) > 1e-4
    assert 8 <= int(apart.sum()) <= 24


def test_labelled_and_painted_crops_are_drawn_from_one_chance() -> None:
    """What a checkpoint keeps of one is enough to go on with both."""
    planes = np.random.default_rng(1).normal(0, 0.05, (1, 96, 96)).astype(np.float16)
    cells = np.zeros((2, 24, 24), np.uint8)
    bad = cells.copy()
    bad[1, 8:12, 8:12] = 1
    examples = [Example(planes, cells), Example(planes, bad)]

    def mixed() -> MixedBatches:
        painted = PaintedBatches(examples[:1], choose("spot"), size=4, side_px=64, seed=5)
        return MixedBatches(Batches(examples, size=4, side_px=64, seed=2), painted)

    batches = mixed()
    batches.next()
    state = batches.chance.bit_generator.state
    expected = batches.next()
    again = mixed()
    again.chance.bit_generator.state = state
    batch = again.next()
    assert batch.images.shape == (8, 1, 64, 64)
    assert batch.cells.shape == (8, 2, 16, 16)
    assert torch.equal(batch.images, expected.images)
    assert batch.unnamed is not None
    assert batch.unnamed[:4].max() == batch.cells[4:].max() == 0.0
    assert batch.unnamed[4:].max() == batch.cells[:4, 1].max() == 1.0
