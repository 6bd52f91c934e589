"""Where `passline spc` takes its numbers from: a CSV file, or the records of a station."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspection.quality.study import StudyResult, study_result
from inspection.records.charts import HEALTH
from inspection.records.part_columns import LOT, MODEL, RUN, SHIFT, PartColumns, PartReader
from inspection.records.studies import StudyDesk
from inspection.spc.attributes import subgroup_counts
from inspection.spc.errors import SpcError
from inspection.spc.times import subgroups_by_time

CLASS = "class"
_PAGE = 100_000
_HOUR_NS = 3_600_000_000_000
_MEASURES = tuple(measure.value for measure in HEALTH)


def counted(folder: Path, size: int, hours: float) -> tuple[list[int], list[int]]:
    """Rejects among inspected parts, by so many parts or by so many hours. Raises SpcError."""
    if hours == 0 and size < 1:
        raise SpcError(f"--size: expected 1 part or more, got {size}")
    rejected, stamps = verdicts(folder)
    if hours:
        if hours < 0:
            raise SpcError(f"--hours: expected above 0, got {hours}")
        found = subgroups_by_time(rejected, stamps, round(hours * _HOUR_NS), back="hold")
        return found.defectives.tolist(), found.sizes.tolist()
    if len(rejected) < size:
        raise SpcError(f"{folder}: no whole subgroup of {size} inspected parts yet")
    defectives, sizes = subgroup_counts(rejected, size)
    return defectives.tolist(), sizes.tolist()


def verdicts(folder: Path) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Of every inspected part, whether it was rejected and when it was captured."""
    pages = [(page.rejected[page.inspected], page.captured_utc_ns[page.inspected]) for page in
             _pages(folder)]  # fmt: skip
    if not any(len(rejected) for rejected, _ in pages):
        raise SpcError(f"{folder}: no inspected parts on record")
    rejected, stamps = (np.concatenate(columns) for columns in zip(*pages, strict=True))
    return rejected, stamps


def measured(folder: Path, name: str, size: int) -> NDArray[np.float64]:
    """Rows of `size` values in a row: of `score`, or of a camera's picture as `CAMERA:sharpness`.

    Raises SpcError for what is not on record.
    """
    if size < 1:
        raise SpcError(f"--size: expected 1 part or more, got {size}")
    values = np.concatenate([np.empty(0), *(_measure(page, name) for page in _pages(folder))])
    values = values[~np.isnan(values)]
    if len(values) < size:
        raise SpcError(
            f"{folder}: expected {size} values of {name!r} or more, got {len(values)}; there are "
            f"score and CAMERA:{', CAMERA:'.join(_MEASURES)}"
        )
    whole = len(values) // size * size
    return values[:whole].reshape(-1, size)


def causes(folder: Path, by: str) -> dict[str, int]:
    """Rejected inspected parts by defect class, lot, shift, model or run. Raises SpcError."""
    kinds = (CLASS, LOT, SHIFT, MODEL, RUN)
    if by not in kinds:
        raise SpcError(f"--by: expected any of {', '.join(kinds)} on records; got {by!r}")
    totals: dict[str, int] = {}
    for page in _pages(folder):
        for name, count in _counts(page, by):
            totals[name] = totals.get(name, 0) + count
    if not totals:
        raise SpcError(f"{folder}: no inspected parts that were rejected on record")
    return totals


def study_on_record(folder: Path, study_id: int) -> StudyResult:
    """A study of the station, or the latest with an id of 0. Raises SpcError."""
    desk = StudyDesk(folder)
    try:
        found = desk.study(study_id) if study_id else next(iter(desk.studies()), None)
        if found is None:
            wanted = f"no study {study_id}" if study_id else "no study yet"
            raise SpcError(f"{folder}: {wanted}; studies are laid out on the station's screen")
        return study_result(found, desk.calls(found.study_id))
    finally:
        desk.close()


def _pages(folder: Path) -> Iterator[PartColumns]:
    reader = PartReader(folder)
    try:
        last = -1
        while len(page := reader.after(last, _PAGE)):
            yield page
            last = int(page.part_number[-1])
    finally:
        reader.close()


def _measure(page: PartColumns, name: str) -> NDArray[np.float64]:
    if name == "score":
        return page.score
    camera, _, measure = name.rpartition(":")
    if measure not in _MEASURES or camera not in page.health:
        return np.empty(0)
    return page.health[camera].values[:, _MEASURES.index(measure)]


def _counts(page: PartColumns, by: str) -> Iterator[tuple[str, int]]:
    if by == CLASS:
        yield from ((name, len(at)) for name, at in page.classes.items())
        return
    changes = [change for change in page.changes if change.what == by]
    starts = [change.at for change in changes]
    rejects = page.rejected & page.inspected
    for change, first, last in zip(changes, starts, [*starts[1:], len(page)], strict=True):
        count = int(np.count_nonzero(rejects[first:last]))
        if count:
            yield _spelled(by, change.value), count


def _spelled(by: str, value: Any) -> str:
    return str(value[1] if by == MODEL else value[0] if by == SHIFT else value) or "(none)"


def columns(source: Path) -> dict[str, list[str]]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, restkey="", restval=""))
    if not rows:
        raise SpcError(f"{source}: expected a header line and rows of data, got none")
    return {name: [row[name] for row in rows] for name in rows[0] if name}


def column(source: Path, columns: dict[str, list[str]], name: str) -> list[str]:
    if name not in columns:
        raise SpcError(f"{source}: no column {name!r}; there are {', '.join(columns)}")
    return columns[name]


def numbers(source: Path, columns: dict[str, list[str]], names: str) -> Any:
    """A column of numbers; several columns as rows of numbers, where a cell may be empty."""

    def number(name: str, at: int, text: str) -> float:
        try:
            value = float(text)
        except ValueError as error:
            where = f"{source}: line {at + 2}, column {name!r}"
            raise SpcError(f"{where}: expected a number, got {text!r}") from error
        return int(value) if math.isfinite(value) and value == int(value) else value

    picked = [(name, column(source, columns, name)) for name in names.split(",")]
    if len(picked) == 1:
        name, cells = picked[0]
        return [number(name, at, text) for at, text in enumerate(cells)]
    rows = zip(*(cells for _, cells in picked), strict=True)
    return [
        [number(name, at, text) for (name, _), text in zip(picked, row, strict=True) if text]
        for at, row in enumerate(rows)
    ]


def reasons(exclude: list[str]) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for text in exclude:
        index, _, reason = text.partition("=")
        if not index.isdecimal():
            raise SpcError(f"--exclude: expected INDEX=REASON, got {text!r}")
        reasons[int(index)] = reason
    return reasons


def study(
    who: list[str], parts: list[str], calls: list[Any], truths: list[Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Calls by appraiser, a row per part and a column per trial; and the truth of each part."""
    truth: dict[str, Any] = {}
    trials: dict[str, dict[str, list[Any]]] = {}
    for at, (name, part, made) in enumerate(zip(who, parts, calls, strict=True)):
        if truth.setdefault(part, truths[at]) != truths[at]:
            raise SpcError(f"line {at + 2}: part {part} is both good and bad in truth")
        trials.setdefault(name, {}).setdefault(part, []).append(made)
    for name, by_part in trials.items():
        counts = {len(by_part.get(part, [])) for part in truth}
        if len(counts) != 1:
            raise SpcError(
                f"appraiser {name}: expected as many calls of every part, got {sorted(counts)}"
            )
    return {name: [row[part] for part in truth] for name, row in trials.items()}, [*truth.values()]
