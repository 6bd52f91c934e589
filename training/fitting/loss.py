"""The loss: what a missed cell, a false alarm and a wrong verdict on a whole picture cost."""

import torch
from torch import Tensor
from torch.nn import functional as fn

from training.fitting.batches import Batch

# Empty cells outnumber defective ones by hundreds; only the hardest are taught (online hard
# example mining, Shrivastava et al., arXiv 1604.03540).
_HARD_SHARE = 0.2
_HARD_PER_DEFECT = 5
_PICTURE_WEIGHT = 0.2
_NEVER = -30.0  # a logit that no cell reaches


def segmentation_loss(logits: Tensor, batch: Batch) -> Tensor:
    """What the maps cost class by class, and what their highest costs as a map of any defect.

    A part is judged by its highest cell whatever the class, so that is taught, too: from the
    defects of all classes together, and from those that have none.
    logits: as the batch's cells, (batch, classes, height, width). Returns a scalar.
    """
    cells, unnamed = batch.cells, batch.unnamed
    if unnamed is None:
        cost = _cost(logits, cells, _clear(cells))
        unnamed = torch.zeros_like(cells[:, :1])
        if logits.shape[1] == 1:
            return cost
    else:
        cost = _cost(logits, cells, _clear(cells) * _clear(unnamed))
    defect = torch.maximum(cells.amax(1, keepdim=True), unnamed)
    return cost + _cost(logits.amax(1, keepdim=True), defect, _clear(defect))


def _cost(logits: Tensor, cells: Tensor, clear: Tensor) -> Tensor:
    """Cross entropy on defects and on the hardest empty cells, overlap, and the picture's verdict.

    clear: 1 for the empty cells that count, 0 for those next to a defect.
    """
    cost = fn.binary_cross_entropy_with_logits(logits, cells, reduction="none")
    return (
        _on_defects(cost, cells)
        + _on_hardest(cost * clear, cells)
        + _overlap(torch.sigmoid(logits) * (cells + clear), cells)
        + _PICTURE_WEIGHT * _on_pictures(logits, cells, clear)
    )


def _clear(cells: Tensor) -> Tensor:
    """1 where a cell is empty and touches no defect.

    Cells that touch one cost nothing: where exactly it ends is a matter of opinion, and a scratch
    one cell wide would be outweighed by its own rim.
    """
    return 1.0 - fn.max_pool2d(cells, 3, stride=1, padding=1)


def _on_defects(cost: Tensor, cells: Tensor) -> Tensor:
    """Mean per class, so that scratches of thirty cells weigh as much as holes of hundreds."""
    count = cells.sum((0, 2, 3))
    per_class = (cost * cells).sum((0, 2, 3)) / count.clamp(min=1.0)
    return per_class.sum() / (count > 0).sum().clamp(min=1)


def _on_hardest(cost: Tensor, cells: Tensor) -> Tensor:
    """Mean over each class's hardest cells, then over the classes."""
    defects = cells.sum((0, 2, 3)).tolist()
    means: list[Tensor] = []
    for of_class, count in zip(cost.transpose(0, 1).flatten(1), defects, strict=True):
        hardest = max(_HARD_PER_DEFECT * int(count), int(_HARD_SHARE * of_class.numel()), 1)
        means.append(of_class.topk(min(hardest, of_class.numel())).values.mean())
    return torch.stack(means).mean()


def _overlap(maps: Tensor, cells: Tensor) -> Tensor:
    """1 - Dice (Milletari et al., arXiv 1606.04797), over the maps that hold a defect."""
    maps, truth = maps.flatten(2), cells.flatten(2)
    present = truth.amax(2)
    shared = 2.0 * (maps * truth).sum(2) + 1.0
    dice = shared / (maps.sum(2) + truth.sum(2) + 1.0)
    return ((1.0 - dice) * present).sum() / present.sum().clamp(min=1.0)


def _on_pictures(logits: Tensor, cells: Tensor, clear: Tensor) -> Tensor:
    """Each class's strongest cell decides the verdict, so it is taught as one."""
    counted = logits.masked_fill(cells + clear == 0.0, _NEVER)
    return fn.binary_cross_entropy_with_logits(counted.amax((2, 3)), cells.amax((2, 3)))
