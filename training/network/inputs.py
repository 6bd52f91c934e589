"""Samples as the network is given them."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from models.card import InputSpec
from models.preprocess import Prepared, prepared
from models.registration import NotRegistered
from training.data.dataset import Sample


def network_inputs(samples: Iterable[Sample], spec: InputSpec) -> Iterator[tuple[Sample, Prepared]]:
    """Each sample with what the network sees of it, its template laid over it where there is one.

    A sample that its template cannot be laid over is left out: the line rejects it unjudged.
    Raises TrainingError or InferenceError for a picture that cannot be used.
    """
    for sample in samples:
        template = sample.template_pixels() if spec.template else None
        try:
            pixels = sample.pixels(spec.channels)
            yield sample, prepared(pixels, spec, sample.full_scale, template=template)
        except NotRegistered:
            continue


def planes_of(samples: Iterable[Sample], spec: InputSpec) -> Iterator[NDArray[np.float32]]:
    """The planes alone, each (1, planes, height, width)."""
    for _, seen in network_inputs(samples, spec):
        yield seen.planes
