from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundle import open_bundle
from models.card import Card
from models.errors import InferenceError
from models.findings import Placement, decode

BundleMaker = Callable[..., Path]


@pytest.fixture
def box_card(make_bundle: BundleMaker) -> Card:
    output = {"name": "boxes", "kind": "boxes"}
    card = {"task": "detection", "output": output}
    return open_bundle(make_bundle(card=card)).card


def boxes(*rows: list[float]) -> "np.ndarray[Any, np.dtype[np.float32]]":
    return np.array([rows], np.float32).reshape(1, len(rows), 6)


def test_boxes_become_findings_in_picture_pixels(box_card: Card) -> None:
    found = decode(boxes([8, 4, 16, 12, 0.75, 1]), box_card, Placement(2.0, 3.0, 10.0, 20.0))
    assert found[0].class_name == "dark"
    assert found[0].box_xyxy_px == (26, 32, 42, 56)
    assert found[0].area_px == 16 * 24


def test_boxes_below_the_floor_are_no_findings(box_card: Card) -> None:
    assert decode(boxes([0, 0, 4, 4, 0.25, 0]), box_card, Placement()) == ()


def test_no_boxes_are_no_findings(box_card: Card) -> None:
    assert decode(np.zeros((1, 0, 6), np.float32), box_card, Placement()) == ()


@pytest.mark.parametrize(
    "row",
    [
        [0, 0, 4, 4, float("nan"), 0],
        [0, 0, float("inf"), 4, 0.9, 0],
        [0, 0, 4, 4, 1.5, 0],
        [0, 0, 4, 4, 0.9, 2],
        [0, 0, 4, 4, 0.9, 0.5],
        [4, 0, 0, 4, 0.9, 0],
    ],
    ids=["NaN score", "infinite edge", "score over 1", "no such class", "half a class", "inverted"],
)
def test_boxes_that_make_no_sense_are_no_answer(row: list[float], box_card: Card) -> None:
    with pytest.raises(InferenceError):
        decode(boxes(row), box_card, Placement())


def test_boxes_of_another_shape_are_no_answer(box_card: Card) -> None:
    with pytest.raises(InferenceError, match=r"\(1, n, 6\)"):
        decode(np.zeros((1, 3, 5), np.float32), box_card, Placement())


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
