"""One part photographed under two names: on two sides of a split it would teach and judge.

Byte-identical files are the same picture. Other pictures are candidates by their look as a whole
and are then compared in detail (`training.data.likeness`). A pair is sure to be one part when its
grain agrees far better than that of pictures which look no more alike than the product makes them:
where the product's own texture agrees as well, the pictures cannot tell, and nothing is claimed.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.bundle import file_sha256
from training.data.dataset import Sample
from training.data.likeness import Likeness, Look, compare, look_at

LEAST_DETAIL = 0.6
LEAST_GRAIN = 0.6
"""Different magnetic tiles reach 0.5 and 0.3; see docs/labelling.md."""
_TAKES_AWAY = 0.75
"""Of what the product's usual grain leaves to a perfect 1, a sure pair takes so much away."""
_UNKNOWN_PRODUCT = 0.8
"""The grain that a product is taken to share where there are too few pictures to see it."""
_NEIGHBOURS = 8
_LEAST_COARSE = 0.4
_ASPECT = 1.25
_REFERENCES = 120
_FEWEST_REFERENCES = 8
_BLOCK = 1024
MOST_PICTURES = 6000
"""Of more than these only the bytes are compared: each keeps some 55 kB while they are."""
_THE_SAME = 0.999
"""Pictures that agree so well are compared pixel by pixel."""
_GAP = 3.0
"""Sure pairs are so many times as many as those halfway between them and the product's grain."""

Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of two parts by name; `likeness` is None where every byte or pixel is equal."""

    first: Sample
    second: Sample
    likeness: Likeness | None = None

    @property
    def parts(self) -> tuple[str, str]:
        return self.first.part, self.second.part

    def __str__(self) -> str:
        how = "the same picture"
        if self.likeness is not None:
            how = f"detail {self.likeness.detail:.2f}, grain {self.likeness.grain:.2f}"
        return f"{self.first.picture} and {self.second.picture} ({how})"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Pairs of pictures under two part names; enough of them to join what belongs together.

    identical: the same bytes or pixels twice. same: sure to show one part. alike: as like as two
        pictures of one part, but so may two parts of this product be.
    usual_grain: how well the grain of pictures of different parts agrees, at the 95th percentile.
    """

    identical: tuple[Pair, ...]
    same: tuple[Pair, ...]
    alike: tuple[Pair, ...]
    usual_grain: float

    @property
    def sure(self) -> tuple[Pair, ...]:
        return (*self.identical, *self.same)


def find_duplicates(samples: Sequence[Sample]) -> Duplicates:
    """Look for parts that go by two names. Raises TrainingError for an unreadable picture."""
    identical, distinct = _identical(samples)
    if len(distinct) > MOST_PICTURES:
        return Duplicates(tuple(identical), (), (), _UNKNOWN_PRODUCT)
    if len(distinct) < 2:
        return Duplicates(tuple(identical), (), (), _UNKNOWN_PRODUCT)
    looks = _each(_look, distinct)
    chosen, references = _choose(distinct, looks)
    usual = _usual_grain(_compared(looks, references))
    likenesses = _compared(looks, chosen)
    found = [
        Pair(distinct[i], distinct[k], likeness)
        for (i, k), likeness in zip(chosen, likenesses, strict=True)
        if likeness.detail >= LEAST_DETAIL
    ]
    copies = [pair for pair in found if _is_copy(pair)]
    identical += [Pair(pair.first, pair.second) for pair in copies]
    same, alike = _told_apart([pair for pair in found if pair not in copies], usual)
    names = _Names(identical)
    same = [pair for pair in same if names.join_new(pair)]
    alike = [pair for pair in alike if not names.joined(*pair.parts)]
    return Duplicates(tuple(identical), tuple(same), tuple(alike), usual)


def _told_apart(pairs: Sequence[Pair], usual: float) -> tuple[list[Pair], list[Pair]]:
    """Those that are sure to be one part, and the others, which may be two.

    Grain that is one part's own agrees well in its pictures, and in no others. Where it agrees to
    every degree, parts share pieces of texture, and the best agreement proves nothing either.
    """
    needed = max(LEAST_GRAIN, 1.0 - (1.0 - _TAKES_AWAY) * (1.0 - usual))
    halfway = 0.5 * (needed + max(usual, 0.0))
    grain = {pair: pair.likeness.grain for pair in pairs if pair.likeness is not None}
    same = [pair for pair in pairs if grain[pair] >= needed]
    between = {pair.parts for pair in pairs if halfway <= grain[pair] < needed}
    between -= {pair.parts for pair in same}
    if len({pair.parts for pair in same}) < _GAP * len(between):
        return [], list(pairs)
    return same, [pair for pair in pairs if grain[pair] < needed]


