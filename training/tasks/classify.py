"""Classification: which defects a picture shows, from class folders; the maps say where, too."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from models.card import InputSpec, OutputSpec
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.split import Split
from training.fitting.exam import exam_of, examinees
from training.fitting.examples import load_good
from training.fitting.fit import Plan, fit, seeded_network
from training.fitting.following import Following
from training.fitting.whole_pictures import (
    WholeAndPainted,
    WholeBatch,
    WholeExample,
    WholePictures,
    load_whole,
    weak_loss,
)
from training.limits.choose import LimitsByClass
from training.measuring.evaluate import Measured
from training.network.networks import Network
from training.network.segmentation import SegmentationNetwork
from training.network.weights import continue_from
from training.order import Order
from training.painting.batches import PaintedBatches
from training.tasks.segment import Segment


@dataclass(frozen=True, slots=True)
class Classify:
    """Classification by the network of segmentation, see `training.tasks.teaching.Teaching`.

    Only how it learns is its own: from the classes on whole pictures. What it gives are maps, so
    that findings are located and judged by the same code.
    """

    segment: Segment = field(default_factory=Segment)
    kind: Literal["classification"] = "classification"

    @property
    def output(self) -> OutputSpec:
        return self.segment.output

    @property
    def floor(self) -> float:
        return self.segment.floor

    @property
    def figure_name(self) -> str:
        return self.segment.figure_name

    def divide(self, dataset: Dataset, seed: int) -> Split:
        return self.segment.divide(dataset, seed)

    def input(self, dataset: Dataset, order: Order) -> InputSpec:
        return self.segment.input(dataset, order)

    def learn(
        self,
        divided: Split,
        spec: InputSpec,
        classes: tuple[str, ...],
        order: Order,
        following: Following,
    ) -> SegmentationNetwork:
        """Labels may say where a defect is; that is not looked at."""
        plan = order.plan
        network = seeded_network(len(classes), plan.seed, spec.planes)
        if order.parent is not None:
            network = continue_from(network, order.parent, classes)
        examples = load_whole(divided.train, spec, classes)
        size = _pictures_a_step(plan, spec)
        whole = WholePictures(examples, size, plan.seed)
        exam = _exam(load_whole(examinees(divided.validation), spec, classes), size, plan.seed)
        if not order.painters:
            return fit(network, whole, weak_loss, len(examples), plan, following, exam)
        good = load_good(divided.train, spec)
        painted = PaintedBatches(good, order.painters, plan.batch, plan.crop_px, plan.seed)
        both = WholeAndPainted(whole, painted)
        return fit(network, both, weak_loss, len(examples), plan, following, exam)

    def measure(self, session: ModelSession, samples: Iterable[Sample]) -> list[Measured]:
        return self.segment.measure(session, samples)

    def limits(
        self, measured: list[Measured], classes: tuple[str, ...], false_rejects: float
    ) -> LimitsByClass:
        return self.segment.limits(measured, classes, false_rejects)

    def figure(self, measured: list[Measured]) -> float | None:
        return self.segment.figure(measured)

    def settle(self, network: Network, limits: Callable[[], LimitsByClass]) -> bool:
        return self.segment.settle(network, limits)


def _exam(held: list[WholeExample], size: int, seed: int) -> list[WholeBatch]:
    """Whole pictures of validation parts; none where they are all of one kind."""
    kinds = {bool(example.shown.any()) for example in held}
    return exam_of(WholePictures(held, size, seed)) if len(kinds) > 1 else []


def _pictures_a_step(plan: Plan, spec: InputSpec) -> int:
    """As many whole pictures as have the pixels of the plan's crops; at least a pair."""
    height, width = spec.size_hw
    return max(2, round(plan.batch * plan.crop_px**2 / (height * width)))
