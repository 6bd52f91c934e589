"""Good parts made of defective ones: each defect replaced by what the template shows there.

What is left is a picture as the camera took it, with its own noise and its own offset from the
template, and no defect. Where a product has no picture of a good part, as DeepPCB has none, false
rejects are measured on these.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from models.decode import peak
from models.registration import register
from models.session import ModelSession
from training.data.dataset import Sample
from training.errors import TrainingError
from training.measuring.evaluate import Measured

_MARGIN_PX = 4
"""Around a box: labels are drawn by hand."""


def measure_healed(session: ModelSession, samples: Iterable[Sample]) -> list[Measured]:
    """Judge every picture with its defects healed. Raises TrainingError or InferenceError."""
    measured: list[Measured] = []
    for sample in samples:
        template = sample.template_pixels()
        if template is None:
            raise TrainingError(f"{sample.picture}: has no template to be healed by")
        prediction = session.predict(healed(sample, template), sample.full_scale, template=template)
        score = peak(prediction.output, session.bundle.card)
        measured.append(Measured(replace(sample, labels=()), prediction.findings, score))
    return measured


def healed(sample: Sample, template: NDArray[Any]) -> NDArray[Any]:
    """The pixels of a sample, with those of the template, laid over it, where its boxes are."""
    pixels = sample.pixels().copy()
    golden = register(template, pixels).template
    left, top = (sample.region.left, sample.region.top) if sample.region else (0, 0)
    for box in sample.boxes():
        x0, y0, x1, y1 = box.box_xyxy_px
        rows = slice(_from(y0 - top), max(math.ceil(y1 - top) + _MARGIN_PX, 0))
        columns = slice(_from(x0 - left), max(math.ceil(x1 - left) + _MARGIN_PX, 0))
        pixels[rows, columns] = golden[rows, columns]
    return pixels


def _from(side_px: float) -> int:
    return max(math.floor(side_px) - _MARGIN_PX, 0)