def _look(sample: Sample) -> Look:
    return look_at(sample.pixels(), sample.full_scale)


def _compared(looks: Sequence[Look], pairs: Sequence[tuple[int, int]]) -> list[Likeness]:
    return _each(lambda pair: compare(looks[pair[0]], looks[pair[1]]), pairs)


def _each(work: Callable[[Given], Done], given: Sequence[Given]) -> list[Done]:
    """What comes of each, in order; decoding and matching let other threads work meanwhile."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, given))


def _is_copy(pair: Pair) -> bool:
    """True where two files hold the same pixels."""
    if pair.likeness is None or pair.likeness.detail < _THE_SAME:
        return False
    return np.array_equal(pair.first.pixels(), pair.second.pixels())


def groups_of(pairs: Iterable[Pair]) -> dict[str, str]:
    """For each part of the pairs, the name of the part that it is joined to: the first of them."""
    names = _Names(pairs)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for part in names.known:
        members[names.root(part)].append(part)
    return {part: min(group) for group in members.values() for part in group}


class _Names:
    """Which part names go together: disjoint sets (Galler and Fischer 1964)."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.known: dict[str, str] = {}
        for pair in pairs:
            self.join(pair)

    def root(self, part: str) -> str:
        while (above := self.known.get(part, part)) != part:
            part = above
        return part

    def join(self, pair: Pair) -> None:
        for part in pair.parts:
            self.known.setdefault(part, part)
        first, second = (self.root(part) for part in pair.parts)
        self.known[second] = first

    def join_new(self, pair: Pair) -> bool:
        """Join the pair's parts; False where they were together already."""
        is_new = not self.joined(*pair.parts)
        self.join(pair)
        return is_new

    def joined(self, first: str, second: str) -> bool:
        return self.root(first) == self.root(second)


def _identical(samples: Sequence[Sample]) -> tuple[list[Pair], list[Sample]]:
    """Pairs of the same bytes under two parts, and the samples with each file once."""
    first_by_sha256: dict[str, Sample] = {}
    pairs: list[Pair] = []
    for sample in samples:
        first = first_by_sha256.setdefault(file_sha256(sample.picture), sample)
        if first.part != sample.part:
            pairs.append(Pair(first, sample))
    return pairs, list(first_by_sha256.values())


def _choose(
    samples: Sequence[Sample], looks: Sequence[Look]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs to compare, the likest first, and pairs that show how alike different parts are.

    The latter are of pictures a third down the order of likeness: of the same product, but hardly
    of the same part.
    """
    coarse = np.stack([look.coarse for look in looks])
    log_aspect = np.log([look.aspect for look in looks])
    part_ids = _ids(samples)
    wanted: dict[tuple[int, int], float] = {}
    references: list[tuple[int, int]] = []
    every = max(1, len(looks) // _REFERENCES)
    for start in range(0, len(looks), _BLOCK):
        rows = slice(start, start + _BLOCK)
        alike: NDArray[np.float32] = coarse[rows] @ coarse.T
        alike[part_ids[rows, None] == part_ids] = -1.0
        alike[np.abs(log_aspect[rows, None] - log_aspect) > np.log(_ASPECT)] = -1.0
        for offset, row in enumerate(alike):
            order = np.argsort(-row, kind="stable")
            i = start + offset
            for k in order[:_NEIGHBOURS].tolist():
                if row[k] >= _LEAST_COARSE:
                    wanted[min(i, k), max(i, k)] = float(row[k])
            further = int(order[len(order) // 3])
            if i % every == 0 and row[further] > -1.0 and len(order) // 3 >= _NEIGHBOURS:
                references.append((i, further))
    return sorted(wanted, key=lambda pair: (-wanted[pair], pair)), references


def _ids(samples: Sequence[Sample]) -> NDArray[np.intp]:
    numbers: Mapping[str, int] = {part: n for n, part in enumerate({s.part: 0 for s in samples})}
    return np.array([numbers[sample.part] for sample in samples], np.intp)


def _usual_grain(references: Sequence[Likeness]) -> float:
    if len(references) < _FEWEST_REFERENCES:
        return _UNKNOWN_PRODUCT
    return float(np.quantile([likeness.grain for likeness in references], 0.95))


def is_own_name(sample: Sample) -> bool:
    """True for a part that is named after its picture: nobody has said which part it shows."""
    by_path = sample.picture.as_posix().endswith(sample.part)
    return by_path or file_sha256(sample.picture).startswith(sample.part)
