from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.bundle import open_bundle
from models.card import Card, OutputSpec
from models.decode import decode
from models.errors import InferenceError
from models.findings import Placement

BundleMaker = Callable[..., Path]


Maps = NDArray[np.float32]
Box = tuple[float, float, float, float]


@pytest.fixture
def box_card(make_bundle: BundleMaker) -> Card:
    """A detector of bright and dark spots on pictures of 64 x 64 px, at stride 4, floor 0.3."""
    output = {"name": "maps", "kind": "centres", "stride": 4}
    card = {"task": "detection", "output": output}
    return open_bundle(make_bundle(card=card)).card


def maps() -> Maps:
    """Nothing anywhere; every side 6 px from its cell's middle."""
    empty = np.zeros((1, 6, 16, 16), np.float32)
    empty[0, 2:] = 6.0
    return empty


def test_a_centre_becomes_a_finding_in_picture_pixels(box_card: Card) -> None:
    output = maps()
    output[0, 1, 3, 2] = 0.75
    output[0, 2:, 3, 2] = (1, 2, 3, 4)
    (found,) = decode(output, box_card, Placement(2.0, 3.0, 10.0, 20.0))
    assert found.class_name == "dark"
    assert found.score == 0.75
    assert found.box_xyxy_px == (28, 56, 36, 74)
    assert found.area_px == 8 * 18


def test_a_centre_below_the_floor_is_no_finding(box_card: Card) -> None:
    output = maps()
    output[0, 0, 3, 3] = 0.29
    assert decode(output, box_card, Placement()) == ()


def test_neighbours_of_a_centre_are_no_findings_of_their_own(box_card: Card) -> None:
    output = maps()
    output[0, 0, 3:6, 3:6] = 0.5
    output[0, 0, 4, 4] = 0.9
    assert [found.score for found in decode(output, box_card, Placement())] == [pytest.approx(0.9)]


def test_two_peaks_on_one_defect_are_one_finding_for_each_class(box_card: Card) -> None:
    output = maps()
    output[0, 2:] = 20.0
    output[0, 0, 6, 6], output[0, 0, 6, 8], output[0, 1, 6, 7] = 0.9, 0.8, 0.7
    found = decode(output, box_card, Placement())
    assert [(f.class_name, f.score) for f in found] == [
        ("bright", pytest.approx(0.9)),
        ("dark", pytest.approx(0.7)),
    ]


def test_a_box_ends_where_the_picture_does(box_card: Card) -> None:
    output = maps()
    output[0, 0, 0, 15] = 0.9
    (found,) = decode(output, box_card, Placement())
    assert found.box_xyxy_px == (56, 0, 64, 8)


def iou(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("seed", range(5))
def test_of_boxes_on_one_another_the_strongest_stay(box_card: Card, seed: int) -> None:
    """Held against the definition, box by box."""
    draw = np.random.default_rng(seed)
    output = maps()
    output[0, 0] = draw.uniform(0.0, 1.0, (16, 16))
    output[0, 2:] = draw.uniform(2.0, 14.0, (4, 16, 16))
    kept = [found.box_xyxy_px for found in decode(output, box_card, Placement())]
    assert len(kept) > 5
    assert all(iou(one, other) <= 0.5 for one, other in combinations(kept, 2))
    alone: set[Box] = set()
    for row, column in np.ndindex(16, 16):
        single = maps()
        single[0, 0, row, column], single[0, 2:] = output[0, 0, row, column], output[0, 2:]
        near = output[0, 0, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        if output[0, 0, row, column] >= near.max():
            alone |= {found.box_xyxy_px for found in decode(single, box_card, Placement())}
    assert set(kept) <= alone
    assert all(any(iou(box, stays) > 0.5 for stays in kept) for box in alone - set(kept))


def test_a_picture_of_noise_does_not_take_for_ever(make_bundle: BundleMaker) -> None:
    size_hw = (1024, 1024)
    spec = {"size_hw": size_hw}
    card = open_bundle(make_bundle(card={})).card
    card = card.model_copy(
        update={
            "input": card.input.model_copy(update=spec),
            "output": OutputSpec(name="maps", kind="centres", stride=4),
        }
    )
    output = np.full((1, 6, 256, 256), 1.0, np.float32)  # every cell is a peak, no two boxes touch
    output[0, 0] = 0.5
    output[0, 0, 77, 99] = 0.875
    found = decode(output, card, Placement())
    assert (found[0].score, len(found)) == (1.0, 2000)
    assert max(each.score for each in found if each.class_name == "bright") == 0.875


NO_ANSWERS = {
    "NaN probability": (0, float("nan")),
    "probability over 1": (1, 1.5),
    "probability below 0": (1, -0.1),
    "NaN side": (2, float("nan")),
    "infinite side": (3, float("inf")),
    "side behind the centre": (5, -1.0),
}


@pytest.mark.parametrize(("plane", "value"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_maps_that_make_no_sense_are_no_answer(plane: int, value: float, box_card: Card) -> None:
    output = maps()
    output[0, plane, 9, 9] = value
    with pytest.raises(InferenceError):
        decode(output, box_card, Placement())


@pytest.mark.parametrize("shape", [(1, 5, 16, 16), (1, 6, 16, 15), (6, 16, 16)])
def test_maps_of_another_shape_are_no_answer(shape: tuple[int, ...], box_card: Card) -> None:
    with pytest.raises(InferenceError, match=r"the card says float32 of \(1, 6, 16, 16\)"):
        decode(np.zeros(shape, np.float32), box_card, Placement())


def test_two_spots_that_touch_at_a_corner_are_one_finding(spot_bundle: Path) -> None:
    heat = np.zeros((1, 2, 16, 16), np.float32)
    heat[0, 0, 2, 2], heat[0, 0, 3, 3], heat[0, 0, 9, 9] = 0.9, 0.4, 0.6
    found = decode(heat, open_bundle(spot_bundle).card, Placement())
    assert [(f.score, f.area_px) for f in found] == [
        (pytest.approx(0.9), 32),
        (pytest.approx(0.6), 16),
    ]


def test_a_cell_exactly_at_the_floor_belongs_to_a_finding(make_bundle: BundleMaker) -> None:
    card = open_bundle(make_bundle(card={"floor": 0.5})).card
    heat = np.zeros((1, 2, 16, 16), np.float32)
    heat[0, 0, 5, 5] = 0.5
    assert len(decode(heat, card, Placement())) == 1
