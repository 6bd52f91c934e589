"""A stain of the colour alone: seen by a model for colours, from the training to the line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import InferenceError
from models.session import ModelSession
from training.data.colour import Colour
from training.data.dataset import Dataset, open_dataset
from training.fitting.fit import Plan
from training.measuring.evaluate import measure
from training.order import Order
from training.painting.painters import choose
from training.train import Trained, train

SIDE_PX = 64
PLAN = Plan(seed=1, steps=60, batch=8, crop_px=64)


@pytest.fixture(scope="module")
def stains(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Green plates, every other one with a red stain of the same luma."""
    folder = tmp_path_factory.mktemp("stains")
    for number in range(60):
        chance = np.random.default_rng(number)
        level = chance.normal(110.0, 4.0, (SIDE_PX, SIDE_PX, 1)) / 110.0
        mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
        kind = "stain" if number % 2 else "good"
        if number % 2:
            x, y = (int(value) for value in chance.integers(14, SIDE_PX - 14, 2))
            cv2.circle(mask, (x, y), 7, 255, -1)
        tint = np.where(mask[..., None] > 0, (60.0, 118.0, 150.0), (60.0, 150.0, 70.0))
        (folder / kind).mkdir(exist_ok=True)
        pixels = np.clip(level * tint, 0, 255).astype(np.uint8)
        assert cv2.imwrite(str(folder / kind / f"{number}.png"), pixels)
        if number % 2:
            assert cv2.imwrite(str(folder / kind / f"{number}_mask.png"), mask)
    return open_dataset(folder)


def order(colour: Colour = Colour.AUTO) -> Order:
    return Order("plate", "1", PLAN, painters=choose("spot,chip"), colour=colour, command="pytest")


@pytest.fixture(scope="module")
def seen(stains: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(stains, order(), tmp_path_factory.mktemp("colour") / "plate-1")


def test_a_stain_of_the_colour_alone_is_found(seen: Trained) -> None:
    assert seen.bundle.card.input.channels == 3
    assert seen.locked is not None
    assert seen.locked.auroc is not None
    assert seen.locked.auroc > 0.9


def test_a_colour_model_has_no_answer_to_a_grey_camera(seen: Trained, stains: Dataset) -> None:
    session = ModelSession(seen.bundle)
    with pytest.raises(InferenceError, match=r"the card wants .* 3 channel"):
        session.predict(stains.samples[0].pixels())


def test_the_line_finds_what_the_training_measured(seen: Trained, stains: Dataset) -> None:
    session, sample = ModelSession(seen.bundle), stains.samples[-1]
    (measured,) = measure(session, [sample])
    bgr = cv2.imread(str(sample.picture))
    assert bgr is not None
    assert session.predict(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)).findings == measured.findings


def test_a_model_for_grey_is_there_for_the_asking(stains: Dataset, tmp_path: Path) -> None:
    blind = train(stains, order(Colour.GREY), tmp_path / "plate-grey")
    assert blind.bundle.card.input.channels == 1
