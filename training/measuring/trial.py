"""A bundle judges a data set as the line would; what it says is kept with the time it took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspection.judge import Outcome, judge
from models.bundle import Bundle
from models.decode import peak
from models.errors import InferenceError
from models.session import ModelSession, Prediction
from training.data.dataset import Dataset, Sample
from training.data.labels import Box, Somewhere
from training.data.lineage import read_lineage
from training.errors import TrainingError
from training.measuring.evaluate import Measured, in_force
from training.measuring.healed import healed
from training.measuring.overlap import Overlap, OverlapFigures

NOT_JUDGED_SCORE = 1.0
"""The score of a picture that the line rejects unjudged: law 1 counts it as seen."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pictures that a bundle is to be measured on.

    learnt: how many of the data set's pictures are of parts that the bundle learnt from.
    included: whether those are measured, too. note: what is not known of them.
    """

    dataset: Dataset
    learnt: int
    included: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture judged: what the model said, the line's verdict, and the time it took.

    unjudged: why there is no answer, such as a template that cannot be laid over the picture.
    """

    measured: Measured
    rejected: bool
    milliseconds: float
    unjudged: str = ""


@dataclass(slots=True)
class Trial:
    """All pictures judged.

    healed: the same as good parts, where there are no others; see `training.measuring.healed`.
    overlap: None where maps or masks are missing.
    """

    judged: list[Judged] = field(default_factory=list[Judged])
    healed: list[Judged] = field(default_factory=list[Judged])
    overlap: OverlapFigures | None = None


def choose(bundle: Bundle, dataset: Dataset, everything: bool) -> Chosen:
    """Leave out the parts that set weights or limits of the bundle or its ancestors.

    everything: leaves none out, and says so. Raises TrainingError where nothing is left.
    """
    try:
        learnt_from = frozenset(read_lineage(bundle).learnt_from)
    except TrainingError:
        return Chosen(dataset, 0, everything, "the bundle does not say what it learnt from")
    fresh = tuple(sample for sample in dataset.samples if sample.part not in learnt_from)
    learnt = len(dataset.samples) - len(fresh)
    if everything:
        return Chosen(dataset, learnt, included=True)
    if not fresh:
        raise TrainingError(
            f"{dataset.source}: all {learnt} pictures are of parts that {bundle.label} learnt from "
            "and say nothing of new ones; bring others, or measure them all the same with --all"
        )
    return Chosen(replace(dataset, samples=fresh), learnt, included=False)


def try_out(
    bundle: Bundle, samples: Sequence[Sample], report: Callable[[], None] = lambda: None
) -> Trial:
    """Judge every picture at the limits on the bundle's card.

    report: called after each picture.
    Raises TrainingError for a picture that cannot be read, and for one without the template that
    the bundle needs.
    """
    session = ModelSession(bundle)
    trial = Trial()
    covers = bundle.card.output.kind == "heatmap" and _have_masks(samples)
    overlap = Overlap()
    for sample in samples:
        template = _template(bundle, sample)
        pixels = sample.pixels(bundle.card.input.channels)
        prediction, judged = _judged(session, sample, pixels, template)
        trial.judged.append(judged)
        if covers and prediction is not None:
            _add(overlap, prediction, sample)
        report()
    trial.overlap = overlap.figures() if covers else None
    if bundle.card.input.template and not any(sample.is_good for sample in samples):
        trial.healed = [_judged_healed(session, sample) for sample in samples]
    return trial


def _template(bundle: Bundle, sample: Sample) -> NDArray[Any] | None:
    template = sample.template_pixels() if bundle.card.input.template else None
    if bundle.card.input.template and template is None:
        raise TrainingError(
            f"{sample.picture}: no template; {bundle.label} compares each picture with one"
        )
    return template


def _judged(
    session: ModelSession, sample: Sample, pixels: NDArray[Any], template: NDArray[Any] | None
) -> tuple[Prediction | None, Judged]:
    card = session.bundle.card
    begun = time.perf_counter()
    try:
        prediction = session.predict(pixels, sample.full_scale, template=template)
    except InferenceError as error:
        return None, _unjudged(sample, str(error), begun)
    verdict = judge(prediction.findings, in_force(card.limits))
    taken_ms = 1000.0 * (time.perf_counter() - begun)
    measured = Measured(sample, prediction.findings, peak(prediction.output, card))
    return prediction, Judged(measured, verdict.outcome is Outcome.REJECT, taken_ms)


def _judged_healed(session: ModelSession, sample: Sample) -> Judged:
    """The sample as a good part: a part of its own, that nothing was learnt from."""
    template = sample.template_pixels()
    assert template is not None  # it was judged with one
    good = replace(sample, labels=(), part=f"{sample.part} healed")
    begun = time.perf_counter()
    try:
        pixels = healed(sample, template)
    except InferenceError as error:
        return _unjudged(good, str(error), begun)
    return _judged(session, good, pixels, template)[1]


def _unjudged(sample: Sample, why: str, begun: float) -> Judged:
    taken_ms = 1000.0 * (time.perf_counter() - begun)
    return Judged(Measured(sample, (), NOT_JUDGED_SCORE), True, taken_ms, why)


def _have_masks(samples: Sequence[Sample]) -> bool:
    """True where there are defects, and it is known of each which pixels it covers."""
    labels = [label for sample in samples for label in sample.labels]
    return bool(labels) and not any(isinstance(label, Box | Somewhere) for label in labels)


def _add(overlap: Overlap, prediction: Prediction, sample: Sample) -> None:
    height, width = sample.seen_hw()
    highest = prediction.output[0].max(axis=0)
    scores = cv2.resize(highest, (width, height), interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((height, width), np.bool_)
    for _, each in sample.masks():
        mask |= each
    overlap.add(np.clip(scores, 0.0, 1.0).astype(np.float32), mask)
