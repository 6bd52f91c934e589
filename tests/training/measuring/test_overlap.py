from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

from training.measuring.overlap import Overlap

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]


def pictures(seed: int, count: int = 6) -> list[tuple[Map, Mask]]:
    """Maps that see their defects more or less; the first picture shows a good part."""
    chance = np.random.default_rng(seed)
    made: list[tuple[Map, Mask]] = []
    for number in range(count):
        mask = ndimage.gaussian_filter(chance.normal(size=(30, 40)), 3) > (0.12 if number else 9)
        levels = chance.integers(0, 40, mask.shape) + 12 * mask  # with ties
        made.append(((levels / 64).astype(np.float32), mask))
    return made


def counted(made: list[tuple[Map, Mask]]) -> Overlap:
    overlap = Overlap()
    for scores, mask in made:
        overlap.add(scores, mask)
    return overlap


def numbered_regions(mask: Mask) -> NDArray[np.int32]:
    labelled: Any = ndimage.label(mask, np.ones((3, 3)))
    return labelled[0]


def aupro_limit_by_limit(made: list[tuple[Map, Mask]]) -> float:
    """AUPRO as its paper defines it: every limit in turn, region by region."""
    levels = np.unique(np.concatenate([scores.ravel() for scores, _ in made]))[::-1]
    points = [(0.0, 0.0)]
    for level in levels:
        false = sum(((scores >= level) & ~mask).sum() for scores, mask in made)
        good = sum((~mask).sum() for _, mask in made)
        covered = [
            (scores >= level)[regions == region].mean()
            for scores, mask in made
            for regions in [numbered_regions(mask)]
            for region in range(1, regions.max() + 1)
        ]
        points.append((false / good, float(np.mean(covered))))
    x, y = np.array(points).T
    fine = np.linspace(0.0, 0.3, 300_001)
    return float(np.interp(fine, x, y).mean())


@pytest.mark.parametrize("seed", range(3))
def test_aupro_is_what_its_definition_gives_limit_by_limit(seed: int) -> None:
    made = pictures(seed)
    found = counted(made).figures().aupro
    assert found == pytest.approx(aupro_limit_by_limit(made), abs=1e-5)
    assert found is not None
    assert 0.2 < found < 0.9


def test_the_figures_by_the_pixel_are_those_of_scikit_learn() -> None:
    made = pictures(seed=5)
    scores = np.concatenate([each.ravel() for each, _ in made])
    truth = np.concatenate([mask.ravel() for _, mask in made])
    found = counted(made).figures()
    assert found.pixel_auroc == pytest.approx(roc_auc_score(truth, scores))
    assert found.pixel_ap == pytest.approx(average_precision_score(truth, scores))


def test_a_perfect_map_covers_everything() -> None:
    made = [(mask.astype(np.float32), mask) for _, mask in pictures(seed=7)]
    found = counted(made).figures()
    assert (found.aupro, found.pixel_auroc, found.pixel_ap) == pytest.approx((1.0, 1.0, 1.0))


def test_a_map_that_says_nothing_is_chance() -> None:
    made = [(np.full_like(scores, 0.5), mask) for scores, mask in pictures(seed=8)]
    assert counted(made).figures().aupro == pytest.approx(0.15)


def test_small_defects_weigh_as_much_as_large_ones() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[2:30, 2:30] = True
    mask[35:37, 35:37] = True
    only_large = np.where(mask, np.float32(0.9), np.float32(0.1))
    only_large[35:37, 35:37] = 0.0
    assert counted([(only_large, mask)]).figures().aupro == pytest.approx(0.5)


def test_scores_far_below_one_are_told_apart() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[5:9, 5:9] = True
    scores = np.where(mask, np.float32(2e-6), np.float32(1e-6))
    assert counted([(scores, mask)]).figures().aupro == pytest.approx(1.0)


def test_without_defects_there_is_nothing_to_cover() -> None:
    scores, mask = pictures(seed=1)[0]
    found = counted([(scores, mask)]).figures()
    assert (found.aupro, found.pixel_auroc, found.pixel_ap) == (None, None, None)
