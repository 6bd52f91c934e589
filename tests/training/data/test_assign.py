from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from training.data.assign import assign
from training.data.dataset import Dataset, Sample, with_side
from training.data.labels import Somewhere
from training.data.sides import Side
from training.data.split import split


def data(parts: int, lots: int, first: int = 0) -> Dataset:
    """Parts, every third defective, dealt to so many lots; no lots known for 0."""
    return Dataset(
        tuple(
            Sample(
                Path(f"{n}.png"),
                f"part{n}",
                (Somewhere("crack"),) if n % 3 == 0 else (),
                lot=f"L{n % lots}" if lots else "",
            )
            for n in range(first, first + parts)
        ),
        "test",
    )


def sides_by_lot(dataset: Dataset) -> dict[str, set[Side | None]]:
    sides: defaultdict[str, set[Side | None]] = defaultdict(set)
    for sample in dataset.samples:
        sides[sample.lot].add(sample.side)
    return sides


def test_without_lots_the_sides_are_those_of_every_other_training() -> None:
    parts = data(200, lots=0)
    assigned = assign(parts, seed=3)
    divided = split(parts, seed=3)
    for side, own in zip(Side, (divided.train, divided.validation, divided.locked), strict=True):
        found = {s.part for s in assigned.dataset.samples if s.side is side}
        assert found == {s.part for s in own}
    assert (assigned.held_apart, assigned.notes) == ("part", ())


def test_a_lot_is_on_one_side_where_there_are_enough() -> None:
    assigned = assign(data(300, lots=20), seed=1)
    assert assigned.held_apart == "lot"
    assert all(len(sides) == 1 for sides in sides_by_lot(assigned.dataset).values())
    assert {sample.side for sample in assigned.dataset.samples} == set(Side)


def test_too_few_lots_are_said_to_be_too_few() -> None:
    assigned = assign(data(90, lots=3), seed=1)
    assert assigned.held_apart == "part"
    assert "3 lots are too few to hold whole lots apart" in assigned.notes[0]
    assert "3 of 3 lots are on several sides" in assigned.notes[1]


def test_a_later_version_keeps_every_side_and_new_parts_follow_their_lot() -> None:
    first = assign(data(120, lots=12), seed=1)
    before = {sample.part: Side(sample.side or "") for sample in first.dataset.samples}
    later = assign(data(360, lots=12), seed=2, before=before)
    assert {s.part: s.side for s in later.dataset.samples if s.part in before} == before
    assert sides_by_lot(later.dataset) == sides_by_lot(first.dataset)


def test_an_escape_is_locked_without_its_lot_and_stays_so() -> None:
    first = assign(data(120, lots=12), seed=1)
    before = {sample.part: Side(sample.side or "") for sample in first.dataset.samples}
    escaped = next(part for part, side in before.items() if side is Side.TRAIN)
    later = assign(with_side(data(120, lots=12), {escaped}, Side.LOCKED), seed=1, before=before)
    moved = {s.part for s in later.dataset.samples if s.side is not before[s.part]}
    assert moved == {escaped}
    assert any("1 of 12 lots are on several sides" in note for note in later.notes)
    unlocked = assign(data(120, lots=12), seed=1, before=before | {escaped: Side.LOCKED})
    assert {s.side for s in unlocked.dataset.samples if s.part == escaped} == {Side.LOCKED}


def test_a_side_that_lacks_a_class_is_named() -> None:
    lonely = data(60, lots=0)
    one = replace(lonely.samples[1], labels=(Somewhere("rust"),))
    assigned = assign(Dataset((one, *lonely.samples[2:]), "test"), seed=1)
    assert sum("rust" in note for note in assigned.notes) == 2
