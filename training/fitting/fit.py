"""Fitting a network to examples: seeded, on the CPU, for so many epochs or so many minutes."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.average import Average
from training.fitting.batches import Draws, Pictures
from training.network.segmentation import SegmentationNetwork

_WARM_UP_SHARE = 0.15
_CLIP_NORM = 5.0
FROM_SCRATCH_RATE = 3e-3
FINE_TUNE_RATE = 1e-3

Report = Callable[[float, float], None]
"""Called after every step with the share done (0 to 1) and the loss."""

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)
AnyBatch = TypeVar("AnyBatch", bound=Pictures)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to fit.

    epochs: an epoch draws as many crops as there are pictures.
    minutes: fit for this long instead; ends on time on a busy machine, and for that reason gives
        other weights each time, where `epochs` gives the same ones on the same machine.
    batch: crops per step. crop_px: side of a crop; whole pictures where they are smaller.
    learning_rate: the highest of the cycle.
    threads: torch's; on two shared cores 2 threads were three times slower than 1.
    """

    seed: int = 0
    epochs: int = 60
    minutes: float | None = None
    batch: int = 16
    crop_px: int = 128
    learning_rate: float = FROM_SCRATCH_RATE
    weight_decay: float = 1e-2
    threads: int = 1


@dataclass(slots=True, eq=False)
class Course:
    """Where a fit is: everything that its next step depends on but the batches.

    share: of the plan that is done, 0 to 1.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average
    step: int = 0
    share: float = 0.0


def seeded_network(classes: int, seed: int) -> SegmentationNetwork:
    """A fresh network; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return SegmentationNetwork(classes)


def fit(
    network: AnyNetwork,
    batches: Draws[AnyBatch],
    loss: Callable[[Tensor, AnyBatch], Tensor],
    pictures: int,
    plan: Plan,
    report: Report,
) -> AnyNetwork:
    """Fit the network in place with AdamW on one cycle of the learning rate.

    The network ends as the average of its last steps, see `training.fitting.average`.
    loss: what the network's output for a batch costs, a scalar.
    pictures: how many make an epoch.
    Raises TrainingError when the loss is no longer a number.
    """
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)
    network.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=plan.weight_decay, fused=True)
    course = Course(network, optimizer, Average(network))
    done = _clock(plan, pictures)
    while course.share < 1.0:
        value = _step(course, batches.next(), loss, plan)
        course.share = done(course.step)
        report(course.share, value)
    network.load_state_dict(course.average.state)
    return network.eval()


def _step(
    course: Course, batch: AnyBatch, loss: Callable[[Tensor, AnyBatch], Tensor], plan: Plan
) -> float:
    """One step down the loss of a batch; returns the loss before it."""
    for group in course.optimizer.param_groups:
        group["lr"] = plan.learning_rate * _cycle(course.share)
    images = batch.images.contiguous(memory_format=torch.channels_last)
    cost = loss(course.network(images), batch)
    value = cost.item()
    if not math.isfinite(value):
        raise TrainingError(
            f"the loss is {value} after {course.step} steps; try a lower --learning-rate "
            f"(it was {plan.learning_rate})"
        )
    course.optimizer.zero_grad()
    cost.backward()
    torch.nn.utils.clip_grad_norm_(course.network.parameters(), _CLIP_NORM)
    course.optimizer.step()
    course.step += 1
    course.average.follow(course.network, course.step)
    return value


def _clock(plan: Plan, pictures: int) -> Callable[[int], float]:
    """The share done after a number of steps: of the epochs, or of the minutes."""
    if plan.minutes is None:
        steps = plan.epochs * max(1, math.ceil(pictures / plan.batch))
        return lambda step: min(step / steps, 1.0)
    start, limit_s = time.monotonic(), plan.minutes * 60.0
    return lambda step: min((time.monotonic() - start) / limit_s, 1.0)


def _cycle(share: float) -> float:
    """One cycle (Smith and Topin, arXiv 1708.07120): a linear rise, then a cosine to zero."""
    if share < _WARM_UP_SHARE:
        return 0.05 + 0.95 * share / _WARM_UP_SHARE
    done = (share - _WARM_UP_SHARE) / (1.0 - _WARM_UP_SHARE)
    return 0.5 * (1.0 + math.cos(math.pi * done)) + 1e-3
