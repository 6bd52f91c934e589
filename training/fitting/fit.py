"""Fitting a network to examples: seeded, for so many steps, epochs or minutes."""

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.fitting.average import Average
from training.fitting.batches import Draws, Pictures
from training.fitting.course import Course
from training.fitting.device import choose_device, moved
from training.fitting.following import Following
from training.fitting.precision import MixedPrecision, half_of, scaler_of
from training.fitting.ranks import Ranks
from training.network.segmentation import SegmentationNetwork

_WARM_UP_SHARE = 0.15
_CLIP_NORM = 5.0
_LEAST_SHARE = 0.1  # of a plan's minutes; a fit of no time at all would make no model
FROM_SCRATCH_RATE = 3e-3
FINE_TUNE_RATE = 1e-3
FINE_TUNE_STEPS = 3000

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)
AnyBatch = TypeVar("AnyBatch", bound=Pictures)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to fit.

    steps: how many; as many for few pictures as for many.
    epochs: so many times the pictures instead; an epoch draws as many crops as there are.
    minutes: fit for this long instead; ends on time on a busy machine, and for that reason gives
        other weights each time, where the others give the same ones on the same machine.
    begun_s: when that time began to run, `time.monotonic`; with the fit when None.
    kept_s: so many seconds of the minutes are left for what comes after the fit.
    batch: crops per step. crop_px: side of a crop; whole pictures where they are smaller.
    learning_rate: the highest of the cycle.
    patience: stop when the loss on validation crops was not better for so many exams (there are
        twenty in all), and take the best network; None to learn to the end.
    device: auto, cpu or cuda, see `training.fitting.device`; only the processor gives the same
        weights each time. mixed: see `training.fitting.precision`.
    threads: torch's; on two shared cores 2 threads were three times slower than 1.
    """

    seed: int = 0
    steps: int = 9000
    epochs: int | None = None
    minutes: float | None = None
    begun_s: float | None = None
    kept_s: float = 0.0
    batch: int = 8
    crop_px: int = 192
    learning_rate: float = FROM_SCRATCH_RATE
    weight_decay: float = 1e-2
    patience: int | None = None
    device: str = "auto"
    mixed: MixedPrecision = MixedPrecision.AUTO
    threads: int = 1


def seeded_network(classes: int, seed: int, planes: int = 1) -> SegmentationNetwork:
    """A fresh network for pictures of so many planes; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return SegmentationNetwork(classes, planes)


def fit(
    network: AnyNetwork,
    batches: Draws[AnyBatch],
    loss: Callable[[Tensor, AnyBatch], Tensor],
    pictures: int,
    plan: Plan,
    following: Following,
    exam: Sequence[AnyBatch] = (),
) -> AnyNetwork:
    """Fit the network in place with AdamW on one cycle of the learning rate.

    The network ends as the average of its last steps, see `training.fitting.average`. A fit that
    was killed goes on from its last checkpoint. Several processes may fit together
    (`training.fitting.ranks`), and all end with the same network.
    loss: what the network's output for a batch costs, a scalar.
    pictures: how many make an epoch.
    exam: batches of validation parts, for the learning curve and for the plan's patience.
    Raises TrainingError when the loss is no longer a number, or memory is short.
    """
    torch.set_num_threads(plan.threads)
    device = choose_device(plan.device)
    torch.use_deterministic_algorithms(device.type == "cpu")
    network.train().to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=plan.weight_decay, fused=True)
    half = half_of(plan.mixed, device)
    scaler = scaler_of(half, device)
    course = Course(network, optimizer, Average(network), batches.chance, half, scaler)
    kept, ranks = following.checkpoints, following.ranks
    state = ranks.from_first(None if kept is None else kept.load(following.phase))
    if state is not None:
        course.restore(state)
        following.points.extend(course.drawing.points)
    done = _clock(plan, pictures, course)
    while course.share < 1.0:
        before = course.share
        with _memory(plan):
            value = _step(course, batches.next(), loss, plan, ranks)
        course.share = done()
        course.drawing.add(value)
        following.tell(following.progress(course.share, course.step, value, _rate(course, plan)))
        if ranks.is_first and course.drawing.is_due(before, course.share):
            with _memory(plan):
                _mark(course, loss, exam, plan, following)
        course.share = ranks.agreed(course.share)
        if kept is not None and (kept.due or course.share >= 1.0):
            kept.keep(following.phase, course.state())
    best = {name: value.cpu() for name, value in (course.best or course.average.state).items()}
    network.load_state_dict(ranks.from_first(best))
    return network.eval().cpu()


