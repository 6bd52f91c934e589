"""Giving every part of a data set its side, once and for good: what a manifest writes down.

Parts that the version before knew keep their side, and escapes are locked. Where enough lots are
known, a new lot goes to one side as a whole: parts of one lot share their material, their tool and
their day, and a model that saw one half of them is not tried on the other.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from training.data.dataset import Dataset
from training.data.sides import Side
from training.data.split import draw_validation, is_locked, kind_of, likeliest_locked

FEWEST_LOTS = 10
"""With fewer, one in five may be none, and one that is locked away is too much to do without."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A data set whose every sample has a side.

    held_apart: what never lies on two sides. notes: what a person should know of it.
    """

    dataset: Dataset
    held_apart: Literal["part", "lot"]
    notes: tuple[str, ...]


def assign(dataset: Dataset, seed: int, before: Mapping[str, Side] | None = None) -> Assigned:
    """Give each part a side; a side that a sample has already is kept.

    before: the sides of parts in the version before.
    """
    sides = _decided(dataset, before or {})
    lots = _lots(dataset)
    known = {lot for lot in lots.values() if lot}
    by_lot = len(known) >= FEWEST_LOTS
    units = {part: _unit(part, lots, sides) if by_lot else part for part in lots}
    _follow_lot(sides, units)
    _divide(dataset, units, sides, seed)
    samples = tuple(replace(sample, side=sides[sample.part]) for sample in dataset.samples)
    assigned = replace(dataset, samples=samples)
    notes = (*_notes_on_lots(known, lots, sides), *_notes_on_classes(assigned))
    return Assigned(assigned, "lot" if by_lot else "part", notes)


def _decided(dataset: Dataset, before: Mapping[str, Side]) -> dict[str, Side]:
    """What is settled already; a locked part stays locked whatever else is said."""
    sides: dict[str, Side] = {}
    for sample in dataset.samples:
        said = {sample.side, before.get(sample.part), sides.get(sample.part)}
        side = next((side for side in (Side.LOCKED, *Side) if side in said), None)
        if side is not None:
            sides[sample.part] = side
    return sides


def _lots(dataset: Dataset) -> dict[str, str]:
    lots: dict[str, str] = {}
    for sample in dataset.samples:
        lots[sample.part] = lots.get(sample.part) or sample.lot
    return lots


def _unit(part: str, lots: Mapping[str, str], sides: Mapping[str, Side]) -> str:
    """What goes to one side with the part: its lot, unless that lies on several sides already."""
    lot = lots[part]
    taken = {sides[other] for other, own in lots.items() if own == lot and other in sides}
    return f"lot {lot}" if lot and len(taken - {Side.LOCKED}) <= 1 else part


def _follow_lot(sides: dict[str, Side], units: Mapping[str, str]) -> None:
    """New parts of a lot go where its others are; an escape alone does not take its lot along."""
    taken = {units[part]: side for part, side in sides.items() if side is not Side.LOCKED}
    for part, unit in units.items():
        if part not in sides and unit in taken:
            sides[part] = taken[unit]


def _divide(dataset: Dataset, units: Mapping[str, str], sides: dict[str, Side], seed: int) -> None:
    """Draw a side for each unit that has none: locked by its name, then validation by kind."""
    kinds: dict[str, str] = {}
    for sample in dataset.samples:
        unit = units[sample.part]
        if sample.part not in sides:
            kind = "lot" if unit != sample.part else kind_of(sample)
            kinds[unit] = max(kinds.get(unit, ""), kind)
    away = {unit for unit in kinds if is_locked(unit)}
    lots = [unit for unit, kind in kinds.items() if kind == "lot"]
    if lots and Side.LOCKED not in sides.values() and not away:
        away = {likeliest_locked(lots)}
    drawn = draw_validation({u: kind for u, kind in kinds.items() if u not in away}, seed)
    for part, unit in units.items():
        if part not in sides:
            validation = Side.VALIDATION if unit in drawn else Side.TRAIN
            sides[part] = Side.LOCKED if unit in away else validation


def _notes_on_lots(
    known: set[str], lots: Mapping[str, str], sides: Mapping[str, Side]
) -> list[str]:
    if not known:
        return []
    on: defaultdict[str, set[Side]] = defaultdict(set)
    for part, lot in lots.items():
        if lot:
            on[lot].add(sides[part])
    torn = sorted(lot for lot, own in on.items() if len(own) > 1)
    notes: list[str] = []
    if len(known) < FEWEST_LOTS:
        notes.append(
            f"{len(known)} lots are too few to hold whole lots apart, {FEWEST_LOTS} are needed: "
            "divided by part"
        )
    if torn:
        shown = ", ".join(torn[:3]) + (", ..." if len(torn) > 3 else "")
        notes.append(f"{len(torn)} of {len(known)} lots are on several sides: {shown}")
    return notes


def _notes_on_classes(dataset: Dataset) -> list[str]:
    """Classes, and good parts, that a side has none of."""
    notes: list[str] = []
    for side in Side:
        own = [sample for sample in dataset.samples if sample.side is side]
        has = {name for sample in own for name in sample.classes}
        lacks = [name for name in dataset.classes if name not in has]
        if not any(sample.is_good for sample in own):
            lacks.insert(0, "good")
        if lacks:
            notes.append(f"{side}: no part of {', '.join(lacks)}")
    return notes
