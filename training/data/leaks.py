"""No part on two sides of a split, also when it goes by two names."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from training.data.dataset import Dataset, Sample
from training.data.duplicates import Duplicates, Pair, find_duplicates, groups_of, is_own_name
from training.data.sides import Side
from training.data.split import locked_parts
from training.errors import TrainingError

_NAMED_IN_FULL = 10
_REMEDY = (
    "say that they are one part: `passline data duplicates FOLDER --write groups.csv`, look at the "
    "file, then give it with --groups groups.csv"
)


def refuse_leaks(dataset: Dataset, found: Duplicates, distinct: bool = False) -> None:
    """Raise TrainingError where a part that goes by two names is on two sides.

    Two names for byte-identical files are refused on one side too: one of them is wrong.
    dataset: every sample with its side. distinct: somebody has looked at what is not
    byte-identical, and says that it shows different parts.
    """
    if found.identical:
        raise TrainingError(_said(dataset, found.identical, "the same file under two part names"))
    if distinct:
        return
    group_of = groups_of(found.same)
    sides: defaultdict[str, set[Side | None]] = defaultdict(set)
    for sample in dataset.samples:
        if sample.part in group_of:
            sides[group_of[sample.part]].add(sample.side)
    leaking = [pair for pair in found.same if len(sides[group_of[pair.first.part]]) > 1]
    if leaking:
        raise TrainingError(_said(dataset, leaking, "one part under two names on two sides"))


def join_duplicates(dataset: Dataset) -> Dataset:
    """The data set with parts that surely are one on one side of every split; its notes say which.

    Parts that are only named after their pictures, since nobody said which part each shows, become
    one part. Where the names were given they stay, and the parts are locked if one of them is, and
    learnt from if not. Raises TrainingError for byte-identical files under two given names.
    """
    found = find_duplicates(dataset.samples)
    named = [pair for pair in found.sure if not _unnamed(pair)]
    if given := [pair for pair in named if pair.likeness is None]:
        raise TrainingError(_said(dataset, given, "the same file under two part names"))
    merged = groups_of(pair for pair in found.sure if _unnamed(pair))
    samples = [replace(s, part=merged.get(s.part, s.part)) for s in dataset.samples]
    notes = (*dataset.notes, *(_note(pair) for pair in found.sure))
    return replace(dataset, samples=tuple(_on_one_side(samples, named, merged)), notes=notes)


def write_groups(dataset: Dataset, found: Duplicates, folder: Path, out: Path) -> None:
    """Write a grouping file of all pictures in which what is surely one part is one.

    Raises TrainingError when it cannot be written.
    """
    part_of = groups_of(found.sure)
    try:
        with out.open("x", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["image", "part"])
            for sample in dataset.samples:
                image = sample.picture.relative_to(folder).as_posix()
                table.writerow([image, part_of.get(sample.part, sample.part)])
    except OSError as error:
        raise TrainingError(f"{out}: the groups go to a new file: {error}") from error


def _note(pair: Pair) -> str:
    return f"one part by two names, held on one side: {pair}"


def _on_one_side(
    samples: list[Sample], pairs: Iterable[Pair], merged: dict[str, str]
) -> Iterable[Sample]:
    group_of = groups_of(
        Pair(
            replace(pair.first, part=merged.get(pair.first.part, pair.first.part)),
            replace(pair.second, part=merged.get(pair.second.part, pair.second.part)),
        )
        for pair in pairs
    )
    away = {group_of[part] for part in locked_parts(samples) if part in group_of}
    for sample in samples:
        group = group_of.get(sample.part)
        if group is None or (sample.side is not None and group not in away):
            yield sample
        else:
            yield replace(sample, side=Side.LOCKED if group in away else Side.TRAIN)


def _unnamed(pair: Pair) -> bool:
    return is_own_name(pair.first) and is_own_name(pair.second)


def _said(dataset: Dataset, pairs: Iterable[Pair], what: str) -> str:
    lines = [f"parts {pair.first.part!r} and {pair.second.part!r}: {pair}" for pair in pairs]
    more = len(lines) - _NAMED_IN_FULL
    return (
        f"{dataset.source}: {what}:\n  "
        + "\n  ".join(lines[:_NAMED_IN_FULL])
        + (f"\n  and {more} more" if more > 0 else "")
        + f"\n{_REMEDY}"
    )
