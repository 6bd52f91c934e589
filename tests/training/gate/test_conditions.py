"""Pictures of worse days and of strangers, and what models make of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from inspection.recipe import Region
from models.bundle import Bundle, open_bundle
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.pictures import read_picture
from training.data.split import locked
from training.gate.changed_pictures import STRANGERS, WORSE_DAYS, changed
from training.gate.conditions import Judges, robustness, strangers
from training.gate.judging import judge_pictures, rejected_parts
from training.gate.on_the_line import Judge, limits_on_the_line
from training.gate.report import Answer

MakeModel = Callable[..., Bundle]


@pytest.fixture(params=[(np.uint8, None), (np.uint16, 4095)], ids=["8 bits", "12 bits"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    dtype, full_scale = request.param
    highest = full_scale or 255
    ramp = np.linspace(0.05 * highest, 0.95 * highest, 40 * 60).reshape(40, 60)
    cv2.imwrite(str(tmp_path / "part.png"), ramp.astype(dtype))
    return Sample(tmp_path / "part.png", "a", full_scale=full_scale)


def by_card(bundle: Bundle) -> Judge:
    """A model held to the limits on its card."""
    return Judge(ModelSession(bundle), limits_on_the_line(bundle.card, None))


def bright_from(grey: int, like: Bundle) -> onnx.ModelProto:
    """The model of a bundle, but calling bright whatever is brighter than this."""
    graph = onnx.load(like.model_path)
    bias = next(each for each in graph.graph.initializer if each.name == "bias")
    values = onnx.numpy_helper.to_array(bias).copy()
    values[0] = -40.0 * grey / 255
    bias.CopyFrom(onnx.numpy_helper.from_array(values, "bias"))
    return graph


@pytest.mark.parametrize("name", [*WORSE_DAYS, *STRANGERS])
def test_a_changed_picture_is_another_of_the_same_kind(
    name: str, sample: Sample, tmp_path: Path
) -> None:
    change = {**WORSE_DAYS, **STRANGERS}[name]
    (after,) = changed([sample], change, tmp_path)
    before, pixels = sample.pixels(), after.pixels()
    assert (pixels.shape, pixels.dtype) == (before.shape, before.dtype)
    assert not np.array_equal(pixels, before)
    assert int(pixels.max()) <= (sample.full_scale or 255)
    (again,) = changed([sample], change, tmp_path)
    assert np.array_equal(again.pixels(), pixels)


def test_brightness_and_shift_are_what_they_are_called(sample: Sample, tmp_path: Path) -> None:
    before = sample.pixels().astype(float)
    (darker,) = changed([sample], WORSE_DAYS["20 % darker"], tmp_path)
    assert darker.pixels() == pytest.approx(0.8 * before, abs=0.51)
    (shifted,) = changed([sample], WORSE_DAYS["shift of 2 px"], tmp_path)
    assert np.array_equal(shifted.pixels()[2:, 2:], sample.pixels()[:-2, :-2])


def test_the_whole_picture_changes_and_the_region_stays(sample: Sample, tmp_path: Path) -> None:
    inside = replace(sample, region=Region(left=8, top=4, width=16, height=12))
    (after,) = changed([inside], WORSE_DAYS["20 % darker"], tmp_path)
    assert after.pixels().shape == (12, 16)
    assert read_picture(after.picture).shape == (40, 60)


def test_a_fragile_challenger_is_refused_where_a_steady_champion_stands(
    make_model: MakeModel, spots: Dataset
) -> None:
    """Both are right on every part; the fragile one calls 20 % brighter parts bright."""
    held = locked(spots.samples)
    steady = by_card(make_model("1"))
    fragile = by_card(make_model("2", graph=bright_from(145, steady.session.bundle)))
    undisturbed = rejected_parts(judge_pictures(fragile, held))
    assert undisturbed == rejected_parts(judge_pictures(steady, held))
    check = robustness(Judges(steady, fragile), held, undisturbed)
    assert check.answer is Answer.NO
    assert "more false rejects, 20 % brighter" in check.found
    flips = {paired.what: paired.challenger for paired in check.rates}
    assert flips["changed verdicts, 20 % brighter"].rate > 0.3
    assert robustness(Judges(fragile, steady), held, undisturbed).answer is Answer.YES


def test_pictures_of_other_products_are_judged_too_and_of_any_size(
    make_model: MakeModel, spots: Dataset, tmp_path: Path
) -> None:
    for number, grey in enumerate((128, 0)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((30, 90), grey, np.uint8))
    others = [Sample(tmp_path / f"{number}.png", str(number)) for number in (0, 1)]
    judge = by_card(make_model("1"))
    check = strangers(Judges(judge, judge), locked(spots.samples), others)
    shares = {paired.what: paired.challenger for paired in check.rates}
    assert (shares["other products"].events, shares["other products"].n) == (1, 2)
    assert shares["lamp off"].events == 0
    assert shares["blank"].rate == 1.0
    assert "blank 100%" in check.found
    assert check.answer is Answer.YES


def test_a_picture_that_a_model_has_no_answer_to_does_not_pass(
    constant_bundle: Callable[[float], Path], tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "part.png"), np.full((64, 64), 128, np.uint8))
    judge = by_card(open_bundle(constant_bundle(float("nan"))))
    (judged,) = judge_pictures(judge, [Sample(tmp_path / "part.png", "a")])
    assert judged.rejected
