"""Learning from pictures of which only the class is known, not where the defect is.

Whole pictures are shown, since a crop might miss the defect that it is said to show.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as fn

from models.card import InputSpec
from models.preprocess import prepare
from training.data.dataset import Sample
from training.errors import TrainingError
from training.fitting.batches import Batch, relit
from training.fitting.loss import segmentation_loss
from training.painting.batches import PaintedBatches

# Of the batches of a training with painters; see `PAINTED_SHARE` of training.tasks.segment.
_PAINTED = 0.5
# Sharpness of the pooling: between the mean of all cells, which a small defect cannot move, and
# the highest alone, which teaches one cell a step (Pinheiro and Collobert, arXiv 1411.6228).
_SHARPNESS = 4.0
# Of a good picture's cells so many, the likeliest, are taught to be good.
_HARD_SHARE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class WholeExample:
    """One picture and what is on it.

    planes: the network's input, float16 (planes, height, width).
    shown: float32 (classes,), 1 for each class that the picture shows somewhere.
    """

    planes: NDArray[np.float16]
    shown: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WholeBatch:
    """Whole pictures with what is on them.

    images: float32 (batch, planes, height, width). shown: float32 (batch, classes).
    """

    images: Tensor
    shown: Tensor


def load_whole(
    samples: Iterable[Sample], spec: InputSpec, classes: tuple[str, ...]
) -> list[WholeExample]:
    """All samples; of their labels the classes alone. Raises TrainingError naming a bad file."""
    examples: list[WholeExample] = []
    for sample in samples:
        planes, _ = prepare(sample.pixels(spec.channels), spec, sample.full_scale)
        shown = np.array([name in sample.classes for name in classes], np.float32)
        examples.append(WholeExample(planes[0].astype(np.float16), shown))
    return examples


class WholePictures:
    """Pictures of good parts and of each class in turn; see `training.fitting.batches.Draws`."""

    def __init__(self, examples: Sequence[WholeExample], size: int, seed: int) -> None:
        """Raises TrainingError where there are no good pictures or no defective ones."""
        self.chance = np.random.default_rng(seed)
        self._size = size
        self._good = [each for each in examples if not each.shown.any()]
        columns = range(len(examples[0].shown)) if examples else ()
        members = [[each for each in examples if each.shown[at]] for at in columns]
        self._by_class = [of_class for of_class in members if of_class]
        if not self._good or not self._by_class:
            raise TrainingError("pictures of good and of defective parts are needed to learn from")

    def next(self) -> WholeBatch:
        """One batch: defective parts, every class as often, and good ones in turn."""
        drawn = [self._one_of(self._pool(at % 2 == 1)) for at in range(self._size)]
        images = np.stack([self._seen(each) for each in drawn])
        shown = np.stack([each.shown for each in drawn])
        return WholeBatch(torch.from_numpy(images), torch.from_numpy(shown))

    def _pool(self, defective: bool) -> list[WholeExample]:
        if not defective:
            return self._good
        return self._by_class[int(self.chance.integers(len(self._by_class)))]

    def _one_of(self, pool: list[WholeExample]) -> WholeExample:
        return pool[int(self.chance.integers(len(pool)))]

    def _seen(self, example: WholeExample) -> NDArray[np.float32]:
        """Mirrored and re-lit."""
        planes = relit(example.planes.astype(np.float32), self.chance)
        if self.chance.integers(2):
            planes = planes[:, ::-1]
        if self.chance.integers(2):
            planes = planes[:, :, ::-1]
        return np.ascontiguousarray(planes)


class WholeAndPainted:
    """Whole pictures, and now and then crops of good ones with painted defects, of no class.

    The painted ones say where a defect is, and what one looks like, which class names do not.
    """

    def __init__(self, whole: WholePictures, painted: PaintedBatches) -> None:
        self._whole = whole
        self._painted = painted
        self.chance = painted.chance = whole.chance

    def next(self) -> WholeBatch | Batch:
        """A batch of either."""
        return self._painted.next() if self.chance.random() < _PAINTED else self._whole.next()


def weak_loss(logits: Tensor, batch: WholeBatch | Batch) -> Tensor:
    """What the maps cost, (batch, classes, height / 4, width / 4), by what is known of each batch.

    Of a painted one it is known where the defect is, and not of which class. Of a whole picture it
    is known which classes are on it: each map, pooled into one logit, is held against that; and
    of a good one that all of its cells are good.
    """
    if isinstance(batch, Batch):
        return segmentation_loss(logits.amax(1, keepdim=True), batch)
    shown = batch.shown
    by_class = fn.binary_cross_entropy_with_logits(pooled(logits), shown)
    defective = shown.amax(1)
    any_class = pooled(logits.amax(1, keepdim=True))[:, 0]
    verdict = fn.binary_cross_entropy_with_logits(any_class, defective)
    return by_class + verdict + _on_good(logits, defective == 0.0)


def pooled(logits: Tensor) -> Tensor:
    """One logit per picture and map, (batch, maps): a soft maximum over the cells."""
    cells = logits.flatten(2)
    mean = torch.logsumexp(_SHARPNESS * cells, 2) - float(np.log(cells.shape[2]))
    return mean / _SHARPNESS


def _on_good(logits: Tensor, is_good: Tensor) -> Tensor:
    """Cross entropy of the likeliest cells of good pictures."""
    cells = logits[is_good].flatten()
    if cells.numel() == 0:
        return logits.sum() * 0.0
    hardest = cells.topk(max(1, int(_HARD_SHARE * cells.numel()))).values
    return fn.softplus(hardest).mean()
