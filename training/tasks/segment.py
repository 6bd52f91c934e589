"""Segmentation: which cells of a picture are defective, from masks or from painted defects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from models.card import InputSpec, Normalisation, OutputSpec
from models.session import ModelSession
from training.data.dataset import Dataset, Sample, check_taught, check_trainable
from training.data.split import Split, split
from training.fitting.batches import Batch, Batches, Draws
from training.fitting.examples import Example, load_examples, load_good
from training.fitting.fit import Plan, fit, seeded_network
from training.fitting.following import Following
from training.fitting.loss import segmentation_loss
from training.limits.choose import LimitsByClass, choose_limits
from training.measuring.evaluate import Measured, auroc, measure
from training.network.layers import STRIDE
from training.network.networks import Network
from training.network.segmentation import SegmentationNetwork, centre_scores
from training.network.size import wanted_size
from training.network.weights import continue_from
from training.order import Order
from training.painting.batches import MixedBatches, PaintedBatches
from training.painting.painters import Painter

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
        return split(dataset, seed)

    def input(self, dataset: Dataset, order: Order) -> InputSpec:
        size_hw = wanted_size(dataset.samples, order.size_hw)
        return InputSpec(size_hw=size_hw, normalisation=Normalisation(kind="log_median"))

    def learn(
        self,
        divided: Split,
        spec: InputSpec,
        classes: tuple[str, ...],
        order: Order,
        following: Following,
    ) -> SegmentationNetwork:
        """With painters, good parts with painted defects are among what is learnt from."""
        plan = order.plan
        if self.good_only:
            good = load_good(divided.train, spec)
            batches = PaintedBatches(good, order.painters, plan.batch, plan.crop_px, plan.seed)
            network = seeded_network(1, plan.seed)
            return fit(network, batches, segmentation_loss, len(good), plan, following)
        examples = load_examples(divided.train, spec, classes)
        network = seeded_network(len(classes), plan.seed)
        if order.parent is not None:
            network = continue_from(network, order.parent, classes)
        batches = _labelled(examples, order.painters, plan)
        return fit(network, batches, segmentation_loss, len(examples), plan, following)

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

    def settle(self, network: Network, limits: LimitsByClass) -> bool:
        """Move each class's limit to one half."""
        assert isinstance(network, SegmentationNetwork)
        centre_scores(network, [limit.score for limit in limits.values()])
        return True


def _labelled(examples: list[Example], painters: Mapping[str, Painter], plan: Plan) -> Draws[Batch]:
    """Crops of labelled parts, and among them good ones with painted defects."""
    good = [example for example in examples if example.is_good]
    painted = round(plan.batch * PAINTED_SHARE) if painters and good else 0
    labelled = Batches(examples, plan.batch - painted, plan.crop_px, plan.seed)
    if painted == 0:
        return labelled
    return MixedBatches(labelled, PaintedBatches(good, painters, painted, plan.crop_px, plan.seed))
