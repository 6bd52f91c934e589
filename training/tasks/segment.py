"""Segmentation: which cells of a picture are defective, from masks or from painted defects."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec, Normalisation, OutputSpec
from models.session import ModelSession
from training.data.colour import channels_of
from training.data.dataset import Dataset, Sample, check_taught, check_trainable
from training.data.split import Split, split
from training.fitting.batches import Batch, Batches, Draws
from training.fitting.exam import exam_of, examinees
from training.fitting.examples import Example, load_examples, load_good, located_examples
from training.fitting.fit import Plan, fit, seeded_network
from training.fitting.following import Following
from training.fitting.loss import segmentation_loss
from training.limits.choose import LimitsByClass, choose_limits
from training.measuring.evaluate import Measured, auroc, measure
from training.network.layers import STRIDE
from training.network.networks import Network
from training.network.patch_memory import PatchMemory, load_backbone, remember
from training.network.segmentation import SegmentationNetwork, centre_scores
from training.network.size import wanted_size
from training.network.weights import continue_from
from training.order import Order
from training.painting.batches import MixedBatches, PaintedBatches
from training.painting.painters import Painter
from training.tasks.better import better

_LOWEST_LIMIT = 0.5
"""Training sets none lower: a few dozen good parts do not show how high the next one scores."""
PAINTED_SHARE = 0.625
"""Of the crops of a training with labels: how many are good parts, each other one painted on.
Painted defects first and labels after, the labels made a model forget: as half of the real tiles
measured on the other half, AUROC 0.87 before them and 0.78 after; 0.88 with painted ones beside."""

_OUTPUT = OutputSpec(name="maps", kind="heatmap", stride=STRIDE)


@dataclass(frozen=True, slots=True)
class Segment:
    """Segmentation, see `training.tasks.teaching.Teaching`.

    good_only: whether nothing but good parts is there, and all defects are painted.
    floor: cells from this probability on are findings; a recipe may set limits down to it.
    """

    good_only: bool = False
    kind: Literal["segmentation"] = "segmentation"
    output: OutputSpec = _OUTPUT
    floor: float = 0.2
    figure_name: str = "AUROC"

    def divide(self, dataset: Dataset, seed: int) -> Split:
        if self.good_only:
            check_taught(dataset)
        else:
            check_trainable(dataset)
        has_good = any(sample.is_good for sample in dataset.samples)
        return split(dataset, seed, needs_good=has_good)

    def input(self, dataset: Dataset, order: Order) -> InputSpec:
        channels = channels_of(dataset.samples, order.colour)
        size_hw = wanted_size(dataset.samples, order.size_hw, channels)
        normalisation = Normalisation(kind="log_median")
        return InputSpec(size_hw=size_hw, normalisation=normalisation, channels=channels)

    def learn(
        self,
        divided: Split,
        spec: InputSpec,
        classes: tuple[str, ...],
        order: Order,
        following: Following,
    ) -> SegmentationNetwork | PatchMemory:
        """With painters, good parts with painted defects are among what is learnt from."""
        plan = order.plan
        if self.good_only:
            return _taught(divided, spec, order, following)
        examples = load_examples(divided.train, spec, classes)
        network = seeded_network(len(classes), plan.seed, spec.planes)
        if order.parent is not None:
            network = continue_from(network, order.parent, classes)
        batches = _labelled(examples, order.painters, plan)
        held = located_examples(examinees(divided.validation), spec, classes)
        exam: list[Batch] = []
        if not all(example.is_good for example in held):
            exam = exam_of(Batches(held, plan.batch, plan.crop_px, plan.seed))
        return fit(network, batches, segmentation_loss, len(examples), plan, following, exam)

    def measure(self, session: ModelSession, samples: Iterable[Sample]) -> list[Measured]:
        return measure(session, samples)

    def limits(
        self, measured: list[Measured], classes: tuple[str, ...], false_rejects: float
    ) -> LimitsByClass:
        return choose_limits(measured, classes, _LOWEST_LIMIT, false_rejects)

    def figure(self, measured: list[Measured]) -> float | None:
        bad, good = (
            [one.score for one in measured if one.sample.is_good is is_good]
            for is_good in (False, True)
        )
        return auroc(bad, good)

    def settle(self, network: Network, limits: Callable[[], LimitsByClass]) -> bool:
        """Move each class's limit to one half."""
        scores = [limit.score for limit in limits().values()]
        if isinstance(network, PatchMemory):
            network.settle(scores[0])
        else:
            assert isinstance(network, SegmentationNetwork)
            centre_scores(network, scores)
        return True


def _taught(
    divided: Split, spec: InputSpec, order: Order, following: Following
) -> SegmentationNetwork | PatchMemory:
    """A network that finds painted defects, or a memory of good patches if that finds more.

    The memory is of grey pictures alone. Neither has seen the validation parts that they are
    compared on.
    """
    plan = order.plan
    good = load_good(divided.train, spec)
    batches = PaintedBatches(good, order.painters, plan.batch, plan.crop_px, plan.seed)
    network = seeded_network(1, plan.seed, spec.planes)
    held = load_good(divided.validation, spec)
    painted = PaintedBatches(held, order.painters, plan.batch, plan.crop_px, plan.seed)
    exam = exam_of(painted) if held else []
    fit(network, batches, segmentation_loss, len(good), plan, following, exam)
    if order.pretrained is None or not held or spec.planes > 1:
        return network
    memory = remember(
        load_backbone(order.pretrained), _planes_of(good), _planes_of(held), plan.seed
    )
    return better((network, memory), held, order.painters, plan.seed)


def _planes_of(examples: list[Example]) -> list[NDArray[np.float32]]:
    return [example.planes[0].astype(np.float32) for example in examples]


def _labelled(examples: list[Example], painters: Mapping[str, Painter], plan: Plan) -> Draws[Batch]:
    """Crops of labelled parts, and among them good ones with painted defects."""
    good = [example for example in examples if example.is_good]
    painted = round(plan.batch * PAINTED_SHARE) if painters and good else 0
    labelled = Batches(examples, plan.batch - painted, plan.crop_px, plan.seed)
    if painted == 0:
        return labelled
    return MixedBatches(labelled, PaintedBatches(good, painters, painted, plan.crop_px, plan.seed))
