"""Detection: where the defects of a picture are, as boxes; alone or beside a golden template."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch

from models.card import InputSpec, Normalisation, OutputSpec
from models.registration import NotRegistered
from models.session import ModelSession
from training.data.colour import Colour, channels_of
from training.data.dataset import Dataset, Sample
from training.data.split import Split, split
from training.errors import TrainingError
from training.fitting.box_batches import BoxBatches
from training.fitting.box_examples import BoxExample, load_box_examples, located_box_examples
from training.fitting.boxes import detection_loss
from training.fitting.exam import exam_of, examinees
from training.fitting.fit import Plan, fit
from training.fitting.following import Following
from training.limits.choose import LimitsByClass, choose_limits
from training.measuring.average_precision import average_precision, pooled
from training.measuring.boxes import as_located, at_best_f
from training.measuring.evaluate import Measured, measure
from training.measuring.healed import measure_healed
from training.network.detection import DetectionNetwork
from training.network.layers import STRIDE
from training.network.networks import Network
from training.network.size import wanted_size
from training.network.weights import continue_from
from training.order import Order

PLAN = Plan(steps=6000, batch=8, crop_px=256, learning_rate=2e-3)
"""A detector's usual plan, 50 minutes of one core: crops that show what a defect belongs to."""
_VALIDATION_SHARE = 0.1
"""Every picture holds several defects, so that fewer of them do to set limits on."""
_HIGHEST_START = 0.5
"""Limits start where F is best, and no higher than this."""

_OUTPUT = OutputSpec(name="maps", kind="centres", stride=STRIDE)


@dataclass(frozen=True, slots=True)
class Detect:
    """Detection, see `training.tasks.teaching.Teaching`.

    template: whether each picture has a golden template.
    floor: centres from this probability on are findings; low, as AP counts them all. On 40 boards
        of DeepPCB 0.02 gave the same AP to four digits, and 435 findings a board instead of 37.
    """

    template: bool = False
    kind: Literal["detection"] = "detection"
    output: OutputSpec = _OUTPUT
    floor: float = 0.05
    figure_name: str = "AP"

    def divide(self, dataset: Dataset, seed: int) -> Split:
        """Good parts are welcome and not needed: a picture is mostly good around its defects."""
        _check(dataset, self.template)
        return split(dataset, seed, needs_good=False, validation_share=_VALIDATION_SHARE)

    def input(self, dataset: Dataset, order: Order) -> InputSpec:
        """Golden templates are compared in grey: registration and healing know no colours."""
        if self.template and order.colour is Colour.RGB:
            raise TrainingError("--colour rgb: pairs are compared in grey; leave it out")
        colour = Colour.GREY if self.template else order.colour
        channels = channels_of(dataset.samples, colour)
        planes = channels * (1 + self.template)
        return InputSpec(
            size_hw=wanted_size(dataset.samples, order.size_hw, planes),
            normalisation=Normalisation(mean=0.5, std=0.5),
            channels=channels,
            template=self.template,
        )

    def learn(
        self,
        divided: Split,
        spec: InputSpec,
        classes: tuple[str, ...],
        order: Order,
        following: Following,
    ) -> DetectionNetwork:
        plan = order.plan
        examples = load_box_examples(divided.train, spec, classes)
        torch.manual_seed(plan.seed)
        network = DetectionNetwork(spec.planes, len(classes))
        if order.parent is not None:
            network = continue_from(network, order.parent, classes)
        batches = _batches(examples, spec, classes, plan)
        held = located_box_examples(examinees(divided.validation), spec, classes)
        exam = exam_of(_batches(held, spec, classes, plan)) if held else []
        return fit(network, batches, detection_loss, len(examples), plan, following, exam)

    def measure(self, session: ModelSession, samples: Iterable[Sample]) -> list[Measured]:
        """Pairs are measured once more with their defects healed, which makes good parts.

        One that its template cannot be laid over is left out: no limit has a say in it.
        """
        measured: list[Measured] = []
        for sample in samples:
            try:
                measured += measure(session, [sample])
                measured += measure_healed(session, [sample]) if self.template else []
            except NotRegistered:
                continue
        return measured

    def limits(
        self, measured: list[Measured], classes: tuple[str, ...], false_rejects: float
    ) -> LimitsByClass:
        start = max(self.floor, min(at_best_f(measured, _HIGHEST_START), _HIGHEST_START))
        return choose_limits(measured, classes, start, false_rejects)

    def figure(self, measured: list[Measured]) -> float | None:
        return average_precision(pooled(as_located(measured)))

    def settle(self, network: Network, limits: Callable[[], LimitsByClass]) -> bool:
        """The scores stay: moved, those of several classes could no longer be ranked in one."""
        return False


def _batches(
    examples: list[BoxExample], spec: InputSpec, classes: tuple[str, ...], plan: Plan
) -> BoxBatches:
    return BoxBatches(examples, len(classes), spec.template, plan.batch, plan.crop_px, plan.seed)


def _check(dataset: Dataset, template: bool) -> None:
    if all(sample.is_good for sample in dataset.samples):
        raise TrainingError(
            f"{dataset.source}: {len(dataset.samples)} pictures, none with a labelled defect; "
            "a detector needs boxes to learn from"
        )
    bare = next((sample for sample in dataset.samples if sample.template is None), None)
    if template and bare is not None:
        raise TrainingError(
            f"{bare.picture}: no golden template; --task pair needs one for every picture"
        )
