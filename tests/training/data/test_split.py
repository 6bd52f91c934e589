from dataclasses import replace
from pathlib import Path

import pytest

from training.data.dataset import Dataset, Sample
from training.data.labels import Polygon
from training.data.sides import Side
from training.data.split import LOCKED_SHARE, is_locked, locked, split
from training.errors import TrainingError

CORNERS = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))


def data(pictures_per_part: int = 6, **parts: int) -> Dataset:
    """So many parts of each kind, each photographed several times."""
    samples = [
        Sample(
            Path(f"{kind}{part}-{picture}.png"),
            f"{kind}{part}",
            () if kind == "good" else (Polygon(kind, CORNERS),),
        )
        for kind, count in parts.items()
        for part in range(count)
        for picture in range(pictures_per_part)
    ]
    return Dataset(tuple(samples), "test")


def test_no_part_is_on_two_sides() -> None:
    divided = split(data(good=100, crack=30, spot=30), seed=1)
    sides = [{s.part for s in side} for side in (divided.train, divided.validation, divided.locked)]
    assert sum(len(side) for side in sides) == len(set.union(*sides)) == 160
    assert all(sides)


def test_every_class_is_learnt_and_validated() -> None:
    for seed in range(5):
        divided = split(data(good=40, crack=12, spot=8), seed)
        for side in (divided.train, divided.validation):
            assert {name for s in side for name in s.classes} == {"crack", "spot"}
            assert any(s.is_good for s in side)


def test_the_locked_parts_stay_locked_whatever_the_seed_and_the_rest_of_the_data() -> None:
    small, large = data(good=100, crack=30), data(good=300, crack=60, spot=50)
    locked = {s.part for s in split(small, seed=1).locked}
    assert locked == {s.part for s in split(small, seed=2).locked}
    assert locked <= {s.part for s in split(large, seed=1).locked}


def test_another_seed_validates_on_other_parts() -> None:
    first, second = (split(data(good=100, crack=30), seed).validation for seed in (1, 2))
    assert first != second


def test_about_one_part_in_five_is_locked() -> None:
    locked = sum(is_locked(f"part{number}") for number in range(10_000))
    assert abs(locked / 10_000 - LOCKED_SHARE) < 0.02


def test_a_class_on_locked_parts_alone_is_not_learnt_and_nothing_but_it_is_named() -> None:
    lonely = next(f"crack{n}" for n in range(100) if is_locked(f"crack{n}"))
    only_locked = Sample(Path("x.png"), lonely, (Polygon("crack", CORNERS),))
    dataset = data(good=20, spot=20)
    divided = split(Dataset((*dataset.samples, only_locked), "test"), seed=0)
    assert only_locked in divided.locked
    with pytest.raises(TrainingError, match="too few parts of crack"):
        split(Dataset((*data(good=20).samples, only_locked), "test"), seed=0)


def test_validation_parts_are_drawn_from_train_where_a_set_has_none_of_its_own() -> None:
    said = {"good": Side.TRAIN, "crack": Side.TRAIN, "spot": Side.LOCKED}
    everything = data(good=40, crack=12, spot=4)
    samples = (replace(s, side=said[s.part.rstrip("0123456789")]) for s in everything.samples)
    divided = split(Dataset(tuple(samples), "test"), seed=1)
    assert {name for s in divided.locked for name in s.classes} == {"spot"}
    for side in (divided.train, divided.validation):
        assert {name for s in side for name in s.classes} == {"crack"}
        assert any(s.is_good for s in side)


def test_a_class_that_only_an_escape_shows_judges_models_and_teaches_none() -> None:
    escape = Sample(Path("x.png"), "crack1", (Polygon("crack", CORNERS),), side=Side.LOCKED)
    divided = split(Dataset((*data(good=20, spot=20).samples, escape), "test"), seed=0)
    assert escape in divided.locked
    assert {name for s in divided.train for name in s.classes} == {"spot"}


def test_a_part_keeps_the_side_that_was_chosen_for_it() -> None:
    chosen = {"good0": Side.LOCKED, "good1": Side.TRAIN, "good2": Side.VALIDATION}
    everything = data(good=40, crack=12)
    samples = tuple(replace(s, side=chosen.get(s.part)) for s in everything.samples)
    divided = split(Dataset(samples, "test"), seed=1)
    for side, found in zip(Side, (divided.train, divided.validation, divided.locked), strict=True):
        assert {s.part for s in found} & set(chosen) == {p for p, c in chosen.items() if c is side}


def test_one_locked_picture_locks_its_part() -> None:
    first, *others = data(good=40, crack=12).samples
    samples = (replace(first, side=Side.LOCKED), *others)
    assert {s for s in locked(samples) if s.part == first.part} == {
        s for s in samples if s.part == first.part
    }
    assert first.part not in {s.part for s in split(Dataset(samples, "test"), seed=1).train}