def _mark(
    course: Course,
    loss: Callable[[Tensor, AnyBatch], Tensor],
    exam: Sequence[AnyBatch],
    plan: Plan,
    following: Following,
) -> None:
    """A point on the learning curve; ends the fit where the plan's patience does."""
    drawing = course.drawing
    validation = _examine(course, loss, exam) if exam and drawing.is_exam(course.share) else None
    point = drawing.point(
        following.phase,
        course.share,
        course.step,
        _rate(course, plan),
        validation,
    )
    following.points.append(point)
    for mark in following.marks:
        mark()
    if validation is None or plan.patience is None:
        return
    if drawing.examined(validation):
        course.best = {name: value.clone() for name, value in course.average.state.items()}
    elif drawing.stale >= plan.patience:
        course.share = 1.0


@torch.no_grad()
def _examine(
    course: Course, loss: Callable[[Tensor, AnyBatch], Tensor], exam: Sequence[AnyBatch]
) -> float:
    """Mean loss of the averaged network on the exam's batches."""
    course.network.eval()
    costs: list[float] = []
    for batch in (moved(each, course.device) for each in exam):
        output = torch.func.functional_call(course.network, course.average.state, (batch.images,))
        costs.append(loss(output, batch).item())
    course.network.train()
    return sum(costs) / len(costs)


@contextmanager
def _memory(plan: Plan) -> Generator[None]:
    """Out of memory, in words."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not _is_of_memory(error):
            raise
        raise TrainingError(
            f"out of memory with {plan.batch} crops of {plan.crop_px} px a step; "
            "give it a smaller --batch or --size, or close what else is running"
        ) from error


def _is_of_memory(error: RuntimeError) -> bool:
    """Torch has a type for it on a GPU alone, and cuBLAS and cuDNN have words of their own."""
    told = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError)
        or ("memory" in told and "alloc" in told)
        or "status_alloc_failed" in told
    )


def _step(
    course: Course,
    batch: AnyBatch,
    loss: Callable[[Tensor, AnyBatch], Tensor],
    plan: Plan,
    ranks: Ranks,
) -> float:
    """One step down the loss of a batch; returns the loss before it."""
    for group in course.optimizer.param_groups:
        group["lr"] = _rate(course, plan)
    batch = moved(batch, course.device)
    images = ranks.share(batch.images).contiguous(memory_format=torch.channels_last)
    with torch.autocast(course.device.type, course.half, enabled=course.half is not None):
        output = course.network(images)
    cost = loss(ranks.whole(output.float(), len(batch.images)), batch)
    value = cost.item()
    if not math.isfinite(value):
        raise TrainingError(
            f"the loss is {value} after {course.step} steps; try a lower --learning-rate "
            f"(it was {plan.learning_rate})"
        )
    course.optimizer.zero_grad()
    course.scaler.scale(cost).backward()
    ranks.add_up(course.network)
    course.scaler.unscale_(course.optimizer)
    torch.nn.utils.clip_grad_norm_(course.network.parameters(), _CLIP_NORM)
    course.scaler.step(course.optimizer)
    course.scaler.update()
    course.step += 1
    course.average.follow(course.network, course.step)
    return value


def _clock(plan: Plan, pictures: int, course: Course) -> Callable[[], float]:
    """The share done: of the steps, or of the minutes."""
    if plan.minutes is None:
        steps = plan.steps
        if plan.epochs is not None:
            steps = plan.epochs * max(1, math.ceil(pictures / plan.batch))
        return lambda: min(course.step / steps, 1.0)
    begun, limit_s = time.monotonic() - course.spent_s, time_to_fit_s(plan, time.monotonic())

    def share() -> float:
        course.spent_s = time.monotonic() - begun
        return min(course.spent_s / limit_s, 1.0)

    return share


def time_to_fit_s(plan: Plan, now_s: float) -> float:
    """What is left of the plan's minutes for a fit that begins now; never less than a tenth."""
    assert plan.minutes is not None
    whole_s = plan.minutes * 60.0
    before_s = 0.0 if plan.begun_s is None else now_s - plan.begun_s
    return max(whole_s - before_s - plan.kept_s, _LEAST_SHARE * whole_s)


def _rate(course: Course, plan: Plan) -> float:
    """The learning rate of the next step."""
    return plan.learning_rate * _cycle(course.share)


def _cycle(share: float) -> float:
    """One cycle (Smith and Topin, arXiv 1708.07120): a linear rise, then a cosine to zero."""
    if share < _WARM_UP_SHARE:
        return 0.05 + 0.95 * share / _WARM_UP_SHARE
    done = (share - _WARM_UP_SHARE) / (1.0 - _WARM_UP_SHARE)
    return 0.5 * (1.0 + math.cos(math.pi * done)) + 1e-3
