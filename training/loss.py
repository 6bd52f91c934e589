"""The loss: what a missed cell, a false alarm and a wrong verdict on a whole picture cost."""

import torch
from torch import Tensor
from torch.nn import functional as fn

# Empty cells outnumber defective ones by hundreds; only the hardest are taught (online hard
# example mining, Shrivastava et al., arXiv 1604.03540).
_HARD_SHARE = 0.005
_HARD_PER_DEFECT = 3
_PICTURE_WEIGHT = 0.5


def segmentation_loss(logits: Tensor, cells: Tensor) -> Tensor:
    """Cross entropy on defects and on the hardest empty cells, overlap, and the picture's verdict.

    logits, cells: (batch, classes, height, width); cells are 0 or 1. Returns a scalar.
    Empty cells that touch a defect cost nothing: where exactly it ends is a matter of opinion, and
    a scratch one cell wide would be outweighed by its own rim.
    """
    cost = fn.binary_cross_entropy_with_logits(logits, cells, reduction="none")
    clear = 1.0 - fn.max_pool2d(cells, 3, stride=1, padding=1)
    return (
        _on_defects(cost, cells)
        + _on_hardest(cost * clear, cells)
        + _overlap(torch.sigmoid(logits) * (cells + clear), cells)
        + _PICTURE_WEIGHT * _on_pictures(logits, cells)
    )


def _on_defects(cost: Tensor, cells: Tensor) -> Tensor:
    return (cost * cells).sum() / cells.sum().clamp(min=1.0)


def _on_hardest(cost: Tensor, cells: Tensor) -> Tensor:
    count = max(_HARD_PER_DEFECT * int(cells.sum()), int(_HARD_SHARE * cost.numel()), 1)
    return cost.flatten().topk(min(count, cost.numel())).values.mean()


def _overlap(maps: Tensor, cells: Tensor) -> Tensor:
    """1 - Dice (Milletari et al., arXiv 1606.04797), over the maps that hold a defect."""
    maps, truth = maps.flatten(2), cells.flatten(2)
    present = truth.amax(2)
    shared = 2.0 * (maps * truth).sum(2) + 1.0
    dice = shared / (maps.sum(2) + truth.sum(2) + 1.0)
    return ((1.0 - dice) * present).sum() / present.sum().clamp(min=1.0)


def _on_pictures(logits: Tensor, cells: Tensor) -> Tensor:
    """Each class's strongest cell decides the verdict, so it is taught as one."""
    return fn.binary_cross_entropy_with_logits(logits.amax((2, 3)), cells.amax((2, 3)))
