import numpy as np

from training.fitting.pasted import pasted


def crop(level: float, seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    noise = np.random.default_rng(seed).normal(level, 0.01, (1, 64, 64))
    return noise.astype(np.float32)


def test_a_defect_comes_along_at_the_level_of_its_new_place() -> None:
    """A dark spot from a bright part, put on a dark one, is darker than that by as much."""
    plane, onto = crop(1.0, 1), crop(-2.0, 2)
    cells = np.zeros((2, 16, 16), np.float32)
    cells[1, 6:9, 6:9] = 1.0
    plane[0, 24:36, 24:36] -= 0.5
    moved = pasted(plane, cells, onto, np.random.default_rng(3))
    assert moved is not None
    assert moved.dtype == np.float32
    assert -2.0 - 1.4 * 0.5 - 0.05 < moved[0, 28:32, 28:32].mean() < -2.0 - 0.7 * 0.5 + 0.05
    assert np.array_equal(moved[:, :16], onto[:, :16])


def test_a_defect_that_fills_the_crop_has_no_level_to_come_along_at() -> None:
    cells = np.ones((1, 16, 16), np.float32)
    assert pasted(crop(0.0, 1), cells, crop(0.0, 2), np.random.default_rng(3)) is None
