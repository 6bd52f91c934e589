from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.bundle import open_bundle
from models.card import Familiar
from models.familiar import Look, Unfamiliar, check, familiar_with, look_at
from models.session import ModelSession

Picture = NDArray[np.uint8]
KNOWN = Familiar(darkest=0.3, brightest=0.4, flattest=0.1)


@pytest.fixture
def wary(make_bundle: Callable[..., Path], spotted_picture: Picture) -> ModelSession:
    """A model that says on its card what the pictures were like that it learnt from."""
    known = familiar_with([look_at(spotted_picture, 255)])
    assert known is not None
    return ModelSession(open_bundle(make_bundle(card={"familiar": known.model_dump()})))


@pytest.mark.parametrize(
    ("value", "why"),
    [(0, "blank.*is there a part, and light"), (128, "blank"), (255, "blank")],
    ids=["dead lamp", "covered lens", "glare"],
)
def test_a_blank_picture_has_no_answer(wary: ModelSession, value: int, why: str) -> None:
    with pytest.raises(Unfamiliar, match=why):
        wary.predict(np.full((64, 64), value, np.uint8))


def test_the_noise_of_a_dark_sensor_is_no_picture(wary: ModelSession) -> None:
    noise = np.random.default_rng(0).normal(4.0, 2.0, (480, 640)).clip(0, 255)
    with pytest.raises(Unfamiliar, match="blank"):
        wary.predict(noise.astype(np.uint8))


def test_pictures_like_those_learnt_from_are_judged(
    wary: ModelSession, spotted_picture: Picture
) -> None:
    assert wary.predict(spotted_picture).findings
    assert wary.predict((spotted_picture * 0.8).astype(np.uint8)) is not None


def test_sixteen_bits_look_like_eight(spotted_picture: Picture) -> None:
    deep = spotted_picture.astype(np.uint16) * 16
    assert look_at(deep, 16 * 255).brightness == pytest.approx(
        look_at(spotted_picture, 255).brightness
    )
    assert look_at(deep, 16 * 255).contrast == pytest.approx(look_at(spotted_picture, 255).contrast)


def test_colour_counts_as_contrast() -> None:
    striped = np.zeros((64, 64, 3), np.uint8)
    striped[:, ::2, 0] = 200
    look = look_at(striped, 255)
    assert (look.brightness, look.contrast) == pytest.approx((100 / 3 / 255, 100 / 255))


@pytest.mark.parametrize(
    ("look", "why"),
    [
        (Look(0.14, 0.2), "too dark.*14.0%.*30.0% to 40.0%"),
        (Look(0.81, 0.2), "too bright.*81.0%"),
        (Look(0.35, 0.049), "blank, or nearly: contrast 4.90%.*10.00%"),
    ],
)
def test_what_is_wrong_with_a_picture_is_said(look: Look, why: str) -> None:
    with pytest.raises(Unfamiliar, match=why):
        check(look, KNOWN)


@pytest.mark.parametrize("look", [Look(0.16, 0.06), Look(0.79, 0.3), Look(0.35, 0.5)])
def test_there_is_leeway(look: Look) -> None:
    check(look, KNOWN)


def test_no_pictures_teach_nothing() -> None:
    assert familiar_with([]) is None


def test_a_card_without_it_answers_everything(spot_bundle: Path, grey_picture: Picture) -> None:
    assert ModelSession(open_bundle(spot_bundle)).predict(grey_picture).findings == ()


def test_a_card_that_knows_impossible_pictures_is_refused() -> None:
    bad: dict[str, Any] = {"darkest": -0.1, "brightest": 0.5, "flattest": 0.1}
    with pytest.raises(ValueError, match="darkest"):
        Familiar.model_validate(bad)
