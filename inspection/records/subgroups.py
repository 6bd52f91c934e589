"""Subgroups of consecutive parts, for charts: formed from the records alone, always the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from inspection.records.query import PartVerdict, RecordReader

_PAGE_PARTS = 5000


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Consecutive parts; `size` of them were inspected, `defectives` of these rejected.

    Parts that could not be inspected (lost, late, no answer) lie in between and are not counted:
    they say something of the station, which the ledger watches, and nothing of the process.
    """

    first_part: int
    last_part: int
    defectives: int
    size: int


def subgroups_after(reader: RecordReader, part_number: int, size: int) -> Iterator[Subgroup]:
    """Whole subgroups of `size` inspected parts above `part_number`, in order; start with -1.

    Runs, recipes and models do not divide them: the chart is of what the station lets through.
    """
    first_part, defectives, inspected = 0, 0, 0
    for part in _verdicts_after(reader, part_number):
        if not part.inspected:
            continue
        if inspected == 0:
            first_part = part.part_number
        inspected += 1
        defectives += part.rejected
        if inspected == size:
            yield Subgroup(first_part, part.part_number, defectives, size)
            defectives, inspected = 0, 0


def _verdicts_after(reader: RecordReader, part_number: int) -> Iterator[PartVerdict]:
    while page := reader.verdicts_after(part_number, _PAGE_PARTS):
        yield from page
        part_number = page[-1].part_number
