"""Segmentation: which cells of a picture are defective, from masks or from painted defects."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from models.card import InputSpec, Normalisation, OutputSpec
from models.session import ModelSession
from training.data.dataset import Dataset, Sample, check_taught, check_trainable
from training.data.split import Split, split
from training.fitting.batches import Batches
from training.fitting.examples import load_examples, load_good
from training.fitting.fit import FINE_TUNE_RATE, Plan, fit, seeded_network
from training.fitting.following import Following
from training.fitting.loss import segmentation_loss
from training.limits.choose import LimitsByClass, choose_limits
from training.measuring.evaluate import Measured, auroc, measure
from training.network.layers import STRIDE
from training.network.networks import Network
from training.network.segmentation import SegmentationNetwork, centre_scores, with_classes
from training.network.size import wanted_size
from training.network.weights import continue_from
from training.order import Order
from training.painting.batches import PaintedBatches

_LOWEST_LIMIT = 0.5
"""Training sets none lower: a few dozen good parts do not show how high the next one scores."""
PAINTED_SHARE = 0.5
"""Of a training with labels: how much of it goes to painted defects, before the real ones."""

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
        """With painters, a network from scratch first learns from good parts with them."""
        if self.good_only:
            return _painted(divided, spec, order, order.plan, following)
        examples = load_examples(divided.train, spec, classes)
        network, plan, told = _start(classes, divided, spec, order, following)
        batches = Batches(examples, plan.batch, plan.crop_px, plan.seed)
        return fit(network, batches, segmentation_loss, len(examples), plan, told)

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


def _painted(
    divided: Split, spec: InputSpec, order: Order, plan: Plan, following: Following
) -> SegmentationNetwork:
    """A network that finds what the painters painted on good parts."""
    good = load_good(divided.train, spec)
    network = seeded_network(1, plan.seed)
    batches = PaintedBatches(good, order.painters, plan.batch, plan.crop_px, plan.seed)
    return fit(network, batches, segmentation_loss, len(good), plan, following)


def _start(
    classes: tuple[str, ...], divided: Split, spec: InputSpec, order: Order, following: Following
) -> tuple[SegmentationNetwork, Plan, Following]:
    """The network that learns from the labels, with what is left of the plan, and who follows."""
    plan = order.plan
    if order.parent is not None:
        network = continue_from(seeded_network(len(classes), plan.seed), order.parent, classes)
        return network, plan, following
    if not order.painters:
        return seeded_network(len(classes), plan.seed), plan, following
    before, after = _shared(plan, PAINTED_SHARE), _shared(plan, 1.0 - PAINTED_SHARE)
    painted = _painted(divided, spec, order, before, following.of("painted", 0.0, PAINTED_SHARE))
    return (
        with_classes(painted, len(classes)),
        replace(after, learning_rate=min(plan.learning_rate, FINE_TUNE_RATE)),
        following.of("labels", PAINTED_SHARE, 1.0),
    )


def _shared(plan: Plan, share: float) -> Plan:
    """A share of the plan's time."""
    minutes = None if plan.minutes is None else plan.minutes * share
    return replace(plan, epochs=max(1, round(plan.epochs * share)), minutes=minutes)
