"""Parts of which only the class is known teach a model that says where the defect is, too."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.session import ModelSession
from training.data.dataset import Dataset
from training.data.labels import Somewhere
from training.errors import TrainingError
from training.fitting.fit import Plan
from training.fitting.whole_pictures import (
    WholeBatch,
    WholeExample,
    WholePictures,
    pooled,
    weak_loss,
)
from training.measuring.evaluate import measure, rejects
from training.order import Order, Task
from training.painting.painters import choose
from training.tasks.choice import choose_task
from training.tasks.classify import Classify
from training.train import Trained, train

PLAN = Plan(seed=3, steps=160, batch=16, crop_px=64)


def unlocated(dataset: Dataset) -> Dataset:
    """The same pictures as class folders have them: nothing says where the defects are."""
    samples = tuple(
        replace(sample, labels=tuple(Somewhere(name) for name in sorted(sample.classes)))
        for sample in dataset.samples
    )
    return Dataset(samples, "class folders")


@pytest.fixture(scope="module")
def classified(parts: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    order = Order("plate", "c", PLAN, (64, 64), painters=choose("all"), command="pytest")
    return train(unlocated(parts), order, tmp_path_factory.mktemp("classified") / "b")


def test_class_folders_are_classified_where_no_task_is_named(parts: Dataset) -> None:
    assert isinstance(choose_task(unlocated(parts), Order("plate", "1")), Classify)
    assert isinstance(choose_task(parts, Order("plate", "1", task=Task.CLASSIFY)), Classify)


def test_a_model_that_was_told_classes_alone_tells_defective_parts_from_good_ones(
    classified: Trained,
) -> None:
    card, locked = classified.bundle.card, classified.locked
    assert (card.task, card.output.kind) == ("classification", "heatmap")
    assert locked is not None
    assert locked.auroc is not None
    assert locked.auroc > 0.9


def test_its_findings_lie_on_the_defects_that_nobody_showed_it(
    classified: Trained, parts: Dataset
) -> None:
    locked = {sample.part for sample in classified.split.locked}
    bad = [each for each in parts.samples if each.part in locked and not each.is_good]
    measured = measure(ModelSession(classified.bundle), bad)
    found = [one for one in measured if rejects(one, classified.bundle.card.limits)]
    assert len(found) > len(bad) / 2
    on_defect = 0
    for one in found:
        left, top, right, bottom = one.findings[0].box_xyxy_px
        x, y = round((left + right) / 2), round((top + bottom) / 2)
        near = np.zeros((64, 64), np.bool_)
        near[max(y - 6, 0) : y + 7, max(x - 6, 0) : x + 7] = True
        on_defect += any((near & mask).any() for _, mask in one.sample.masks())
    assert on_defect >= 0.8 * len(found)


def test_good_parts_alone_teach_no_classes(parts: Dataset) -> None:
    good = tuple(sample for sample in parts.samples if sample.is_good)
    with pytest.raises(TrainingError, match="all of good parts"):
        Classify().divide(Dataset(good, "good"), 0)
    blank = WholeExample(np.zeros((1, 64, 64), np.float16), np.zeros(1, np.float32))
    with pytest.raises(TrainingError, match="good and of defective parts"):
        WholePictures([blank], 2, 0)


def test_every_class_is_drawn_as_often_as_the_others_and_good_ones_as_often_as_all() -> None:
    kinds = [(0.0, 0.0)] * 4 + [(1.0, 0.0)] * 90 + [(0.0, 1.0)] * 2
    examples = [
        WholeExample(np.zeros((1, 32, 32), np.float16), np.array(kind, np.float32))
        for kind in kinds
    ]
    draws = WholePictures(examples, 10, 0)
    shown = torch.cat([draws.next().shown for _ in range(100)])
    assert (shown.sum(1) == 0).float().mean() == 0.5
    assert shown.mean(0).tolist() == pytest.approx([0.25, 0.25], abs=0.05)


def test_the_pooled_logit_lies_between_the_mean_and_the_highest_and_sees_a_small_defect() -> None:
    maps = torch.full((1, 1, 40, 40), -6.0)
    maps[0, 0, 7, 9] = 6.0
    assert maps.mean() < pooled(maps).item() < maps.max()
    assert pooled(maps).item() > 0.0
    assert pooled(torch.full((1, 1, 8, 8), 1.5)).item() == pytest.approx(1.5)


def test_the_loss_pulls_one_place_up_on_a_defective_picture_and_all_down_on_a_good_one() -> None:
    logits = torch.randn(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    logits.requires_grad_(True)
    batch = WholeBatch(torch.zeros(2, 1, 48, 48), torch.tensor([[1.0], [0.0]]))
    weak_loss(logits, batch).backward()
    assert logits.grad is not None
    bad, good = logits.grad
    assert (bad <= 0.0).all()
    assert bad.argmin() == logits[0].argmax()
    assert (good >= 0.0).all()
    assert good.argmax() == logits[1].argmax()
