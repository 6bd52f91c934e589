"""Fitting a network to examples: seeded, on the CPU, for so many epochs or so many minutes."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.average import Average
from training.fitting.batches import Draws, Pictures
from training.fitting.following import SILENT, Following
from training.network.segmentation import SegmentationNetwork

_WARM_UP_SHARE = 0.15
_CLIP_NORM = 5.0
FROM_SCRATCH_RATE = 3e-3
FINE_TUNE_RATE = 1e-3

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
    """Where a fit is: everything that its next step depends on.

    chance: what the batches are drawn by.
    share: of the plan that is done, 0 to 1. spent_s: in this and in earlier, killed processes.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average
    chance: np.random.Generator
    step: int = 0
    share: float = 0.0
    spent_s: float = 0.0

    def state(self) -> dict[str, Any]:
        """All of it, as a checkpoint keeps it."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state,
            "chance": self.chance.bit_generator.state,
            "step": self.step,
            "share": self.share,
            "spent_s": self.spent_s,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint of a fit of the same network."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.state = state["average"]
        self.chance.bit_generator.state = state["chance"]
        self.step, self.share = state["step"], state["share"]
        self.spent_s = state["spent_s"]


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
    following: Following = SILENT,
) -> AnyNetwork:
    """Fit the network in place with AdamW on one cycle of the learning rate.

    The network ends as the average of its last steps, see `training.fitting.average`. A fit that
    was killed goes on from its last checkpoint.
    loss: what the network's output for a batch costs, a scalar.
    pictures: how many make an epoch.
    Raises TrainingError when the loss is no longer a number.
    """
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)
    network.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=plan.weight_decay, fused=True)
    course = Course(network, optimizer, Average(network), batches.chance)
    kept = following.checkpoints
    if kept is not None and (state := kept.load(following.phase)) is not None:
        course.restore(state)
    done = _clock(plan, pictures, course)
    while course.share < 1.0:
        value = _step(course, batches.next(), loss, plan)
        course.share = done()
        following.tell(following.progress(course.share, course.step, value, _rate(course, plan)))
        if kept is not None and (kept.due or course.share >= 1.0):
            kept.keep(following.phase, course.state())
    network.load_state_dict(course.average.state)
    return network.eval()


def _step(
    course: Course, batch: AnyBatch, loss: Callable[[Tensor, AnyBatch], Tensor], plan: Plan
) -> float:
    """One step down the loss of a batch; returns the loss before it."""
    for group in course.optimizer.param_groups:
        group["lr"] = _rate(course, plan)
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


def _clock(plan: Plan, pictures: int, course: Course) -> Callable[[], float]:
    """The share done: of the epochs, or of the minutes."""
    if plan.minutes is None:
        steps = plan.epochs * max(1, math.ceil(pictures / plan.batch))
        return lambda: min(course.step / steps, 1.0)
    begun, limit_s = time.monotonic() - course.spent_s, plan.minutes * 60.0

    def share() -> float:
        course.spent_s = time.monotonic() - begun
        return min(course.spent_s / limit_s, 1.0)

    return share


def _rate(course: Course, plan: Plan) -> float:
    """The learning rate of the next step."""
    return plan.learning_rate * _cycle(course.share)


def _cycle(share: float) -> float:
    """One cycle (Smith and Topin, arXiv 1708.07120): a linear rise, then a cosine to zero."""
    if share < _WARM_UP_SHARE:
        return 0.05 + 0.95 * share / _WARM_UP_SHARE
    done = (share - _WARM_UP_SHARE) / (1.0 - _WARM_UP_SHARE)
    return 0.5 * (1.0 + math.cos(math.pi * done)) + 1e-3
