from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.fit import Plan, fit, time_to_fit_s
from training.fitting.following import Following, Progress
from training.fitting.precision import MixedPrecision


@dataclass(frozen=True)
class Planes:
    images: Tensor
    truth: Tensor


class Noise:
    """Pictures of noise; the truth is their mean."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)

    def next(self) -> Planes:
        images = torch.from_numpy(self.chance.normal(0, 1, (8, 1, 4, 4)).astype(np.float32))
        return Planes(images, images.mean((1, 2, 3), keepdim=True))


def small_network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 1, 4), nn.BatchNorm2d(1))


def distance(output: Tensor, batch: Planes) -> Tensor:
    return (output - batch.truth).square().mean()


PLAN = Plan(epochs=50, batch=8, crop_px=64)


@pytest.mark.parametrize(("plan", "expected"), [(Plan(steps=7), 7), (Plan(steps=7, epochs=2), 20)])
def test_a_training_is_as_long_for_few_pictures_as_for_many_unless_told(
    plan: Plan, expected: int
) -> None:
    steps: list[Progress] = []
    fit(small_network(), Noise(1), distance, 80, plan, Following(steps.append))
    assert len(steps) == expected


@pytest.mark.parametrize(
    ("plan", "left_s"),
    [
        (Plan(minutes=2.0), 120.0),
        (Plan(minutes=2.0, begun_s=1000.0), 90.0),
        (Plan(minutes=2.0, begun_s=1000.0, kept_s=40.0), 50.0),
        (Plan(minutes=2.0, begun_s=900.0, kept_s=40.0), 12.0),  # a tenth, however late it is
    ],
)
def test_the_minutes_are_those_of_all_that_is_done_for_a_model(plan: Plan, left_s: float) -> None:
    assert time_to_fit_s(plan, now_s=1030.0) == pytest.approx(left_s)


def test_the_curve_has_a_point_for_each_hundredth_and_an_exam_at_each_twentieth() -> None:
    following = Following()
    fit(small_network(), Noise(1), distance, 80, PLAN, following, [Noise(2).next()])
    points = following.points
    assert [point.share for point in points] == pytest.approx([i / 100 for i in range(1, 101)])
    assert [i for i, point in enumerate(points, 1) if point.validation is not None] == list(
        range(5, 101, 5)
    )
    assert points[-1].loss < points[0].loss


def test_a_fit_that_gets_worse_stops_early_with_the_best_network() -> None:
    """The truth of the exam is the opposite: learning makes it worse from the start."""
    exam = Noise(2).next()
    against = Planes(exam.images, -exam.truth)
    steps: list[Progress] = []
    following = Following(steps.append)
    plan = Plan(epochs=50, batch=8, patience=3)
    network = fit(small_network(), Noise(1), distance, 80, plan, following, [against])
    scores = [point.validation for point in following.points if point.validation is not None]
    assert len(scores) < 20
    assert scores.index(min(scores)) == len(scores) - 4
    with torch.no_grad():
        assert distance(network(exam.images), against).item() == pytest.approx(min(scores))
    assert steps[-1].share < 1.0


@pytest.mark.parametrize("mixed", [MixedPrecision.BF16, MixedPrecision.FP16])
def test_a_network_learns_in_half_width_floats_and_stays_one_of_whole_ones(
    mixed: MixedPrecision,
) -> None:
    plan, following = Plan(steps=100, batch=8), Following()
    whole = fit(small_network(), Noise(1), distance, 80, plan, Following())
    half = fit(small_network(), Noise(1), distance, 80, replace(plan, mixed=mixed), following)
    assert following.points[-1].loss < following.points[0].loss
    off = 0.0
    for name, value in half.state_dict().items():
        assert value.dtype == whole.state_dict()[name].dtype
        assert torch.isfinite(value).all()
        off = max(off, float((value - whole.state_dict()[name]).abs().max()))
    assert 0.0 < off < 0.1


def test_an_exam_leaves_no_trace_in_the_network() -> None:
    examined = fit(small_network(), Noise(1), distance, 80, PLAN, Following(), [Noise(2).next()])
    alone = fit(small_network(), Noise(1), distance, 80, PLAN, Following())
    for name, value in alone.state_dict().items():
        assert torch.equal(value, examined.state_dict()[name])


def no_number(output: Tensor, batch: Planes) -> Tensor:
    return distance(output, batch) * float("nan")


def too_much(output: Tensor, batch: Planes) -> Tensor:
    return (output.flatten() * torch.ones(10**13)).sum()


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (no_number, "the loss is nan after 0 steps; try a lower --learning-rate"),
        (
            too_much,
            "out of memory with 8 crops of 64 px a step; give it a smaller --batch or --size",
        ),
    ],
)
def test_a_fit_that_cannot_go_on_says_why(
    loss: Callable[[Tensor, Planes], Tensor], said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        fit(small_network(), Noise(1), loss, 80, PLAN, Following())


def test_a_fault_that_is_not_of_memory_is_not_dressed_up_as_one() -> None:
    def wrong_shape(output: Tensor, batch: Planes) -> Tensor:
        return (output.flatten() * torch.ones(3)).sum()

    with pytest.raises(RuntimeError, match="must match the size"):
        fit(small_network(), Noise(1), wrong_shape, 80, PLAN, Following())
