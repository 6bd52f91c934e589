"""Where a model and the labels do not agree, on parts that it did not learn from.

A model that never saw a part and is sure of a defect that nobody labelled has found a label that is
missing, or a false reject; a labelled defect of which it sees nothing is a wrong label, or an
escape. Either way a person should look.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.bundle import Bundle
from models.card import ClassLimit
from models.findings import Finding
from models.session import ModelSession
from training.data.dataset import Dataset, Sample
from training.data.labels import Mask
from training.data.lineage import read_lineage
from training.errors import TrainingError
from training.measuring.evaluate import Measured, measure_answered

REACH_PX = 4
"""A finding this near to a label is of it: outlines are drawn by hand, maps have cells."""


class Kind(StrEnum):
    """What there is of which there is nothing of the other."""

    FINDING_WITHOUT_LABEL = "finding without label"
    LABEL_WITHOUT_FINDING = "label without finding"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A finding at the card's limits, or a label, that stands alone.

    strength: the finding's score; for a label, what the best score on it leaves to 1.
    """

    sample: Sample
    kind: Kind
    class_name: str
    strength: float


def disagreements(
    bundle: Bundle, dataset: Dataset, report: Callable[[], None] = lambda: None
) -> list[Disagreement]:
    """All disagreements on the parts that the bundle did not learn from, the strongest first.

    Raises TrainingError when it learnt from all of them, or does not say what it learnt from.
    """
    learnt = set(read_lineage(bundle).learnt_from)
    others = [sample for sample in dataset.samples if sample.part not in learnt]
    if not others:
        raise TrainingError(
            f"{dataset.source}: {bundle.label} learnt from all {len(dataset.samples)} pictures; "
            "take a bundle that did not, such as one of another seed"
        )
    limits = bundle.card.limits
    measured, _ = measure_answered(ModelSession(bundle), others, report)
    found = [each for one in measured for each in found_on(one, limits)]
    found.sort(key=lambda each: (-each.strength, str(each.sample.picture), each.class_name))
    return found


def found_on(measured: Measured, limits: dict[str, ClassLimit]) -> Iterator[Disagreement]:
    """What stands alone on one picture that was judged."""
    sample = measured.sample
    size_hw = sample.size_hw()
    labels = [(label.class_name, label.paint(size_hw)) for label in sample.labels]
    placed = [mask for _, mask in labels if mask.any()]
    for finding in measured.findings:
        alone = not any(_touches(finding, mask, sample) for mask in placed)
        if alone and len(placed) == len(labels) and _rejects(finding, limits):
            yield Disagreement(
                sample, Kind.FINDING_WITHOUT_LABEL, finding.class_name, finding.score
            )
    for class_name, mask in labels:
        # A label without a place is met by any finding.
        on_it = [
            finding
            for finding in measured.findings
            if not mask.any() or _touches(finding, mask, sample)
        ]
        if not any(_rejects(finding, limits) for finding in on_it):
            best = max((finding.score for finding in on_it), default=0.0)
            yield Disagreement(sample, Kind.LABEL_WITHOUT_FINDING, class_name, 1.0 - best)


def _rejects(finding: Finding, limits: dict[str, ClassLimit]) -> bool:
    limit = limits[finding.class_name]
    return finding.score >= limit.score and finding.area_px >= limit.area_px


def _touches(finding: Finding, mask: Mask, sample: Sample) -> bool:
    """Whether a finding, in pixels of the inspected region, lies on a mask of the whole picture."""
    left, top = (sample.region.left, sample.region.top) if sample.region else (0, 0)
    x0, y0, x1, y1 = finding.box_xyxy_px
    rows = slice(max(0, int(y0) + top - REACH_PX), int(np.ceil(y1)) + top + REACH_PX)
    columns = slice(max(0, int(x0) + left - REACH_PX), int(np.ceil(x1)) + left + REACH_PX)
    return bool(mask[rows, columns].any())
