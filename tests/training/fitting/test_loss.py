import torch
from torch import Tensor

from training.fitting.batches import Batch
from training.fitting.loss import segmentation_loss

SHAPE = (2, 2, 16, 16)


def batch(unnamed: bool) -> Batch:
    """Two crops, two classes: a defect of the first class, and one of none or no other."""
    cells = torch.zeros(SHAPE)
    cells[0, 0, 4:8, 4:8] = 1.0
    other = torch.zeros(2, 1, 16, 16)
    other[1, 0, 4:8, 4:8] = 1.0
    return Batch(torch.zeros(2, 1, 64, 64), cells, other if unnamed else None)


def cost(of: Batch, at_other: float) -> float:
    """Of a network that finds the first defect, and says this of the other one's place."""
    logits = torch.full(SHAPE, -8.0)
    logits[0, 0, 4:8, 4:8] = 8.0
    logits[1, 1, 4:8, 4:8] = at_other
    return segmentation_loss(logits, of).item()


def test_a_painted_defect_is_to_be_found_as_any_class() -> None:
    assert cost(batch(unnamed=True), 8.0) < 0.05 < 1.0 < cost(batch(unnamed=True), -8.0)


def test_a_defect_where_there_is_none_costs() -> None:
    assert cost(batch(unnamed=False), -8.0) < 0.05 < 1.0 < cost(batch(unnamed=False), 8.0)


def test_the_rim_of_a_defect_is_a_matter_of_opinion() -> None:
    def with_rim(value: float) -> Tensor:
        logits = torch.full(SHAPE, -8.0)
        logits[0, 0, 3:9, 3:9] = value
        logits[0, 0, 4:8, 4:8] = 8.0
        return segmentation_loss(logits, batch(unnamed=False))

    assert torch.isclose(with_rim(-8.0), with_rim(6.0), atol=1e-4)
