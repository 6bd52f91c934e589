"""The sides of a published set: which are kept to, and what is done where they teach nothing."""

from pathlib import Path

from training.data.dataset import Sample
from training.data.labels import Box
from training.data.published import as_published
from training.data.sides import Side
from training.data.split import is_locked


def parts(side: Side | None, kind: str, count: int = 1) -> list[Sample]:
    labels = () if kind == "good" else (Box(kind, (1, 1, 9, 9)),)
    names = (f"{side}-{kind}-{number}" for number in range(count))
    return [Sample(Path(f"{name}.png"), name, labels, side=side) for name in names]


def sides(samples: tuple[Sample, ...], kind: str) -> set[Side | None]:
    return {sample.side for sample in samples if kind in (*sample.classes, "good")}


def test_a_published_test_side_is_all_that_is_locked() -> None:
    samples = [s for side in Side for s in (*parts(side, "dent", 20), *parts(side, "good", 20))]
    assert as_published(samples) == (tuple(samples), ())


def test_without_a_test_side_one_part_in_five_of_train_is_locked() -> None:
    samples = [*parts(Side.TRAIN, "dent", 50), *parts(Side.VALIDATION, "dent", 10)]
    found, notes = as_published(samples)
    locked = {s.part for s in found if s.side is Side.LOCKED}
    assert locked == {s.part for s in samples[:50] if is_locked(s.part)}
    assert {s.side for s in found[50:]} == {Side.VALIDATION}
    assert not notes


def test_where_all_defects_are_in_test_the_folders_are_not_kept_to() -> None:
    found, (note,) = as_published([*parts(Side.TRAIN, "good", 5), *parts(Side.LOCKED, "dent", 5)])
    assert {s.side for s in found} == {None}
    assert "all defects are in 'test'" in note


def test_a_class_on_one_side_alone_is_named() -> None:
    found, notes = as_published(
        [*parts(Side.TRAIN, "dent"), *parts(Side.VALIDATION, "hole"), *parts(Side.LOCKED, "spot")]
    )
    assert sides(found, "hole") == {Side.TRAIN}
    assert sides(found, "spot") == {Side.LOCKED}
    assert notes == (
        "in 'valid' alone, and learnt from for that: hole",
        "in 'test' alone, and not learnt: spot",
    )
