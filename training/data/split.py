"""Which parts a model learns from, which set its limits, and which stay locked.

Unless a manifest or an escape says otherwise (`Sample.side`), the locked parts are a property of
the part alone: a hash of its name. They are the same for every run, every seed and every data set
that the part appears in, so a champion and a challenger trained a year apart have both never seen
them. What is left is divided per run, class by class.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from training.data.dataset import Dataset, Sample
from training.data.sides import Side
from training.errors import TrainingError

LOCKED_SHARE = 0.2
VALIDATION_SHARE = 0.25
_LOCK = "passline locked parts 1"


@dataclass(frozen=True, slots=True)
class Split:
    """The samples of a data set in three; no part is in two of them."""

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    locked: tuple[Sample, ...]


def is_locked(part: str) -> bool:
    """True for the parts, one in five, that are locked where nothing else is said of them."""
    return _fraction(_LOCK, part) < LOCKED_SHARE


def locked_parts(samples: Iterable[Sample]) -> frozenset[str]:
    """The parts that no model may learn from: by their side, or else by their name.

    A part is locked as soon as one of its pictures is.
    """
    return frozenset(
        sample.part
        for sample in samples
        if sample.side is Side.LOCKED or (sample.side is None and is_locked(sample.part))
    )


def locked(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """The pictures of locked parts, in their order."""
    held = tuple(samples)
    parts = locked_parts(held)
    return tuple(sample for sample in held if sample.part in parts)


def kind_of(sample: Sample) -> str:
    """What a part is of, for a draw from each kind: its defect classes, empty for a good one."""
    return "+".join(sorted(sample.classes))


def split(
    dataset: Dataset,
    seed: int,
    needs_good: bool = True,
    validation_share: float = VALIDATION_SHARE,
) -> Split:
    """Divide a data set by part: locked ones first, then each class between the other two.

    Parts that have a side keep it; where all of those are to be learnt from, validation parts are
    drawn from them, too. Of the others, every class with two parts or more that are not locked is
    in train and in validation.
    needs_good: whether good parts have to be among those to learn from.
    Raises TrainingError when there is nothing left to learn from, or a class is on validation
    parts alone. A class that is only on locked parts, as escapes may be, is not learnt.
    """
    kinds: dict[str, str] = {}
    for sample in dataset.samples:
        kinds[sample.part] = max(kinds.get(sample.part, ""), kind_of(sample))
    away = locked_parts(dataset.samples)
    said = {sample.part: sample.side for sample in dataset.samples if sample.side is not None}
    drawn_from = () if Side.VALIDATION in said.values() else (Side.TRAIN,)
    free = {
        part: kind
        for part, kind in kinds.items()
        if part not in away and (part not in said or said[part] in drawn_from)
    }
    validation = draw_validation(free, seed, validation_share)
    validation -= _only_there(dataset.samples, set(kinds) - away - validation, validation)
    validation |= {part for part, side in said.items() if side is Side.VALIDATION} - away
    divided = Split(
        _of(dataset, set(kinds) - away - validation),
        _of(dataset, validation),
        _of(dataset, away),
    )
    learnt = _classes(divided.train)
    unlearnt = _classes(divided.validation) - learnt
    if not learnt:
        unlearnt |= _classes(divided.locked)
    without_good = needs_good and not any(sample.is_good for sample in divided.train)
    if unlearnt or without_good:
        missing = ", ".join(sorted(unlearnt)) or "good"
        raise TrainingError(
            f"{dataset.source}: too few parts of {missing}: one in five is locked away for the "
            "gate, and none is left to learn from"
        )
    return divided


def draw_validation(
    kinds: Mapping[str, str], seed: int, share: float = VALIDATION_SHARE
) -> set[str]:
    """The parts for validation: of each kind its share, at least one where there are two.

    kinds: what each part is of, such as its defect classes.
    """
    drawn: set[str] = set()
    for kind in set(kinds.values()):
        parts = sorted(part for part, own in kinds.items() if own == kind)
        parts.sort(key=lambda part: _fraction(f"validation {seed}", part))
        count = max(round(len(parts) * share), min(1, len(parts) - 1))
        drawn.update(parts[:count])
    return drawn


def _of(dataset: Dataset, parts: Iterable[str]) -> tuple[Sample, ...]:
    wanted = set(parts)
    return tuple(sample for sample in dataset.samples if sample.part in wanted)


def _only_there(samples: Iterable[Sample], train: set[str], drawn: set[str]) -> set[str]:
    """Of the parts drawn for validation those that show a class which is on none of `train`."""
    held = tuple(samples)
    lonely = _classes(s for s in held if s.part in drawn)
    lonely -= _classes(s for s in held if s.part in train)
    return {s.part for s in held if s.part in drawn and s.classes & lonely}


def _classes(samples: Iterable[Sample]) -> set[str]:
    return {name for sample in samples for name in sample.classes}


def likeliest_locked(names: Iterable[str]) -> str:
    """Of these, the name that would be locked first if fewer were locked."""
    return min(names, key=lambda name: _fraction(_LOCK, name))


def _fraction(purpose: str, part: str) -> float:
    digest = hashlib.sha256(f"{purpose}\0{part}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
