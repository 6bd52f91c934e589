"""Subgroups as they fill: by count, hour, shift, lot or product; the same in any batches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from inspection.watch.observed import HOUR_NS, Floats, Observed


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Consecutive observations. label: their hour, shift, lot or product; "" for counts."""

    label: str
    first_part: int
    last_part: int
    from_utc_ns: int
    to_utc_ns: int
    size: int
    total: float

    @property
    def mean(self) -> float:
        return self.total / self.size


@dataclass(frozen=True, slots=True)
class Filled:
    """What one more piece of observations gave: the subgroup so far, and whether it is whole.

    known_part: the part with which this was known. running_ns: for how long the line had been
    running then.
    """

    subgroup: Subgroup
    piece: Observed
    whole: bool
    known_part: int
    running_ns: int


def fill(
    open_group: Subgroup | None, observed: Observed, by: str | int, label: str
) -> Iterator[Filled]:
    """Fill subgroups with observations, piece by piece, from the open one on.

    by: parts per subgroup, or `hour`, or what `label` is of. A subgroup that is not counted is
    whole only when an observation with another label comes: its last piece is then empty.
    """
    for start, end, here in _pieces(open_group, observed, by, label):
        piece = observed.piece(start, end)
        if open_group is not None and open_group.label != here:
            yield _filled(open_group, observed.piece(start, start), observed, start, whole=True)
            open_group = None
        open_group = _extended(open_group, piece, here)
        whole = open_group.size == by
        yield _filled(open_group, piece, observed, end - 1, whole=whole)
        if whole:
            open_group = None


def _filled(
    subgroup: Subgroup, piece: Observed, observed: Observed, known: int, *, whole: bool
) -> Filled:
    part, running_ns = int(observed.part_number[known]), int(observed.running_ns[known])
    return Filled(subgroup, piece, whole, part, running_ns)


def _pieces(
    open_group: Subgroup | None, observed: Observed, by: str | int, label: str
) -> Iterator[tuple[int, int, str]]:
    n = len(observed)
    if isinstance(by, int):
        room = by - (0 if open_group is None else open_group.size)
        cuts = [0, *range(room, n, by), n]
        labels = [""] * len(cuts)
    elif by == "hour":
        hours = observed.utc_ns // HOUR_NS
        cuts = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), n]
        labels = [_hour(int(hours[cut])) for cut in cuts[:-1]] if n else []
    else:
        cuts, labels = [0, n], [label]
    for start, end, here in zip(cuts, cuts[1:], labels, strict=False):
        if end > start:
            yield start, end, here


def _extended(open_group: Subgroup | None, piece: Observed, label: str) -> Subgroup:
    last, to_utc_ns = int(piece.part_number[-1]), int(piece.utc_ns[-1])
    if open_group is None:
        first, from_utc_ns = int(piece.part_number[0]), int(piece.utc_ns[0])
        total = in_order(0.0, piece.values)
        return Subgroup(label, first, last, from_utc_ns, to_utc_ns, len(piece), total)
    return replace(
        open_group,
        last_part=last,
        to_utc_ns=to_utc_ns,
        size=open_group.size + len(piece),
        total=in_order(open_group.total, piece.values),
    )


def in_order(total: float, values: Floats) -> float:
    """The sum, added one after the other: to the last bit the same in any batches."""
    return float(np.add.accumulate(np.concatenate([[total], values]))[-1])


def _hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * HOUR_NS // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:00")
