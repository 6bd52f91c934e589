"""The sides that the folders of a published set say: train, valid, test."""

from collections.abc import Sequence
from dataclasses import replace

from training.data.dataset import Sample
from training.data.sides import Side
from training.data.split import is_locked


def as_published(samples: Sequence[Sample]) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The samples on the sides that a training keeps to, and what is to be said of them.

    samples: with the sides of their folders, None for those in no such folder.
    What is in test is locked and judges models, and nothing else of the set is. Where there is no
    test, one part in five of train is locked. Where all defects are in test, as in MVTec AD, the
    folders say nothing: a model could learn from none.
    """
    outside = [sample for sample in samples if sample.side is not Side.LOCKED]
    bad = [sample for sample in samples if not sample.is_good]
    if bad and all(sample.is_good for sample in outside):
        note = (
            "all defects are in 'test': a training does not keep to the folders, and locks one "
            "part in five"
        )
        return tuple(replace(sample, side=None) for sample in samples), (note,) if outside else ()
    if len(outside) == len(samples):
        samples = [_locked_by_name(sample) for sample in samples]
    taught = _classes(samples, Side.TRAIN) | _classes(samples, None)
    lonely = _classes(samples, Side.VALIDATION) - taught
    moved = {sample.part for sample in samples if sample.classes & lonely}
    notes: list[str] = []
    if lonely:
        notes.append(f"in 'valid' alone, and learnt from for that: {', '.join(sorted(lonely))}")
    if unlearnt := _classes(samples, Side.LOCKED) - taught - lonely:
        notes.append(f"in 'test' alone, and not learnt: {', '.join(sorted(unlearnt))}")
    sided = (
        replace(sample, side=Side.TRAIN)
        if sample.part in moved and sample.side is Side.VALIDATION
        else sample
        for sample in samples
    )
    return tuple(sided), tuple(notes)


def _locked_by_name(sample: Sample) -> Sample:
    away = sample.side is Side.TRAIN and is_locked(sample.part)
    return replace(sample, side=Side.LOCKED) if away else sample


def _classes(samples: Sequence[Sample], side: Side | None) -> set[str]:
    return {name for sample in samples if sample.side is side for name in sample.classes}
